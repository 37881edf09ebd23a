"""``our_lookups.py URL OBSERVABLES PER_MINUTE CONCURRENCY CASE PROVIDER …``: look up, print what it took as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from flowsleuth.workspace.lookups import look_up

BURST = 20
"""Of 100 a second: a moment lost to a busy machine is made up for in the next fifth of a second."""


def addresses(count: int) -> list[str]:
    """So many public addresses, always the same."""
    return [f"8.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}" for n in range(256, 256 + count)]


def main(words: list[str]) -> None:
    """Look up twice: over the network, and from the cache."""
    url, count, per_minute, concurrency, folder, *providers = words
    one = {
        "url": url,
        "api_key": "bench-key-000",
        "per_minute": float(per_minute),
        "concurrency": int(concurrency),
        "burst": BURST,
    }
    settings = {"providers": dict.fromkeys(providers, one)}
    asked = addresses(int(count))
    look_up("9.9.9.9", settings, Path(folder), providers=providers)  # modules and certificates are loaded
    took = []
    for _ in range(2):
        begin, cpu = time.perf_counter(), time.process_time()
        found = look_up(asked, settings, Path(folder), providers=providers)
        took.append((time.perf_counter() - begin, time.process_time() - cpu))
    answered = sum(status == 0 for status in found["Status"].to_pylist())
    told = {"wall_s": took[0][0], "cpu_s": took[0][1], "again_s": took[1][0], "rows": len(found), "answered": answered}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
