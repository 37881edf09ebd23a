"""A Markov model of sessions: how likely each command is after the one before, with such parameters and values.

Counts are smoothed by Laplace's method: to each count of what can happen ``smoothing`` is added, so that what was never
seen is unlikely but not impossible.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.analyze.sessions.counts import Counts
from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import numpy.typing as npt

    from flowsleuth.analyze.sessions.events import SessionEvents

LEVELS = ("commands", "parameters", "values")
"""What the model looks at; each level looks at those before it, too."""


@dataclass(frozen=True)
class SessionOptions:
    """How sessions are judged.

    Attributes
    ----------
    level : str
        One of :data:`LEVELS`.
    window : int
        Steps of the rarest part that is told, at least 1 (3).
    smoothing : float
        Added to each count, above 0 (1).
    most_values : int
        A parameter with more different values than this, or whose values hardly repeat, is an identifier or free text:
        its values are not judged (50).
    """

    level: str = "commands"
    window: int = 3
    smoothing: float = 1.0
    most_values: int = 50

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise OptionError("no such level", where=self.level, available=LEVELS)
        if self.window < 1 or self.most_values < 1 or not self.smoothing > 0:
            raise OptionError("must be above 0", where="window, smoothing, most_values")


@dataclass(frozen=True)
class Steps:
    """The logarithms of the probabilities of each event, and of each session's end.

    Attributes
    ----------
    transition, parameters, values : arrays of float64
        Of each event; those of levels that are not looked at are 0.
    end : array of float64
        Of each session.
    """

    transition: npt.NDArray[np.float64]
    parameters: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]
    end: npt.NDArray[np.float64]

    @property
    def total(self) -> npt.NDArray[np.float64]:
        """Of each event."""
        return self.transition + self.parameters + self.values


class SessionModel:
    """What is usual in sessions.

    Parameters
    ----------
    events : SessionEvents
        Sessions to learn from.
    options : SessionOptions

    Notes
    -----
    A command after another is as likely as ``(n(a, b) + s) / (n(a) + s (K + 2))``: K commands, the end of the session,
    and one that was never seen. A parameter is there with ``(n(c, p) + s) / (n(c) + 2 s)``. A value is as likely as
    ``(n(c, p, v) + s) / (n(c, p) + s (D + 1))``, D being the values that were seen. Of the parameters of an event,
    those that are not there included, the geometric mean counts, and of its values too: an event with many is not the
    less likely for it.
    """

    def __init__(self, events: SessionEvents, options: SessionOptions | None = None) -> None:
        self.options = options or SessionOptions()
        self.commands = events.commands
        self.names = events.names
        self._values = {text: at for at, text in enumerate(events.values)}
        self.unknown, self.start, self.end = (len(self.commands) + more for more in range(3))
        previous, current = self._transitions(events.command, events.starts)
        self.transitions = Counts.of(self.pair(previous, current))
        self.leaving = np.bincount(previous, minlength=self.end + 1).astype(np.int64)
        self.occurring = np.bincount(events.command, minlength=self.unknown + 1).astype(np.int64)
        self.present = Counts.of(self.with_name(events.command[events.event], events.name))
        self._count_values(events)

    def pair(self, previous: npt.NDArray[np.int64], current: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The key of one command after another."""
        return previous * (self.end + 1) + current

    def with_name(self, command: npt.NDArray[np.int64], name: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The key of a command with a parameter; a name that was not seen is the last."""
        return command * (len(self.names) + 1) + name

    def _count_values(self, events: SessionEvents) -> None:
        place = self.present.places(self.with_name(events.command[events.event], events.name))
        given = events.value >= 0
        self.given = np.bincount(place[given], minlength=len(self.present.keys)).astype(np.int64)
        self.value_counts = Counts.of(self.with_value(place[given], events.value[given]))
        of = self.value_counts.keys // (len(self._values) + 1)
        self.different = np.bincount(of, minlength=len(self.present.keys)).astype(np.int64)
        self.is_judged = (self.different <= self.options.most_values) & (2 * self.different <= self.given)

    def with_value(self, place: npt.NDArray[np.int64], value: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The key of a parameter of a command with a value; a value that was not seen is the last."""
        return place * (len(self._values) + 1) + value

    def _transitions(
        self, command: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """What comes after what: for each event, then for each session's end."""
        before = np.concatenate([[self.start], command[:-1]]) if len(command) else command
        before[starts] = self.start
        last = np.concatenate([starts[1:], [len(command)]])[: len(starts)] - 1
        ends = np.full(len(starts), self.end, dtype=np.int64)
        return np.concatenate([before, command[last]]).astype(np.int64), np.concatenate([command, ends])

    def known(self, events: SessionEvents) -> SessionEvents:
        """Events in the numbers of this model; what was not seen gets the last number."""
        if events.commands is self.commands and events.names is self.names:
            return events
        from dataclasses import replace

        value = np.append(_numbers(events.values, self._values, len(self._values)), -1)[events.value]
        commands = {text: at for at, text in enumerate(self.commands)}
        names = {text: at for at, text in enumerate(self.names)}
        return replace(
            events,
            command=_numbers(events.commands, commands, self.unknown)[events.command],
            name=_numbers(events.names, names, len(self.names))[events.name],
            value=value,
        )

    def steps(self, events: SessionEvents) -> Steps:
        """How likely each event is; ``events`` are those of :meth:`known`."""
        s, starts = self.options.smoothing, events.starts
        previous, current = self._transitions(events.command, starts)
        ways = len(self.commands) + 2
        logs = np.log((self.transitions.at(self.pair(previous, current)) + s) / (self.leaving[previous] + s * ways))
        count, level = len(events.command), LEVELS.index(self.options.level)
        nothing = np.zeros(count)
        return Steps(
            transition=logs[:count],
            parameters=self._parameters(events) if level >= 1 else nothing,
            values=self._valued(events) if level >= 2 else nothing,
            end=logs[count:],
        )

    @cached_property
    def log_present(self) -> npt.NDArray[np.float64]:
        """Of each known parameter of a command: the logarithm of how likely it is there."""
        s = self.options.smoothing
        return np.asarray(np.log((self.present.counts + s) / (self.occurring[self.command_of] + 2 * s)))

    @cached_property
    def log_absent(self) -> npt.NDArray[np.float64]:
        """And that it is not."""
        s = self.options.smoothing
        of = self.occurring[self.command_of]
        return np.asarray(np.log((of - self.present.counts + s) / (of + 2 * s)))

    @cached_property
    def command_of(self) -> npt.NDArray[np.int64]:
        """The command of each known parameter."""
        return self.present.keys // (len(self.names) + 1)

    def _parameters(self, events: SessionEvents) -> npt.NDArray[np.float64]:
        count = len(events.command)
        absent = np.bincount(self.command_of, weights=self.log_absent, minlength=self.unknown + 1)
        known = np.bincount(self.command_of, minlength=self.unknown + 1)
        of = events.command[events.event]
        place = self.present.places(self.with_name(of, events.name))
        is_new = place < 0
        s = self.options.smoothing
        new = np.log(s / (self.occurring[of] + 2 * s))
        change = np.where(is_new, new, self.log_present[place] - self.log_absent[place]) if len(place) else new
        total = absent[events.command] + np.bincount(events.event, weights=change, minlength=count)
        counted = known[events.command] + np.bincount(events.event[is_new], minlength=count)
        return np.asarray(total / np.maximum(counted, 1))

    def log_values(self, events: SessionEvents) -> npt.NDArray[np.float64]:
        """Of each parameter that is there: the logarithm of how likely its value is; NaN where it is not judged."""
        s = self.options.smoothing
        place = self.present.places(self.with_name(events.command[events.event], events.name))
        found = np.full(len(place), np.nan)
        is_judged = (place >= 0) & (events.value >= 0)
        is_judged[is_judged] = self.is_judged[place[is_judged]]
        at, value = place[is_judged], events.value[is_judged]
        seen = self.value_counts.at(self.with_value(at, value))
        found[is_judged] = np.log((seen + s) / (self.given[at] + s * (self.different[at] + 1)))
        return found

    def _valued(self, events: SessionEvents) -> npt.NDArray[np.float64]:
        logs = self.log_values(events)
        told = ~np.isnan(logs)
        count = len(events.command)
        total = np.bincount(events.event[told], weights=logs[told], minlength=count)
        return np.asarray(total / np.maximum(np.bincount(events.event[told], minlength=count), 1))


def _numbers(texts: list[str], known: dict[str, int], otherwise: int) -> npt.NDArray[np.int64]:
    return np.array([known.get(text, otherwise) for text in texts], dtype=np.int64)
