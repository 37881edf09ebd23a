"""What a piece of work takes within its process, for scripts of either Python: nothing but the standard library."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


def weighed(work: Callable[[], Made]) -> tuple[Made, dict[str, float]]:
    """What some work gives, and its ``wall_s`` and ``cpu_s``."""
    begin, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, {"wall_s": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}


def peak_mb() -> float:
    """The most memory that this process has had, in MB of 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
