"""An implant that asks its server for orders: beacons of several kinds, long connections, DNS tunnels, one new server.

Where each number comes from stands beside it; together they are ranges that the defaults of public implant frameworks
and published captures fall in, not the traffic of any one of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowsleuth.attacks.arrivals import Times, beacon, in_bursts, within
from flowsleuth.attacks.scene import AttackFlows, Scene, To, answered, whole

Play = Callable[[np.random.Generator, Scene], AttackFlows]
SLEEPS_S = (60.0, 120.0, 300.0, 600.0)
"""Sleeps of a minute to ten: the defaults of implant frameworks lie there."""
BEATS = 12
"""A beacon is given a sleep that lets it beat at least so often."""
TASK_SHARE = 1 / 30
"""One check-in of thirty brings an order whose result is sent."""
LABEL = np.array(list("abcdefghijklmnopqrstuvwxyz234567"))
"""Base32 (RFC 4648), what tunnels write in labels because case is not kept."""


def beats(jitter: float, *, is_padded: bool = False, burst: int = 1) -> Play:
    """A beacon through the whole scene.

    Parameters
    ----------
    jitter : float
        Each sleep is drawn evenly from within this share of the period.
    is_padded : bool
        Sizes are drawn anew (log-normal) for each check-in.
    burst : int
        Connections of one check-in.
    """

    def play(rng: np.random.Generator, scene: Scene) -> AttackFlows:
        draw = beacon(_sleep(rng, scene.span_s), jitter, scene.span_s)
        return _check_ins(rng, scene, (in_bursts(draw, burst) if burst > 1 else draw)(rng), is_padded=is_padded)

    return play


def office_beats(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """A beacon that is quiet outside office hours, when its host is watched least."""
    longest = max(end - begin for begin, end in scene.office)
    draw = within(beacon(_sleep(rng, longest), 0.2, longest), scene.office)
    return _check_ins(rng, scene, draw(rng))


def sleeper(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """A beacon of some hours: six to ten beats in the whole scene, jitter 10 %."""
    return _check_ins(rng, scene, beacon(scene.span_s / rng.uniform(6, 10), 0.1, scene.span_s)(rng))


def long_connection(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """One connection that is kept open for 60 to 90 % of the scene, with some bytes a second."""
    lasts = scene.span_s * rng.uniform(0.6, 0.9)
    at = np.array([rng.uniform(0, scene.span_s - lasts)])
    # From keep-alives alone (some 5 bytes a second) to an interactive session.
    sent, received = whole(lasts * rng.uniform(5, 200, 1)), whole(lasts * rng.uniform(5, 200, 1))
    return answered(scene, at, _server(rng, scene), sent=sent, received=received, duration_s=np.array([lasts]))


def dns_tunnel(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """Five hundred to three thousand names under one domain, asked of the victim's resolver within minutes to hours."""
    count = int(rng.integers(500, 3_001))
    lasts = min(scene.span_s, rng.uniform(1_200, 7_200))
    at = np.sort(rng.uniform(0, lasts, count)) + rng.uniform(0, scene.span_s - lasts)
    domain = scene.names[0].partition(".")[2] or scene.names[0]
    query = [f"{label}.{domain}" for label in _labels(rng, count)]
    # Tunnels prefer the types that carry most; TXT and CNAME pass resolvers that drop NULL.
    qtype = str(rng.choice(["TXT", "CNAME", "A"], p=[0.7, 0.2, 0.1]))
    asked = np.array([len(name) for name in query], np.int64) + 18  # header 12, root, type and class (RFC 1035, 4.1)
    told = asked + rng.integers(60, 220, count)
    lag = rng.lognormal(np.log(0.04), 0.4, count)
    to = To(scene.resolver or scene.outside[0], 53, "udp", query=query, qtype=qtype)
    return answered(scene, at, to, sent=asked, received=told, duration_s=lag)


def new_destination(rng: np.random.Generator, scene: Scene) -> AttackFlows:
    """A handful of connections to one server that nobody spoke to before, with a download."""
    count = int(rng.integers(3, 13))
    lasts = min(scene.span_s, rng.uniform(600, 3_600))
    at = np.sort(rng.uniform(0, lasts, count)) + rng.uniform(0, scene.span_s - lasts)
    received = whole(rng.lognormal(9.5, 1.0, count))
    received[rng.integers(count)] = int(rng.uniform(500_000, 5_000_000))
    sent = whole(rng.lognormal(7.0, 0.5, count))
    to = To(scene.outside[0], 443, server_name=scene.names[0])
    return answered(scene, at, to, sent=sent, received=received, duration_s=rng.exponential(5, count))


def _check_ins(rng: np.random.Generator, scene: Scene, at: Times, *, is_padded: bool = False) -> AttackFlows:
    """Connections of an implant at given moments: all of one size, but for results of orders."""
    count = at.size
    sent, received = int(rng.integers(250, 900)), int(rng.integers(150, 2_000))
    up, down = sent + rng.integers(0, 8, count), received + rng.integers(0, 8, count)
    if is_padded:
        up, down = (whole(rng.lognormal(np.log(base), 0.8, count)) for base in (sent, received))
    has_task = rng.random(count) < TASK_SHARE
    up = np.where(has_task, up + whole(rng.lognormal(9.0, 1.0, count)), up)
    lasts = rng.lognormal(np.log(0.4), 0.5, count)
    return answered(scene, at, _server(rng, scene), sent=up, received=down, duration_s=lasts)


def _sleep(rng: np.random.Generator, span_s: float) -> float:
    """A usual sleep that lets the implant beat often enough in the span; the shortest where none does."""
    able = [sleep for sleep in SLEEPS_S if sleep * BEATS <= span_s] or [SLEEPS_S[0]]
    return float(rng.choice(able))


def _server(rng: np.random.Generator, scene: Scene) -> To:
    """The implant's server: mostly HTTPS by name, else by address, or another web port."""
    kind = int(rng.choice(4, p=[0.6, 0.2, 0.1, 0.1]))
    return To(scene.outside[0], (443, 443, 80, 8443)[kind], server_name=None if kind == 1 else scene.names[0])


def _labels(rng: np.random.Generator, count: int) -> list[str]:
    """One or two labels of 30 to 50 letters each; 63 is the most that a label may have (RFC 1035)."""
    letters = rng.choice(LABEL, (count, 100))
    first, second = rng.integers(30, 51, count), rng.integers(0, 2, count) * rng.integers(30, 51, count)
    made = []
    for row, one, two in zip(letters, first.tolist(), second.tolist(), strict=True):
        text = "".join(row)
        made.append(text[:one] + (f".{text[50 : 50 + two]}" if two else ""))
    return made
