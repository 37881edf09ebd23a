"""The catalogue: tree, search, help, added steps, folders, pivots, data in the hand, the kit and the template."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.errors import CatalogueError, FlowsleuthError, OptionError
from flowsleuth.faces.cli import main
from flowsleuth.notebooklets import Found, Metadata, Notebooklet, NotebookletResult, Step, table
from flowsleuth.notebooklets.metadata import ENTITY_KINDS
from flowsleuth.notebooklets.template import write_template
from flowsleuth.notebooklets.url_summary import UrlSummary
from flowsleuth.testing import check_notebooklet
from tests.notebooklets.toy import ToyResult, ToySummary
from tests.workspace.pivot_rows import at, put

SEED_METHODS = {
    "run", "result", "silent", "get_provider", "name", "description", "keywords", "entity_types", "all_options",
    "default_options", "list_options", "get_settings", "match_terms", "get_help", "show_help", "import_cell",
    "check_valid_result_data", "check_table_exists", "get_methods", "list_methods", "get_pivot_run", "add_nb_function",
    "run_nb_func", "run_nb_funcs",
}  # fmt: skip


@pytest.fixture
def ws(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        yield ws


def test_f8_every_documented_member_is_there_and_documented():
    """F8: the documentation told of functions that no release had."""
    for name in SEED_METHODS:
        member = inspect.getattr_static(Notebooklet, name)
        assert inspect.getdoc(getattr(Notebooklet, name)) or inspect.getdoc(member), name
    text = ToySummary.get_help("md")
    for word in (*ToySummary.all_options(), *ToyResult.attributes, "factor", "fill_later", "ToyResult", *SEED_METHODS):
        assert word in text
    html = UrlSummary.get_help()
    assert html.count("<li>") > 20
    with pytest.raises(OptionError, match="available: html, md"):
        ToySummary.get_help("pdf")


def test_what_it_tells_of_itself(capsys):
    assert ToySummary.name() == "ToySummary"
    assert ToySummary.default_options() == ["numbers", "doubled", "host"]
    assert ToySummary.all_options() == ["numbers", "doubled", "host", "shape", "total"]
    assert "Other options\n- shape: A picture." in ToySummary.list_options()
    assert "entity_types: ip_address, host" in ToySummary.get_settings(print_settings=False)
    assert capsys.readouterr().out == ""
    assert ToySummary.get_settings() is None
    assert "name: ToySummary" in capsys.readouterr().out
    ToySummary.show_help()
    assert "## Notebooklet Class - ToySummary" in capsys.readouterr().out
    with pytest.raises(OptionError, match="outside of a notebook"):
        ToySummary.import_cell()


def test_words_are_found_at_their_beginnings():
    assert ToySummary.match_terms("toy, COUNT") == (True, 2)
    assert ToySummary.match_terms("toy missing") == (False, 1)
    assert ToySummary.match_terms("script") == (False, 0)  # "description" has it within
    assert ToySummary.match_terms("num.*s") == (True, 1)
    assert ToySummary.match_terms("(") == (False, 0)
    assert ToySummary.match_terms("ip_address") == (True, 2)


def test_the_tree_completes_and_finds(ws):
    assert "url" in dir(ws.notebooklets)
    assert "UrlSummary" in dir(ws.notebooklets.url)
    assert "url" not in dir(ws.notebooklets.url)
    assert isinstance(ws.notebooklets.url.UrlSummary, UrlSummary)
    assert isinstance(ws.notebooklets.UrlSummary, UrlSummary)
    assert isinstance(ws.notebooklet("url.urlsummary"), UrlSummary)
    assert ws.notebooklets.UrlSummary is not ws.notebooklets.UrlSummary
    assert [name for name, _ in ws.notebooklets.find("phishing link")] == ["url.UrlSummary"]
    assert ws.notebooklets.find("phishing xyzzy") == []
    assert [name for name, _ in ws.notebooklets.find("phishing xyzzy", full_match=False)] == ["url.UrlSummary"]
    with pytest.raises(CatalogueError, match="did you mean UrlSummary"):
        ws.notebooklet("UrlSumary")
    with pytest.raises(AttributeError, match="no notebooklet or group"):
        ws.notebooklets.nothing  # noqa: B018
    assert "<b>" not in ws.notebooklets._repr_html_()


def test_only_named_folders_are_run(ws, tmp_path):
    folder = tmp_path / "mine"
    write_template("DnsSummary", folder, entity="domain")
    (folder / "_aside.py").write_text("raise RuntimeError('not to be run')")
    (folder / "below").mkdir()
    (folder / "below" / "x.py").write_text("raise RuntimeError('not to be run')")
    before = list(sys.path)
    assert ws.notebooklets.add_folder(folder) == ["mine.DnsSummary"]
    assert sys.path == before
    assert ws.notebooklets.mine.DnsSummary.name() == "DnsSummary"
    assert "dns_summary" in dir(ws.dns("example.org"))
    with flowsleuth.open(tmp_path / "other", create=True) as other, pytest.raises(CatalogueError):
        other.notebooklet("DnsSummary")
    (folder / "broken.py").write_text("1 / 0")
    with pytest.raises(FlowsleuthError, match=r"broken\.py.*ZeroDivisionError"):
        ws.notebooklets.add_folder(folder, "again")
    assert not [name for name in ws.notebooklets.names() if name.startswith("again")]


def test_pivots_come_from_entity_types(ws):
    put(ws, "http", [{"start": 1, "src_ip": "10.0.0.6", "dst_ip": "192.0.2.1", "host": "a.example", "uri": "/x"}])
    found = ws.url("http://a.example/x").url_summary(options=["requests"], time_range=("2024-03-14", "1d"))
    assert found.requests["src_ip"].tolist() == ["10.0.0.6"]
    assert found.timespan.to_json()["end"] == "2024-03-15T00:00:00Z"
    assert "url_summary" not in dir(ws.ip("10.0.0.6"))
    with pytest.raises(AttributeError):
        ws.ip("10.0.0.6").url_summary()
    ws.time_range = ("2023-01-01", "1d")
    assert len(ws.url("http://a.example/x").url_summary(options=["requests"]).requests) == 0


def test_a_pivot_run_keeps_the_callers_window():
    run = ToySummary().get_pivot_run(lambda: ("2020-01-01", "1d"))
    assert run("10.0.0.5").timespan.to_json()["start"] == "2020-01-01T00:00:00Z"
    assert run("10.0.0.5", timespan=("2021-01-01", "1d")).timespan.to_json()["start"] == "2021-01-01T00:00:00Z"
    assert run("10.0.0.5", start="2022-01-01").timespan.to_json()["start"] == "2022-01-01T00:00:00Z"


def test_added_steps_run_after_ours_and_on_demand():
    one, other = ToySummary(), ToySummary()
    one.add_nb_function(lambda run: [10, run["total"]], name="later", gives="later", after=("total",), option="total")
    result = one.run("10.0.0.5", options="+total", strict=False)
    assert result.steps[-1].status == "failed"  # a list is no table
    with pytest.raises(OptionError, match="an earlier step gives"):
        one.add_nb_function(Step("more", print, gives=("later",)))
    assert [step.name for step in other.run("10.0.0.5").steps] == [step.name for step in ToySummary.steps]

    def later(run):
        return Found(pd.DataFrame({"sum": [run["total"]]}), note="mine")

    other.add_nb_function(later, gives="later", uses=("total",))
    told = other.run("10.0.0.5", options="+total")
    assert told.later["sum"].tolist() == [6]
    assert told.section("later").note == "mine"
    bare = ToySummary().run("10.0.0.5", options="numbers,total")
    assert bare.notebooklet.run_nb_func(later, gives="later")["later"]["sum"].tolist() == [6]
    assert list(other.run_nb_funcs()) == ["later"]
    with pytest.raises(CatalogueError, match="no such step"):
        other.run_nb_func("nothing")
    with pytest.raises(FlowsleuthError, match="ZeroDivisionError"):
        other.run_nb_func(lambda run: 1 / 0, name="bad")
    with pytest.raises(OptionError, match="not run yet"):
        ToySummary().run_nb_func(later, gives="later")


def test_a_step_added_to_a_class_is_that_classes_alone():
    class MineSummary(ToySummary):
        pass

    MineSummary.add_nb_function(lambda run: pd.DataFrame({"x": [1]}), name="later", gives="later")
    assert MineSummary().run("10.0.0.5").later["x"].tolist() == [1]
    assert ToySummary().run("10.0.0.5").later is None


def test_checks_before_and_after_a_run(ws, capsys):
    one = ws.notebooklet("UrlSummary")
    assert not one.check_valid_result_data()
    assert not one.check_table_exists("http")
    put(ws, "http", [{"start": 1, "src_ip": "10.0.0.6", "dst_ip": "192.0.2.1", "host": "a.example", "uri": "/x"}])
    assert one.check_table_exists("http")
    one.run("http://a.example/x")
    assert one.check_valid_result_data("requests")
    assert not one.check_valid_result_data("related_alerts")
    assert capsys.readouterr().out == ""
    assert not one.check_valid_result_data("related_alerts", silent=False)
    assert "no data in related_alerts" in capsys.readouterr().out


def test_rows_in_the_hand_are_asked_like_stored_ones(ws):
    frame = pd.DataFrame(
        {"start": ["2024-03-14T00:00:01Z"], "src_ip": ["10.0.0.6"], "host": ["a.example"], "uri": ["/x"], "junk": [1]}
    )
    for one in (UrlSummary(), UrlSummary(ws)):
        result = one.run("http://a.example/x", data={"http": frame})
        assert result.requests["src_ip"].tolist() == ["10.0.0.6"]
        assert result.flows is None
        assert result.section("flows").absent == "nothing is stored in table flow"
    assert ws.table("http").count().execute() == 0
    assert list(frame.columns) == ["start", "src_ip", "host", "uri", "junk"]
    with pytest.raises(OptionError, match="no column 'start'"):
        UrlSummary().run("http://a.example/x", data={"http": frame.drop(columns="start")})


def test_a_query_provider_that_fails_is_a_failed_step():
    class Asking(ToySummary):
        def gather(self, provider, question):
            return provider(question.asked.text)

    def down(text):
        raise ConnectionError(f"no way to {text}")

    result = Asking(down).run("10.0.0.5")
    assert (result.steps[0].name, result.steps[0].why) == ("data", "ConnectionError: no way to 10.0.0.5")
    assert result.total is None and len(result.numbers) == 3
    flows = pd.DataFrame({"start": ["2024-03-14T00:00Z"], "src_ip": ["10.0.0.5"], "dst_ip": ["192.0.2.7"]})
    told = Asking(lambda text: {"flow": flows}).run("10.0.0.5")
    assert len(told.notebooklet.context.ask("IpAddress.flows")) == 1


def test_flows_across_the_edge_of_the_window_are_asked_for_by_name(ws):
    put(ws, "flow", [
        {"start": -90_000, "end": at(5), "src_ip": "10.0.0.1", "dst_ip": "10.0.0.2"},
        {"start": -90_000, "end": at(-80_000), "src_ip": "10.0.0.3", "dst_ip": "10.0.0.2"},
        {"start": 1, "end": None, "src_ip": "10.0.0.4", "dst_ip": "10.0.0.2"},
        {"start": 90_000, "end": None, "src_ip": "10.0.0.5", "dst_ip": "10.0.0.2"},
    ])  # fmt: skip
    told = ToySummary(ws).run("10.0.0.2", timespan=("2024-03-14", "1d")).notebooklet.context
    for overlapping, sources in ((False, ["10.0.0.4"]), (True, ["10.0.0.1", "10.0.0.4"])):
        rows = told.rows("flow", overlapping=overlapping)
        assert sorted(told.arrow(rows)["src_ip"].to_pylist()) == sources


def test_a_cancelled_run_stops_what_the_engine_does(ws):
    put(ws, "flow", [{"start": n, "src_ip": "10.0.0.1", "dst_ip": "10.0.0.2"} for n in range(5_000)])
    cancel = threading.Event()

    def long(run):
        threading.Timer(0.5, cancel.set).start()
        flow = run.rows("flow").select("start")
        one, two = flow.rename(b="start"), flow.rename(c="start")
        crossed = flow.cross_join(one).cross_join(two)
        return {"later": run.arrow(crossed.aggregate(n=(crossed.start < crossed.b).sum() + crossed.c.nunique()))}

    kind = type("ToySummary", (ToySummary,), {"steps": (*ToySummary.steps, Step("long", long, gives=("later",)))})
    began = time.monotonic()
    result = kind(ws).run("10.0.0.5", cancel=cancel)
    assert time.monotonic() - began < 20
    assert (result.steps[-1].status, result.steps[-1].why) == ("skipped", "cancelled")
    assert result.host_entity.HostName == "WEB1"
    assert ws.table("flow").count().execute() == 5_000


def test_steps_ask_the_engine_from_many_threads(ws):
    put(ws, "flow", [{"start": n, "src_ip": f"10.0.0.{n % 7}", "dst_ip": "10.0.1.1"} for n in range(700)])
    names = [f"t{n}" for n in range(7)]

    def ask(name):
        def do(run):
            rows = run.rows("flow")
            assert len(run.ask("IpAddress.flows", f"10.0.0.{name[1:]}")) == 100
            return {name: run.arrow(rows.filter(rows.src_ip == f"10.0.0.{name[1:]}").select("src_ip"))}

        return do

    many = type("ManySummary", (Notebooklet,), {
        "metadata": Metadata("ManySummary", "Many.", entity_types=("host",)),
        "result_class": type("ManyResult", (NotebookletResult,), {name: table("Rows.") for name in names}),
        "steps": tuple(Step(name, ask(name), gives=(name,)) for name in names),
    })  # fmt: skip
    for _ in range(3):
        result = many(ws).run("web1", strict=True)
        for name in names:
            assert getattr(result, name)["src_ip"].tolist() == [f"10.0.0.{name[1:]}"] * 100


def test_the_kit_finds_what_is_wrong(ws):
    check_notebooklet(ws, ToySummary, "10.0.0.5")

    def prints(run):
        print("loud")

    for do, words in ((prints, "it prints"), (lambda run: 1 / 0, "steps failed")):
        kind = type("ToySummary", (ToySummary,), {"steps": (*ToySummary.steps, Step("more", do))})
        with pytest.raises(AssertionError, match=words):
            check_notebooklet(ws, kind, "10.0.0.5")
    calls = iter(range(1_000))
    drifting = Step("more", lambda run: {"later": pd.DataFrame({"n": [next(calls)]})}, gives=("later",))
    kind = type("ToySummary", (ToySummary,), {"steps": (*ToySummary.steps, drifting)})
    with pytest.raises(AssertionError, match="two runs find two things"):
        check_notebooklet(ws, kind, "10.0.0.5")


def test_every_notebooklet_of_the_package_keeps_its_word(ws):
    sure = {"UrlSummary": ("http://example.org/a", "-ti", {})}
    put(ws, "flow", [{"start": 0, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "server_name": "example.org"}])
    put(ws, "http", [{"start": 1, "src_ip": "10.0.0.6", "dst_ip": "192.0.2.1", "host": "example.org", "uri": "/a"}])
    for name, (value, options, given) in sure.items():
        check_notebooklet(ws, ws.notebooklets.load(name), value, options=options, parameters=given)


@pytest.mark.slow
@pytest.mark.parametrize("entity", ENTITY_KINDS)
def test_the_template_runs_and_its_test_passes(entity, tmp_path):
    _, test = write_template("MineSummary", tmp_path, entity=entity)
    words = [sys.executable, "-m", "pytest", "-q", str(test)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    with pytest.raises(OptionError, match="is there already"):
        write_template("MineSummary", tmp_path, entity=entity)


def test_the_verbs(ws, tmp_path, capsys):
    put(
        ws, "http", [{"start": 1, "src_ip": "10.0.0.6", "dst_ip": "192.0.2.1", "host": "a.example", "uri": "/\x1b[31m"}]
    )
    page, book, saved = (str(tmp_path / name) for name in ("a.html", "a.xlsx", "a.json"))
    words = ["run", "UrlSummary", "-w", str(ws.folder), "--value", "http://a.example/\x1b[31m", "--html", page]
    assert main([*words, "--excel", book, "--json", saved, "--option=-whois", "--option", "limit=5"]) == 0
    out, err = capsys.readouterr()
    assert "10.0.0.6" in out
    assert "\x1b" not in out + err
    assert "UrlSummary [10/10]" in err
    assert ws.notebooklets.load_result(saved).parameters["limit"] == 5
    assert main(["run", "UrlSummary", "-w", str(ws.folder), "--value", "http://a/", "--option", "limit=0"]) == 2
    assert main(["run", "UrlSummary", "-w", str(ws.folder), "--value", "http://a/", "--option", "nope"]) == 2
    assert main(["run", "UrlSummary", "-w", str(ws.folder)]) == 2
    capsys.readouterr()
    words = ["run", "UrlSummary", "-w", str(ws.folder), "--value", "http://a.example/", "--quiet", "--format", "json"]
    assert main([*words, "--start", "2024-03-14", "--end", "2024-03-15", "--option", "requests"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["window"]["end"] == "2024-03-15T00:00:00.000000Z"
    frame = pd.DataFrame({"start": ["2024-03-14T00:00:01Z"], "src_ip": ["10.0.0.6"], "dst_ip": ["192.0.2.7"]})
    frame.to_csv(tmp_path / "flows.csv", index=False)
    assert main([*words, "--data", str(tmp_path / "flows.csv")]) == 0
    capsys.readouterr()
    assert main(["notebooklet", "list", "url"]) == 0
    assert "url.UrlSummary" in capsys.readouterr().out
    assert main(["notebooklet", "help", "UrlSummary"]) == 0
    assert "## Default Options" in capsys.readouterr().out
    assert main(["notebooklet", "new", "MineSummary", str(tmp_path / "mine")]) == 0
    words = ["run", "MineSummary", "--folder", str(tmp_path / "mine"), "-w", str(ws.folder), "--value", "10.0.0.5"]
    assert main(words) == 0
    assert "nothing is stored in table alert" in capsys.readouterr().out
