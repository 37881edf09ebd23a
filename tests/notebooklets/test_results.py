"""Results: they own their data and their run; copies, documents, differences, pages, workbooks."""

from __future__ import annotations

import copy
import datetime as dt
import json
import pickle
import subprocess
import sys
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.investigate.dossier import Dossier
from flowsleuth.notebooklets import NotebookletResult, table, value
from flowsleuth.schema.tabular import to_table
from tests.notebooklets.toy import EVIL, ToyResult, ToySummary

DAY = ("2024-03-14", "2024-03-15")


@pytest.fixture
def result():
    return ToySummary().run("10.0.0.5", timespan=DAY, options="+total,+shape")


def test_what_it_holds(result):
    assert result.description == "Toy summary of 10.0.0.5"
    assert result.value == "10.0.0.5"
    assert isinstance(result.numbers, pd.DataFrame)
    assert result.numbers is result.numbers
    assert result.numbers.attrs == {"note": "all of them"}
    assert result.total == 6
    assert result.host_entity.HostName == "WEB1"
    assert result.properties == ["numbers", "doubled", "host_entity", "total"]
    assert result.data_properties() == ["numbers", "doubled"]
    assert result.data_properties(empty=True) == ["numbers", "doubled", "later"]
    assert result.vis_properties() == []
    assert result.prop_doc("numbers") == ("pandas.DataFrame", "Some numbers.")
    assert result.shape is None
    assert result.section("shape").absent == "nothing <to> draw"
    assert result.section("later").absent == "not asked for yet"
    assert result.steps[0].notes == ("three of them",)
    assert result.step_table()["status"].tolist() == ["ok"] * 5
    with pytest.raises(CatalogueError, match="did you mean numbers"):
        result.prop_doc("number")
    with pytest.raises(AttributeError, match="did you mean numbers"):
        result.number  # noqa: B018


def test_absence_says_why():
    told = ToySummary().run("10.0.0.5", options="numbers", fails="numbers")
    assert told.numbers is None
    assert told.section("numbers").absent == "RuntimeError: numbers broke"
    assert told.section("doubled").absent == "option doubled was not chosen"


def test_f2_methods_act_on_their_own_run():
    """F2: methods of an old result filled the newest one."""
    one = ToySummary()
    first, second = one.run("10.0.0.1"), one.run("10.0.0.2")
    assert first.fill_later()["about"].tolist() == ["10.0.0.1"]
    assert second.later is None
    assert first.notebooklet.result is first
    assert one.result is second
    assert one.fill_later()["about"].tolist() == ["10.0.0.2"]
    assert second.later["about"].tolist() == ["10.0.0.2"]
    assert second.list_methods() == ["fill_later - Fill what a run leaves open."]
    assert "fill_later" in dir(second)


def test_f3_results_share_no_mutable_thing():
    """F3: one mutable host for all instances and windows."""
    first, second = ToySummary().run("10.0.0.5"), ToySummary().run("10.0.0.5")
    assert first.host_entity is not second.host_entity
    first.numbers["n"] = 0
    assert second.numbers["n"].tolist() == [1, 2, 3]
    assert first.section("numbers").table["n"].to_pylist() == [1, 2, 3]


@pytest.mark.parametrize(
    "again",
    [
        lambda one: pickle.loads(pickle.dumps(one)),
        copy.copy,
        copy.deepcopy,
        lambda one: ToyResult.from_json(one.to_json()),
        lambda one: ToyResult.from_dossier(Dossier.from_json(one.to_json())),
    ],
    ids=["pickle", "copy", "deepcopy", "json", "dossier"],
)
def test_f4_copies_are_the_same_and_their_own(result, again):
    """F4: results could be neither pickled nor copied."""
    other = again(result)
    assert type(other) is ToyResult
    assert other.to_json() == result.to_json()
    assert other.numbers.equals(result.numbers)
    assert other.host_entity == result.host_entity
    assert other.timespan == result.timespan
    assert [step.to_dict() for step in other.steps] == [step.to_dict() for step in result.steps]
    other.fill_later()
    assert other.later["about"].tolist() == ["10.0.0.5"]
    assert result.later is None


def test_json_is_a_dossier(result):
    told = json.loads(result.to_json())
    assert told["title"] == "Toy summary of 10.0.0.5"
    assert told["window"] == {"start": "2024-03-14T00:00:00.000000Z", "end": "2024-03-15T00:00:00.000000Z"}
    assert told["provenance"]["run"]["options"] == ["numbers", "doubled", "host", "shape", "total"]
    assert [section["id"] for section in told["sections"]] == list(ToyResult.attributes)
    assert "Traceback" not in result.to_json()


def test_a_document_of_another_kind_is_refused(result):
    class OtherResult(NotebookletResult):
        x = value("X.")

    from flowsleuth.notebooklets.url_summary import UrlResult

    with pytest.raises(OptionError, match="no notebooklet's result"):
        ToyResult.from_dossier(Dossier("Implant", "What?"))
    with pytest.raises(OptionError, match="this is a result of ToySummary"):
        UrlResult.from_json(result.to_json())
    with pytest.raises(CatalogueError, match="no such notebooklet"):
        NotebookletResult.from_json(result.to_json())


def test_a_document_that_was_tampered_with_is_data(result):
    told = json.loads(result.to_json())
    for section in told["sections"]:
        section |= {"title": "<script>", "figure": "no.such:figure"}
    told["sections"].append({**told["sections"][0], "id": "__class__"})
    told["provenance"]["run"]["value"] = "<script>"
    again = ToyResult.from_json(json.dumps(told))
    assert again.numbers["n"].tolist() == [1, 2, 3]
    assert again.section("numbers").title == "Numbers"
    assert "<script" not in again.to_html() + again._repr_html_()
    with pytest.raises(CatalogueError):
        again.section("__class__")


def test_tables_of_every_make_are_kept_and_saved_whole():
    class OddResult(NotebookletResult):
        rows = table("Rows of every type.")

    moment = dt.datetime(2024, 3, 14, 12, tzinfo=dt.UTC)
    frame = pd.DataFrame(
        {
            "cat": pd.Categorical(["a", None]),
            "when": pd.to_datetime([moment, None], utc=True).tz_convert("Europe/Berlin"),
            "big": pd.array([2**60, None], dtype="Int64"),
            "share": [0.5, float("nan")],
            "ips": [["10.0.0.1", "10.0.0.2"], []],
            "ports": [[443, None], None],
            "some": [{"a": 1}, "x"],
            "took": pd.to_timedelta(["1s", None]),
            "ok": [True, False],
        }
    )
    result = OddResult()
    result.rows = frame
    rows = result.section("rows").table.to_pylist()
    assert rows[0] == {
        "cat": "a", "when": moment, "big": 2**60, "share": 0.5, "ips": ["10.0.0.1", "10.0.0.2"], "ports": [443, None],
        "some": '{"a": 1}', "took": 1.0, "ok": True,
    }  # fmt: skip
    assert rows[1]["share"] is None and rows[1]["ips"] == []
    section = result.section("rows")
    assert type(section).from_dict(json.loads(json.dumps(section.to_dict()))) == section
    assert to_table(frame).schema == section.table.schema
    with pytest.raises(OptionError, match="not a table"):
        result.rows = "text"


def test_diff_tells_rows_and_values(result):
    other = copy.deepcopy(result)
    assert not result.diff(other)
    other.keep("numbers", pa.table({"text": [EVIL, None, "new"], "n": [1, 3, 3]}))
    other.total = 7
    other.keep("doubled", pa.table({"n": [2, 4, 6, 6]}))
    found = result.diff(other)
    assert found.changed == ["numbers", "doubled", "total"]
    assert (found["numbers"].added, found["numbers"].removed) == (1, 1)
    assert found["numbers"].rows.to_pylist() == [
        {"n": 2, "text": "<script>", "change": "removed"},
        {"n": 3, "text": "new", "change": "added"},
    ]
    assert found["doubled"].rows.to_pylist() == [{"n": 6, "change": "added"}]
    assert (found["total"].before, found["total"].after) == (6, 7)
    assert "numbers: changed, 1 rows added, 1 removed" in str(found)
    result.fill_later()
    assert result.diff(other)["later"].change == "disappeared"
    with pytest.raises(OptionError):
        result.diff(NotebookletResult())


def test_the_page_is_escaped_and_needs_nothing(result, tmp_path):
    path = tmp_path / "toy.html"
    assert result.to_html(path) == str(path)
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "nothing &lt;to&gt; draw" in page
    assert "Step Numbers: ok" in page
    assert "the first 1 of 3 rows" in result.to_html(top=1)


def test_the_view_is_escaped_and_brief(result):
    view = result._repr_html_()
    assert "<script" not in view
    assert "&lt;script&gt;" in view
    result.keep("numbers", pa.table({"n": range(6)}))
    assert "the first 5 of 6 rows" in result._repr_html_()
    assert "numbers: 6 rows" in str(result)


def test_no_cell_of_a_workbook_is_a_formula(result, tmp_path):
    result.keep("doubled", pa.table({"list": [["=1+1", "b"]], "n": [2**60], "=1": ["a\x00\x1bb"]}))
    path = result.to_excel(tmp_path / "toy.xlsx")
    with zipfile.ZipFile(path) as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")}
        words = book.read("xl/workbook.xml").decode()
    assert [name in words for name in ("summary", "numbers", "doubled")] == [True] * 3
    whole = "".join(sheets.values())
    assert "<f>" not in whole
    assert f"<t>'{EVIL}</t>" in whole
    assert "<t>=" not in whole
    assert "<t>'=1+1, b</t>" in whole
    assert "<t>'=1</t>" in whole
    assert str(2**60) in whole


def test_without_xlsxwriter_the_extra_is_named(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(flowsleuth.errors.FlowsleuthError, match=r"flowsleuth\[excel\]"):
        result.to_excel(tmp_path / "toy.xlsx")


def test_names_that_every_result_has_are_refused():
    with pytest.raises(OptionError, match="steps"):
        type("Bad", (NotebookletResult,), {"steps": table("Steps.")})


def test_view_events_needs_rows(result):
    pytest.importorskip("anywidget")
    assert "&lt;script&gt;" in _shown(result.view_events(attrib="numbers"), 1)
    with pytest.raises(OptionError, match="one of them"):
        result.view_events()
    with pytest.raises(OptionError, match="no rows"):
        result.view_events(attrib="later")
    with pytest.raises(OptionError, match="no columns"):
        result.view_events(["x"], "numbers")


def _shown(browser, place):
    browser.table.selected = [place]
    return browser.shown.value


def test_f7_importing_loads_little():
    """F7: importing took seconds and a cloud's libraries."""
    code = (
        "import sys, flowsleuth, flowsleuth.notebooklets; "
        "from flowsleuth.notebooklets.url_summary import UrlSummary; "
        "print([m for m in ('pandas','pyarrow','ibis','duckdb','ipywidgets','azure','numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
