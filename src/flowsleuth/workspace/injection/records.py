"""What an exporter makes of connections: records cut at a timeout, packets sampled, times of its clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowsleuth.attacks.scene import AttackFlows

Ints = NDArray[np.int64]

COUNTERS = ("src_bytes", "dst_bytes", "src_packets", "dst_packets")
MINUTE_US = 60_000_000
ENOUGH = 20
"""So many times tell a clock's step; fewer share a divisor by chance."""


def cut(flows: AttackFlows, timeout_s: float) -> AttackFlows:
    """Connections longer than a timeout as records of that length; counters are shared evenly, the rest is the last's.

    Examples
    --------
    >>> from flowsleuth.attacks.scene import Scene, To, answered
    >>> one = answered(Scene("10.0.0.1", 900), np.zeros(1), To("192.0.2.1", 443), sent=np.array([3_000]),
    ...     received=np.array([0]), duration_s=np.array([700.0]))
    >>> parts = cut(one, 300)
    >>> parts.start_s.tolist(), parts.duration_s.tolist(), int(parts.src_bytes.sum()) == int(one.src_bytes.sum())
    ([0.0, 300.0, 600.0], [300.0, 300.0, 100.0], True)
    """
    if not np.isfinite(timeout_s):
        return flows
    pieces = np.maximum(np.ceil(flows.duration_s / timeout_s), 1).astype(np.int64)
    at = np.repeat(np.arange(len(flows)), pieces)
    number = np.arange(at.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    is_last = number == pieces[at] - 1
    made = flows.take(at)
    before = number * timeout_s
    shares = {
        name: getattr(made, name) // pieces[at] + np.where(is_last, getattr(made, name) % pieces[at], 0)
        for name in COUNTERS
    }
    lasts = np.minimum(made.duration_s - before, timeout_s)
    made = replace(made, start_s=made.start_s + before, duration_s=lasts, **shares)
    return made.take(np.argsort(made.start_s, kind="stable"))


def sampled(flows: AttackFlows, rate: Ints, is_scaled: bool, rng: np.random.Generator) -> tuple[AttackFlows, Ints]:
    """What is left when one packet of `rate` is looked at: a binomial draw of each flow's packets.

    Parameters
    ----------
    flows : AttackFlows
    rate : array of int64, shape (n,)
        One of so many packets; 1 for all.
    is_scaled : bool
        The exporter multiplies what it counted by the rate.
    rng : numpy Generator

    Returns
    -------
    AttackFlows
        Flows of which at least one packet was seen.
    array of int64
        Their places.
    """
    rate = np.maximum(rate, 1)
    if np.all(rate == 1):
        return flows, np.arange(len(flows))
    told = {}
    for side in ("src", "dst"):
        packets, size = getattr(flows, f"{side}_packets"), getattr(flows, f"{side}_bytes")
        seen = rng.binomial(packets, 1.0 / rate)
        part = seen * (rate if is_scaled else 1) / np.maximum(packets, 1)
        told[f"{side}_packets"] = np.rint(part * packets).astype(np.int64)
        told[f"{side}_bytes"] = np.rint(part * size).astype(np.int64)
    kept = np.flatnonzero(told["src_packets"] + told["dst_packets"] > 0)
    return replace(flows, **told).take(kept), kept


def clock_step_us(start_us: Ints) -> int:
    """The step of a clock, microseconds: what all times are multiples of, a minute at most; 1 for too few times.

    Examples
    --------
    >>> clock_step_us(np.arange(30) * 1_000_000), clock_step_us(np.arange(30) * 1_000)
    (1000000, 1000)
    """
    if start_us.size < ENOUGH:
        return 1
    return int(np.gcd(np.gcd.reduce(start_us), MINUTE_US))
