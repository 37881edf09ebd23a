"""``msticpy_auditd.py LOG TRUTH``: the same by msticpy; prints what it took and what was right.

Its events are known by their millisecond only. A millisecond of one event is right when there is a row of it; of one of
several events at most one can be right. A command line is right when a row of its millisecond has it.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

from msticpy.transform.auditdextract import read_from_file

from weighed import weighed


def main(words: list[str]) -> None:
    """Read once; modules are loaded before."""
    log, truth = words
    with contextlib.redirect_stdout(io.StringIO()):
        found, took = weighed(lambda: read_from_file(log))
    told = json.loads(Path(truth).read_text())
    said: dict[str, set[str]] = {}
    for stamp, line in zip(found["mssg_id"].tolist(), found["cmdline"].tolist(), strict=True):
        said.setdefault(stamp, set()).add(line)
    commands = sum(line in said.get(one.partition(":")[0], ()) for one, line in told["commands"].items())
    stamps = {one.partition(":")[0] for one in told["events"]}
    print(json.dumps(took | {"events": len(stamps & said.keys()), "commands": commands}))


if __name__ == "__main__":
    main(sys.argv[1:])
