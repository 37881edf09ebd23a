"""NetworkFlowSummary of a host, to the page, in a process of its own: ``our_flow_summary.py CASE HOST DAY PAGE.html``.

Prints flows, peers, wall seconds of the run and of a second one in the same process, and bytes of the page, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import flowsleuth


def main(case: str, host: str, day: str, page: str) -> None:
    """Run it twice, write the page."""
    walls = []
    with flowsleuth.open(case) as workspace:
        for _ in range(2):
            begin = time.perf_counter()
            result = workspace.notebooklet("NetworkFlowSummary").run(
                host, timespan=day, options="+geo_map", strict=True
            )
            walls.append(time.perf_counter() - begin)
            if len(walls) == 1:
                result.to_html(page)
                walls[0] = time.perf_counter() - begin
    told = {"flows": result.totals["flows"], "peers": result.totals["peers"], "walls": walls}
    steps = {step.name: round(step.seconds, 2) for step in result.steps}
    print(json.dumps(told | {"page": Path(page).stat().st_size, "steps": steps}))


if __name__ == "__main__":
    main(*sys.argv[1:])
