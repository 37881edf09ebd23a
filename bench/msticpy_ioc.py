"""``msticpy_ioc.py LINES SEED``: msticpy's IoCExtract on the same lines; prints what it took."""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd
from msticpy.transform.iocextract import IoCExtract

from ioc_lines import lines
from ioc_score import TYPES, score


def main(words: list[str]) -> None:
    """Once: it takes half a minute for 100,000 lines."""
    made = lines(int(words[0]), int(words[1]))
    frame = pd.DataFrame({"text": [line.text for line in made]})
    begin = time.perf_counter()
    extract = IoCExtract()
    extract.extract(data=frame.head(100), columns=["text"], ioc_types=list(TYPES))
    first_s = time.perf_counter() - begin
    begin = time.perf_counter()
    found = extract.extract(data=frame, columns=["text"], ioc_types=list(TYPES))
    took = time.perf_counter() - begin
    told = score(made, zip(found["SourceIndex"].astype(int), found["IoCType"], found["Observable"], strict=True))
    told |= {
        "bytes": sum(len(line.text.encode()) for line in made), "frame_s": took, "first_s": first_s,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
