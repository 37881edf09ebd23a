"""Conditions on suspects and flows: field, operator, value; all or any of them, judged whole columns at a time.

A suspect is a group of flows, shown by its strongest. A condition on what differs between the flows of a group cannot
be judged by that one flow, so a judgement has three values: yes, no, and *ask the flows* (null). The flows are then
asked with the very same conditions, so that exactly the matching ones are found.

A missing value (no port, no name) meets no condition, ``!=`` included. Regular expressions are those of RE2: their time
is linear in the text, whatever the expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Protocol

from flowsleuth.errors import OptionError
from flowsleuth.triage.fields import EITHER, FIELDS, OF_SUSPECT, OPERATORS, SPANS, SUMS
from flowsleuth.triage.value_tests import value_test

if TYPE_CHECKING:
    import pyarrow as pa


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
        One of :data:`flowsleuth.triage.fields.FIELDS`.
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
        return value_test(self.field, self.operator, self.value)

    @cached_property
    def columns(self) -> frozenset[str]:
        return frozenset(EITHER.get(self.field) or SUMS.get(self.field) or (self.field,))

    def judge(self, rows: pa.Table, *, of_groups: bool) -> Any:
        """Judge every row.

        Parameters
        ----------
        rows : pyarrow.Table
            The columns of the condition; with ``of_groups`` also ``flows`` and the counts that
            :data:`flowsleuth.triage.fields.SPANS` names.
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
