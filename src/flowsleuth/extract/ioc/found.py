"""What a scan found, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Findings of a scan, one entry each, in the order of their places.

    Attributes
    ----------
    kinds : array of int64
        Numbers of :mod:`flowsleuth.extract.ioc.kinds`.
    rows : array of int64
        Which text, from 0.
    starts, ends : array of int64
        Bytes from the text's begin.
    chars : array of int64
        Characters from the text's begin.
    values, spellings : pyarrow.Array of string
        Canonical, and as it stands.
    marks : array of int64
        ``HAS_ESCAPES`` of :mod:`.kernels.urls`: a URL in which escapes hide what may be more observables.
    """

    kinds: Ints
    rows: Ints
    starts: Ints
    ends: Ints
    chars: Ints
    values: pa.Array
    spellings: pa.Array
    marks: Ints

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, which: Any) -> Found:
        """Some of them, by their numbers or by a mask."""
        import numpy as np
        import pyarrow as pa

        at = np.asarray(which)
        at = np.flatnonzero(at) if at.dtype == bool else at
        index = pa.array(at)
        parts = [getattr(self, one.name) for one in fields(self)]
        return Found(*(part.take(index) if isinstance(part, pa.Array) else part[at] for part in parts))


def join(pieces: Sequence[Found]) -> Found:
    """One after the other."""
    import numpy as np
    import pyarrow as pa

    filled = [piece for piece in pieces if len(piece)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        nothing, no_text = np.zeros(0, np.int64), pa.array([], pa.string())
        return Found(nothing, nothing, nothing, nothing, nothing, no_text, no_text, nothing)
    columns = []
    for one in fields(Found):
        parts = [getattr(piece, one.name) for piece in filled]
        columns.append(pa.concat_arrays(parts) if isinstance(parts[0], pa.Array) else np.concatenate(parts))
    return Found(*columns)
