"""The techniques that can be played, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowsleuth.attacks import command_and_control as c2
from flowsleuth.attacks import inside
from flowsleuth.attacks.scene import AttackFlows, Scene
from flowsleuth.errors import OptionError

HOUR = 3_600.0


@dataclass(frozen=True)
class Technique:
    """One way to attack.

    Attributes
    ----------
    name : str
        What it is called in options and results.
    attack_id : str
        Technique of ATT&CK.
    meaning : str
        What is done, in one line.
    play : callable
        Gives the flows, from a random generator and a scene.
    least_span_s : float
        How long the victim must be active for the attack to be what it is called.
    least_neighbours, least_targets : int
        Other internal addresses, and internal addresses whether anybody has them, that it needs.
    is_in_office : bool
        It needs office hours.
    is_path : bool
        Addresses that are taken on the way attack too.
    """

    name: str
    attack_id: str
    meaning: str
    play: c2.Play
    least_span_s: float = 600.0
    least_neighbours: int = 0
    least_targets: int = 0
    is_in_office: bool = False
    is_path: bool = False

    def lacks(self, scene: Scene) -> str:
        """What the scene lacks for it; empty when it can be played."""
        if scene.span_s < self.least_span_s:
            return f"no internal address is active for {self.least_span_s / HOUR:g} h"
        if len(scene.neighbours) < self.least_neighbours:
            return f"fewer than {self.least_neighbours + 1} internal addresses"
        if len(scene.neighbours) + len(scene.unused) < self.least_targets:
            return f"fewer than {self.least_targets} internal addresses to look at"
        if self.is_in_office and sum(end - begin for begin, end in scene.office) < HOUR:
            return "less than an hour of office hours"
        return ""

    def __call__(self, rng: np.random.Generator, scene: Scene) -> AttackFlows:
        return self.play(rng, scene)


_ALL = (
    Technique("beacon-exact", "T1071", "beacon of one to ten minutes, no jitter", c2.beats(0.0), 900),
    Technique("beacon-jitter-20", "T1071", "the same with jitter 20 %", c2.beats(0.2), 900),
    Technique("beacon-jitter-50", "T1071", "the same with jitter 50 %", c2.beats(0.5), 900),
    Technique("beacon-padded", "T1071", "jitter 20 %, sizes drawn anew", c2.beats(0.2, is_padded=True), 900),
    Technique("beacon-bursts", "T1071", "jitter 20 %, three connections a beat", c2.beats(0.2, burst=3), 900),
    Technique("beacon-office", "T1071", "jitter 20 %, office hours only", c2.office_beats, 2 * HOUR, is_in_office=True),
    Technique("beacon-sleeper", "T1071", "six to ten beats in the whole range", c2.sleeper, 8 * HOUR),
    Technique("long-connection", "T1572", "one connection for 60 to 90 % of the range", c2.long_connection, 2 * HOUR),
    Technique("new-destination", "T1105", "some connections to one new server, a download", c2.new_destination),
    Technique("dns-tunnel", "T1071.004", "500 to 3,000 names under one domain", c2.dns_tunnel, 900),
    Technique("scan-horizontal", "T1046", "one port of 60 to 250 internal addresses", inside.horizontal_scan,
              least_neighbours=2, least_targets=60),
    Technique("scan-vertical", "T1046", "300 to 1,000 ports of one internal address", inside.vertical_scan,
              least_neighbours=1),
    Technique("scan-slow", "T1046", "one port of 30 to 60 addresses through the range", inside.slow_scan, HOUR,
              least_neighbours=2, least_targets=30),
    Technique("lateral-movement", "T1021", "a path over two to four more hosts by remote administration",
              inside.lateral_movement, 900, least_neighbours=2, is_path=True),
    Technique("password-guessing", "T1110", "200 to 800 tries at one internal login", inside.password_guessing, 900,
              least_neighbours=1),
    Technique("exfiltration", "T1048", "0.2 to 5 GB to one new server", inside.exfiltration),
    Technique("exfiltration-drip", "T1030", "12 to 48 uploads of 1 to 20 MB", inside.exfiltration_drip, HOUR),
)  # fmt: skip
TECHNIQUES: dict[str, Technique] = {technique.name: technique for technique in _ALL}
"""Name → technique."""


def chosen_techniques(names: Iterable[str] = ()) -> list[Technique]:
    """Techniques by name or by the first word of it; all of them when none is named.

    Raises
    ------
    OptionError
        There is no such technique.

    Examples
    --------
    >>> [technique.name for technique in chosen_techniques(["scan", "dns-tunnel"])]
    ['dns-tunnel', 'scan-horizontal', 'scan-vertical', 'scan-slow']
    """
    wanted = list(names)
    for name in wanted:
        if not any(_is(technique, name) for technique in _ALL):
            raise OptionError("no such technique", where=name, available=list(TECHNIQUES))
    return [technique for technique in _ALL if not wanted or any(_is(technique, name) for name in wanted)]


def _is(technique: Technique, name: str) -> bool:
    return technique.name == name or technique.name.startswith(f"{name}-")
