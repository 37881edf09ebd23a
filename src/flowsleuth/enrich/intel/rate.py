"""A provider's rate, kept: the token bucket, as the time at which the next request may start."""

from __future__ import annotations

import math

TICK_S = 1 / 32
"""Where bursts are allowed, requests start together at these moments of the clock: a process that sleeps between them
needs a third less processor time than one that wakes for each."""


class TokenBucket:
    """Requests a minute, with a burst after a pause.

    Parameters
    ----------
    per_minute : float
    burst : int
        How many may start at once when nothing was asked for a while.

    Examples
    --------
    >>> bucket = TokenBucket(per_minute=60, burst=2)
    >>> [bucket.reserve(now=100.0) for _ in range(4)]
    [0.0, 0.0, 1.0, 2.0]
    """

    def __init__(self, per_minute: float, burst: int = 1) -> None:
        self._interval = 60.0 / per_minute
        self._ahead = (max(burst, 1) - 1) * self._interval
        self._tick = TICK_S if self._ahead >= TICK_S else 0.0
        self._due = float("-inf")

    def reserve(self, now: float) -> float:
        """Take the next place; seconds to wait for it.

        Parameters
        ----------
        now : float
            Seconds on any steady clock.
        """
        due = max(self._due, now)
        self._due = due + self._interval
        start = due - self._ahead
        if start <= now:
            return 0.0
        return (math.ceil(start / self._tick) * self._tick if self._tick else start) - now

    def pause(self, until: float) -> None:
        """No request may start before this time."""
        self._due = max(self._due, until + self._ahead)
