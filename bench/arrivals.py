"""When a pair connects: beacons of many kinds, and traffic that only looks like them, each from a seed."""

from __future__ import annotations

import numpy as np

from flowsleuth.attacks.arrivals import DAY, OFFICE, Draw, Times, beacon, in_bursts, in_office_hours


def memoryless(mean_s: float, span_s: float = DAY) -> Draw:
    """Arrivals that have forgotten the last one."""
    return lambda rng: np.sort(rng.uniform(0, span_s, rng.poisson(span_s / mean_s)))


def person(visits: float = 12, clicks: float = 10, days: int = 5) -> Draw:
    """Visits by day, each a crowd of clicks with pauses of reading."""

    def draw(rng: np.random.Generator) -> Times:
        found = [np.zeros(0)]
        for day in range(days):
            begins = day * DAY + rng.uniform(*OFFICE, rng.poisson(visits))
            found += [at + np.cumsum(rng.lognormal(2.5, 1.2, rng.geometric(1 / clicks))) for at in begins]
        return np.sort(np.concatenate(found))

    return draw


BEACONS: dict[str, Draw] = {
    "60 s, exact": beacon(60, 0.0),
    "60 s, jitter 20 %": beacon(60, 0.2),
    "60 s, jitter 50 %": beacon(60, 0.5),
    "60 s, jitter 100 %": beacon(60, 1.0),
    "60 s, jitter 50 %, 30 % lost": beacon(60, 0.5, missing=0.3),
    "10 min, jitter 20 %, bursts of 3": in_bursts(beacon(600, 0.2)),
    "1 h, jitter 30 %": beacon(3_600, 0.3),
    "2 h, exact": beacon(7_200, 0.0),
    "4 h, jitter 5 %": beacon(4 * 3_600, 0.05),
    "60 s, office hours of 5 days": in_office_hours(beacon(60, 0.2)),
    "10 s for 2 h, then silence": beacon(10, 0.2, span_s=7_200),
    "8 h for 14 days, jitter 10 %": beacon(8 * 3_600, 0.1, span_s=14 * DAY),
    "3 days for 30 days, jitter 10 %": beacon(3 * DAY, 0.1, span_s=30 * DAY),
}
"""What must be found."""
OTHERS: dict[str, Draw] = {
    "memoryless, mean 10 s": memoryless(10),
    "memoryless, mean 60 s": memoryless(60),
    "memoryless, mean 6 min": memoryless(360),
    "memoryless, mean 1 h": memoryless(3_600),
    "memoryless, mean 2 days, 60 days": memoryless(2 * DAY, 60 * DAY),
    "memoryless in office hours of 5 days": in_office_hours(memoryless(300)),
    "a person, 5 days": person(),
}
"""What must not."""
