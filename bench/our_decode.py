"""``our_decode.py FILE``: decode a column of commands and a bomb, print what it took as JSON."""

from __future__ import annotations

import base64
import gzip
import json
import resource
import sys
import time
from pathlib import Path

BOMB_BYTES = 30_000_000


def main(path: str) -> None:
    """Time the column, then the bomb; imports and a first call come before."""
    import pandas as pd

    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    frame = pd.DataFrame({"command": [row["command"] for row in rows]})
    from flowsleuth.extract.decoding import unpack_items

    unpack_items(input_string="powershell -enc dwBoAG8AYQBtAGkA")
    begin, cpu = time.perf_counter(), time.process_time()
    found = unpack_items(data=frame, column="command")
    took = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    texts: dict[int, set[str]] = {}
    for number, text in zip(found["src_index"], found["decoded_string"], strict=True):
        texts.setdefault(number, set()).add(text)
    right = sum(row["inner"] in texts.get(number, ()) for number, row in enumerate(rows))
    bomb = base64.b64encode(gzip.compress(bytes(BOMB_BYTES))).decode()
    begin = time.perf_counter()
    _, told = unpack_items(input_string=bomb)
    took |= {"bomb_s": time.perf_counter() - begin, "bomb_told": "limit" in set(told["status"])}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(took | {"right": right, "rows": len(rows), "raised": 0, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
