"""Which attack is played on whom, in which scoring: several at once on different victims, as a bad day has it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.attacks import Technique

if TYPE_CHECKING:
    from flowsleuth.workspace.injection.stage import Host, Stage

VICTIM_SHARE = 0.05
"""So many of the active internal addresses may be victims of one scoring: where more are, attacks become the usual."""
FEW_VICTIMS = 3
"""In a small network up to so many may be, if they are no more than a quarter."""
MOST_ALIKE = 4
"""So many attacks of one technique are in one scoring, so that they do not make one another common."""
CHECKED = 4_000
"""So many hosts are looked at for those that a technique can be played on."""
CHOICES = 10
"""Looking ends when there are so many for each draw."""


@dataclass(frozen=True)
class Planned:
    """One attack to come.

    Attributes
    ----------
    technique : Technique
    number : int
        Which draw of the technique, from 0.
    host : Host
        The victim.
    """

    technique: Technique
    number: int
    host: Host


@dataclass
class Round:
    """Attacks that are scored together, each on a victim of its own."""

    attacks: list[Planned] = field(default_factory=list)

    @property
    def victims(self) -> set[str]:
        """Their addresses."""
        return {attack.host.ip for attack in self.attacks}


def plan(stage: Stage, techniques: Sequence[Technique], draws: int, seed: int) -> tuple[list[Round], dict[str, str]]:
    """Deal attacks to as few scorings as their number allows.

    Half of the victims are taken from the half of the hosts with fewest flows, half from the other, in turn.

    Returns
    -------
    list of Round
    dict of str to str
        Technique → why it cannot be played here.
    """
    chosen: dict[str, list[Host]] = {}
    absent: dict[str, str] = {}
    for technique in techniques:
        chosen[technique.name], lack = _able(stage, technique, generator(seed, technique, draws), CHOICES * draws)
        if lack:
            absent[technique.name] = lack
    able = [technique for technique in techniques if technique.name not in absent]
    active = len(stage.hosts)
    capacity = max(1, min(active // 4, FEW_VICTIMS), int(VICTIM_SHARE * active))
    count = max(math.ceil(len(able) * draws / capacity), math.ceil(draws / MOST_ALIKE), 1)
    rounds = [Round() for _ in range(count)]
    for place, technique in enumerate(able):
        for number in range(draws):
            _deal(rounds, place * draws + number, technique, number, able=chosen[technique.name], capacity=capacity)
    return [one for one in rounds if one.attacks], absent


def generator(seed: int, technique: Technique, number: int) -> np.random.Generator:
    """The random numbers of one draw; they do not depend on what else is played."""
    return np.random.default_rng([seed, number, *technique.name.encode()])


def _able(stage: Stage, technique: Technique, rng: np.random.Generator, enough: int) -> tuple[list[Host], str]:
    """Hosts that a technique can be played on, in random order; what is lacking when there is none."""
    found: list[Host] = []
    lack = "no internal address is active"
    for place in rng.permutation(len(stage.hosts))[:CHECKED].tolist():
        host = stage.hosts[place]
        missing = technique.lacks(stage.scene(rng, host))
        if missing:
            lack = missing
        else:
            found.append(host)
        if len(found) >= enough:
            break
    return found, "" if found else lack


def _deal(
    rounds: list[Round], turn: int, technique: Technique, number: int, *, able: Sequence[Host], capacity: int
) -> None:
    """Put an attack into the round whose turn it is, or the next with room and a free victim, or a new one."""
    wished = _wished(able, number)
    for place in range(len(rounds)):
        one = rounds[(turn + place) % len(rounds)]
        alike = sum(other.technique is technique for other in one.attacks)
        if len(one.attacks) >= capacity or alike >= MOST_ALIKE:
            continue
        victims = one.victims
        free = next((host for host in wished if host.ip not in victims), None)
        if free is not None:
            one.attacks.append(Planned(technique, number, free))
            return
    rounds.append(Round([Planned(technique, number, wished[0])]))


def _wished(able: Sequence[Host], number: int) -> list[Host]:
    """Hosts in the order in which a draw would take them: quiet ones first, and busy ones first, in turn."""
    middle = sorted(host.flows for host in able)[len(able) // 2]
    quiet = [host for host in able if host.flows < middle]
    busy = [host for host in able if host.flows >= middle]
    first, rest = (quiet, busy) if number % 2 == 0 else (busy, quiet)
    start = number % max(len(first), 1)
    return [*first[start:], *first[:start], *rest]
