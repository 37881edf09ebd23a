"""``process_forest.py ROWS HOSTS FILE [SEED]``: started processes whose parents are known, as Windows 4688 tells them.

Ids are used again as soon as their process and all that it started have ended; hosts use the same ids. The column
``truth`` is the row of the parent, -1 for the first process of a host.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
from pathlib import Path

PROGRAMS = (
    "explorer", "cmd", "powershell", "svchost", "conhost", "chrome", "python", "git", "node", "msbuild", "cl", "link",
    "wscript", "rundll32", "taskhostw", "services", "outlook", "winword", "teams", "update",
)  # fmt: skip
COLUMNS = (
    "TimeGenerated", "EventID", "Computer", "SubjectUserSid", "SubjectUserName", "SubjectLogonId", "TargetLogonId",
    "NewProcessId", "NewProcessName", "ProcessId", "ParentProcessName", "CommandLine", "truth",
)  # fmt: skip
FIRST = dt.datetime(2024, 3, 14, tzinfo=dt.UTC)
LIVE = 300
"""Processes that live at once on a host."""
DEEP = 0.72
"""How often the parent is the youngest process: that makes trees of dozens of levels."""


class Host:
    """Processes of one host."""

    def __init__(self, number: int, draw: random.Random) -> None:
        self.name = f"ws{number:03}"
        self.draw = draw
        self.free = list(range(4_000, 400, -4))
        self.live: list[tuple[int, int, str]] = []
        self.started: dict[int, int] = {}
        self.parent: dict[int, int] = {}

    def start(self, row: int) -> tuple[int, str, tuple[int, int, str] | None]:
        """A process begins; its id, its name and its parent (row, id, name)."""
        if len(self.live) >= LIVE:
            self._end()
        by = None
        if self.live:
            by = self.live[-1] if self.draw.random() < DEEP else self.draw.choice(self.live)
        pid = self.free.pop(self.draw.randrange(len(self.free)))
        name = self.draw.choice(PROGRAMS)
        self.live.append((row, pid, name))
        self.started[row] = 0
        self.parent[row] = -1 if by is None else by[0]
        if by is not None:
            self.started[by[0]] += 1
        return pid, name, by

    def _end(self) -> None:
        """Some that have nothing running below them end; the first process never does."""
        over = [one for one in self.live[1:] if self.started[one[0]] == 0]
        for one in self.draw.sample(over, max(1, len(over) // 2)):
            self.live.remove(one)
            self.started[self.parent[one[0]]] -= 1
            self.free.append(one[1])


def main(words: list[str]) -> None:
    """Write the file, rows in no order of their own."""
    rows, hosts, file = int(words[0]), int(words[1]), Path(words[2])
    draw = random.Random(int(words[3]) if len(words) > 3 else 7)
    all_hosts = [Host(number, draw) for number in range(hosts)]
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for row in range(rows):
            host = draw.choice(all_hosts)
            pid, name, by = host.start(row)
            at = FIRST + dt.timedelta(seconds=row * 0.37)
            writer.writerow([
                at.isoformat(sep=" ").removesuffix("+00:00"), 4688, host.name, "S-1-5-18", f"user{row % 7}", "0x3e7",
                "0x0", hex(pid), f"C:\\Program Files\\{name}\\{name}.exe", "0x4" if by is None else hex(by[1]),
                "" if by is None else f"C:\\Program Files\\{by[2]}\\{by[2]}.exe",
                f"{name}.exe --job {row} --mode {row % 9}", -1 if by is None else by[0],
            ])  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
