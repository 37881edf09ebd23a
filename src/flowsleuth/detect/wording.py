"""Numbers and services as words, whole columns at a time: a value that occurs often is written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LEAST_SHARE = 1e-7
BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def each(values: NDArray[Any], write: Callable[[Any], str]) -> pa.Array:
    """Write every value, each distinct one once.

    Examples
    --------
    >>> each(np.array([1000.0, 1.0, 1000.0]), count).to_pylist()
    ['1,000', '1', '1,000']
    """
    import pyarrow as pa

    distinct, at = np.unique(values, return_inverse=True)
    return pa.array([write(value) for value in distinct.tolist()], type=pa.string()).take(pa.array(at.reshape(-1)))


def join(*pieces: Any, separator: str = "") -> pa.Array:
    """Put pieces (columns of text, or one text for all rows) together row by row; nulls are left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flat = [piece.combine_chunks() if isinstance(piece, pa.ChunkedArray) else piece for piece in pieces]
    return pc.binary_join_element_wise(*flat, separator, null_handling="skip")


def count(value: float) -> str:
    """A whole number with thousands separated.

    Examples
    --------
    >>> count(394168.0)
    '394,168'
    """
    return f"{int(value):,}"


def share_below(value: float) -> str:
    """A share as a percentage that never says more than is true: rounded down, more digits near 100.

    Examples
    --------
    >>> share_below(0.99987), share_below(0.5), share_below(1.0)
    ('99.98 %', '50 %', '100 %')
    """
    digits = 2 if value >= 0.99 else 0
    shown = np.floor(value * 100.0 * 10**digits + 1e-9) / 10**digits
    return f"{shown:.{digits}f} %" if shown < 100 else "100 %"


def share(value: float) -> str:
    """A small share as a percentage, two significant digits; below one in ten million only that it is less.

    Examples
    --------
    >>> share(0.0123), share(0.25), share(0.0000004), share(1e-12)
    ('1.2 %', '25 %', '0.00004 %', 'less than 0.00001 %')
    """
    if 0.0 < value < LEAST_SHARE:
        return f"less than {share(LEAST_SHARE)}"
    percent = float(f"{value * 100.0:.2g}")
    return f"{percent:.10f}".rstrip("0").rstrip(".") + " %"


def size(value: float) -> str:
    """Bytes in decimal units.

    Examples
    --------
    >>> size(3.1e6), size(999.0), size(1.0), size(2**63 - 1.0)
    ('3.1 MB', '999 bytes', '1 byte', '9.2 EB')
    """
    if value < 1000:
        return f"{int(value)} byte{'' if value == 1 else 's'}"
    step = min(int(np.log10(value) / 3 + 1e-12), len(BYTE_UNITS) - 1)
    scaled = value / 1000.0**step
    return f"{scaled:.1f} {BYTE_UNITS[step]}" if scaled < 100 else f"{scaled:.0f} {BYTE_UNITS[step]}"


def duration(seconds: float) -> str:
    """Seconds in the unit a reader would choose.

    Examples
    --------
    >>> duration(0.25), duration(59.0), duration(3723.0), duration(200000.0)
    ('0.25 s', '59 s', '62 min', '55.6 h')
    """
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def earlier_days(days: int, values: NDArray[Any], write: Callable[[Any], str]) -> pa.Array | str:
    """What was so on earlier days, ``; on 3 earlier days at most 5.0 kB``, or that there are none to compare with.

    Examples
    --------
    >>> earlier_days(1, np.array([5e3]), lambda most: f"at most {size(most)}").to_pylist()
    ['; on the day before at most 5.0 kB']
    """
    if not days:
        return "; no earlier day to compare with"
    when = f"; on {days} earlier days" if days > 1 else "; on the day before"
    return each(values, lambda value: f"{when} {write(value)}")


def itself_before(most: Floats) -> pa.Array:
    """``, itself on earlier days at most 40``; nothing where that is 0."""
    return each(most, lambda n: f", itself on earlier days at most {n:,.0f}" if n else "")


def services(proto: Any, port: Floats, icmp_type: Floats, icmp_code: Floats) -> pa.Array:
    """``4444/tcp``, ``icmp type 3 code 1``, or the protocol alone; ``unknown protocol`` where there is none.

    Parameters
    ----------
    proto : column of string
    port, icmp_type, icmp_code : array of float64
        NaN where there is none.
    """
    import pyarrow.compute as pc

    name = pc.fill_null(proto, "unknown protocol")
    of_icmp = join(name, " type ", each(_whole(icmp_type), count), each(icmp_code, _code))
    of_port = join(each(_whole(port), lambda p: str(int(p))), "/", name)
    import pyarrow as pa

    has_port, has_type = pa.array(~np.isnan(port)), pa.array(~np.isnan(icmp_type))
    return pc.if_else(has_type, of_icmp, pc.if_else(has_port, of_port, name))


def _whole(values: Floats) -> Floats:
    return np.nan_to_num(values, nan=0.0)


def _code(value: float) -> str:
    return "" if np.isnan(value) else f" code {int(value)}"
