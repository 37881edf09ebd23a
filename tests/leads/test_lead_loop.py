"""Leads as they stand: ratings and suppressions lay themselves over what was found, and lifting them restores it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowsleuth
from flowsleuth.detect.days.population import POPULATION
from flowsleuth.errors import OptionError, StoreError
from flowsleuth.workspace.lead_list import LeadFilter
from tests.leads.conftest import FAR, FOURTH, NEAR, THIRD


def rows(ws, by: str = "pair", state: str = "open", **asked) -> list[dict]:
    return ws.leads(LeadFilter(by, state, **asked), size=None).rows.table.to_pylist()


def lead(ws, src: str, dst: str | None, day: str) -> dict:
    """A pair's lead, or a host's where there is no other end; set aside or not."""
    found = rows(ws, "host" if dst is None else "pair", "all", dates=[day])
    return next(row for row in found if row["host"] == src and row["dst_ip"] == dst)


def snapshot(ws) -> list[dict]:
    return [row for by in ("host", "pair") for row in rows(ws, by, "all")]


def test_while_nothing_is_decided_leads_are_as_fused_and_no_database_is_made(case: Path):
    with flowsleuth.open(case) as ws:
        for by in ("host", "pair"):
            fused = ws.lead_desk.rows(by)
            found = ws.leads(LeadFilter(by), size=None).rows.table
            assert len(found) > 2
            assert found.select(fused.column_names).equals(fused)
            assert set(found["is_hidden"].to_pylist()) == {False}
    assert not (case / "analyst.db").exists()


def test_rated_low_does_not_come_back_with_the_same_finding_on_another_day(ws):
    before = snapshot(ws)
    third = lead(ws, "10.0.0.7", FAR, THIRD)
    made = ws.rate(3, leads=[third["lead_id"]], why="monitoring")
    assert (made.suspects, made.flows, made.analyst) == (1, 12_000, "ana")
    gone = lead(ws, "10.0.0.7", FAR, THIRD)
    assert (gone["severity"], gone["is_hidden"], gone["rating_id"]) == (3, True, made.rating_id)
    assert gone["set_aside"] == gone["findings"] == 2
    # the same detector between the same ends a day later was the whole lead there
    later = lead(ws, "10.0.0.7", FAR, FOURTH)
    assert (later["severity"], later["is_hidden"], later["rating_id"]) == (3, True, made.rating_id)
    # another source of the same destination was not rated: it stays, and is held for less
    other = lead(ws, "10.0.0.9", FAR, FOURTH)
    assert (other["severity"], other["is_hidden"], other["set_aside"]) == (None, False, 0)
    was = next(row for row in before if row["lead_id"] == other["lead_id"])
    assert other["taught"] < -0.5
    assert other["p_value"] == pytest.approx(was["p_value"] * np.exp(-other["taught"]))
    assert "rated suspect" in other["moved_why"]
    assert {row["lead_id"] for row in rows(ws)} == {row["lead_id"] for row in before if row["by"] == "pair"} - {
        third["lead_id"], later["lead_id"],
    }  # fmt: skip
    ws.undo(made.rating_id)
    assert snapshot(ws) == before


def test_suspects_by_host_or_pair_are_the_leads_as_they_stand(ws):
    rated = lead(ws, "10.0.0.7", FAR, FOURTH)
    assert rated["lead_id"] in ws.suspects(by="pair").table["lead_id"].to_pylist()
    ws.rate(3, leads=[rated["lead_id"]])
    for by in ("host", "pair"):
        found = ws.suspects(None, by=by, ip="10.0.0.0/24", dates=[FOURTH]).table
        assert found.equals(ws.leads(LeadFilter(by, dates=[FOURTH]), size=None).rows.table)
        assert rated["lead_id"] not in found["lead_id"].to_pylist()
    ws.rate(1, leads=[lead(ws, "10.0.0.9", FAR, FOURTH)["lead_id"]])
    assert ws.suspects(1, by="pair").table["severity"].to_pylist() == [1]


def test_the_hosts_lead_is_fused_again_without_what_was_set_aside(ws):
    before = lead(ws, "10.0.0.7", None, FOURTH)
    assert "suspicious (near.example 8443/tcp)" in before["reason"]
    ws.rate(3, leads=[lead(ws, "10.0.0.7", NEAR, FOURTH)["lead_id"]])
    after = lead(ws, "10.0.0.7", None, FOURTH)
    assert (after["findings"], after["set_aside"], after["is_hidden"]) == (before["findings"] - 1, 1, False)
    assert "near.example" not in after["reason"]
    assert after["p_value"] >= before["p_value"]
    ws.undo()
    assert lead(ws, "10.0.0.7", None, FOURTH) == before


def test_rated_high_stays_is_shown_and_lends_to_others(ws):
    before = {row["lead_id"]: row for row in rows(ws)}
    ws.rate(1, by="pair", dst_ip=FAR, dates=[THIRD])
    after = {row["lead_id"]: row for row in rows(ws)}
    assert set(after) == set(before)
    rated = lead(ws, "10.0.0.7", FAR, THIRD)
    assert (rated["severity"], rated["is_hidden"]) == (1, False)
    assert lead(ws, "10.0.0.7", None, THIRD)["severity"] == 1
    again, other = lead(ws, "10.0.0.7", FAR, FOURTH), lead(ws, "10.0.0.9", FAR, FOURTH)
    for one in (again, other):
        assert one["severity"] is None
        assert one["taught"] > 0.5
        assert one["p_value"] < before[one["lead_id"]]["p_value"]
    assert again["taught"] > other["taught"] > 0
    q_value = [row["q_value"] for row in rows(ws, dates=[FOURTH])]
    assert q_value == sorted(q_value)
    assert [row["rank"] for row in rows(ws, dates=[FOURTH])] == list(range(1, len(q_value) + 1))


def test_a_rating_moves_a_lead_past_another(ws):
    day = rows(ws, dates=[FOURTH])
    below = next(row for row in day if row["host"] == "10.0.0.7" and row["dst_ip"] == NEAR)
    above = next(row for row in day if row["host"] == "10.0.0.7" and row["dst_ip"] == FAR)
    assert above["rank"] < below["rank"]
    ws.rate(3, leads=[above["lead_id"]])
    now = lead(ws, "10.0.0.7", NEAR, FOURTH)
    assert now["rank"] == below["rank"] - 1
    ws.undo()
    assert lead(ws, "10.0.0.7", NEAR, FOURTH)["rank"] == below["rank"]


def test_a_suppression_of_a_finder_takes_only_its_evidence_away(ws):
    before = snapshot(ws)
    ws.suppress("detector", "strobes", reason="the new monitoring strobes")
    both = lead(ws, "10.0.0.9", FAR, FOURTH)
    assert (both["detectors"], both["is_hidden"], both["set_aside"]) == ("suspicious", False, 1)
    assert both["p_value"] > next(row["p_value"] for row in before if row["lead_id"] == both["lead_id"])
    only = lead(ws, "10.0.0.7", FAR, FOURTH)
    assert (only["is_suppressed"], only["is_hidden"], only["severity"]) == (True, True, None)
    untouched = lead(ws, "10.0.0.7", NEAR, FOURTH)
    assert (untouched["p_value"], untouched["set_aside"]) == (
        next(row["p_value"] for row in before if row["lead_id"] == untouched["lead_id"]), 0,
    )  # fmt: skip
    ws.lift(1)
    assert snapshot(ws) == before


@pytest.mark.parametrize(
    ("kind", "value", "hidden"),
    [
        ("address", FAR, {("10.0.0.7", FAR, THIRD), ("10.0.0.7", FAR, FOURTH), ("10.0.0.9", FAR, FOURTH)}),
        ("cidr", "203.0.113.10/32", {("10.0.0.7", NEAR, FOURTH)}),
        ("pair", f"10.0.0.9 {FAR}", {("10.0.0.9", FAR, FOURTH)}),
        ("port", "8443/tcp", {("10.0.0.7", NEAR, FOURTH)}),
        ("port", "8443/udp", set()),
        ("name", "*.example", {("10.0.0.7", FAR, THIRD), ("10.0.0.7", FAR, FOURTH), ("10.0.0.9", FAR, FOURTH),
                               ("10.0.0.7", NEAR, FOURTH)}),
        ("name", "near.example", {("10.0.0.7", NEAR, FOURTH)}),
        ("as", "64500", set()),
    ],
)  # fmt: skip
def test_every_kind_of_suppression(ws, kind, value, hidden):
    ws.suppress(kind, value, reason="known")
    strobes = [row for row in rows(ws, state="all") if row["dst_ip"] in (FAR, NEAR)]
    found = {(row["host"], row["dst_ip"], str(row["day"].date())) for row in strobes if row["is_suppressed"]}
    assert found == hidden
    assert ws.leads(LeadFilter("pair")).counts["suppressed"] == len(hidden)


def test_a_suppression_within_one_finder_leaves_what_others_found(ws):
    ws.suppress("address", FAR, reason="known", detector="strobes")
    assert lead(ws, "10.0.0.9", FAR, FOURTH)["detectors"] == "suspicious"
    assert lead(ws, "10.0.0.7", FAR, FOURTH)["is_suppressed"]


def test_a_suppression_ends_by_itself(ws):
    import datetime as dt

    made = ws.suppress("address", FAR, reason="this week", days=7)
    assert lead(ws, "10.0.0.9", FAR, FOURTH)["is_suppressed"]
    with ws.case.transaction("ana") as case:
        past = {"until": dt.datetime(2024, 5, 2, tzinfo=dt.UTC)}
        case.update("suppression", past, {"suppression_id": made.suppression_id})
    assert not lead(ws, "10.0.0.9", FAR, FOURTH)["is_suppressed"]


def test_a_later_rating_brings_back_what_an_earlier_one_set_aside(ws):
    third, fourth = (lead(ws, "10.0.0.7", FAR, day) for day in (THIRD, FOURTH))
    ws.rate(3, leads=[third["lead_id"]])
    ws.rate(1, leads=[fourth["lead_id"]])
    assert (lead(ws, "10.0.0.7", FAR, FOURTH)["severity"], lead(ws, "10.0.0.7", FAR, FOURTH)["is_hidden"]) == (1, False)
    # what is high there is not fine here: of two on the same finding the later one holds
    assert not lead(ws, "10.0.0.7", FAR, THIRD)["is_hidden"]
    ws.undo()
    assert lead(ws, "10.0.0.7", FAR, FOURTH)["severity"] == 3


def test_a_rating_in_the_queue_of_flows_counts_for_leads(ws):
    before = lead(ws, "10.0.0.7", NEAR, FOURTH)
    ws.rate(3, dst_ip=NEAR)
    after = lead(ws, "10.0.0.7", NEAR, FOURTH)
    assert (after["severity"], after["is_hidden"]) == (3, True)
    ws.undo()
    assert lead(ws, "10.0.0.7", NEAR, FOURTH) == before


def test_ratings_of_leads_leave_the_queue_of_flows_to_its_own(ws):
    before = ws.queue(size=10_000).rows.table.to_pylist()
    ws.rate(1, by="pair", dst_ip=FAR)
    after = {row["suspect_id"]: row for row in ws.queue(size=10_000).rows.table.to_pylist()}
    assert {row["suspect_id"] for row in before} == set(after)
    assert any(row["moved_why"] for row in after.values())
    assert {row["severity"] for row in after.values()} == {None}
    assert FAR in ws.threats().table["address"].to_pylist()


def test_who_rated_what_is_told_and_a_day_is_reset(ws):
    ws.rate(2, by="host", src_ip="10.0.0.9", why="asked the owner")
    (act,) = ws.ratings().table.to_pylist()
    assert (act["analyst"], act["severity"], act["detector"], act["comment"]) == ("ana", 2, "leads", "asked the owner")
    assert ws.audit().table.to_pylist()[0]["verb"] == "rate"
    assert lead(ws, "10.0.0.9", None, FOURTH)["severity"] == 2
    reset = ws.reset_day(FOURTH)
    assert lead(ws, "10.0.0.9", None, FOURTH)["severity"] is None
    ws.restore_day(reset)
    assert lead(ws, "10.0.0.9", None, FOURTH)["severity"] == 2


def test_labels_of_leads_travel_as_a_file(ws, tmp_path):
    from flowsleuth.faces.cli.show import write_tables

    ws.rate(3, leads=[lead(ws, "10.0.0.7", FAR, THIRD)["lead_id"]])
    write_tables(iter([ws.labels().table]), "csv", str(tmp_path / "labels.csv"))
    before = snapshot(ws)
    ws.undo()
    ws.import_labels(tmp_path / "labels.csv")
    after = snapshot(ws)
    for row in before + after:
        row["rating_id"] = None
    assert after == before


def test_preview_changes_nothing(ws):
    before = snapshot(ws)
    found = ws.preview(by="pair", name="*.example", dates=[FOURTH])
    assert (found.suspects, found.flows, found.rated) == (3, 43_500, 0)
    assert snapshot(ws) == before


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": "pair"}, "at least one criterion"),
        ({"by": "city", "ip": "10.0.0.1"}, "not a kind of lead"),
        ({"leads": [1]}, "no lead has this id"),
        ({"leads": [True]}, "whole number"),
        ({"by": "host", "src_ip": "10.0.0.20"}, "no lead matches"),
        ({"by": "pair", "src_port": 5, "dst_ip": FAR}, "not a criterion of leads"),
        ({"name": "far.example"}, "chosen by name"),
        ({"by": "pair", "dst_ip": "nowhere"}, "not an address"),
    ],
)
def test_what_cannot_be_rated_is_refused(ws, asked, says):
    with pytest.raises(OptionError, match=says):
        ws.rate(3, **asked)
    assert len(ws.ratings()) == 0


def test_filters(ws):
    assert {row["host"] for row in rows(ws, "host", ip="10.0.0.9/32")} == {"10.0.0.9"}
    assert all(row["dst_ip"] == NEAR for row in rows(ws, text="NEAR.example"))
    assert {row["technique"] for row in rows(ws, technique="t1071")} == {"T1071"}
    assert rows(ws, technique="T107") == []
    assert {row["detectors"] for row in rows(ws, detector="strobes")} == {"strobes", "strobes, suspicious"}
    assert all(row["q_value"] <= 0.05 for row in rows(ws, most_q=0.05))
    page = ws.leads(LeadFilter("pair", dates=[FOURTH]), page=2, size=2)
    assert [row["rank"] for row in page.rows.table.to_pylist()] == [3, 4]
    assert page.expected_false == pytest.approx(4 * page.rows.table["q_value"][1].as_py())
    with pytest.raises(OptionError):
        LeadFilter("pair", "closed")  # type: ignore[arg-type]
    with pytest.raises(OptionError):
        ws.leads(size=0)


def test_a_rule_rates_findings_until_it_is_removed(ws):
    from flowsleuth.triage.rules import Rule

    before = snapshot(ws)
    number = ws.add_rule(Rule.parse({"name": "far", "severity": 3, "where": [f"dst_ip = {FAR}", "dst_port = 443"]}))
    ws.apply_rules()
    only = lead(ws, "10.0.0.7", FAR, FOURTH)
    assert (only["severity"], only["is_hidden"]) == (3, True)
    assert lead(ws, "10.0.0.7", NEAR, FOURTH)["severity"] is None
    (again,) = ws.apply_rules()
    assert again.suspects == 0
    # a person's word holds against a rule's, whichever came first
    ws.rate(1, leads=[only["lead_id"]])
    assert (lead(ws, "10.0.0.7", FAR, FOURTH)["severity"], lead(ws, "10.0.0.7", FAR, FOURTH)["is_hidden"]) == (1, False)
    ws.undo()
    ws.remove_rule(number)
    assert snapshot(ws) == before


def test_a_rule_that_asks_for_sizes_of_flows_leaves_findings_alone(ws):
    from flowsleuth.triage.rules import Rule

    ws.add_rule(Rule.parse({"name": "small", "severity": 3, "where": ["src_bytes <= 1", "dst_port = 443"]}))
    (report,) = ws.apply_rules()
    assert (report.suspects, report.problem) == (0, None)
    assert lead(ws, "10.0.0.9", FAR, FOURTH)["severity"] is None


def test_what_ratings_taught_the_detector_of_flows_does_not_count_twice(ws):
    before = {row["lead_id"]: row["p_value"] for by in ("host", "pair") for row in ws.lead_desk.rows(by).to_pylist()}
    ws.rate(1, by="pair", dst_ip=FAR)
    taught = {row["lead_id"]: row["p_value"] for row in snapshot(ws)}
    assert any(taught[lead_id] < 0.5 * before[lead_id] for lead_id in before)
    ws.score("suspicious", again=True)
    assert any(row["taught"] for row in ws.queue(size=10_000).rows.table.to_pylist())
    fused = {row["lead_id"]: row["p_value"] for by in ("host", "pair") for row in ws.lead_desk.rows(by).to_pylist()}
    assert fused == pytest.approx(before, rel=0.01)
    assert {row["lead_id"]: row["p_value"] for row in snapshot(ws)} == pytest.approx(taught, rel=0.01)


def test_all_groups_of_flows_that_are_rated_low_in_the_queue_are_set_aside(ws):
    assert rows(ws, "host", detector="suspicious")
    ws.rate(3, src_ip="10.0.0.0/8")
    assert rows(ws, "host", detector="suspicious") + rows(ws, "pair", detector="suspicious") == []


def test_a_group_of_many_peers_is_known_by_its_label():
    import pyarrow as pa

    from flowsleuth.triage.set_aside import keys_of

    ends = {"detector": ["suspicious"] * 2, "src_ip": ["10.0.0.5"] * 2, "dst_ip": pa.nulls(2, pa.string()),
            "server_name": ["strongest.example", None], "proto": ["tcp"] * 2, "service_port": [443] * 2}  # fmt: skip
    label, finding = keys_of(pa.table(ends)).to_pylist()
    assert label == finding


def test_a_rated_lead_is_one_rating_in_a_hosts_summary(ws):
    made = ws.rate(1, leads=[lead(ws, "10.0.0.9", FAR, FOURTH)["lead_id"]])
    marks = ws.notebooklet("HostSummary").run("10.0.0.9", options=["bookmarks"], strict=True).related_bookmarks
    assert marks[marks.kind == "rating"].id.tolist() == [made.rating_id]


def test_shares_of_false_leads_are_of_all_that_could_have_been_found(ws):
    """Nothing changes when what is taught is nothing: the number of tests is that of the day's fusion."""
    from flowsleuth.detect.odds.calibration import false_shares
    from flowsleuth.workspace.lead_findings import fusions

    for by in ("host", "pair"):
        fused = ws.lead_desk.rows(by, [FOURTH])
        again = false_shares(fused["p_value"].to_numpy(), fusions(ws.store)[FOURTH].tests(by))
        assert again == pytest.approx(fused["q_value"].to_numpy())


def test_a_day_that_an_earlier_version_fused_asks_to_be_scored_again(ws):
    lead_id, catalog = lead(ws, "10.0.0.7", NEAR, FOURTH)["lead_id"], ws.store.catalog
    counted = [part for name in catalog.tables() if name.endswith(f"_{POPULATION}") for part in catalog.parts(name)]
    assert counted
    with ws.store.writing(), catalog.transaction():
        catalog.remove([part.path for part in counted])
    ws.rate(3, leads=[lead_id])
    with pytest.raises(StoreError, match=f"{FOURTH}: an earlier version fused the leads of this day; score it again"):
        rows(ws, "host")
    ws.score(again=True)
    assert lead(ws, "10.0.0.7", None, FOURTH)["set_aside"] == 1
