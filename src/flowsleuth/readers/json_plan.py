"""How lines of JSON records are told apart, and what some of them gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.readers.contract import Reject
from flowsleuth.readers.json_shape import Shape

Column: TypeAlias = pa.Array | pa.ChunkedArray
Rows: TypeAlias = npt.NDArray[np.int64]


@dataclass
class Part:
    """Records of one kind as columns by field name; ``more`` has fields of single records, as JSON text."""

    kind: str
    columns: dict[str, Column]
    rows: Rows
    more: list[dict[str, str]] | None = None


@dataclass
class Outcome:
    """What some lines gave."""

    parts: list[Part] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, kind: str, count: int = 1) -> None:
        """Count records of a kind without a table."""
        if count:
            self.skipped[kind] = self.skipped.get(kind, 0) + count


@dataclass
class Plan:
    """How the lines of a source are told apart.

    Attributes
    ----------
    shapes : dict of str to Shape
        By kind.
    classify : callable
        A record to its kind, and the word it is counted under when the kind has no shape (``""``: refuse it).
    kind : str or None
        The only kind that is expected; None when ``kind_keys`` name the kind of each record.
    kind_keys : tuple of str
        Keys that name the kind, the first that is there.
    comment : bytes
        Lines that begin with it are no records (``b""``: none).
    """

    shapes: Mapping[str, Shape]
    classify: Callable[[Mapping[str, Any]], tuple[str | None, str]]
    kind: str | None = None
    kind_keys: tuple[str, ...] = ()
    comment: bytes = b""
