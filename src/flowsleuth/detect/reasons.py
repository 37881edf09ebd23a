"""The reason of a suspicious flow, in words and numbers, written from its evidence alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flowsleuth.detect.day_model import FACTS, PARTS
from flowsleuth.detect.scored_rows import evidence_matrix, numbers, texts

if TYPE_CHECKING:
    import pyarrow as pa


def write_reasons(rows: pa.Table) -> pa.Array:
    import pyarrow as pa

    e = evidence_matrix(rows["evidence"], len(PARTS) + len(FACTS))
    return pa.array([" ".join(f"{n}={v:.1f}" for n, v in zip(PARTS, r)) for r in e])
