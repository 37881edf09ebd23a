"""What a result says about itself: who was asked what, in which parts, and which of them failed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ATTRIBUTE = "query"
"""Key in ``DataFrame.attrs``, and in the metadata of an Arrow schema."""

Status = Literal["complete", "partial", "failed"]


class PartialResultWarning(UserWarning):
    """A result is not whole; :func:`report_of` says which parts failed, and why."""


@dataclass(frozen=True)
class Part:
    """One part of a window, asked on its own: half-open, UTC, ISO 8601; ``message`` says why it is not complete."""

    start: str
    end: str
    status: Status
    rows: int
    seconds: float
    message: str = ""


@dataclass(frozen=True)
class QueryReport:
    """What was asked of whom, and what came of each part.

    Attributes
    ----------
    provider, query, text : str
        The environment, the name of the query (empty for one of your own), and the text as it was sent for the first
        part.
    parts : tuple of Part
        One where the window was not split.
    notes : tuple of str
        What else is to know about the result.
    """

    provider: str
    query: str
    text: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every part answered in full."""
        return all(part.status == "complete" for part in self.parts)

    @property
    def warnings(self) -> tuple[Part, ...]:
        """The parts that did not answer in full."""
        return tuple(part for part in self.parts if part.status != "complete")

    def to_pandas(self) -> pd.DataFrame:
        """The parts as a table: start, end, status, rows, seconds, message."""
        import pandas as pd

        return pd.DataFrame([asdict(part) for part in self.parts])

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self) | {"is_complete": self.is_complete}

    @classmethod
    def of_plain(cls, plain: dict[str, Any]) -> QueryReport:
        """Read back what :meth:`to_plain` gave."""
        parts = tuple(Part(**part) for part in plain["parts"])
        return cls(plain["provider"], plain["query"], plain["text"], parts, tuple(plain["notes"]))

    def summary(self) -> str:
        """One sentence about what is missing; empty for a whole result."""
        bad = self.warnings
        if not bad:
            return ""
        first = bad[0]
        window = f" {first.start} to {first.end}" if first.start else ""
        return f"{len(bad)} of {len(self.parts)} parts are not complete; the first:{window}: {first.message}"


def report_of(result: Any) -> QueryReport:
    """The report in a result of a query provider, a pandas or an Arrow table.

    Raises
    ------
    OptionError
        It has none, because it is no such result.
    """
    plain: Any = None
    if hasattr(result, "attrs"):
        plain = result.attrs.get(ATTRIBUTE)
    elif getattr(result, "schema", None) is not None and result.schema.metadata:
        text = result.schema.metadata.get(ATTRIBUTE.encode())
        plain = json.loads(text) if text else None
    if plain is None:
        raise OptionError("this table does not come from a query provider", where=type(result).__name__)
    return QueryReport.of_plain(plain)


def with_report(rows: pa.Table, report: QueryReport) -> pa.Table:
    """An Arrow table that carries its report."""
    text = json.dumps(report.to_plain(), ensure_ascii=False)
    return rows.replace_schema_metadata({ATTRIBUTE: text})
