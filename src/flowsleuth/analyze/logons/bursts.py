"""Failures close together: guesses at one account, and few guesses at each of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowsleuth.analyze.codes import group_codes
from flowsleuth.analyze.logons.found import Finding, span

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from flowsleuth.analyze.logons.options import LogonOptions
    from flowsleuth.analyze.logons.schema import Logons

    Ints = npt.NDArray[np.int64]

BURST, BURST_SUCCESS, SPRAY = "failed burst", "failed burst, then success", "password spray"


def find_bursts(logons: Logons, options: LogonOptions) -> Iterator[Finding]:
    """Many failures of one account from one source, and the success right after them, if there is one."""
    import numpy as np

    group = group_codes(logons.column("account"), logons.column("source"))
    is_good = logons.is_success
    accounts, sources, hosts = (logons.column(name) for name in ("account", "source", "host"))
    micros, order = logons.micros, np.argsort(group, kind="stable")
    following = np.empty(len(order), dtype=np.int64)
    following[order] = _next_success(group[order], is_good[order])
    until = group * (len(order) + 1) + following  # a success ends a burst
    for rows in _runs(until, micros, ~is_good, options.burst_gap_s):
        if len(rows) < options.burst_failures:
            continue
        account, source = accounts[int(rows[0])].as_py(), sources[int(rows[0])].as_py()
        took = (micros[rows[-1]] - micros[rows[0]]) / 1e6
        said = f"{len(rows):,} failures of {account} from {source or 'a source that is not told'} within {span(took)}"
        host = _only(hosts.take(rows).unique().to_pylist())
        success = following[rows[-1]]
        if success >= 0:
            success = order[success]
            after = (micros[success] - micros[rows[-1]]) / 1e6
            if after <= options.burst_gap_s:
                said += f"; {span(after)} later it succeeded"
                yield Finding(BURST_SUCCESS, said, np.append(rows, success), account, source, host)
                continue
        yield Finding(BURST, said, rows, account, source, host)


def find_sprays(logons: Logons, options: LogonOptions) -> Iterator[Finding]:
    """Failures of many accounts from one source, and who of them succeeded from it meanwhile or right after."""
    import numpy as np
    import pyarrow.compute as pc

    group = group_codes(logons.column("source"))
    has_source = np.asarray(pc.is_valid(logons.column("source")))
    accounts, sources, hosts = (logons.column(name) for name in ("account", "source", "host"))
    account = group_codes(accounts)
    micros, is_good = logons.micros, logons.is_success
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(group.max(initial=-1) + 2))
    for rows in _runs(group, micros, ~is_good & has_source, options.spray_gap_s):
        tried, tries = np.unique(account[rows], return_counts=True)
        if len(tried) < options.spray_accounts:
            continue
        mine = order[bounds[group[rows[0]]] : bounds[group[rows[0]] + 1]]
        low, high = micros[rows[0]], micros[rows[-1]] + options.spray_gap_s * 1e6
        mine = mine[np.searchsorted(micros[mine], low) : np.searchsorted(micros[mine], high, side="right")]
        fell = mine[is_good[mine] & np.isin(account[mine], tried)]
        took = span((micros[rows[-1]] - micros[rows[0]]) / 1e6)
        source = sources[int(rows[0])].as_py()
        said = (
            f"{len(tried):,} accounts failed from {source} within {took}, {int(np.median(tries))} tries each (median)"
        )
        names = accounts.take(fell).unique().to_pylist()
        if names:
            said += f"; then {len(names):,} of them succeeded: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
        host = _only(hosts.take(rows).unique().to_pylist())
        yield Finding(SPRAY, said, np.sort(np.concatenate([rows, fell])), None, source, host)


def _runs(group: Ints, micros: Ints, chosen: npt.NDArray[np.bool_], gap_s: float) -> Iterator[Ints]:
    """Chosen rows of a group that follow one another without a longer gap."""
    import numpy as np

    at = np.flatnonzero(chosen)
    at = at[np.argsort(group[at], kind="stable")]
    is_new = (group[at][1:] != group[at][:-1]) | (np.diff(micros[at]) > gap_s * 1e6)
    yield from (rows for rows in np.split(at, np.flatnonzero(is_new) + 1) if len(rows))


def _next_success(group: Ints, is_good: npt.NDArray[np.bool_]) -> Ints:
    """For each place the next one of its group that succeeded; -1: none."""
    import numpy as np

    size = len(group)
    place = np.where(is_good, np.arange(size), size)
    found = np.minimum.accumulate(place[::-1])[::-1] if size else place
    same = (found < size) & (group[np.minimum(found, max(size - 1, 0))] == group) if size else found < size
    return np.where(same, found, -1)


def _only(names: list[str | None]) -> str | None:
    return names[0] if len(names) == 1 else None
