"""``our_decode.py FILE``: decode a column of commands and a bomb, print what it took as JSON."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path

from weighed import peak_mb, weighed

BOMB_BYTES = 30_000_000


def main(path: str) -> None:
    """Time the column, then the bomb; imports and a first call come before."""
    import pandas as pd

    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    frame = pd.DataFrame({"command": [row["command"] for row in rows]})
    from flowsleuth.extract.decoding import unpack_items

    unpack_items(input_string="powershell -enc dwBoAG8AYQBtAGkA")
    found, took = weighed(lambda: unpack_items(data=frame, column="command"))
    texts: dict[int, set[str]] = {}
    for number, text in zip(found["src_index"], found["decoded_string"], strict=True):
        texts.setdefault(number, set()).add(text)
    right = sum(row["inner"] in texts.get(number, ()) for number, row in enumerate(rows))
    bomb = base64.b64encode(gzip.compress(bytes(BOMB_BYTES))).decode()
    (_, told), took_bomb = weighed(lambda: unpack_items(input_string=bomb))
    took |= {"bomb_s": took_bomb["wall_s"], "bomb_told": "limit" in set(told["status"])}
    print(json.dumps(took | {"right": right, "rows": len(rows), "raised": 0, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1])
