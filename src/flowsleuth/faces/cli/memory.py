"""How this process asks the system for memory: a command that works through a file in chunks uses the same again.

Five pairs of ingests of 3 M Zeek records: the kernel took 1.5 to 2.0 processor seconds with glibc's two thresholds set
alone, 0.7 to 0.8 with all of these.
"""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD = -1
MMAP_THRESHOLD = -3
ARENA_MAX = -8
KEPT_BYTES = 512 << 20
LARGEST_HEAP_BLOCK = 32 << 20
"""The most that glibc takes (HEAP_MAX_SIZE / 2)."""
ENVIRONMENT = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "NUMPY_MADVISE_HUGEPAGE": "0",
    "OPENBLAS_NUM_THREADS": "1",
}


def keep_freed_memory() -> None:
    """Have this process keep the memory it frees for the next chunk; to be called before numpy and Arrow are imported.

    By default every freed block of some megabytes goes back to the system and is handed out anew, page by page and
    zeroed, a moment later; Arrow's own allocator and one pool per thread do the same, numpy's large pages have the
    kernel move memory together for them, and OpenBLAS keeps threads spinning. Only for a process that is ours, so a
    face calls it; what the user has set in the environment stands, and other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    mallopt(MMAP_THRESHOLD, LARGEST_HEAP_BLOCK)
    mallopt(TRIM_THRESHOLD, KEPT_BYTES)
    mallopt(ARENA_MAX, 1)
