"""``msticpy_ioc.py LINES SEED``: msticpy's IoCExtract on the same lines; prints what it took."""

from __future__ import annotations

import json
import sys

import pandas as pd
from msticpy.transform.iocextract import IoCExtract

from ioc_lines import lines
from ioc_score import TYPES, score
from weighed import peak_mb, weighed


def main(words: list[str]) -> None:
    """Once: it takes half a minute for 100,000 lines."""
    made = lines(int(words[0]), int(words[1]))
    frame = pd.DataFrame({"text": [line.text for line in made]})
    extract = IoCExtract()

    def of(rows: pd.DataFrame) -> pd.DataFrame:
        return extract.extract(data=rows, columns=["text"], ioc_types=list(TYPES))

    _, first = weighed(lambda: of(frame.head(100)))
    found, took = weighed(lambda: of(frame))
    told = score(made, zip(found["SourceIndex"].astype(int), found["IoCType"], found["Observable"], strict=True))
    told |= {
        "bytes": sum(len(line.text.encode()) for line in made), "frame_s": took["wall_s"], "first_s": first["wall_s"],
        "peak_mb": peak_mb(),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
