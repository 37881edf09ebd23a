"""Attacks put into a copy of the user's own flows, scored as a day is scored, and looked for in its lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.attacks import AttackFlows, Technique
from flowsleuth.errors import OptionError
from flowsleuth.schema.addresses import HomeNetworks
from flowsleuth.schema.identity import MAX_KEY, row_id
from flowsleuth.workspace.injection.case_copy import copied, put_in
from flowsleuth.workspace.injection.guise import dress, habits, of_one_kind, samples
from flowsleuth.workspace.injection.names_asked import SAMPLE, asked
from flowsleuth.workspace.injection.period import Period, period_of
from flowsleuth.workspace.injection.plan import Planned, Round, generator, plan
from flowsleuth.workspace.injection.ranks import Leads, Pair, Place
from flowsleuth.workspace.injection.report import SelfTest, attack_rows, recall_rows
from flowsleuth.workspace.injection.stage import Stage

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace import Workspace

FEW_TARGETS = 5
"""An attack on so few internal addresses is one that their own leads may tell of."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What is played.

    Attributes
    ----------
    techniques : sequence of Technique
    draws : int
        How often each is played.
    seed : int
    """

    techniques: Sequence[Technique]
    draws: int
    seed: int


@dataclass
class Played:
    """An attack that was put in, and where it stands.

    Attributes
    ----------
    planned : Planned
    rows : pyarrow.Table
        Its flows, with their ids.
    names : pyarrow.Table
        Its rows of ``dns``.
    host, pair, control : Place
        Of its hosts and of its pairs; of its victim without any attack.
    """

    planned: Planned
    rows: pa.Table
    names: pa.Table
    host: Place = field(default_factory=Place)
    pair: Place = field(default_factory=Place)
    control: Place = field(default_factory=Place)

    @cached_property
    def sources(self) -> set[str]:
        """Who attacks: the victim, and on a path those who were taken after it."""
        technique = self.planned.technique
        mine = {self.planned.host.ip}
        return mine | set(self.rows["src_ip"].to_pylist()) if technique.is_path else mine

    @cached_property
    def touched(self) -> set[str]:
        """Whose leads may come from this attack: sources, and targets where they are few."""
        ends = {*self.rows["src_ip"].to_pylist(), *self.rows["dst_ip"].to_pylist()}
        return self.sources | (ends if len(ends) <= FEW_TARGETS else set())

    @cached_property
    def pairs(self) -> set[Pair]:
        """Source and destination, and source and server name, of its flows in either direction."""
        src, dst, name = (self.rows[key].to_pylist() for key in ("src_ip", "dst_ip", "server_name"))
        there = set(zip(src, dst, strict=True))
        return there | {(b, a) for a, b in there} | {(a, b) for a, b in zip(src, name, strict=True) if b is not None}


def self_test(
    ws: Workspace, options: Options, window: TimeRange, *, keep: str | Path | None = None, tell: Tell | None = None
) -> SelfTest:
    """See :meth:`flowsleuth.workspace.self_test_methods.SelfTestMethods.inject`."""
    period = period_of(ws.store, window)
    say = tell or (lambda _: None)
    with copied(ws, period, keep) as copy:
        dates = [date for date in copy.store.catalog.dates("flow") if period.has(date)]
        stage = Stage(copy.store, dates, ws.settings.home, ws.settings.tz)
        rounds, absent = plan(stage, options.techniques, options.draws, options.seed)
        if not rounds:
            told = "; ".join(f"{name}: {why}" for name, why in absent.items())
            raise OptionError("none of the attacks can be played on these flows", where=told)
        director = _Director(copy, stage, options.seed, dates)
        played: list[Played] = []
        say(f"scoring 1 of {len(rounds) + 1}: the same flows without an attack")
        control = _score(copy, period, "host")
        for number, one in enumerate(rounds, 2):
            say(f"scoring {number} of {len(rounds) + 1}: {len(one.attacks)} attacks on as many addresses")
            attacks = director.play(one, number)
            hosts, pairs = _score(copy, period, "host"), _leads(copy, "pair")
            _rank(attacks, control, hosts, pairs)
            played += attacks
        about = {
            "start": period.start, "end": period.end, "seed": options.seed, "draws": options.draws,
            "scorings": len(rounds) + 1, "attacks": len(played), "active_hosts": len(stage.hosts),
            "most_attacks_at_once": max((len(one.attacks) for one in rounds), default=0), "not_played": absent,
            "history_days": len([date for date in copy.store.catalog.dates("flow") if date < dates[0]]),
        }  # fmt: skip
        report = SelfTest(recall_rows(played), attack_rows(played), about)
        if keep is not None:
            report.write(copy.folder)
    return report


class _Director:
    """Plays rounds of attacks into a copy."""

    def __init__(self, copy: Workspace, stage: Stage, seed: int, dates: Sequence[str]) -> None:
        self._store, self._stage, self._seed = copy.store, stage, seed
        self._home = HomeNetworks(copy.settings.home)
        self._habits = habits(copy.store, stage.flows)
        used = {source.file_key for source in copy.store.catalog.sources()}
        self._key = next(key for key in range(MAX_KEY, 0, -1) if key not in used)
        dns = copy.store.table("dns", dates)
        answered = dns.filter(dns.rcode.notnull()).order_by("event_id").limit(SAMPLE)
        self._dns = copy.store.arrow(answered).combine_chunks()

    def play(self, one: Round, number: int) -> list[Played]:
        """Put the attacks of a round in the place of those before."""
        import pyarrow as pa

        rng = np.random.default_rng([self._seed, number])
        outside = self._stage.outside(rng, len(one.attacks))
        names = self._stage.names(rng, len(one.attacks))
        real = samples(self._store, self._stage.flows, sorted(one.victims))
        played: list[Played] = []
        flow_id, event_id = 1, 1
        for planned, address, name in zip(one.attacks, outside, names, strict=True):
            own = generator(self._seed, planned.technique, planned.number)
            scene = self._stage.scene(own, planned.host, avoid=one.victims, outside=address, name=name)
            attack = self._dressed(planned, planned.technique(own, scene), real[planned.host.ip], own)
            attack.rows = _with_ids(attack.rows, "flow_id", self._key, flow_id, planned)
            attack.names = _with_ids(attack.names, "event_id", self._key, event_id, planned)
            flow_id, event_id = flow_id + len(attack.rows), event_id + len(attack.names)
            played.append(attack)
        rows = [("flow", pa.concat_tables([one.rows for one in played]))]
        put_in(self._store, [*rows, ("dns", pa.concat_tables([one.names for one in played]))])
        return played

    def _dressed(self, planned: Planned, flows: AttackFlows, real: pa.Table, rng: np.random.Generator) -> Played:
        sample, kind = of_one_kind(real)
        habit = self._habits[kind]
        rows, kept = dress(flows, sample, habit, self._home, start_us=planned.host.first_us, rng=rng)
        return Played(planned, rows, asked(kept, rows.slice(0, len(kept)), self._dns, rng))


def _with_ids(rows: pa.Table, column: str, key: int, first: int, planned: Planned) -> pa.Table:
    """Rows of the whole table: ids that no source has, and an origin that says what they are."""
    import pyarrow as pa

    from flowsleuth.schema import DNS, FLOW

    schema = (FLOW if column == "flow_id" else DNS).arrow_schema()
    numbers = range(first, first + len(rows))
    told: dict[str, Any] = {
        column: [row_id(key, number) for number in numbers],
        "source_file": [f"injected {planned.technique.name} {planned.number}"] * len(rows),
        "source_row": list(numbers),
        "extra": [None] * len(rows),
    }
    made = {one.name: pa.array(told[one.name], one.type) if one.name in told else rows[one.name] for one in schema}
    return pa.table(made, schema=schema)


def _score(copy: Workspace, period: Period, by: Any) -> Leads:
    """Score the days of the period, all of whose flows in the copy are the period's."""
    copy.score(start=period.first_moment, end=period.after_last)
    return _leads(copy, by)


def _leads(copy: Workspace, by: Any) -> Leads:
    return Leads(copy.suspects(None, by=by).table)


def _rank(attacks: list[Played], control: Leads, hosts: Leads, pairs: Leads) -> None:
    """Find each attack among the leads that are no other attack's."""
    nobody = control.of_hosts(())
    for one in attacks:
        others = [other for other in attacks if other is not one]
        touched = {host for other in others for host in other.touched} - one.sources
        taken = {pair for other in others for pair in other.pairs} - one.pairs
        one.host = hosts.place(hosts.of_hosts(one.sources), hosts.of_hosts(touched))
        one.pair = pairs.place(pairs.of_pairs(one.pairs), pairs.of_pairs(taken))
        one.control = control.place(control.of_hosts({one.planned.host.ip}), nobody)
