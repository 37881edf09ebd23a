"""``our_ioc.py LINES SEED``: IoCExtract on lines of :mod:`ioc_lines`, by hand and by a table; prints what it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import pandas as pd
import pyarrow as pa

from flowsleuth.extract.ioc.columns import find
from flowsleuth.extract.ioc.compiled import compiled
from flowsleuth.extract.ioc.engine import ScanOptions
from flowsleuth.extract.ioc.extractor import IoCExtract
from flowsleuth.extract.ioc.kinds import type_names
from ioc_lines import lines
from ioc_score import score
from weighed import peak_mb, weighed

RUNS = 5


def main(words: list[str]) -> None:
    """Compile or load first; then the least of some runs."""
    made = lines(int(words[0]), int(words[1]))
    texts = [line.text for line in made]
    column = pa.array(texts)
    frame = pd.DataFrame({"text": texts})
    size = sum(len(text.encode()) for text in texts)
    extract = IoCExtract(ScanOptions(engine="numba"))
    _, first = weighed(lambda: IoCExtract().extract(data=frame.head(100), columns=["text"]))
    compiled()  # once for a version; what follows is what a later process meets
    extract.extract(data=frame.head(100), columns=["text"])
    cpu = time.process_time()
    engine_s = least(lambda: find(column, type_names(None), ScanOptions(engine="numba")))
    cpu_s = (time.process_time() - cpu) / RUNS
    frame_s = least(lambda: extract.extract(data=frame, columns=["text"]))
    few = column[: len(column) // 20]
    _, plain = weighed(lambda: find(few, type_names(None), ScanOptions(engine="python")))
    plain_s = plain["wall_s"] * len(column) / len(few)
    found = extract.extract(data=frame, columns=["text"])
    told = score(made, zip(found["SourceIndex"], found["IoCType"], found["Observable"], strict=True))
    told |= {
        "bytes": size, "first_s": first["wall_s"], "engine_s": engine_s, "cpu_s": cpu_s, "frame_s": frame_s,
        "plain_s": plain_s, "peak_mb": peak_mb(),
    }  # fmt: skip
    print(json.dumps(told))


def least(work: Callable[[], object]) -> float:
    """The least wall time of some runs."""
    return min(weighed(work)[1]["wall_s"] for _ in range(RUNS))


if __name__ == "__main__":
    main(sys.argv[1:])
