"""Named checks for shapes that single flows do not show: one to many, many to one, one to many ports.

They count **distinct peers**, not rows: forty flows to one server are no fan-out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import ibis.expr.types as ir

SYSTEM_PORTS = 1024
"""Ports below belong to services (RFC 6335): a flow from one of them to a higher port is an answer, not an attempt."""


@dataclass(frozen=True)
class HeuristicOptions:
    """How wide is too wide.

    Attributes
    ----------
    fan_out : int
        A source that reaches more distinct destinations than this.
    fan_in : int
        A destination that more distinct sources than this reach.
    port_sweep : int
        A source that reaches more distinct ports of one destination than this.
    most : int
        Findings of each check, the widest first.
    """

    fan_out: int = field(default=20, metadata={"help": "distinct destinations of a source", "min": 1, "max": 10**9})
    fan_in: int = field(default=20, metadata={"help": "distinct sources of a destination", "min": 1, "max": 10**9})
    port_sweep: int = field(default=20, metadata={"help": "distinct ports of one destination", "min": 1, "max": 65_536})
    most: int = field(default=100, metadata={"help": "findings of each check", "min": 1, "max": 100_000})

    def __post_init__(self) -> None:
        for name, option in self.__dataclass_fields__.items():
            value, low, high = getattr(self, name), option.metadata["min"], option.metadata["max"]
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise OptionError(f"must be a whole number from {low} to {high}", where=f"{name} {value}")


@dataclass(frozen=True)
class HeuristicFinding:
    """Something that a check found.

    Attributes
    ----------
    name : str
        The check.
    src_ip, dst_ip : str or None
        Whom it is about; None for the many.
    count : int
        Distinct peers (or ports).
    flows : int
        Flows in all.
    first_seen, last_seen : datetime
        Start of the earliest and the latest of them.
    says : str
        The finding in words.
    """

    name: str
    src_ip: str | None
    dst_ip: str | None
    count: int
    flows: int
    first_seen: Any
    last_seen: Any
    says: str


@dataclass(frozen=True)
class Heuristic:
    """One check.

    Attributes
    ----------
    name, summary : str
    by : tuple of str
        Whom flows are put together by.
    counted : str
        What is counted distinctly.
    says : str
        Its sentence.
    """

    name: str
    summary: str
    by: tuple[str, ...]
    counted: str
    says: str
    keep: Callable[[ir.Table], Any] | None = None
    columns: ClassVar[tuple[str, ...]] = ("start", "src_ip", "src_port", "dst_ip", "dst_port")

    def expression(self, flows: ir.Table, above: int, most: int) -> ir.Table:
        """The widest groups as an Ibis expression: the group, ``count``, ``flows``, ``first_seen``, ``last_seen``."""
        import ibis

        kept = flows if self.keep is None else flows.filter(self.keep(flows))
        grouped = kept.group_by(list(self.by)).aggregate(
            count=kept[self.counted].nunique(),
            flows=kept.count(),
            first_seen=kept.start.min(),
            last_seen=kept.start.max(),
        )
        wide = grouped.filter(lambda table: table["count"] > above)
        return wide.order_by([ibis.desc("count"), ibis.desc("flows"), *self.by]).limit(most)

    def finding(self, row: dict[str, Any]) -> HeuristicFinding:
        """A row of the expression's result in words."""
        ends = {"src_ip": row.get("src_ip"), "dst_ip": row.get("dst_ip")}
        says = self.says.format(**ends, count=f"{row['count']:,}", flows=f"{row['flows']:,}")
        return HeuristicFinding(
            self.name, **ends, count=row["count"], flows=row["flows"],
            first_seen=row["first_seen"], last_seen=row["last_seen"], says=says,
        )  # fmt: skip


def _is_attempt(flows: ir.Table) -> Any:
    """Not the answer of a service."""
    is_answer = (flows.src_port < SYSTEM_PORTS) & (flows.dst_port >= SYSTEM_PORTS)
    return flows.dst_port.notnull() & ~is_answer.fill_null(False)


HEURISTICS: dict[str, Heuristic] = {
    one.name: one
    for one in (
        Heuristic(
            "fan_out", "one source, many destinations", ("src_ip",), "dst_ip",
            "{src_ip} reached {count} distinct addresses in {flows} flows",
        ),
        Heuristic(
            "fan_in", "many sources, one destination", ("dst_ip",), "src_ip",
            "{dst_ip} was reached by {count} distinct addresses in {flows} flows",
        ),
        Heuristic(
            "port_sweep", "one source, many ports of one destination", ("src_ip", "dst_ip"), "dst_port",
            "{src_ip} tried {count} distinct ports of {dst_ip} in {flows} flows", _is_attempt,
        ),
    )
}  # fmt: skip
"""By name."""
