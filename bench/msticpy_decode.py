"""``msticpy_decode.py FILE``: the same with msticpy, row by row, as its call for a whole column raises."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from weighed import peak_mb, weighed

TAGS = re.compile(r"</?decoded[^>]*>")


def main(path: str) -> None:
    """Time the rows, after imports and a first call; a row that raises is not right."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    from msticpy.transform import base64unpack

    base64unpack.unpack_items(input_string="powershell -enc dwBoAG8AYQBtAGkA")

    def unpacked(command: str) -> tuple[str, set[str]] | None:
        try:
            text, found = base64unpack.unpack(command)
        except Exception:
            return None
        return text, set(map(str, found["decoded_string"])) if "decoded_string" in found else set()

    answers, took = weighed(lambda: [unpacked(row["command"]) for row in rows])
    right = 0
    for row, (text, texts) in ((row, answer) for row, answer in zip(rows, answers, strict=True) if answer):
        right += row["inner"] in text or row["inner"] in TAGS.sub("", text) or any(row["inner"] in one for one in texts)
    print(json.dumps(took | {"right": right, "rows": len(rows), "raised": answers.count(None), "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(sys.argv[1])
