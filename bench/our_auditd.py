"""``our_auditd.py LOG TRUTH``: read an audit log into a frame; print what it took and what was right, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flowsleuth.readers.audit_frames import read_from_file
from weighed import weighed


def main(words: list[str]) -> None:
    """Read twice; the second time modules are loaded, as they are for the rival."""
    log, truth = words
    read_from_file(log, "DAEMON_START")
    found, took = weighed(lambda: read_from_file(log))
    told = json.loads(Path(truth).read_text())
    said = dict(zip(found["mssg_id"].tolist(), found["cmdline"].tolist(), strict=True))
    events = sum(one in said for one in told["events"]) - abs(len(found) - len(told["events"]))
    commands = sum(said.get(one) == line for one, line in told["commands"].items())
    print(json.dumps(took | {"events": events, "commands": commands}))


if __name__ == "__main__":
    main(sys.argv[1:])
