"""The one window of time that a workspace looks through; every pivot takes it unless it is told another."""

from __future__ import annotations

from typing import Any

from flowsleuth.schema.time_range import TimeRange

__all__ = ["TimeMethods", "TimeRange"]


class TimeMethods:
    """``ws.time_range``, and how a call's own window goes before it."""

    _time_range: TimeRange = TimeRange()

    @property
    def time_range(self) -> TimeRange:
        """The window that pivots look through; all time until it is set. Set it to anything ``TimeRange.of`` reads.

        A relative window such as ``-2d`` is settled when it is set, so that all that follows looks at the same hours.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.time_range = ("2021-06-06", "36h")
        ...     print(ws.time_range.start, ws.time_range.end)
        2021-06-06 00:00:00+00:00 2021-06-07 12:00:00+00:00
        """
        return self._time_range

    @time_range.setter
    def time_range(self, spec: Any) -> None:
        self._time_range = TimeRange.of(spec)

    def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange:
        """The window of one call: its own where it gives one, else the workspace's.

        Parameters
        ----------
        time_range : optional
            Anything ``TimeRange.of`` reads.
        start, end : optional
            Moments; of the two the one that is not given is open.

        Raises
        ------
        OptionError
            The window cannot be read or is reversed, or both kinds were given.
        """
        from flowsleuth.errors import OptionError

        if start is None and end is None:
            return self._time_range if time_range is None else TimeRange.of(time_range)
        if time_range is not None:
            raise OptionError("time_range, and start or end", where=repr(time_range), hint="give one or the other")
        return TimeRange.of(start=start, end=end)
