"""One thing that is odd about logons, as a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.analyze.logons.schema import Logons

    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finding:
    """A pattern, and the logons that make it (their places in time order); the last of them is its end.

    Attributes
    ----------
    pattern : str
    reason : str
    rows : array of int64
    account, source, host : str or None
        Null where there are several.
    """

    pattern: str
    reason: str
    rows: Ints
    account: str | None = None
    source: str | None = None
    host: str | None = None


def table_of(findings: Iterable[Finding], logons: Logons) -> pa.Table:
    """Findings as rows, by their beginning; ``rows`` are the labels of the rows that they are from."""
    import numpy as np
    import pyarrow as pa

    found = sorted(findings, key=lambda one: (int(one.rows[0]), one.pattern))
    sizes = np.array([0, *(len(one.rows) for one in found)]).cumsum()
    at = np.concatenate([np.zeros(0, dtype=np.int64), *(one.rows for one in found)])
    when, is_success = logons.column("start"), logons.is_success
    begins = pa.array(np.array([one.rows[0] for one in found], dtype=np.int64))
    ends = pa.array(np.array([one.rows[-1] for one in found], dtype=np.int64))
    texts = {
        name: pa.array([getattr(one, name) for one in found], pa.string())
        for name in ("pattern", "reason", "account", "source", "host")
    }
    return pa.table(
        {
            "pattern": texts["pattern"],
            "account": texts["account"],
            "source": texts["source"],
            "host": texts["host"],
            "first_seen": when.take(begins),
            "last_seen": when.take(ends),
            "logons": np.diff(sizes),
            "failures": pa.array([int((~is_success[one.rows]).sum()) for one in found], pa.int64()),
            "reason": texts["reason"],
            "rows": pa.ListArray.from_arrays(pa.array(sizes.astype(np.int32)), logons.label.take(pa.array(at))),
        }
    )


def span(seconds: float) -> str:
    """A length of time in words.

    Examples
    --------
    >>> span(42), span(4000), span(200_000)
    ('42 s', '1.1 h', '2.3 days')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min" if seconds < 3_600 else f"{seconds / 3_600:.1f} h"
    return f"{seconds / 3_600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"
