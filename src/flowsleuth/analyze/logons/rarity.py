"""Logons that are not what an account does: never before from there, at such an hour, of such a type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.codes import group_codes
from flowsleuth.analyze.logons.found import Finding

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from flowsleuth.analyze.logons.options import LogonOptions
    from flowsleuth.analyze.logons.schema import Logons

    Ints = npt.NDArray[np.int64]

NEW_SOURCE, NEW_HOST, RARE_TYPE, RARE_HOUR = "new source", "new host", "rare type", "rare hour"
_HOUR_US = 3_600_000_000
_DAY_H = 24


def find_new_pairs(logons: Logons, options: LogonOptions) -> Iterator[Finding]:
    """An account's first success from a source, or on a host, after it had logged on often enough elsewhere."""
    import numpy as np

    places = np.flatnonzero(logons.is_success)
    good = logons.take(places)
    account = group_codes(good.column("account"))
    earlier = _earlier(account)
    names = good.column("account")
    for column, pattern, word in (("source", NEW_SOURCE, "from"), ("host", NEW_HOST, "on")):
        values = good.column(column)
        said = np.asarray(values.is_valid())
        pair = group_codes(good.column("account"), values)
        first = np.zeros(len(pair), dtype=bool)
        first[np.unique(pair, return_index=True)[1]] = True
        known = _earlier(account, first & said)
        is_odd = first & said & (earlier >= options.history) & (known > 0) & (known <= options.new_share * earlier)
        for at in np.flatnonzero(is_odd).tolist():
            who, what = names[at].as_py(), values[at].as_py()
            before = f"{earlier[at]:,} logons {word} {known[at]:,} other{'s' if known[at] > 1 else ''} before"
            reason = f"first logon of {who} {word} {what}, after {before}"
            ends = {"source": what} if column == "source" else {"host": what}
            yield Finding(pattern, reason, places[at : at + 1], who, **ends)


def find_rare(logons: Logons, options: LogonOptions) -> Iterator[Finding]:
    """Types and hours (of the day, UTC) that few of an account's successes have."""
    import numpy as np
    import pyarrow.compute as pc

    places = np.flatnonzero(logons.is_success)
    good = logons.take(places)
    account = group_codes(good.column("account"))
    all_of = np.bincount(account, minlength=1)[account] if len(account) else account
    kinds = good.column("logon_type")
    pair = group_codes(good.column("account"), kinds)
    count = np.bincount(pair, minlength=1)[pair] if len(pair) else pair
    has_kind = np.asarray(pc.is_valid(kinds))
    is_rare = has_kind & (all_of >= options.history) & (count <= options.rare_share * all_of)
    yield from _by_group(
        good, places, pair, is_rare, pattern=RARE_TYPE,
        words=lambda at, who: f"{count[at]:,} of {all_of[at]:,} logons of {who} are of type {kinds[at].as_py()}",
    )  # fmt: skip
    hour = good.micros // _HOUR_US % _DAY_H
    per_hour = np.bincount(account * _DAY_H + hour, minlength=_DAY_H * (account.max(initial=0) + 1))
    by_hour = per_hour.reshape(-1, _DAY_H)
    near = by_hour + np.roll(by_hour, 1, axis=1) + np.roll(by_hour, -1, axis=1)
    around = near[account, hour] if len(account) else account
    is_rare = (all_of >= options.history) & (around <= options.rare_share * all_of)
    yield from _by_group(
        good, places, account * _DAY_H + hour, is_rare, pattern=RARE_HOUR,
        words=lambda at, who: (
            f"{around[at]:,} of {all_of[at]:,} logons of {who} are within an hour of {hour[at]:02d} h UTC"
        ),
    )  # fmt: skip


def _by_group(
    logons: Logons, places: Ints, group: Ints, chosen: Any, *, pattern: str, words: Callable[[int, str], str]
) -> Iterator[Finding]:
    """One finding for each group that has chosen rows."""
    import numpy as np

    at = np.flatnonzero(chosen)
    at = at[np.argsort(group[at], kind="stable")]
    names, sources, hosts = (logons.column(name) for name in ("account", "source", "host"))
    for rows in np.split(at, np.flatnonzero(np.diff(group[at])) + 1):
        if len(rows):
            first = int(rows[0])
            who = names[first].as_py()
            only = [
                values[0] if len(values) == 1 else None
                for values in (column.take(rows).unique().to_pylist() for column in (sources, hosts))
            ]
            yield Finding(pattern, words(first, who), places[rows], who, *only)


def _earlier(group: Ints, counted: npt.NDArray[np.bool_] | None = None) -> Ints:
    """How many rows of its group (of those that are counted) are before each."""
    import numpy as np

    size = len(group)
    order = np.argsort(group, kind="stable")
    ones = np.ones(size, dtype=np.int64) if counted is None else counted[order].astype(np.int64)
    total = np.cumsum(ones) - ones
    starts = np.flatnonzero(np.append(True, group[order][1:] != group[order][:-1])[:size])
    found = np.empty(size, dtype=np.int64)
    found[order] = total - np.repeat(total[starts], np.diff(np.append(starts, size)))
    return found
