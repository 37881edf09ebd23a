"""The notebooks: written without losing anybody's notes, valid, and working from top to bottom on the demo's logs."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest
from tests.workspace.pivot_rows import FLOWS, put

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.faces.notebook import PAGES, write_notebooks
from flowsleuth.faces.notebook.write import cells_of

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("anywidget")


def test_each_is_valid_and_has_its_parameters_first(tmp_path: Path) -> None:
    case = tmp_path / 'a "case" \\ é'
    for path in write_notebooks(tmp_path / "notebooks", case):
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        assert code[0].metadata["tags"] == ["parameters"]
        names: dict[str, object] = {}
        exec(code[0].source, names)
        assert names.get("case") == (None if path.stem == "flowsleuth_demo" else str(case))
        assert not any(cell.outputs or cell.execution_count for cell in code)


def test_notes_are_not_overwritten(tmp_path: Path) -> None:
    first, *_ = write_notebooks(tmp_path)
    first.write_text("my notes")
    (tmp_path / "Storyboard.ipynb").unlink()
    with pytest.raises(OptionError, match="is there already"):
        write_notebooks(tmp_path)
    assert first.read_text() == "my notes"
    assert not (tmp_path / "Storyboard.ipynb").exists()
    write_notebooks(tmp_path, replace=True)
    assert "cells" in json.loads(first.read_text())


def test_the_same_text_gives_the_same_file(tmp_path: Path) -> None:
    one, two = write_notebooks(tmp_path / "1"), write_notebooks(tmp_path / "2")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_cells_keep_their_text() -> None:
    text, code = cells_of(
        "# %% [markdown]\n# # Title\n#\n# ```python\n# x = 1  # why\n# ```\n\n# %% [parameters]\nx = 1\n\ny = 2\n"
    )
    assert "".join(text["source"]) == "# Title\n\n```python\nx = 1  # why\n```"
    assert "".join(code["source"]) == "x = 1\n\ny = 2"


def test_the_verb(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebooks", str(tmp_path / "books"), "-w", "case"]) == 0
    assert "jupyter lab" in capsys.readouterr().out
    assert sorted(path.stem for path in (tmp_path / "books").iterdir()) == sorted(PAGES)
    assert main(["notebooks", str(tmp_path / "books")]) == 2
    assert "--replace" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_each_works_from_top_to_bottom(name: str, demo_case: Path, tmp_path: Path) -> None:
    import papermill

    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    with flowsleuth.open(case, analyst="ana") as ws:
        ws.rate(1, ip="10.0.1.4", why="a victim")
        ws.investigate("10.0.1.4").save_story(title="Implant", text="<b>no markup</b>")
    write_notebooks(tmp_path / "books")
    done = papermill.execute_notebook(
        tmp_path / "books" / f"{name}.ipynb",
        tmp_path / "done.ipynb",
        parameters={} if name == "flowsleuth_demo" else {"case": str(case), "analyst": "ana"},
        progress_bar=False,
        cwd=tmp_path,
    )
    wrong = [out for cell in done.cells for out in cell.get("outputs", []) if out.output_type == "error"]
    assert not wrong
    if name != "Advanced_Mode":
        drawn = [
            out
            for cell in done.cells
            for out in cell.get("outputs", [])
            if "application/vnd.jupyter.widget-view+json" in out.get("data", {})
        ]
        assert drawn
    assert (tmp_path / "done.ipynb").stat().st_size < 5_000_000


@pytest.mark.slow
def test_the_demo_finds_what_the_case_holds(tmp_path: Path) -> None:
    """From the alert to the network: the indicators of the hidden command, what was said of them, whose net it is."""
    import papermill

    write_notebooks(tmp_path / "books")
    path = tmp_path / "books" / "flowsleuth_demo.ipynb"
    done = papermill.execute_notebook(path, tmp_path / "done.ipynb", progress_bar=False)
    shown = {cell.source: json.dumps(cell.get("outputs", [])) for cell in done.cells}

    def output(code: str) -> str:
        return next(text for source, text in shown.items() if code in source)

    assert "MSTICALERTSWIN1" in output("alert.primary_host")
    hidden = output("unpack_items(input_string=command)")
    assert "http://38.75.137.9:9088/static/encrypt.min.js" in hidden
    assert "pwner.exe" in hidden
    found = output("IoCExtract().extract(decoded, ")
    assert all(word in found for word in ("ipv4", "38.75.137.9", "url", "windows_path"))
    assert "Underminer EK" in output("lookup.result_to_df(")
    assert "warning" in output("lookup.result_to_df(")
    assert "1352 records" in output('print(len(flows), "records")')
    assert "AS-GLOBALTELEHOST, US" in output("systems.groupby")
    pictures = [source for source, text in shown.items() if "widget-view" in text]
    assert len(pictures) >= 9, pictures


@pytest.mark.slow
def test_the_explorer_shows_alerts_logons_and_accounts(tmp_path: Path) -> None:
    """What the demo's logs have not: each section shows its rows, hostile text as text."""
    import papermill

    evil = "<img src=x onerror=alert(1)>"
    logon = {"host": "WEB1", "user": "ana", "domain": "CORP", "src_ip": "10.0.0.5", "is_success": False}
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        put(ws, "flow", FLOWS)
        put(ws, "alert", [{"start": 0, "name": evil, "severity": 3, "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7"}])
        put(ws, "logon", [logon | {"start": at} for at in (0, 10)])
    write_notebooks(tmp_path / "books")
    parameters = {"case": str(tmp_path / "case"), "ip_address": "10.0.0.5", "start": "2024-03-14", "end": "2024-03-15"}
    path = tmp_path / "books" / "Entity_Explorer_IP_Address.ipynb"
    done = papermill.execute_notebook(path, tmp_path / "done.ipynb", parameters=parameters, progress_bar=False)
    shown = {cell.source: json.dumps(cell.get("outputs", [])) for cell in done.cells}

    def output(code: str) -> str:
        return next(text for source, text in shown.items() if code in source)

    assert "widget-view" in output("ip_result.browse_alerts() if")
    for name in ("alert_timeline", "failed_logons", "relations"):
        assert "widget-view" in output(f'seen(ip_result, "{name}")'), name
    assert "WEB1" in output('seen(ip_result, "host_logons")')
    assert "ana" in output("ws.account(accounts[0])")
    pages = [
        out["data"].get("text/html", "") for cell in done.cells for out in cell.get("outputs", []) if "data" in out
    ]
    assert any("&lt;img src=x" in str(page) for page in pages)
    assert not any(evil in str(page) for page in pages)


@pytest.mark.slow
def test_the_edge_panel_by_hand(demo_case: Path, tmp_path: Path) -> None:
    """The widgets do what their labels say; the kernel is driven as the browser would."""
    from flowsleuth.faces.widgets import EdgeInvestigation

    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    with flowsleuth.open(case, analyst="ana") as ws:
        panel = EdgeInvestigation(ws)
        before = ws.queue().counts["unrated"]
        panel.buttons["Rate"].click()
        assert "nothing is chosen" in panel.told.value
        panel.lists["src_ip"].value = "10.0.1.4"
        assert {row["src_ip"] for row in panel.shown.to_pylist()} == {"10.0.1.4"}
        panel.buttons["Preview"].click()
        assert "This would rate" in panel.told.value
        panel.severity.value = 1
        panel.comment.value = "<script>alert(1)</script>"
        panel.buttons["Rate"].click()
        after = ws.queue().counts["unrated"]
        assert after < before
        assert ws.ratings().table["comment"].to_pylist() == ["<script>alert(1)</script>"]
        panel.buttons["Undo"].click()
        assert ws.queue().counts["unrated"] == before
        panel.lists["src_ip"].value = ""
        panel.table.selected = [0, 2]
        chosen = [panel.shown["suspect_id"][at].as_py() for at in (0, 2)]
        assert panel.criteria() == {"suspects": chosen}
        panel.filters["ip"].value = "not an address"
        assert "Not done" in panel.told.value


@pytest.mark.slow
def test_the_threat_panel_by_hand(demo_case: Path, tmp_path: Path) -> None:
    from flowsleuth.faces.widgets import Storyboard, ThreatInvestigation

    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    with flowsleuth.open(case, analyst="ana") as ws:
        ws.rate(1, ip="10.0.1.4")
        panel = ThreatInvestigation(ws, top_results=5)
        assert "10.0.1.4" in [value for _, value in panel.threats.options]
        panel.threats.value = "10.0.1.4"
        panel.search()
        assert len(panel.evidence.children) > 3
        panel.story_title.value, panel.comment.value = "Title & <b>", "Text"
        panel.save()
        board = Storyboard(ws, folder=tmp_path / "out")
        board.stories.value = board.stories.options[1][1]
        assert "Title &amp; &lt;b&gt;" in board.pages.children[0].value
        board.export()
        assert "Written" in board.told.value
        assert list((tmp_path / "out").iterdir())


def test_numbers_that_are_names_have_no_commas() -> None:
    import pyarrow as pa

    from flowsleuth.faces.widgets.table import RowsTable

    table = RowsTable()
    moment = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    rows = pa.table({"dst_port": [50123], "flows": [50123], "first_seen": [moment], "reason": ["<img src=x>"]})
    table.show(rows, ["dst_port", "flows", "first_seen", "reason", "not there"])
    assert table.rows == [["50123", "50,123", "2026-11-20 00:00:00", "<img src=x>"]]
    assert [column["is_number"] for column in table.columns] == [True, True, False, False]
