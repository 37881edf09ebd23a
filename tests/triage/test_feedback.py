"""What ratings teach: high and low both, neighbours only, bounded, fading, and nothing without ratings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.triage.crossed_effects import Observations, Priors, fit_crossed_effects
from flowsleuth.triage.feedback import FACTORS, LEAST_SLOPE, MOST_BY_OTHERS, FeedbackOptions, learn

MAY = dt.datetime(2024, 5, 1, 9, tzinfo=dt.UTC)
HIGH, MEDIUM, LOW = 1, 2, 3
SCHEMA = pa.schema(
    [
        ("src_ip", pa.string()),
        ("dst_ip", pa.string()),
        ("proto", pa.string()),
        ("service_port", pa.int32()),
        ("server_name", pa.string()),
        ("surprise", pa.float64()),
        ("severity", pa.int32()),
        ("flows", pa.int64()),
        ("made", pa.timestamp("us", "UTC")),
    ]
)


def thing(src: str | None, dst: str | None, port: int | None, severity: int = HIGH, **more: Any) -> dict[str, Any]:
    usual = {"proto": "tcp", "server_name": None, "surprise": 12.0, "flows": 1, "made": MAY}
    return {**usual, "src_ip": src, "dst_ip": dst, "service_port": port, "severity": severity, **more}


def table(*rows: dict[str, Any], **columns: Any) -> pa.Table:
    made = pa.Table.from_pylist([{name: row[name] for name in SCHEMA.names} for row in rows], schema=SCHEMA)
    for name, values in columns.items():
        made = made.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
    return made


def effect(labels: pa.Table, *rows: dict[str, Any], **options: Any) -> list[float]:
    return learn(labels, FeedbackOptions(**options)).effect(table(*rows)).tolist()


def test_without_ratings_all_is_exactly_nothing() -> None:
    taught = learn(table())
    rows = table(thing("10.9.0.1", "192.0.2.1", 443), thing(None, None, None))
    assert (taught.is_empty, taught.digest) == (True, "")
    assert taught.effect(rows).tolist() == [0.0, 0.0]
    assert taught.why(rows) == [None, None]


def test_high_raises_and_low_lowers_what_is_shared_the_more_the_more() -> None:
    near = [
        thing("10.9.0.5", "192.0.2.1", 445),
        thing("10.9.0.5", "192.0.2.9", 445),
        thing("10.9.0.5", "192.0.2.9", 80),
        thing("10.9.0.9", "192.0.2.9", 445),
        thing("10.9.0.9", "192.0.2.9", 80),
    ]
    up = effect(table(thing("10.9.0.5", "192.0.2.1", 445)), *near)
    down = effect(table(thing("10.9.0.5", "192.0.2.1", 445, LOW)), *near)
    assert up[0] > up[1] > up[2] > up[3] > 0.0 == up[4]
    assert down == pytest.approx([-nats for nats in up])
    half = effect(table(thing("10.9.0.5", "192.0.2.1", 445, MEDIUM)), *near)
    assert 0 < half[0] < up[0]


def test_one_low_on_a_busy_service_does_not_bury_another_source() -> None:
    labels = table(thing("10.9.0.5", "10.0.9.45", 445, LOW))
    attack = effect(labels, thing("203.0.113.9", "10.9.0.7", 445))[0]
    assert -1.0 / LEAST_SLOPE * 0.5 <= attack < 0
    assert attack > -0.5


@pytest.mark.parametrize("ratings", [10, 200])
def test_many_low_on_a_busy_server_do_not_bury_another_source(ratings: int) -> None:
    labels = table(*(thing(f"10.9.0.{i}", "10.9.9.45", 445, LOW) for i in range(ratings)))
    new, known = effect(labels, thing("203.0.113.9", "10.9.9.45", 445), thing("10.9.0.1", "10.9.9.45", 445))
    assert -MOST_BY_OTHERS <= new < 0
    assert known < new


def test_one_high_does_not_raise_the_rest_of_its_source_much() -> None:
    labels = table(thing("10.9.0.5", "203.0.113.9", 4444))
    assert 0 < effect(labels, thing("10.9.0.5", "198.51.100.1", 443))[0] < 0.5


def test_ratings_saturate() -> None:
    def after(ratings: int) -> float:
        labels = table(*(thing("10.9.0.5", f"203.0.113.{i}", 4444) for i in range(ratings)))
        return effect(labels, thing("10.9.0.5", "198.51.100.1", 443))[0]

    assert after(1) < after(10) < after(200) < 4 * after(10)
    assert after(200) < 6.0


def test_a_wrong_rating_among_right_ones_is_outvoted() -> None:
    labels = [thing("10.9.0.5", f"203.0.113.{i}", 4444, LOW if i == 4 else HIGH) for i in range(10)]
    right, wrong, new = effect(table(*labels), labels[0], labels[4], thing("10.9.0.5", "203.0.113.77", 4444))
    assert right > new > 1.0
    assert wrong < right


def test_a_later_rating_of_the_same_replaces_the_earlier() -> None:
    later = MAY + dt.timedelta(hours=1)
    first, second = thing("10.9.0.5", "192.0.2.1", 445, HIGH), thing("10.9.0.5", "192.0.2.1", 445, LOW, made=later)
    for labels in (table(first, second), table(second, first)):
        assert effect(labels, first) == effect(table(second), first)
    suspects = {"suspect_id": [7, 7], "detector": ["suspicious", "suspicious"]}
    assert effect(table(first, second, **suspects), first) == effect(table(second), first)


def test_undone_ratings_teach_nothing() -> None:
    labels = table(thing("10.9.0.5", "192.0.2.1", 445), is_live=[False])
    assert learn(labels).is_empty


def test_old_ratings_fade() -> None:
    new = thing("10.9.0.7", "192.0.2.2", 80)
    old = thing("10.9.0.5", "192.0.2.1", 445, made=MAY - dt.timedelta(days=30))
    older = {**old, "made": MAY - dt.timedelta(days=300)}
    fresh = effect(table(new, {**old, "made": MAY}), old)[0]
    assert 0 < effect(table(new, older), old)[0] < effect(table(new, old), old)[0] < fresh
    assert effect(table(new, old), old, half_life_days=1e9)[0] == pytest.approx(fresh)


def test_a_suspect_has_one_vote_however_many_flows_were_rated() -> None:
    """A part of a sweep rated flow by flow weighs as one suspect, and a flood as one flow."""
    neighbour = thing("10.9.0.5", "198.51.100.1", 445)
    flows = [thing("10.9.0.5", f"192.0.2.{i}", 445) for i in range(50)]
    swept = table(*flows, suspect_id=[7] * 50, flow_id=list(range(50)))
    one = effect(table(thing("10.9.0.5", None, 445)), neighbour)[0]
    assert effect(swept, neighbour)[0] == pytest.approx(one, rel=0.2)
    flood = thing("10.9.0.5", "192.0.2.1", 445, flows=1_000_000)
    assert effect(table(flood), neighbour) == effect(table({**flood, "flows": 1}), neighbour)


def test_a_flow_rated_otherwise_takes_only_itself_from_its_suspect() -> None:
    suspect = thing("10.9.0.5", "192.0.2.1", 445, HIGH, flows=100)
    one = thing("10.9.0.5", "192.0.2.1", 445, LOW, made=MAY + dt.timedelta(hours=1))
    ids = {"suspect_id": pa.array([7, 7]), "flow_id": pa.array([None, 3], pa.int64())}
    both, alone = effect(table(suspect, one, **ids), suspect)[0], effect(table(suspect), suspect)[0]
    assert 0.8 * alone < both < alone
    before = {**one, "made": MAY - dt.timedelta(hours=1)}
    ids = {"suspect_id": pa.array([7, 7]), "flow_id": pa.array([3, None], pa.int64())}
    assert effect(table(before, suspect, **ids), suspect)[0] == pytest.approx(alone)


def test_what_differs_within_a_suspect_is_not_shared() -> None:
    labels = table(thing("10.9.0.5", None, None, proto=None))
    assert effect(labels, thing("10.9.0.9", None, None, proto=None)) == [0.0]
    assert effect(labels, thing("10.9.0.5", "192.0.2.1", 445))[0] > 0


def test_a_protocol_without_ports_is_a_service() -> None:
    labels = table(thing("10.9.0.5", "192.0.2.1", None, proto="icmp"))
    echo, dns = (
        thing("10.9.0.9", "192.0.2.9", None, proto="icmp"),
        thing("10.9.0.9", "192.0.2.9", 53, proto="udp"),
    )
    found = effect(labels, echo, dns)
    assert found[0] > 0.0 == found[1]


def test_names_are_shared() -> None:
    labels = table(thing("10.9.0.5", "192.0.2.1", 443, server_name="evil.example"))
    other = {"server_name": "evil.example"}
    assert effect(labels, thing("10.9.0.9", "198.51.100.9", 8443, **other))[0] > 0
    taught = learn(labels)
    without = table(thing("10.9.0.9", "198.51.100.9", 8443)).drop_columns(["server_name"])
    assert taught.effect(without).tolist() == [0.0]


def test_reasons_in_words_and_numbers() -> None:
    labels = [thing("10.9.0.5", f"192.0.2.{i}", 445) for i in range(3)] + [thing("10.9.0.8", "192.0.2.99", 80, LOW)]
    taught = learn(table(*labels))
    rows = [
        thing("10.9.0.5", "192.0.2.200", 445),
        thing("10.9.0.8", "192.0.2.99", 80),
        thing("10.9.0.1", "192.0.2.250", 22),
    ]
    said = taught.why(table(*rows))
    nats = taught.effect(table(*rows))
    assert said[0] == f"3 of 3 rated suspects from 10.9.0.5 on 445/tcp were high: +{nats[0]:.1f} nats"
    assert said[1] == f"1 of 1 rated suspect from 10.9.0.8 to 192.0.2.99 on 80/tcp was low: {nats[1]:.1f} nats"
    assert said[2] is None
    found = taught.judge(table(*rows))
    assert [FACTORS[place][0] if place >= 0 else None for place in found.factor] == [
        ("src", "service"),
        ("src", "dst", "service"),
        None,
    ]


def test_the_order_of_labels_does_not_matter_and_the_digest_tells_ratings_apart() -> None:
    rng = np.random.default_rng(5)
    labels = [
        thing(f"10.9.0.{rng.integers(9)}", f"192.0.2.{rng.integers(9)}", int(rng.choice([22, 80, 445])), severity,
              surprise=float(rng.normal(12, 3)), made=MAY + dt.timedelta(minutes=n))
        for n, severity in enumerate(rng.integers(1, 4, 60).tolist())
    ]  # fmt: skip
    one, other = learn(table(*labels)), learn(table(*labels[::-1]))
    assert one.effect(table(*labels)).tolist() == other.effect(table(*labels)).tolist()
    assert one.digest == other.digest
    assert learn(table(*labels[:-1])).digest != one.digest
    assert learn(table(*labels), FeedbackOptions(half_life_days=3)).digest != one.digest


def test_surprise_that_ratings_contradict_keeps_a_meaning() -> None:
    labels = [thing(f"10.9.0.{i}", f"192.0.2.{i}", 80, LOW, surprise=20.0 + i) for i in range(20)]
    labels += [thing(f"10.0.1.{i}", f"192.0.3.{i}", 445, HIGH, surprise=5.0 - i / 10) for i in range(20)]
    assert learn(table(*labels)).slope == LEAST_SLOPE


def test_each_of_a_million_rows_has_the_effect_that_it_has_alone() -> None:
    rng = np.random.default_rng(1)
    size = 1_000_000
    hosts = np.array([f"10.{i // 256}.{i % 256}.7" for i in range(5_000)], dtype=object)
    rows = pa.table(
        {
            "src_ip": pa.array(hosts[rng.integers(5_000, size=size)]),
            "dst_ip": pa.array(hosts[rng.integers(5_000, size=size)]),
            "proto": pa.array(np.array(["tcp", "udp"], dtype=object)[rng.integers(2, size=size)]),
            "service_port": pa.array(rng.integers(1, 2000, size).astype(np.int32)),
            "server_name": pa.nulls(size, pa.string()),
        }
    )
    labels = table(*(thing(hosts[i], hosts[-i], 1 + i % 50, 1 + 2 * (i % 2)) for i in range(2_000)))
    taught = learn(labels)
    found = taught.effect(rows)
    assert np.count_nonzero(found) > 100_000
    some = rng.choice(size, 100, replace=False)
    assert found[some].tolist() == [float(taught.effect(rows.slice(at, 1))[0]) for at in some]


def test_the_fit_is_the_mode() -> None:
    """Against a grid: one factor with one member, one observation of each outcome."""
    priors = Priors((0.0, 1e-4), (1.0, 1e-4), (1.5,))
    data = (np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.5, 1.0]), np.array([0.0, 1.0, -1.0]))
    fitted = fit_crossed_effects(Observations(*data, [np.array([0, 0, 0])], [1]), priors)
    grid = np.linspace(-5, 5, 200_001)
    eta = data[2][:, None] + grid
    cost = (data[1][:, None] * (np.logaddexp(0, eta) - data[0][:, None] * eta)).sum(axis=0) + 0.5 * (grid / 1.5) ** 2
    assert fitted.effects[0][0] == pytest.approx(grid[np.argmin(cost)], abs=1e-4)
    assert fitted.is_converged


def test_a_big_fit_is_found() -> None:
    rng = np.random.default_rng(2)
    size = 20_000
    members = [rng.integers(-1, 3_000, size) for _ in range(8)]
    outcome = (rng.random(size) < 0.2).astype(float)
    priors = Priors((0.0, 1.0), (0.5, 0.2), (1.0,) * 8)
    observed = Observations(outcome, np.ones(size), rng.normal(size=size), members, [3_000] * 8)
    fitted = fit_crossed_effects(observed, priors)
    assert fitted.is_converged
