"""What is asked of the queue: which suspects, and which flows a rating means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AllOf, AnyOf, Condition, Expression

State = Literal["unrated", "rated", "all"]
STATES = ("unrated", "rated", "all")
SEVERITIES = {1: "high", 2: "medium", 3: "low"}
LONGEST_TEXT = 500


def check_severity(value: Any) -> int:
    """1, 2 or 3.

    Raises
    ------
    OptionError
        It is something else.

    Examples
    --------
    >>> check_severity("1")
    1
    """
    try:
        found = int(value)
    except (TypeError, ValueError):
        found = 0
    if found not in SEVERITIES or isinstance(value, bool | float):
        raise OptionError("not a severity", where=str(value)[:50], available=["1 (high)", "2 (medium)", "3 (low)"])
    return found


@dataclass(frozen=True)
class QueueFilter:
    """Which suspects of the queue; what is left out does not narrow.

    Addresses are an address or CIDR, or several with commas; ports are like ``22,80-90``, and 0 is a port. A group of
    flows is judged by the flow that shows it.

    Attributes
    ----------
    state : ``unrated``, ``rated`` or ``all``
    severity : int or sequence of int, optional
        Rated so.
    src_ip, dst_ip, ip : str, optional
        `ip` is met by either end.
    src_port, dst_port : str or int, optional
    proto, direction : str, optional
        One, or several with commas.
    start, end : datetime or str, optional
        Of the group's time: it was seen at or after `start`, and before `end`.
    min_bytes, max_bytes : int, optional
        Both ways together, of the flow that is shown.
    reason, name, text : str, optional
        Part of the reason; of the server name; of either, or an address, service or protocol. Whatever the case.
    dates : sequence of str, optional
        UTC days, ``YYYY-MM-DD``.
    include_suppressed : bool

    Examples
    --------
    >>> QueueFilter(src_ip="10.0.0.0/8", dst_port="22,3389").dst_port
    '22,3389'
    """

    state: State = "unrated"
    severity: int | Sequence[int] | None = None
    src_ip: str | None = None
    dst_ip: str | None = None
    ip: str | None = None
    src_port: str | int | None = None
    dst_port: str | int | None = None
    proto: str | None = None
    direction: str | None = None
    start: Any = None
    end: Any = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    reason: str | None = None
    name: str | None = None
    text: str | None = None
    dates: Sequence[str] | None = None
    include_suppressed: bool = False

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise OptionError("no such state", where=str(self.state)[:50], available=STATES)
        for name in ("reason", "name", "text", "proto", "direction"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or len(value) > LONGEST_TEXT):
                raise OptionError(f"not a text of at most {LONGEST_TEXT} characters", where=name)
        _ = self.severities, self.expression()

    @property
    def severities(self) -> tuple[int, ...] | None:
        """The severities asked for."""
        if self.severity is None:
            return None
        many = self.severity if isinstance(self.severity, Iterable) else [self.severity]
        return tuple(check_severity(value) for value in many)

    def expression(self) -> AllOf:
        """The same as conditions on rows of the queue; state, severity, dates and suppressions aside."""
        parts: list[Expression] = [
            Condition(name, "in", getattr(self, name))
            for name in ("src_ip", "dst_ip", "ip", "src_port", "dst_port", "proto", "direction")
            if getattr(self, name) is not None
        ]
        asked = (
            ("last_seen", ">=", self.start), ("bytes", ">=", self.min_bytes), ("bytes", "<=", self.max_bytes),
            ("reason", "contains", self.reason), ("server_name", "contains", self.name),
        )  # fmt: skip
        parts += [Condition(name, operator, value) for name, operator, value in asked if value is not None]
        if self.end is not None:
            parts.append(_Before(Condition("first_seen", ">=", self.end)))
        if self.text is not None:
            shown = ("src_ip", "dst_ip", "server_name", "reason", "service", "proto")
            parts.append(AnyOf(tuple(_Contains(name, self.text) for name in shown)))
        return AllOf(tuple(parts))

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for anything besides state, days and suppressed ones."""
        plain = ("state", "dates", "include_suppressed")
        return any(getattr(self, f.name) is not None for f in fields(self) if f.name not in plain)


@dataclass(frozen=True)
class _Before:
    """Not at or after a moment."""

    after: Condition

    @property
    def columns(self) -> frozenset[str]:
        return self.after.columns

    def judge(self, rows: Any, *, of_groups: bool) -> Any:
        import pyarrow.compute as pc

        return pc.invert(self.after.judge(rows, of_groups=of_groups))


@dataclass(frozen=True)
class _Contains:
    """Any column as text holds a part, whatever the case; addresses too."""

    column: str
    text: str

    @property
    def columns(self) -> frozenset[str]:
        return frozenset((self.column,))

    def judge(self, rows: Any, *, of_groups: bool) -> Any:
        import pyarrow.compute as pc

        del of_groups
        found = pc.match_substring(rows[self.column].combine_chunks(), self.text, ignore_case=True)
        return pc.fill_null(found, False)


CRITERIA = ("src_ip", "dst_ip", "src_port", "dst_port", "ip")


@dataclass(frozen=True)
class Criteria:
    """What a rating is about; everything that is given must hold.

    Attributes
    ----------
    src_ip, dst_ip : str, optional
        Address, CIDR, or several with commas.
    src_port, dst_port : str or int, optional
        Port, range, or several with commas; 0 is a port.
    ip : str, optional
        Either end, together with the other criteria; a flow that matches both ways counts once.
    suspects, flows : sequence of int, optional
        Chosen suspects (all their flows), or chosen flows.
    filter : QueueFilter, optional
        Only what a list with this filter shows.

    Raises
    ------
    OptionError
        Nothing is given: everything is never meant.
    """

    src_ip: str | None = None
    dst_ip: str | None = None
    src_port: str | int | None = None
    dst_port: str | int | None = None
    ip: str | None = None
    suspects: Sequence[int] | None = None
    flows: Sequence[int] | None = None
    filter: QueueFilter | None = None

    def __post_init__(self) -> None:
        has_filter = self.filter is not None and self.filter.is_narrow
        given = [getattr(self, name) for name in CRITERIA]
        if all(value is None for value in given) and not self.suspects and not self.flows and not has_filter:
            hint = "give an address, a port, suspects or flows"
            raise OptionError("at least one criterion is needed", where="criteria", hint=hint, available=CRITERIA)
        for name in ("suspects", "flows"):
            for value in getattr(self, name) or ():
                if isinstance(value, bool) or not isinstance(value, int):
                    raise OptionError("an id is a whole number", where=f"{name} {value!r}"[:100])
        _ = self.expression()

    def expression(self) -> AllOf:
        """The conditions on flows among them."""
        asked = [(name, getattr(self, name)) for name in CRITERIA]
        return AllOf(tuple(Condition(name, "in", value) for name, value in asked if value is not None))

    @property
    def origin(self) -> str:
        """What kind of act it is: ``address`` (either end), ``criteria`` or ``selection``."""
        if self.ip is not None:
            return "address"
        return "criteria" if self.expression().parts or self.filter else "selection"

    def as_dict(self) -> dict[str, Any]:
        """What was given, JSON-able."""
        found: dict[str, Any] = {name: getattr(self, name) for name in CRITERIA if getattr(self, name) is not None}
        found |= {name: list(values) for name in ("suspects", "flows") if (values := getattr(self, name))}
        if self.filter is not None:
            plain = {f.name: getattr(self.filter, f.name) for f in fields(QueueFilter)}
            asked = {name: value for name, value in plain.items() if value not in (None, False)}
            found["filter"] = {k: v if isinstance(v, str | int | list) else str(v) for k, v in asked.items()}
        return found
