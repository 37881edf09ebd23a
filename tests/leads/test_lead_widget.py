"""Leads in a notebook: listed, explained, rated; and the host's page."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowsleuth
from tests.leads.conftest import FOURTH
from tests.leads.hostile import HOSTILE, make_hostile

widgets = pytest.importorskip("ipywidgets")


def test_leads_are_listed_explained_and_rated(ws):
    from flowsleuth.faces.widgets import LeadReview

    panel = LeadReview(ws, by="pair", dates=[FOURTH])
    before = [row["lead_id"] for row in panel.rows]
    assert panel.listed.rows[0][1] == "1"
    panel.listed.selected = [0]
    panel.explain()
    (folded,) = panel.evidence.children
    assert folded.titles[0].startswith("strobes: p 1e-06, 20,000 flows")
    panel.rate()
    assert "1 leads, 20,000 flows" in panel.told.value
    assert {row["lead_id"] for row in panel.rows} == set(before[1:])
    panel.undo()
    assert [row["lead_id"] for row in panel.rows] == before
    panel.address.value = "nowhere"
    assert "Not done" in panel.told.value
    panel.address.value = "203.0.113.10"
    assert len(panel.rows) == 1


def test_columns_are_those_of_which_something_is_known(ws):
    from flowsleuth.faces.widgets import LeadReview

    panel = LeadReview(ws, by="host", dates=[FOURTH])
    hosts = [column["name"] for column in panel.listed.columns]
    assert not {"dst_ip", "server_name", "service_port", "severity"} & set(hosts)
    assert hosts.index("reason") < hosts.index("first_seen")
    assert panel.listed.rows[0][hosts.index("day")] == FOURTH
    panel.by.value = "pair"
    assert {"dst_ip", "service_port"} <= {column["name"] for column in panel.listed.columns}
    panel.text.value = "no lead says this"
    assert panel.listed.rows == []
    assert "reason" in [column["name"] for column in panel.listed.columns]


def test_a_hosts_page_is_the_output_of_a_cell(case: Path):
    make_hostile(case, FOURTH)
    with flowsleuth.open(case) as ws:
        page = ws.host_page("10.0.0.9")
    html = page._repr_html_()
    for section in page.sections:
        assert (
            f"<h2>{section.title}</h2>" in html
            or f"<dt>{section.title}</dt>" in html
            or f"<li>{section.title}:" in html
        )
    assert "<svg" in html
    assert "<script" not in html and "<img" not in html
    assert HOSTILE[:20].replace("<", "&lt;") in html
    lines = repr(page).split("\n")
    assert lines[0] == "Host 10.0.0.9"
    assert [line.partition(":")[0] for line in lines[1:]] == [section.id for section in page.sections]


def test_nothing_chosen_is_said_in_the_panel(ws):
    from flowsleuth.errors import OptionError
    from flowsleuth.faces.widgets import LeadReview

    panel = LeadReview(ws)
    with pytest.raises(OptionError, match="no lead is chosen"):
        panel.rate()


def test_a_hosts_page_is_drawn_and_texts_are_escaped(case: Path):
    from flowsleuth.faces.widgets import LeadReview

    make_hostile(case, FOURTH)
    with flowsleuth.open(case) as ws:
        panel = LeadReview(ws)
        panel.listed.selected = [0]
        panel.show_host()
    kinds = [type(one).__name__ for one in panel.evidence.children]
    assert kinds.count("Figure") == 3
    assert kinds[-1] == "Accordion"
    told = "".join(one.value for one in panel.evidence.children if isinstance(one, widgets.HTML))
    assert "&lt;img src=x" in told
    assert HOSTILE not in told
