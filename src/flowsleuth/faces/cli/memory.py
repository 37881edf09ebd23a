"""How this process asks the system for memory: a command that works through a file in chunks uses the same again."""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD = -1
MMAP_THRESHOLD = -3
KEPT_BYTES = 512 << 20
LARGEST_HEAP_BLOCK = 32 << 20
"""The most that glibc takes (HEAP_MAX_SIZE / 2)."""


def keep_freed_memory() -> None:
    """Have glibc keep freed memory for the next chunk.

    By default it gives every freed block of some megabytes back to the system and is handed it anew, page by page and
    zeroed, a moment later. An ingest of 3 M Zeek JSON records took some 6 % less processor time with it, in three pairs
    of runs. Nor does numpy ask for large pages: with a day's files in the page cache, the kernel spent 2 to 3 seconds
    of a score of 10 M flows on moving memory together for them. Only for a process that is ours, so a face calls it
    (before numpy is imported); other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    mallopt(MMAP_THRESHOLD, LARGEST_HEAP_BLOCK)
    mallopt(TRIM_THRESHOLD, KEPT_BYTES)
