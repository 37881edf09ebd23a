"""Synthetic attacks: what each leaves, from a seed, within its scene."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import pytest

from flowsleuth.attacks import TECHNIQUES, Scene, chosen_techniques
from flowsleuth.attacks.scene import ANSWERED, REFUSED, SILENT, To, answered, attempts, together
from flowsleuth.detect.kernels.beats import find_beats, pauses, spans
from flowsleuth.errors import OptionError

DAY = 86_400.0
SCENE = Scene(
    victim="10.0.0.5",
    span_s=DAY,
    office=[(32_400.0, 61_200.0)],
    neighbours=[f"10.0.0.{host}" for host in range(20, 80)],
    unused=[f"10.0.0.{host}" for host in range(100, 250)],
    outside=["198.51.100.9"],
    names=["www.evil.example"],
    resolver="10.0.0.1",
)


def play(name: str, seed: int = 0, scene: Scene = SCENE):
    return TECHNIQUES[name](np.random.default_rng(seed), scene)


@pytest.mark.parametrize("name", TECHNIQUES)
@pytest.mark.parametrize("seed", range(20))
def test_every_attack_is_whole_and_within_its_scene(name, seed):
    technique = TECHNIQUES[name]
    short = Scene(**{**vars(SCENE), "span_s": technique.least_span_s, "office": [(0.0, 7_200.0)]})
    for scene in (SCENE, short):
        assert technique.lacks(scene) == ""
        flows = technique(np.random.default_rng(seed), scene)
        assert len(flows)
        assert {getattr(flows, one.name).shape for one in fields(flows)} == {(len(flows),)}
        assert np.all(np.diff(flows.start_s) >= 0)
        assert flows.start_s.min() >= 0 and np.all(flows.start_s < scene.span_s)
        assert np.all(flows.duration_s >= 0)
        is_answered = flows.outcome == ANSWERED
        assert np.all((flows.start_s + flows.duration_s)[is_answered] <= scene.span_s + 1e-6)
        assert np.all((flows.dst_packets > 0) == (flows.outcome != SILENT))
        head = np.where(flows.proto == "udp", 28, 40)
        assert np.all(flows.src_bytes >= flows.src_packets * head)
        assert np.all(flows.dst_bytes >= flows.dst_packets * head)
        assert np.all((flows.dst_port > 0) & (flows.dst_port < 65_536))
        assert technique.is_path or set(flows.src) == {scene.victim}
        inside = {*scene.neighbours, *scene.unused, scene.resolver}
        assert set(flows.dst) <= inside | set(scene.outside)


@pytest.mark.parametrize("name", TECHNIQUES)
def test_the_same_seed_gives_the_same_attack(name):
    one, same, other = play(name, 1), play(name, 1), play(name, 2)
    assert all(np.array_equal(getattr(one, f.name), getattr(same, f.name)) for f in fields(one))
    assert not np.array_equal(one.start_s, other.start_s)


def test_a_connection_by_hand():
    flows = answered(
        SCENE, np.array([10.0, DAY - 5, DAY]), To("198.51.100.9", 443, server_name="www.evil.example"),
        sent=np.array([1_000, 4_200, 1]), received=np.array([2_801, 0, 1]), duration_s=np.array([1.0, 60.0, 1.0]),
    )  # fmt: skip
    assert flows.start_s.tolist() == [10.0, DAY - 5]  # the third begins when the scene is over
    assert flows.duration_s.tolist() == [1.0, 5.0]
    # One segment, four packets to shake hands and part, one acknowledgement of three segments' first two.
    assert flows.src_packets.tolist() == [1 + 4 + 1, 3 + 4]
    assert flows.dst_packets.tolist() == [3 + 3, 1 + 3 + 1]
    assert flows.src_bytes.tolist() == [1_000 + 40 * 6, 4_200 + 40 * 7]
    assert flows.dst_bytes.tolist() == [2_801 + 40 * 6, 40 * 5]
    assert set(flows.server_name) == {"www.evil.example"}


def test_attempts_by_hand():
    flows = attempts(SCENE, np.array([0.0, 1.0]), To(["10.0.0.20", "10.0.0.21"], 445), np.array([True, False]))
    assert flows.dst.tolist() == ["10.0.0.20", "10.0.0.21"]
    assert flows.outcome.tolist() == [REFUSED, SILENT]
    assert [flows.src_bytes.tolist(), flows.dst_bytes.tolist()] == [[60, 180], [40, 0]]
    assert [flows.src_packets.tolist(), flows.dst_packets.tolist()] == [[1, 3], [1, 0]]


def test_flows_together_are_in_order_of_time():
    one = attempts(SCENE, np.array([5.0]), To("10.0.0.20", 22), np.array([True]))
    other = attempts(SCENE, np.array([3.0]), To("10.0.0.21", 22), np.array([True]))
    assert together(one, other).dst.tolist() == ["10.0.0.21", "10.0.0.20"]


@pytest.mark.parametrize("name", [name for name in TECHNIQUES if name.startswith("beacon")])
def test_beacons_beat(name):
    """The test of beats, which knows nothing of how they were made, finds nine of ten."""
    found = 0
    for seed in range(10):
        flows = play(name, seed)
        start = (flows.start_s * 1_000).astype(np.int64)
        offsets = np.array([0, start.size])
        end = start + (flows.duration_s * 1_000).astype(np.int64)
        tested = find_beats(offsets, pauses(offsets, start, end), spans(offsets, start, end), np.ones(1, np.int64))
        found += bool(tested.p_value[0] < 0.05)
    assert found >= 9


def test_office_beacons_keep_office_hours():
    for seed in range(5):
        at = play("beacon-office", seed).start_s
        assert at.min() >= 32_400 - 1_800 and at.max() < 61_200


def test_a_lateral_path_goes_on_from_where_it_came():
    flows = play("lateral-movement", 3)
    hops = list(dict.fromkeys(zip(flows.src, flows.dst, strict=True)))
    assert hops[0][0] == SCENE.victim
    assert all(before[1] == after[0] for before, after in itertools.pairwise(hops))
    assert 2 <= len(hops) <= 4


def test_a_tunnel_asks_for_many_names_of_one_domain():
    flows = play("dns-tunnel", 1)
    assert set(flows.dst) == {"10.0.0.1"} and set(flows.proto) == {"udp"}
    assert all(name.endswith(".evil.example") and len(name) <= 253 for name in flows.query)
    assert all(len(label) <= 63 for name in flows.query for label in name.split("."))
    assert len(set(flows.query)) == len(flows)


def test_what_a_scene_lacks_is_told():
    empty = Scene(victim="10.0.0.5", span_s=3_600.0)
    assert TECHNIQUES["beacon-sleeper"].lacks(empty) == "no internal address is active for 8 h"
    assert TECHNIQUES["lateral-movement"].lacks(empty) == "fewer than 3 internal addresses"
    assert TECHNIQUES["new-destination"].lacks(empty) == ""
    night = Scene(**{**vars(SCENE), "office": []})
    assert TECHNIQUES["beacon-office"].lacks(night) == "less than an hour of office hours"
    few = Scene(victim="10.0.0.5", span_s=DAY, neighbours=["10.0.0.6", "10.0.0.7"], unused=["10.0.0.8"])
    assert TECHNIQUES["scan-horizontal"].lacks(few) == "fewer than 60 internal addresses to look at"


def test_techniques_by_name_or_first_word():
    assert [one.name for one in chosen_techniques(["exfiltration", "scan-slow"])] == [
        "scan-slow", "exfiltration", "exfiltration-drip",
    ]  # fmt: skip
    assert len(chosen_techniques()) == len(TECHNIQUES)
    with pytest.raises(OptionError, match="no such technique"):
        chosen_techniques(["beac"])
