"""Brute force: who guesses passwords, at one target or at many, and whether a guess seems to have been right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.log_peers import USUAL, most_of_days, others_log_mean, unusual
from flowsleuth.detect.clues.logon_failures import GUESSING, SPRAYING, find_failures
from flowsleuth.detect.clues.logon_tries import BETWEEN_SERVERS, BY_PROGRAMS, TRY_BYTES, Tries, logon_tries
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import places_in
from flowsleuth.detect.findings import NONE, Extent, no_findings, say_service, tell
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, duration, each, itself_before, join, size

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PROGRAM_USUAL = float(np.log(50.0))
"""Mean logarithm of a program's logons a day, where nothing is known: mail fetched every ten minutes of eight hours."""
FEW_TRIES = 10
"""Most tries at each target of who sprays: accounts lock after about so many."""
FEW_LARGER = 0.2
"""Most larger connections for each try when one of them may be a logon that a guess opened; more are ordinary use."""


@dataclass(frozen=True)
class BruteForceOptions:
    """Options of :class:`BruteForceFinder`."""

    least: int = field(
        default=10,
        metadata={
            "help": "tries in a day, or failed logons, from which somebody may guess passwords",
            "unit": "tries",
            "min": 2,
            "max": 10**6,
        },
    )
    least_targets: int = field(
        default=5,
        metadata={
            "help": "targets, or accounts, from which somebody may spray passwords",
            "unit": "",
            "min": 2,
            "max": 10**6,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class BruteForceFinder:
    """Finds password guessing at services that ask for one, and failed logons, at one target or at many.

    A *try* is a connection in which the server talked, of at most 10 kB each way and 60 s; those of like size count
    (two neighbouring powers of two of what the source sent). p is the chance of so many tries of a source at a target's
    service, or of so many targets (spraying), by a Waring law about the mean logarithm of the other sources on that
    service, one vote each, and no less than the chance on a day like the busiest of the source's own earlier ones: a
    monitor that logs on each minute of each day does not guess. A larger or longer connection after the tries is told
    as a likely success (T1078).

    Where there are logons (``logon`` table), p is also the chance of so many failures, or of so many accounts that
    failed, from one address, by the same law about the other addresses.

    Blind spots: tries that differ in size by more than four times; guessing within one connection; services at ports
    of their own; a first day's automation looks like guessing until it has been seen; logons whose source has no flow
    that day, or no address.

    Source: own; counts by a beta-geometric (Waring) law.

    Parameters
    ----------
    options : BruteForceOptions, optional
    """

    name: ClassVar[str] = "brute_force"
    summary: ClassVar[str] = "password guessing at one target or at many, and failed logons"
    family: ClassVar[str] = "access"
    normal_if: ClassVar[str] = "so many short logons were a program's task"
    is_default: ClassVar[bool] = True
    Options: ClassVar[type] = BruteForceOptions
    version: ClassVar[int] = 2
    tables: ClassVar[tuple[str, ...]] = ("logon",)

    def __init__(self, options: BruteForceOptions | None = None) -> None:
        self.options = options or BruteForceOptions()

    def find(self, day: NetworkDay) -> pa.Table:
        """Guessing of the day; see :class:`.findings.Finder`."""
        import pyarrow as pa

        if not day.n_hosts:
            return no_findings()
        tries = logon_tries(day, day.date)
        earlier = [logon_tries(day, date) for date in day.earlier_days]
        found = [self._guessing(day, tries, earlier), self._spraying(day, tries, earlier)]
        found.append(find_failures(day, self.options.least, self.options.least_targets))
        return pa.concat_tables([no_findings(), *found])

    def _guessing(self, day: NetworkDay, tries: Tries, earlier: list[Tries]) -> pa.Table:
        counts = np.maximum(tries.tries, 1).astype(np.float64)
        group = _group(day, tries.src, tries.service)
        usual = others_log_mean(counts, tries.src, group, np.where(_by_programs(tries), PROGRAM_USUAL, USUAL))
        before = most_of_days(_keys(day, tries), [(_keys(day, one), one.tries) for one in earlier])
        p_value = unusual(counts, usual, before)
        told = np.flatnonzero(tries.tries >= self.options.least)
        success = _seems_opened(tries)[told]
        span_s = np.maximum((tries.last_try_us - tries.first_try_us)[told] / 1e6, 1.0)
        return tell(
            day,
            src=tries.src[told],
            dst=tries.dst[told],
            service=tries.service[told],
            p_value=p_value[told],
            technique=GUESSING,
            extent=Extent.of_rows(tries, told),
            reason=join(
                each(tries.tries[told], count), " short connections of like size to ", say_service(tries.service[told]),
                " in ", each(span_s, duration), ", one every ",
                each(span_s / np.maximum(tries.tries[told] - 1, 1), duration), "; others on the service: ",
                each(np.exp(usual[told]), lambda n: f"{n:.1f}"), " (geometric mean)", itself_before(before[told]),
                _opened(tries, told, success),
            ),
            evidence={
                "tries": tries.tries[told],
                "usual_tries": np.exp(usual[told]),
                "most_earlier": before[told],
                "span_s": span_s,
                "larger_connections": tries.larger[told],
                "likely_success": success.astype(np.int64),
            },
        )  # fmt: skip

    def _spraying(self, day: NetworkDay, tries: Tries, earlier: list[Tries]) -> pa.Table:
        few = _few_tries(tries)
        groups = Groups.by(_keys(day, tries)[few])
        service, src = np.divmod(groups.keys, day.n_hosts)
        targets = groups.size.astype(np.float64)
        usual = others_log_mean(targets, src, _group(day, src, service))
        theirs = [Groups.by(_keys(day, one)[_few_tries(one)]) for one in earlier]
        before = most_of_days(groups.keys, [(one.keys, one.size) for one in theirs])
        p_value = unusual(targets, usual, before)
        told = np.flatnonzero(targets >= self.options.least_targets)
        of = np.full(tries.src.size, NONE)
        of[few] = places_in(told, groups.keys.size)[groups.of]
        total = groups.add_up(tries.tries[few])[told]
        return tell(
            day,
            src=src[told],
            service=service[told],
            p_value=p_value[told],
            technique=SPRAYING,
            extent=Extent.of_groups(tries, of, told.size),
            reason=join(
                each(total, count), " short connections to ", say_service(service[told]), " of ",
                each(targets[told], count), " targets, at most ", str(FEW_TRIES), " each; others have ",
                each(np.exp(usual[told]), lambda n: f"{n:.1f}"), " targets (geometric mean)",
                itself_before(before[told]),
            ),
            evidence={"targets": targets[told], "tries": total, "usual_targets": np.exp(usual[told])},
        )  # fmt: skip


def _group(day: NetworkDay, src: Ints, service: Ints) -> Ints:
    """Those on one service whose source is ours, and those whose is not."""
    return np.asarray(service * 2 + day.is_home[src])


def _keys(day: NetworkDay, tries: Tries) -> Ints:
    """One integer for a service and a source."""
    return tries.service * day.n_hosts + tries.src


def _by_programs(tries: Tries) -> NDArray[np.bool_]:
    return np.asarray(np.isin(tries.service % SPAN, BY_PROGRAMS))


def _few_tries(tries: Tries) -> Ints:
    """Rows with few tries, at services that servers do not turn to each other by."""
    is_few = (tries.tries > 0) & (tries.tries <= FEW_TRIES)
    return np.flatnonzero(is_few & ~np.isin(tries.service % SPAN, BETWEEN_SERVERS))


def _seems_opened(tries: Tries) -> NDArray[np.bool_]:
    """Whether few connections were larger or longer than a try, the first of them in the later half of the tries.

    Not where programs log on of their own accord: they fetch something at times.
    """
    few = (tries.larger > 0) & (tries.larger <= FEW_LARGER * tries.tries)
    is_late = tries.first_larger_us > (tries.first_try_us + tries.last_try_us) / 2
    return np.asarray(few & is_late & ~_by_programs(tries))


def _opened(tries: Tries, rows: Ints, success: NDArray[np.bool_]) -> pa.Array:
    import pyarrow.compute as pc

    is_large = tries.most_bytes[rows] > TRY_BYTES
    sizes, times = each(tries.most_bytes[rows], size), each(tries.longest_s[rows], duration)
    how = pc.if_else(is_large, join("of ", sizes), join("that lasted ", times))
    said = join("; then a connection ", how, ": a guess may have been right (T1078)")
    return pc.if_else(success, said, "")
