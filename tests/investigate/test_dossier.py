"""Dossiers round-trip, whatever is in them."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsleuth.errors import FlowsleuthError
from flowsleuth.investigate.briefing import write_dossier
from flowsleuth.investigate.dossier import Dossier, Section, table_from_dict, table_to_dict
from flowsleuth.viz import figures
from tests.investigate.test_findings import EXAMPLE, find

moments = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=dt.UTC))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
            st.one_of(st.none(), st.text()),
            st.one_of(st.none(), moments),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.booleans()),
        )
    )
)
def test_tables_round_trip(rows):
    kinds = [pa.int64(), pa.string(), pa.timestamp("us", tz="UTC"), pa.float64(), pa.bool_()]
    columns = list(zip(*rows, strict=True)) or [()] * 5
    table = pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names=list("abcde"))
    through = json.loads(json.dumps(table_to_dict(table)))
    assert table_from_dict(through).equals(table)


def test_a_whole_dossier_round_trips():
    dossier = write_dossier(find(EXAMPLE), title="<b>", text="a\n\nb", provenance={"analyst": "ana"})
    again = Dossier.from_json(dossier.to_json())
    assert again == dossier
    assert figures(again) == figures(dossier)
    json.dumps(figures(dossier), allow_nan=False)


def test_what_is_absent_says_why():
    dossier = write_dossier(find(EXAMPLE, "192.0.2.99"), title="nothing")
    reasons = {section.id: section.absent for section in dossier.sections}
    assert reasons["progression"] == reasons["timeline"] == reasons["search"] == "no flow of the target in this window"
    assert reasons["briefing"] == "nothing written"
    assert reasons["places"] == "no source tells where an address is"
    assert all(spec["absent"] for spec in figures(dossier).values())


def test_a_newer_document_is_refused():
    with pytest.raises(FlowsleuthError, match="newer version"):
        Dossier.from_dict({"format": 99})


def test_not_a_kind():
    plain = Section("a", "A", "text").to_dict() | {"kind": "video"}
    with pytest.raises(FlowsleuthError, match="not a kind of section"):
        Section.from_dict(plain)


def test_each_level_of_the_tree_is_the_sum_of_the_one_below():
    rows = find([*EXAMPLE])
    root = figures(write_dossier(rows, title="t"))["progression"]["root"]

    def check(node):
        for name in ("peers", "connections", "bytes"):
            if node["children"]:
                assert node[name] == sum(child[name] for child in node["children"]), (node["name"], name)
        for child in node["children"]:
            check(child)

    check(root)
    assert [way["name"] for way in root["children"]] == ["inbound", "outbound", "two way"]
    assert root["peers"] == 4


def test_a_dossier_is_told_in_a_line_for_each_section():
    rows = pa.table({"a": [1, 2]})
    sections = (
        Section("why", "Why", "text", text="red \x1b[31m\n" + "x" * 500),
        Section("peers", "Peers", "table", table=rows),
        Section("ways", "Ways", "graph", nodes=rows, edges=rows.slice(1)),
        Section("days", "Days", "series", absent="no flows", table=rows),
    )
    title, why, *others = repr(Dossier("Host", "What?", sections=sections)).split("\n")
    assert title == "Host"
    assert why.startswith("why: red \\x1b[31m xxx")
    assert len(why) < 250
    assert others == ["peers: 2 rows", "ways: 2 nodes, 1 edges", "days: nothing, no flows"]
