"""Many questions at once, in threads; stopped by Ctrl-C without asking the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def ask_each(ask: Callable[[Asked], Told], items: Iterable[Asked], at_once: int) -> list[Told]:
    """The answer to each, in order.

    Examples
    --------
    >>> ask_each(len, ["a", "bb"], 2)
    [1, 2]
    """
    pool = ThreadPoolExecutor(at_once)
    try:
        return list(pool.map(ask, items))
    finally:
        pool.shutdown(cancel_futures=True)
