"""``msticpy_decode.py FILE``: the same with msticpy, row by row, as its call for a whole column raises."""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path

TAGS = re.compile(r"</?decoded[^>]*>")


def main(path: str) -> None:
    """Time the rows, after imports and a first call; a row that raises is not right."""
    rows = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    from msticpy.transform import base64unpack

    base64unpack.unpack_items(input_string="powershell -enc dwBoAG8AYQBtAGkA")
    right = raised = 0
    begin, cpu = time.perf_counter(), time.process_time()
    answers: list[tuple[str, set[str]]] = []
    for row in rows:
        try:
            text, found = base64unpack.unpack(row["command"])
        except Exception:
            raised += 1
            answers.append(("", set()))
            continue
        answers.append((text, set(map(str, found["decoded_string"])) if "decoded_string" in found else set()))
    took = {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}
    for row, (text, texts) in zip(rows, answers, strict=True):
        right += row["inner"] in text or row["inner"] in TAGS.sub("", text) or any(row["inner"] in one for one in texts)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(took | {"right": right, "rows": len(rows), "raised": raised, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
