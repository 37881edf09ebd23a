"""In a kernel: results, figures, help and the browser show themselves; a module's source goes into the next cell."""

from __future__ import annotations

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("anywidget")

SETUP = """
import flowsleuth, pandas as pd
ws = flowsleuth.open("case", create=True)
rows = pd.DataFrame({"start": ["2024-03-14T00:00:01Z"], "src_ip": ["<i>10.0.0.6</i>"], "host": ["a.example"],
                     "uri": ["/x"], "status": [200]})
result = ws.notebooklet("UrlSummary").run("http://a.example/x", data={"http": rows})
"""
CELLS = [SETUP, "result", "result.request_timeline", "ws.notebooklets", "ws.notebooklets.browse()",
         "ws.notebooklets.UrlSummary.show_help()", "result.view_events(attrib='requests')",
         "ws.notebooklets.UrlSummary.import_cell()"]  # fmt: skip


@pytest.mark.slow
def test_everything_shows_itself(tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    payloads = []
    client.on_cell_executed = lambda cell, cell_index, execute_reply: payloads.append(
        execute_reply["content"]["payload"]
    )
    client.execute()
    setup, result, picture, tree, browser, help_, events, _ = (cell.outputs for cell in book.cells)
    assert setup == []
    html = result[0].data["text/html"]
    assert "URL summary of http://a.example/x" in html
    assert "&lt;i&gt;10.0.0.6" in html
    assert "<i>10.0.0.6" not in html
    assert "<svg" in html
    assert "application/vnd.jupyter.widget-view+json" in picture[0].data
    assert "<svg" in picture[0].data["text/html"]
    assert "UrlSummary" in tree[0].data["text/html"]
    for shown in (browser, events):
        assert "application/vnd.jupyter.widget-view+json" in shown[0].data
    assert "Default Options" in help_[0].data["text/html"]
    (cell,) = payloads[-1]
    assert cell["source"] == "set_next_input"
    assert "class UrlSummary(Notebooklet[UrlResult])" in cell["text"]
