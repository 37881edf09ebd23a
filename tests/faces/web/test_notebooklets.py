"""Notebooklets over HTTP: the catalogue, runs as jobs, what is kept of them and for whom, files, follow-ups."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import threading
import zipfile
from dataclasses import dataclass, field

import pyarrow as pa
import pytest
from tests.faces.web.conftest import HOSTILE, log_in
from tests.faces.web.test_casework import wait_for

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.faces.web.runs import KeptRuns, size_of
from flowsleuth.notebooklets import (
    NOTEBOOKLETS,
    Choice,
    FollowUp,
    Metadata,
    Notebooklet,
    NotebookletResult,
    Option,
    SkipStep,
    Step,
    figure,
    table,
    value,
)
from flowsleuth.notebooklets.result import NotebookletResult as PlainResult
from flowsleuth.workspace.accounts import Identity, Role
from flowsleuth.workspace.offers import declared_options

ANA, EVE, ADAM = Identity("ana", Role.ANALYST), Identity("eve", Role.VIEWER), Identity("adam", Role.ADMIN)
WINDOW = dt.datetime(2023, 11, 14, tzinfo=dt.UTC)
begun, go_on = threading.Event(), threading.Event()


class ProbeResult(NotebookletResult):
    about = value("What was asked.")
    rows = table("Hostile names, and lists.")
    bars = figure("histogram", "How many there were.")
    systems = table("What may be chosen.")
    selected = value("What was chosen.")
    ti_results = table("What others said of it.")


@dataclass(frozen=True)
class ProbeParameters:
    limit: int = field(default=300, metadata={"help": "rows", "min": 1, "max": 1_000_000})
    online: bool = field(default=False, metadata={"help": "ask others", "is_online": True})


def find_rows(run):
    count = run.parameters.limit
    rows = pa.table({"name": [HOSTILE] * count, "ports": [[80, 443]] * count, "big": [2**60] * count})
    return {"about": run.asked.text, "rows": rows}


def draw(run):
    start = pa.array([WINDOW], pa.timestamp("us", tz="UTC"))
    return {"bars": pa.table({"start": start, "series": [HOSTILE], "rows": [3], "bin_s": [60]})}


def divide(run):
    raise ValueError(HOSTILE)


def list_systems(run):
    return {"systems": pa.table({"asn": ["AS1", HOSTILE], "score": [0.9, 0.1], "is_rare": [True, False]}).append_column(
        "reason", pa.array(["new here", HOSTILE])
    )}  # fmt: skip


def wait_long(run):
    begun.set()
    while not go_on.wait(0.02):
        run.check()


def ask_others(run):
    return {"ti_results": run.provider("tilookup")(["198.51.100.7"])}


class ProbeSummary(Notebooklet[ProbeResult]):
    """Finds what it is told."""

    metadata = Metadata(
        "ProbeSummary", "For tests of the server.",
        (
            Option("rows", "Rows."), Option("slow", "Waits.", is_default=False),
            Option("ti", "Asks others.", is_default=False, is_online=True),
        ),
        entity_types=("ip_address",),
        follow_ups=(
            FollowUp("keep_selected", "Look at them", ("ti_results",),
                choice=Choice("systems", "asn", "is_rare", "reason", "selected")),
            FollowUp("fail", "Fail", (), is_online=True), FollowUp("skip", "Skip", ()),
        ),
    )  # fmt: skip
    result_class = ProbeResult
    Parameters = ProbeParameters
    steps = (
        Step("rows", find_rows, "Rows", gives=("about", "rows"), option="rows"),
        Step("bars", draw, "Bars", gives=("bars",), option="rows"),
        Step("systems", list_systems, "Systems", gives=("systems",)),
        Step("slow", wait_long, "Slow", option="slow", after=("rows",)),
        Step("ti", ask_others, "Intelligence", gives=("ti_results",), option="ti", providers=("tilookup",)),
    )

    def keep_selected(self):
        """Say what was chosen, and how many flows the workspace has."""
        assert self.result is not None
        count = len(self.context.ws.suspects(5))
        self.result.keep("ti_results", pa.table({"asn": self.result.selected, "suspects": [count] * 1}))

    def skip(self):
        """Have nothing to do."""
        raise SkipStep("nothing to look up")

    def fail(self):
        """Raise, after having changed something."""
        assert self.result is not None
        self.result.keep("ti_results", pa.table({"asn": ["AS1"]}))
        raise OptionError("this one fails", where="on purpose")


@pytest.fixture(autouse=True)
def probe(monkeypatch):
    """The probe in the catalogue of the server."""
    begun.clear()
    go_on.clear()
    monkeypatch.setitem(NOTEBOOKLETS._own, "network.ProbeSummary", f"{__name__}:ProbeSummary")


def ran(client, name="ProbeSummary", **body):
    """A finished run."""
    got = client.post(f"/api/notebooklets/{name}/runs", json={"value": "10.0.0.77"} | body)
    assert got.status_code == 202, got.text
    told = wait_for(client, got.json()["job"])
    assert told["state"] == "done", told
    return client.get(f"/api/runs/{told['result']['run']}").json() | {"job": told}


def section(run, name):
    return next(one for one in run["sections"] if one["id"] == name)


# the catalogue ------------------------------------------------------------------------------------------------------


def test_the_catalogue_says_what_a_form_needs(local):
    cards = {card["name"]: card for card in local.get("/api/notebooklets").json()["rows"]}
    assert list(cards) == [full.rpartition(".")[2] for full in NOTEBOOKLETS.names()]
    url = cards["UrlSummary"]
    assert (url["group"], url["title"], url["entity_types"]) == ("url", "URL summary", ["url"])
    online = {option["name"] for option in url["options"] if option["is_online"]}
    assert online == {"ti"}
    assert [(one["name"], one["type"], one["default"], one["is_online"]) for one in url["parameters"]] == [
        ("limit", "int", 10_000, False),
        ("online", "bool", False, True),
    ]
    assert {"title": "Flows", "option": "flows"} in url["steps"]


def test_words_find_notebooklets(local):
    found = local.get("/api/notebooklets", params={"terms": "phishing"}).json()["rows"]
    assert [one["name"] for one in found] == ["UrlSummary"]
    assert local.get("/api/notebooklets", params={"terms": "nothing-has-this"}).json()["rows"] == []
    assert local.get("/api/notebooklets", params={"terms": ".*("}).status_code == 200


def test_help_is_what_is_declared(local):
    parts = {part["title"]: part for part in local.get("/api/notebooklets/urlsummary/help").json()["parts"]}
    assert ["ti", "What threat intelligence says of it; goes over the network."] in parts["Other Options"]["things"]
    assert any("requests" in name for name, _ in parts["Results Class - UrlResult"]["things"])
    assert local.get("/api/notebooklets/Nothing/help").status_code == 404


def test_every_step_that_asks_others_has_an_option_that_says_so():
    for full in NOTEBOOKLETS.names():
        card = NOTEBOOKLETS.load(full)
        for step in card.steps:
            if any("tilookup" in names.split("|") for names in step.providers):
                assert step.option in card.online_options(), f"{full}: {step.name} always asks others"
        for option in card.metadata.options:
            is_told = "over the network" in option.description and "online=True" not in option.description
            assert is_told <= (option.name in card.online_options()), f"{full}: {option.name} is open to all"
        for setting in declared_options(card.Parameters):
            asks = "over the network" in setting.help or setting.name == "online"
            assert setting.is_online == asks, f"{full}: {setting.name}"
        for one in card.metadata.follow_ups:
            assert one.name in card.follow_ups(), f"{full}: {one.name}"
            names = [*one.gives, *((one.choice.table, one.choice.keeps) if one.choice else ())]
            assert set(names) <= set(card.result_class.attributes), f"{full}: {one.name}"


# runs ---------------------------------------------------------------------------------------------------------------


def test_a_run_tells_its_steps_and_shows_what_it_found(local):
    run = ran(local, start="2023-11-14T00:00:00Z", end="2023-11-15T00:00:00Z")
    steps = {step["title"]: step for step in run["job"]["steps"]}
    assert list(steps) == ["Rows", "Bars", "Systems", "Slow", "Intelligence"]
    assert steps["Rows"]["status"] == "ok"
    assert steps["Slow"] == {"title": "Slow", "status": "skipped", "why": "option slow was not chosen", "seconds": 0.0}
    assert (run["name"], run["value"], run["options"]) == ("ProbeSummary", "10.0.0.77", ["rows"])
    assert run["start"] == "2023-11-14T00:00:00.000000Z"
    rows = section(run, "rows")
    assert (rows["total"], len(rows["rows"])) == (300, 200)
    assert [one["type"] for one in rows["columns"]] == ["text", "list", "integer"]
    assert rows["rows"][0] == [HOSTILE, [80, 443], str(2**60)]
    assert section(run, "bars")["figure"]["kind"] == "histogram"
    assert section(run, "about")["text"] == "10.0.0.77"
    assert section(run, "ti_results")["absent"] == "option ti was not chosen"
    listed = local.get("/api/runs").json()["rows"]
    assert [one["run"] for one in listed] == [run["run"]]


def test_options_and_parameters_are_kept_to(local):
    run = ran(local, options=["-rows"], parameters={"limit": "5"})
    assert (run["options"], run["parameters"]["limit"]) == ([], 5)
    assert section(run, "rows")["absent"] == "option rows was not chosen"
    assert section(run, "systems")["total"] == 2
    assert section(ran(local, options=["rows"], parameters={"limit": 7}), "rows")["total"] == 7


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"value": ""}, 400, "nothing to run on"),
        ({"value": "no address"}, 400, "none of these"),
        ({"options": ["geomap"]}, 400, "no such option"),
        ({"options": ["rows", "+slow"]}, 400, "with and without a sign"),
        ({"parameters": {"limit": 0}}, 400, "must be between"),
        ({"parameters": {"limit": "many"}}, 400, "not of type int"),
        ({"parameters": {"nothing": 1}}, 400, "no such option"),
        ({"start": "2024-01-02T00:00:00Z", "end": "2024-01-01T00:00:00Z"}, 400, "ends before"),
        ({"start": "yesterday"}, 422, ""),
        ({"unknown": 1}, 422, ""),
        ({"value": "1" * 3_000}, 422, ""),
    ],
)
def test_bad_inquiries_are_refused_before_anything_runs(local, body, status, says):
    got = local.post("/api/notebooklets/ProbeSummary/runs", json={"value": "10.0.0.77"} | body)
    assert (got.status_code, says in got.text) == (status, True), got.text
    assert local.get("/api/runs").json()["rows"] == []


def test_a_cancelled_run_keeps_what_it_has(local):
    job = local.post("/api/notebooklets/ProbeSummary/runs", json={"value": "10.0.0.77", "options": ["+slow"]}).json()
    assert begun.wait(60)
    local.delete(f"/api/jobs/{job['job']}")
    told = wait_for(local, job["job"])
    assert told["state"] == "cancelled"
    run = local.get(f"/api/runs/{told['result']['run']}").json()
    assert not run["is_complete"]
    assert next(step for step in run["steps"] if step["name"] == "slow")["why"] == "cancelled"
    assert section(run, "rows")["total"] == 300


def test_a_failed_step_does_not_lose_the_others(local, monkeypatch):
    monkeypatch.setattr(ProbeSummary, "steps", (ProbeSummary.steps[0], Step("bars", divide, "Bars", gives=("bars",))))
    run = ran(local)
    assert [(step["status"], step["why"]) for step in run["steps"]] == [
        ("ok", ""),
        ("failed", f"ValueError: {HOSTILE}"),
    ]
    assert not run["is_complete"]
    assert section(run, "rows")["total"] == 300
    assert section(run, "bars")["absent"] == f"ValueError: {HOSTILE}"
    assert "Traceback" not in json.dumps(run)


# who may ------------------------------------------------------------------------------------------------------------


def test_runs_are_their_owners(guarded):
    ana, vera, adam = (log_in(guarded, name) for name in ("ana", "vera", "adam"))
    run = ran(ana)["run"]
    for path in (f"/api/runs/{run}", f"/api/runs/{run}/export", f"/api/runs/{run}/tables/rows"):
        assert (ana.get(path).status_code, vera.get(path).status_code, adam.get(path).status_code) == (200, 404, 200)
        assert guarded.get(path).status_code == 401
    assert vera.get("/api/runs").json()["rows"] == []
    assert vera.delete(f"/api/runs/{run}").status_code == 404
    assert ana.delete(f"/api/runs/{run}").status_code == 200
    assert ana.get(f"/api/runs/{run}").status_code == 404


def test_a_viewer_reads_and_asks_nobody_else(guarded, monkeypatch):
    vera, ana = log_in(guarded, "vera"), log_in(guarded, "ana")
    seen = []
    monkeypatch.setattr(
        "flowsleuth.workspace.lookups.look_up", lambda *a, offline, **k: seen.append(offline) or _none()
    )
    assert section(ran(vera), "rows")["total"] == 300
    for body in ({"options": ["+ti"]}, {"parameters": {"online": True}}):
        got = vera.post("/api/notebooklets/ProbeSummary/runs", json={"value": "10.0.0.77"} | body)
        assert (got.status_code, "analyst" in got.text) == (403, True)
    run = ran(vera)["run"]
    assert vera.post(f"/api/runs/{run}/follow-ups/keep_selected", json={}).status_code == 403
    assert seen == []
    ran(ana, options=["+ti"])
    assert seen == [False]


def _none():
    return pa.table({"Ioc": pa.array([], pa.string())})


def test_whatever_a_step_does_a_viewers_workspace_stays_offline(guarded, monkeypatch):
    """The second lock: a step that asks others without an option that says so."""
    seen = []
    monkeypatch.setattr(
        "flowsleuth.workspace.lookups.look_up", lambda *a, offline, **k: seen.append(offline) or _none()
    )
    hidden = Step("ti", ask_others, "Intelligence", gives=("ti_results",), providers=("tilookup",))
    monkeypatch.setattr(ProbeSummary, "steps", (*ProbeSummary.steps[:-1], hidden))
    ran(log_in(guarded, "vera"))
    ran(log_in(guarded, "ana"))
    assert seen == [True, False]


def test_a_run_carries_the_token(guarded):
    ana = log_in(guarded, "ana")
    del ana.headers["X-CSRF-Token"]
    got = ana.post("/api/notebooklets/ProbeSummary/runs", json={"value": "10.0.0.77"})
    assert (got.status_code, "token" in got.text) == (403, True)


# files --------------------------------------------------------------------------------------------------------------


def test_the_whole_result_as_files(local):
    run = ran(local)["run"]
    page = local.get(f"/api/runs/{run}/export", params={"format": "html"})
    assert page.headers["Content-Disposition"] == 'attachment; filename="ProbeSummary-10.0.0.77.html"'
    assert page.headers["Content-Security-Policy"].startswith("sandbox;")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    again = PlainResult.from_json(json.dumps(local.get(f"/api/runs/{run}/export", params={"format": "json"}).json()))
    assert (type(again).__name__, len(again.rows)) == ("ProbeResult", 300)
    book = local.get(f"/api/runs/{run}/export", params={"format": "excel"})
    assert book.headers["Content-Disposition"].endswith('.xlsx"')
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(book.content)).namelist()
    assert local.get(f"/api/runs/{run}/export", params={"format": "pickle"}).status_code == 422


def test_a_table_as_csv_has_all_rows(local):
    run = ran(local)["run"]
    got = local.get(f"/api/runs/{run}/tables/rows")
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert len(rows) == 300
    assert rows[0] == {"name": HOSTILE, "ports": "80, 443", "big": str(2**60)}
    assert local.get(f"/api/runs/{run}/tables/about").status_code == 404
    assert local.get(f"/api/runs/{run}/tables/nothing").status_code == 404


def test_hostile_values_stay_data(local):
    got = local.post(
        "/api/notebooklets/UrlSummary/runs", json={"value": "http://a.example/?q=<script>alert(1)</script>'"}
    )
    told = wait_for(local, got.json()["job"])
    run = told["result"]["run"]
    shown = local.get(f"/api/runs/{run}")
    assert shown.headers["Content-Type"] == "application/json"
    name = local.get(f"/api/runs/{run}/export").headers["Content-Disposition"]
    assert name.isascii()
    assert not set("<>'\\;/") & set(name.removeprefix("attachment;"))
    assert "<script>" not in local.get(f"/api/runs/{run}/export").text
    for path in ("/api/notebooklets/..%2Fx/runs", "/api/notebooklets/os.system/runs"):
        assert local.post(path, json={"value": "10.0.0.1"}).status_code in (404, 422)


# follow-ups ---------------------------------------------------------------------------------------------------------


def test_a_follow_up_fills_the_same_result(local):
    run = ran(local)
    offered = run["follow_ups"][0]
    assert offered["offered"] == [
        {"item": "AS1", "is_chosen": True, "reason": "new here"},
        {"item": HOSTILE, "is_chosen": False, "reason": HOSTILE},
    ]
    job = local.post(f"/api/runs/{run['run']}/follow-ups/keep_selected", json={"chosen": [HOSTILE]}).json()["job"]
    assert wait_for(local, job)["result"] == {"run": run["run"]}
    after = local.get(f"/api/runs/{run['run']}").json()
    assert section(after, "ti_results")["rows"] == [[HOSTILE, 5]]
    assert section(after, "selected")["value"] == [HOSTILE]
    job = local.post(f"/api/runs/{run['run']}/follow-ups/keep_selected", json={}).json()["job"]
    wait_for(local, job)
    assert section(local.get(f"/api/runs/{run['run']}").json(), "selected")["value"] == ["AS1"]


def test_follow_ups_are_those_that_are_declared(local):
    run = ran(local)["run"]
    for method in ("run", "to_html", "keep", "__class__", "attach"):
        assert local.post(f"/api/runs/{run}/follow-ups/{method}", json={}).status_code == 404, method
    for chosen in (["AS2"], []):
        got = local.post(f"/api/runs/{run}/follow-ups/keep_selected", json={"chosen": chosen})
        assert got.status_code == 400, chosen
    for method, why in (("fail", "this one fails"), ("skip", "nothing to look up")):
        told = wait_for(local, local.post(f"/api/runs/{run}/follow-ups/{method}", json={}).json()["job"])
        assert (told["state"], told["error"]["message"]) == ("failed", why)
    assert section(local.get(f"/api/runs/{run}").json(), "ti_results")["absent"] == "option ti was not chosen"


# what is kept -------------------------------------------------------------------------------------------------------


def made(rows=10):
    result = ProbeResult(description="a probe")
    result.rows = pa.table({"n": list(range(rows))})
    return result


def test_few_are_kept_of_each_person():
    kept = KeptRuns(per_person=2)
    runs = [kept.keep(ANA, made()) for _ in range(3)]
    other = kept.keep(EVE, made())
    assert [run.run_id for run in kept.of(ANA)] == [runs[2].run_id, runs[1].run_id]
    with pytest.raises(CatalogueError, match="no such run"):
        kept.get(ANA, runs[0].run_id)
    with pytest.raises(CatalogueError):
        kept.get(ANA, other.run_id)
    assert kept.get(ADAM, other.run_id) is other


def test_all_together_have_a_bound():
    size = size_of(made(1_000))
    kept = KeptRuns(most_bytes=int(2.5 * size))
    first, second = kept.keep(ANA, made(1_000)), kept.keep(EVE, made(1_000))
    assert kept.get(ANA, first.run_id) is first
    third = kept.keep(ADAM, made(1_000))
    assert kept.get(EVE, second.run_id) and kept.get(ADAM, third.run_id)
    with pytest.raises(CatalogueError):
        kept.get(ANA, first.run_id)
    with pytest.raises(OptionError, match="too many to keep"):
        kept.keep(ANA, made(3_000))


def test_nothing_is_kept_for_ever(monkeypatch):
    kept = KeptRuns()
    run = kept.keep(ANA, made())
    monkeypatch.setattr("flowsleuth.faces.web.runs.KEPT_S", -1.0)
    with pytest.raises(CatalogueError):
        kept.get(ANA, run.run_id)
    assert kept.of(ANA) == []
