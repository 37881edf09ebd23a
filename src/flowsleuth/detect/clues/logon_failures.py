"""Failed logons by the address that they came from: too many for one account, or few for each of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.log_peers import others_log_mean
from flowsleuth.detect.days.edges import Groups
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.pair_times import as_ints
from flowsleuth.detect.findings import Extent, no_findings, tell
from flowsleuth.detect.kernels.walks import wild_tail
from flowsleuth.detect.wording import count, duration, each, join

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GUESSING, SPRAYING = "T1110.001", "T1110.003"
"""ATT&CK: password guessing, password spraying."""
FEW_EACH = 10.0
"""Failures for each account up to which many accounts are sprayed, not guessed at one by one."""


def find_failures(day: NetworkDay, least: int, least_accounts: int) -> pa.Table:
    """Addresses with too many failed logons, or too many accounts that failed.

    p is the chance of so many by a Waring law about the mean logarithm of the other addresses that logged on, one vote
    each; where both are tested, twice the smaller.
    """
    import pyarrow as pa

    rows = day.input.arrow(_count(day.input.table("logon")))
    src = day.addresses.of(rows["src_ip"])
    known = np.flatnonzero(src >= 0)
    if not known.size:
        return no_findings()
    failed, opened = (as_ints(rows[name])[known] for name in ("failed", "opened"))
    sources = Groups.by(src[known])
    failures, accounts = sources.add_up(failed), sources.add_up(failed > 0)
    then_opened = sources.add_up((failed > 0) & (opened > 0))
    log_failures, log_accounts = (
        others_log_mean(np.maximum(values, 1.0), sources.keys, day.is_home[sources.keys].astype(np.int64))
        for values in (failures, accounts)
    )
    by_failures = wild_tail(np.maximum(failures, 1.0), log_failures)
    by_accounts = wild_tail(np.maximum(accounts, 1.0), log_accounts)
    p_value = np.minimum(2.0 * np.minimum(by_failures, by_accounts), 1.0)
    told = np.flatnonzero((failures >= least) | (accounts >= least_accounts))
    is_spray = (accounts >= least_accounts) & (failures <= FEW_EACH * accounts)
    first, last = _span(rows, known[failed > 0], sources.of[failed > 0], sources.keys.size)
    unknown = np.full(told.size, np.nan)
    return tell(
        day,
        src=sources.keys[told],
        host=sources.keys[told],
        p_value=p_value[told],
        technique=pa.array(np.where(is_spray, SPRAYING, GUESSING)[told].tolist()),
        extent=Extent(failures[told].astype(np.int64), first[told], last[told], unknown, unknown),
        reason=join(
            each(failures[told], count), " failed logons for ", each(accounts[told], count), " account",
            each(accounts[told], lambda n: "" if n == 1 else "s"), " within ",
            each(np.maximum((last[told] - first[told]) / 1e6, 1.0), duration), "; other addresses fail ",
            each(np.exp(log_failures[told]), lambda n: f"{n:.1f}"), " times (geometric mean)",
            each(then_opened[told], lambda n: f"; {n:.0f} of them then succeeded (T1078)" if n else ""),
        ),
        evidence={
            "failed_logons": failures[told],
            "accounts": accounts[told],
            "accounts_that_then_succeeded": then_opened[told],
            "usual_failures": np.exp(log_failures[told]),
        },
    )  # fmt: skip


def _span(rows: pa.Table, at: Ints, of: NDArray[Any], sources: int) -> tuple[Ints, Ints]:
    """The earliest and the latest failure of each source."""
    first, last = np.full(sources, np.iinfo(np.int64).max), np.full(sources, np.iinfo(np.int64).min)
    np.minimum.at(first, of, as_ints(rows["first"])[at])
    np.maximum.at(last, of, as_ints(rows["last"])[at])
    return first, last


def _count(logons: ir.Table) -> ir.Table:
    """One row per source address and account: ``failed``, when first and last; ``opened``: success after one."""
    import ibis

    account = logons.user.lower().coalesce(logons.user_id, "")
    named = logons.mutate(account=account).filter(logons.src_ip.notnull() & logons.is_success.notnull())
    failed_at = (~named.is_success).ifelse(named.start, ibis.null("timestamp('UTC')"))
    counted = named.mutate(
        is_failed=(~named.is_success).cast("int64"),
        failed_at=failed_at,
        opened_at=named.is_success.ifelse(named.start, ibis.null("timestamp('UTC')")),
    )
    rows = counted.group_by("src_ip", "account").aggregate(
        failed=lambda t: t.is_failed.sum(),
        first=lambda t: t.failed_at.min(),
        last=lambda t: t.failed_at.max(),
        last_opened=lambda t: t.opened_at.max(),
    )
    return rows.mutate(opened=(rows.last_opened > rows.first).fill_null(False).cast("int64")).drop("last_opened")
