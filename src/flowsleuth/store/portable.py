"""Operations whose plain spelling in Ibis gives different answers, or errors, on different engines.

Each has cases in :func:`flowsleuth.testing.check_engine`, which runs on DuckDB and on a real Spark. What is not here
is either the same everywhere or has no equal: no ``str.split`` (a regular expression on Spark), no unsigned integers,
no ``bucket`` of times, no ordered ``first`` as an aggregate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir


MICROS = "unix_micros"
"""Spark's name for :func:`epoch_micros`; the DuckDB engine defines it."""


@cache
def _builtin(name: str, takes: str, gives: str, *, is_aggregate: bool = False) -> Callable[[ir.Value], ir.Value]:
    """A function that engines have and Ibis does not; made once, so that equal expressions are equal."""
    import ibis
    import ibis.expr.datatypes as dt

    def function(value: Any) -> Any: ...

    kind = ibis.udf.agg if is_aggregate else ibis.udf.scalar
    made: Callable[[ir.Value], ir.Value] = kind.builtin(
        function, name=name, signature=((dt.dtype(takes),), dt.dtype(gives))
    )
    return made


def epoch_micros(time: ir.Value) -> ir.Value:
    """Microseconds since 1970-01-01 UTC (int64); null for null.

    Ibis' own parts of a time (``epoch_seconds``, ``hour``) make DuckDB turn it into that of a time zone first, which
    takes most of a microsecond a row: a question that counts flows by minute takes five times as long with it.

    Examples
    --------
    >>> import ibis
    >>> epoch_micros(ibis.table({"start": "timestamp('UTC')"}, name="flow").start).type()
    Int64(nullable=True)
    """
    return _builtin(MICROS, "timestamp('UTC')", "int64")(time)


def epoch_seconds(time: ir.Value) -> ir.Value:
    """Whole seconds since 1970-01-01 UTC (int64), rounded down; null for null.

    Examples
    --------
    >>> import ibis
    >>> epoch_seconds(ibis.table({"start": "timestamp('UTC')"}, name="flow").start).type()
    Int64(nullable=True)
    """
    return time_bin(time, 1)


def hour_of_day(time: ir.Value) -> ir.Value:
    """The UTC hour, 0 to 23 (int64), for times from 1970 on; null for null.

    Examples
    --------
    >>> import ibis
    >>> hour_of_day(ibis.table({"start": "timestamp('UTC')"}, name="flow").start).type()
    Int64(nullable=True)
    """
    return (time_bin(time, 3600) % 24).cast("int64")


def time_bin(time: ir.Value, width_s: int) -> ir.Value:
    """Number of the bin of ``width_s`` seconds, counted from 1970-01-01 UTC (int64); null for null.

    Raises
    ------
    ValueError
        The width is not positive.

    Examples
    --------
    >>> import ibis
    >>> time_bin(ibis.table({"start": "timestamp('UTC')"}, name="flow").start, 300).type()
    Int64(nullable=True)
    """
    if width_s < 1:
        raise ValueError(f"a bin is at least a second wide, not {width_s}")
    return (epoch_micros(time).cast("float64") / (width_s * 1e6)).floor().cast("int64")


def safe_divide(dividend: ir.Value, divisor: ir.Value) -> ir.Value:
    """Quotient as float64; null where the divisor is 0 (DuckDB would say infinity, Spark would stop) or either is null.

    Examples
    --------
    >>> import ibis
    >>> safe_divide(ibis.literal(1), ibis.literal(0)).type()
    Float64(nullable=True)
    """
    return dividend.cast("float64") / divisor.cast("float64").nullif(0.0)


def safe_log(value: ir.Value) -> ir.Value:
    """Natural logarithm; null for 0 and below (DuckDB would stop, Spark would say null or NaN).

    The last bit may differ between engines: good for display and rough comparison, not for equal scores.

    Examples
    --------
    >>> import ibis
    >>> safe_log(ibis.literal(0)).type()
    Float64(nullable=True)
    """
    import ibis

    number = value.cast("float64")
    return ibis.ifelse(number > 0, number, ibis.null("float64")).ln()


def bits_or(value: ir.Value) -> ir.Value:
    """An aggregate: every bit that any value of the group has (int64); nulls are left out.

    Ibis' own is not compiled for Spark, which has the function.

    Examples
    --------
    >>> import ibis
    >>> bits_or(ibis.table({"hour_bit": "int64"}, name="flow").hour_bit).type()
    Int64(nullable=True)
    """
    return _builtin("bit_or", "int64", "int64", is_aggregate=True)(value.cast("int64"))


def first_rows(table: ir.Table, by: Sequence[str], order: Sequence[Any]) -> ir.Table:
    """The first row of each group in an order that leaves no ties, all columns kept.

    Ordered aggregates (``first``, ``arg_min``) do not exist on every engine; a window does.

    Parameters
    ----------
    table : ibis table
    by : sequence of str
        The group.
    order : sequence of str or ibis value
        Columns, or ``ibis.desc("…")`` of one; nulls come last either way.

    Examples
    --------
    >>> import ibis
    >>> flow = ibis.table({"src_ip": "string", "flow_id": "int64"}, name="flow")
    >>> first_rows(flow, ["src_ip"], ["flow_id"]).columns
    ('src_ip', 'flow_id')
    """
    import ibis

    number = ibis.row_number().over(group_by=list(by), order_by=list(order))
    return table.mutate(_place=number).filter(lambda t: t._place == 0).drop("_place")
