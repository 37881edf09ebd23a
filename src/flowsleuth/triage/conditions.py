"""Conditions on suspects and flows: field, operator, value; all or any of them, judged whole columns at a time.

A suspect is a group of flows, shown by its strongest. A condition on what differs between the flows of a group cannot
be judged by that one flow, so a judgement has three values: yes, no, and *ask the flows* (null). The flows are then
asked with the very same conditions, so that exactly the matching ones are found.

A missing value (no port, no name) meets no condition, ``!=`` included. Regular expressions are those of RE2: their time
is linear in the text, whatever the expression.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Protocol

from flowsleuth.errors import OptionError
from flowsleuth.triage.networks import AddressSet

if TYPE_CHECKING:
    import pyarrow as pa

ADDRESSES = ("src_ip", "dst_ip")
PORTS = ("src_port", "dst_port")
NUMBERS = (
    "src_bytes", "dst_bytes", "src_packets", "dst_packets", "duration_s", "icmp_type", "icmp_code", "src_as", "dst_as",
)  # fmt: skip
TEXTS = (
    "proto", "service", "conn_state", "direction", "action", "server_name", "src_host", "dst_host", "sensor",
    "tcp_flags",
)  # fmt: skip
OF_SUSPECT = ("suspect_id", "flow_id", "score", "surprise", "flows", "reason", "first_seen", "last_seen", "detector")
"""Fields of the suspect as a whole, or of the one flow that shows it."""
SUMS = {"bytes": ("src_bytes", "dst_bytes"), "packets": ("src_packets", "dst_packets")}
EITHER = {"ip": ADDRESSES, "port": ("src_port", "dst_port"), "as": ("src_as", "dst_as")}
FIELDS = (*ADDRESSES, *PORTS, *NUMBERS, *TEXTS, *SUMS, *EITHER, "start", "score", "surprise", "flows", "reason")
"""Fields that people may name. ``bytes`` and ``packets`` are both ways together; ``ip``, ``port`` and ``as`` are met by
either end."""
OPERATORS = ("=", "!=", "<=", ">=", "in", "cidr", "matches", "contains")
SPANS = {"src_ip": "src_ips", "dst_ip": "dst_ips", "src_port": "src_ports", "dst_port": "dst_ports"}
"""Field and the column that counts its distinct values in the group."""

LONGEST_EXPRESSION = 1_000
LONGEST_SET = 10_000


class Expression(Protocol):
    """Something that is true or false of a flow."""

    def judge(self, rows: pa.Table, *, of_groups: bool) -> Any:
        """Yes, no, or null where the flows of the group must be asked; see :class:`Condition`."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """Columns it looks at."""
        ...


@dataclass(frozen=True)
class Condition:
    """One field compared with a value.

    Attributes
    ----------
    field : str
        One of :data:`FIELDS`.
    operator : str
        ``=  !=  <=  >=``; ``in`` a set (a list, or for addresses and ports a text like ``22,80-90``); ``cidr`` for
        addresses; ``matches`` an RE2 expression or ``contains`` a text, for text fields, whatever the case.
    value
        Text, number, time or list.

    Raises
    ------
    OptionError
        No such field or operator, or a value that the field cannot have.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"dst_port": pa.array([22, 85, None], pa.int32()), "dst_ports": [1, 3, 0]})
    >>> Condition("dst_port", "in", "22,80-90").judge(rows, of_groups=False).to_pylist()
    [True, True, False]
    >>> Condition("dst_port", "in", "22,80-90").judge(rows, of_groups=True).to_pylist()
    [True, None, False]
    """

    field: str
    operator: str
    value: Any

    def __post_init__(self) -> None:
        if self.field not in FIELDS and self.field not in OF_SUSPECT:
            raise OptionError("not a field of a flow", where=self.field[:100], available=sorted(FIELDS))
        if self.operator not in OPERATORS:
            raise OptionError("no such operator", where=self.operator[:100], available=OPERATORS)
        _ = self.test

    @cached_property
    def test(self) -> Any:
        """Column to booleans: what the operator and value make of it."""
        from flowsleuth.triage.value_tests import value_test

        return value_test(self.field, self.operator, self.value)

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset(EITHER.get(self.field) or SUMS.get(self.field) or (self.field,))

    def judge(self, rows: pa.Table, *, of_groups: bool) -> Any:
        """Judge every row.

        Parameters
        ----------
        rows : pyarrow.Table
            The columns of the condition; with ``of_groups`` also ``flows`` and the counts of :data:`SPANS`.
        of_groups : bool
            Rows are suspects shown by one flow, so what differs within the group is null.

        Returns
        -------
        pyarrow.Array of bool
        """
        if self.field in EITHER:
            return reduce(_either, (self._judge(rows, column, of_groups) for column in EITHER[self.field]))
        return self._judge(rows, self.field, of_groups)

    def _judge(self, rows: pa.Table, column: str, of_groups: bool) -> Any:
        import pyarrow.compute as pc

        values = _sum(rows, SUMS[column]) if column in SUMS else _flat(rows[column])
        found = pc.fill_null(self.test(values), False)
        if not of_groups or column in OF_SUSPECT:
            return found
        count = rows[SPANS[column]] if column in SPANS else rows["flows"]
        return pc.if_else(pc.greater(_flat(count), 1), None, found)


@dataclass(frozen=True)
class AllOf:
    """All of some expressions; none of them is always met."""

    parts: tuple[Expression, ...]

    def judge(self, rows: pa.Table, *, of_groups: bool) -> Any:
        """See :meth:`Condition.judge`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        always = pa.repeat(True, len(rows))
        return reduce(pc.and_kleene, (part.judge(rows, of_groups=of_groups) for part in self.parts), always)

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset().union(*(part.columns for part in self.parts))


@dataclass(frozen=True)
class AnyOf:
    """Any of some expressions; none of them is never met."""

    parts: tuple[Expression, ...]

    def judge(self, rows: pa.Table, *, of_groups: bool) -> Any:
        """See :meth:`Condition.judge`."""
        import pyarrow as pa

        never = pa.repeat(False, len(rows))
        return reduce(_either, (part.judge(rows, of_groups=of_groups) for part in self.parts), never)

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset().union(*(part.columns for part in self.parts))


def _either(one: Any, other: Any) -> Any:
    import pyarrow.compute as pc

    return pc.or_kleene(one, other)


def _flat(column: Any) -> Any:
    import pyarrow as pa

    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _sum(rows: pa.Table, names: tuple[str, str]) -> Any:
    """Both ways together; one way alone where the other is not given."""
    import pyarrow.compute as pc

    one, other = (_flat(rows[name]) for name in names)
    known = pc.add(pc.fill_null(one, 0), pc.fill_null(other, 0))
    return pc.if_else(pc.and_(pc.is_null(one), pc.is_null(other)), None, known)


def moment(value: Any, where: str) -> dt.datetime:
    """A time as given by people or programs: a datetime, or ISO 8601 text; without a zone it is UTC.

    Examples
    --------
    >>> moment("2021-06-06T12:00+02:00", "start").isoformat()
    '2021-06-06T10:00:00+00:00'
    """
    try:
        found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise OptionError(
            "not a time", where=f"{where} {value!r}"[:200], hint="write it like 2021-06-06T12:00Z"
        ) from None
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def addresses(value: Any) -> AddressSet:
    """A set of addresses from text with commas or a list."""
    return AddressSet.parse(value) if isinstance(value, str) else AddressSet([str(item) for item in value])
