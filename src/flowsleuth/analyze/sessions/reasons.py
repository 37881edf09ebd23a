"""Why a step of a session is rare, in words with its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from flowsleuth.analyze.sessions.events import SessionEvents
    from flowsleuth.analyze.sessions.model import SessionModel, Steps

LONGEST_WORD = 100


class Reasons:
    """Words for steps; ``events`` as the table has them, ``known`` in the numbers of the model."""

    def __init__(self, model: SessionModel, events: SessionEvents, known: SessionEvents, steps: Steps) -> None:
        self._model, self._events, self._known, self._steps = model, events, known, steps
        order = np.argsort(known.event, kind="stable")
        self._order = order
        self._from = np.searchsorted(known.event[order], np.arange(len(known.command) + 1))
        self._of_command = np.searchsorted(model.command_of, np.arange(model.unknown + 2))
        self._value_logs = model.log_values(known)
        self._is_start = np.zeros(len(known.command), dtype=bool)
        self._is_start[known.starts] = True

    def command(self, at: int) -> str:
        """The command of an event."""
        return self._events.commands[int(self._events.command[at])][:LONGEST_WORD]

    def of_event(self, at: int) -> str:
        """Why an event is rare: what it comes after, a parameter, or a value."""
        parts = [float(part[at]) for part in (self._steps.transition, self._steps.parameters, self._steps.values)]
        least = parts.index(min(parts))
        return (self._of_transition, self._of_parameter, self._of_value)[least](at)

    def of_end(self, at: int) -> str:
        """Why it is rare that a session ends after an event."""
        model, command = self._model, int(self._known.command[at])
        ended = self._times(command, model.end)
        return f"the session ends after {self.command(at)}: {ended:,} of {model.leaving[command]:,} times"

    def _times(self, before: int, after: int) -> int:
        """How often one came after the other."""
        keys = self._model.pair(np.array([before], dtype=np.int64), np.array([after], dtype=np.int64))
        return int(self._model.transitions.at(keys)[0])

    def _of_transition(self, at: int) -> str:
        model, command = self._model, int(self._known.command[at])
        if command == model.unknown:
            return f"{self.command(at)} was never seen"
        before = model.start if self._is_start[at] else int(self._known.command[at - 1])
        seen = self._times(before, command)
        of = model.leaving[before]
        if before == model.start:
            return f"a session begins with {self.command(at)}: {seen:,} of {of:,} times"
        return f"{self.command(at)} after {self.command(at - 1)}: {seen:,} of {of:,} times"

    def _of_parameter(self, at: int) -> str:
        """The parameter that is there though it seldom is, or the other way."""
        model, command = self._model, int(self._known.command[at])
        mine = self._order[self._from[at] : self._from[at + 1]]
        places = model.present.places(
            model.with_name(self._known.command[self._known.event[mine]], self._known.name[mine])
        )
        known = set(places[places >= 0].tolist())
        new = [int(entry) for entry, place in zip(mine, places, strict=True) if place < 0]
        if new:
            name = self._events.names[int(self._events.name[new[0]])][:LONGEST_WORD]
            return f"{self.command(at)} with {name}: 0 of {model.occurring[command]:,} times"
        all_known = range(self._of_command[command], self._of_command[command + 1])
        logs = {place: model.log_present[place] if place in known else model.log_absent[place] for place in all_known}
        rarest = min(logs, key=lambda place: logs[place])
        name = model.names[int(model.present.keys[rarest] % (len(model.names) + 1))][:LONGEST_WORD]
        there, of = int(model.present.counts[rarest]), int(model.occurring[command])
        if rarest in known:
            return f"{self.command(at)} with {name}: {there:,} of {of:,} times"
        return f"{self.command(at)} without {name}: {of - there:,} of {of:,} times"

    def _of_value(self, at: int) -> str:
        mine = self._order[self._from[at] : self._from[at + 1]]
        entry = int(mine[int(np.nanargmin(self._value_logs[mine]))])
        model = self._model
        place = model.present.places(model.with_name(self._known.command[[at]], self._known.name[[entry]]))
        seen = model.value_counts.at(model.with_value(place, self._known.value[[entry]]))[0]
        name = self._events.names[int(self._events.name[entry])][:LONGEST_WORD]
        value = self._events.values[int(self._events.value[entry])][:LONGEST_WORD]
        return f"{self.command(at)} with {name} = {value}: {seen:,} of {int(model.given[place[0]]):,} times"
