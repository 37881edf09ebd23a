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
