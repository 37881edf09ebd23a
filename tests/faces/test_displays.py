"""Displays of frames: what a call gives, in files, in notebooks, in a dossier; bounded, and always safe."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest
from tests.viz.test_events import logons

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.frames import Chain
from flowsleuth.faces.views.display import Display
from flowsleuth.investigate.dossier import Dossier
from flowsleuth.toolkit import (
    display_timeline,
    display_timeline_duration,
    display_timeline_values,
    display_timeseries_anomalies,
)
from flowsleuth.viz import figures
from flowsleuth.viz.page_sections import Words, sections_page

EVILS = ("</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "]]><svg onload=alert(1)>", "\ud800\x00")
MB = 1_000_000


def specs_in(page: str) -> list[dict[str, object]]:
    """What a page draws: the figures in it, unpacked."""
    packed = re.search(r'id="specs">([^<]*)<', page)
    assert packed
    found: list[dict[str, object]] = json.loads(gzip.decompress(base64.b64decode(packed[1])))
    return found


def evil_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": ["2019-02-14", "2019-02-15", "2019-02-16"],
            EVILS[0]: list(EVILS[:3]),
            "who": list(EVILS[:3]),
            "bytes": [1, 2, 3],
        }
    )


def displays(frame: pd.DataFrame, title: str, who: str, tip: str) -> list[Display]:
    marks = {"title": title, "ref_times": [("2019-02-14", title)], "source_columns": [tip]}
    return [
        display_timeline(frame, group_by=who, **marks),
        display_timeline({title: frame, "b": {"data": frame, "color": "red"}}, **marks),
        display_timeline_duration(frame, who, **marks),
        display_timeline_values(frame, "bytes", group_by=who, kind=["vbar", "circle", "line"], **marks),
        display_timeseries_anomalies(frame.assign(anomalies=1, baseline=1.5), "bytes", title=title),
    ]


def test_hostile_texts_are_text_in_every_file_and_cell():
    for shown in displays(evil_frame(), EVILS[0] + EVILS[3], "who", EVILS[0]):
        page = shown.to_html()
        assert page.count("<script") == 3  # the figures, the module, the loader
        cell = shown._repr_mimebundle_()[0]["text/html"]
        for text in (
            page,
            shown.to_svg(),
            cell,
            sections_page(Dossier(EVILS[1], "?", sections=(shown.section,)), Words()),
        ):
            assert "<img" not in text
            assert "<svg onload" not in text
            assert "<script>alert" not in text
        assert all(one.isprintable() or one == "\n" for one in repr(shown))


def test_the_page_names_the_one_script_that_may_run_and_fetches_nothing():
    page = display_timeline(logons(20)).to_html()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert not re.findall(r'(?:src|href)="', page)


def test_a_hundred_thousand_events_make_less_than_a_megabyte_of_html():
    few, many = (
        display_timeline(logons(count, accounts=12), group_by="Account", source_columns=["Account", "Computer"])
        for count in (10_000, 100_000)
    )
    assert len(few.to_html().encode()) < MB
    assert len(many.to_html().encode()) < MB
    assert len(many._repr_mimebundle_()[0]["text/html"]) < 0.5 * MB
    assert "100,000 events are put together" in many.note
    assert sum(mark[2] for lane in specs_in(many.to_html())[0]["lanes"] for mark in lane["marks"]) == 100_000


def test_a_display_writes_itself(tmp_path):
    shown = display_timeline(logons(30), group_by="Account")
    assert shown.to_html(tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert shown.to_svg(tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<?xml")
    png = shown.to_png(tmp_path / "a.png").read_bytes()
    from PIL import Image

    picture = Image.open(io.BytesIO(png))
    assert picture.size == (2 * (960 + 28), (2 * (22 + 24 * 7 + 42 + 58)))
    assert len(picture.getcolors()) > 20
    assert len(shown.to_png(scale=1)) < len(png)
    with pytest.raises(OptionError, match="out of range"):
        shown.to_png(scale=99)


def test_nothing_to_draw_is_told():
    shown = display_timeline(pd.DataFrame({"start": [None, None]}))
    assert repr(shown) == "<Display of Timeline: 2 of 2 rows have no time and are left out>"
    assert "have no time" in shown.to_html()
    with pytest.raises(FlowsleuthError, match="nothing to draw"):
        shown.to_svg()


def test_a_display_is_a_section_of_a_dossier():
    shown = display_timeline(logons(30), group_by="Account")
    dossier = Dossier.from_json(Dossier("t", "q", sections=(shown.section,)).to_json())
    assert figures(dossier) == {"timeline": shown.spec}
    assert "<svg" in sections_page(dossier, Words())


def test_tables_of_several_kinds_are_lanes_and_overlays():
    one, other = logons(20), pa.table({"at": ["2019-02-14"], "who": ["eve"]})
    shown = display_timeline({"logons": one, "odd": {"data": other, "time_column": "at", "color": "Red"}})
    assert [(lane["name"], lane["total"], lane["colour"]) for lane in shown.spec["lanes"]] == [
        ("logons", 20, None),
        ("odd", 1, "#c02c2c"),
    ]
    over = display_timeline(one, overlay_data=one.head(3), overlay_color="green", color="#123456")
    assert [(lane["name"], lane["total"], lane["colour"]) for lane in over.spec["lanes"]] == [
        ("data", 20, "#123456"),
        ("overlay", 3, "#2e7d37"),
    ]


def test_the_demo_notebooks_calls(tmp_path):
    """The shapes of MSTICPy's own demonstration."""
    alerts = logons(12).rename(columns={"Account": "Severity"})
    first = display_timeline(data=alerts, source_columns=["Severity", "Computer"], group_by="Severity", height=200)
    assert (first.spec["look"], first.spec["tips"]) == ({"height": 200}, ["Severity", "Computer"])
    session = display_timeline(
        data=alerts, alert=alerts.iloc[5], title="Alert Process Session", height=150, range_tool=False
    )
    assert session.spec["refs"] == [[int(alerts["TimeGenerated"].iloc[5].timestamp() * 1000), "alert"]]
    assert session.spec["look"] == {"height": 150, "range_tool": False}
    shown = display_timeline(
        data=alerts, group_by="Severity", title="By direction", time_column="TimeGenerated",
        source_columns=["Computer"], height=150, legend="right", yaxis=True,
    )  # fmt: skip
    assert shown.spec["look"] == {"height": 150, "legend": "right"}
    values = display_timeline_values(
        data=alerts.assign(n=1), group_by="Severity", time_column="TimeGenerated", y="n", legend="right", height=400,
        kind=["vbar", "circle"], title="By protocol", source_columns=["TimeGenerated", "Computer"],
    )  # fmt: skip
    assert values.spec["draw"] == ["vbar", "circle"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group_by": "Acount"}, "Acount: no such column .*did you mean Account"),
        ({"source_columns": ["x"]}, "x: no such column"),
        ({"time_column": "Account"}, None),
        ({"legend": "top"}, "no such place of a legend"),
        ({"height": "tall"}, "not a number of pixels"),
        ({"color": "blue; x"}, "no such colour"),
        ({"ref_time": "soon"}, "not a time"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    if said is None:
        assert "5 of 5 rows have no time" in repr(display_timeline(logons(5), **options))
        return
    with pytest.raises(OptionError, match=said):
        display_timeline(logons(5), **options)


def test_other_calls_refuse_as_well():
    with pytest.raises(OptionError, match="nothing to group by"):
        display_timeline_duration(logons(5), None)
    with pytest.raises(OptionError, match="not one of the columns"):
        display_timeline_duration(logons(5), "Account", ylabel_cols=["Computer"])
    with pytest.raises(OptionError, match="no column of values"):
        display_timeline_values(logons(5))
    with pytest.raises(OptionError, match="no such kind"):
        display_timeline_values(logons(5).assign(n=1), "n", kind="pie")
    with pytest.raises(OptionError, match="not a table"):
        display_timeline([1, 2])
    with pytest.raises(OptionError, match="no tables are given"):
        display_timeline({})


def test_chains_on_frames_show_pictures():
    frame = logons(20).assign(bytes=7)
    before = frame.copy(deep=True)
    chain = Chain(frame)
    assert "20 marks" in repr(chain.timeline(group_by="Account"))
    assert "20 values" in repr(chain.timeline_values("bytes"))
    assert "20 marks" in repr(chain.timeline_duration("Account"))
    pd.testing.assert_frame_equal(frame, before)


def test_a_cell_shows_a_display_once_and_a_saved_notebook_keeps_it():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    cells = [
        "import pandas as pd\nfrom flowsleuth.toolkit import display_timeline",
        "data = pd.DataFrame({'start': ['2019-02-14T00:00Z'], 'who': ['<img src=x>']})",
        "shown = display_timeline(data, group_by='who')\nshown",
        "display_timeline(data, hide=True);",
        "shown",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python"}
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in book.cells]
    assert [len(one) for one in outputs] == [0, 0, 1, 0, 1]
    data = outputs[2][0]["data"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<svg" in data["text/html"] and "<img" not in data["text/html"]


def test_displays_do_without_the_notebook_extra():
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "import pyarrow as pa\nfrom flowsleuth.toolkit import display_timeline\n"
        "shown = display_timeline(pa.table({'start': ['2019-02-14']}))\n"
        "print('<svg' in shown._repr_mimebundle_()[0]['text/html'], len(shown.to_html()) > 100_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True True\n"
