"""All services at once: from the cache what is fresh, over the network what is not, and nothing lost by a failure."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowsleuth.enrich.intel.access import Access
from flowsleuth.enrich.intel.cache import AnswerCache, Kept
from flowsleuth.enrich.intel.configuration import LookupOptions
from flowsleuth.enrich.intel.outcome import Outcome, not_asked, read_answer
from flowsleuth.enrich.intel.requests import Ask
from flowsleuth.errors import MissingExtraError

SAVED_AT_ONCE = 100
OFFLINE = "offline, and not in the cache"


@dataclass(frozen=True)
class LookupProgress:
    """How far it is: answers there, answers in all, and whose was the latest."""

    done: int
    total: int
    provider: str


Tell = Callable[[LookupProgress], None]


class Runner:
    """Asks services about observables.

    Parameters
    ----------
    options : LookupOptions
    cache : AnswerCache, optional
        Where answers are kept; without it they are not.
    offline : bool
        Only from the cache.
    tell : callable, optional
        Told of progress, from another thread.
    """

    def __init__(
        self,
        options: LookupOptions,
        cache: AnswerCache | None = None,
        *,
        offline: bool = False,
        tell: Tell | None = None,
    ) -> None:
        self._options = options
        self._cache = cache
        self._offline = offline
        self._tell = tell

    def run(self, asks: Sequence[Ask]) -> list[Outcome]:
        """One outcome for each ask, in their order; equal asks are asked once."""
        keys = [ask.key() for ask in asks]
        first: dict[str, Ask] = {}
        for key, ask in zip(keys, asks, strict=True):
            first.setdefault(key, ask)
        outcomes = self._from_cache(first)
        todo = {key: ask for key, ask in first.items() if key not in outcomes}
        if self._offline:
            outcomes |= {key: not_asked(OFFLINE) for key in todo}
        elif todo:
            self._ask(todo, outcomes, len(first))
        return [outcomes[key] for key in keys]

    def _from_cache(self, asks: dict[str, Ask]) -> dict[str, Outcome]:
        if self._cache is None:
            return {}
        since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=self._options.max_age_h)
        if self._offline:
            since = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # an old answer with its date is better than none
        kept = self._cache.get(list(asks), since)
        return {key: read_answer(asks[key], one, from_cache=True) for key, one in kept.items()}

    def _ask(self, todo: dict[str, Ask], outcomes: dict[str, Outcome], total: int) -> None:
        places = {id(ask): key for key, ask in todo.items()}
        fresh: list[tuple[str, str, str, str, Kept]] = []

        def done(ask: Ask, outcome: Outcome, kept: Kept | None) -> None:
            key = places[id(ask)]
            outcomes[key] = outcome
            if kept is not None:
                fresh.append((key, ask.access.name, ask.kind, ask.value, kept))
            if len(fresh) >= SAVED_AT_ONCE:
                self._save(fresh)
            if self._tell is not None:
                self._tell(LookupProgress(len(outcomes), total, ask.access.name))

        lines: dict[str, tuple[Access, list[Ask]]] = {}
        for ask in todo.values():
            lines.setdefault(ask.access.name, (ask.access, []))[1].append(ask)
        try:
            _run_apart(lambda: _ask_all(lines, self._options, done))
        finally:
            self._save(fresh)

    def _save(self, fresh: list[tuple[str, str, str, str, Kept]]) -> None:
        if self._cache is not None and fresh:
            self._cache.put(fresh)
        fresh.clear()


async def _ask_all(
    lines: dict[str, tuple[Access, list[Ask]]],
    options: LookupOptions,
    done: Callable[[Ask, Outcome, Kept | None], None],
) -> None:
    try:
        import httpx  # noqa: F401  # it brings httpcore, certificates and proxies

        from flowsleuth.enrich.intel.line import Line
    except ImportError as error:
        raise MissingExtraError("intel", error.name or "httpx") from None
    lines_of = [Line(access, asks, options, done) for access, asks in lines.values()]
    await asyncio.gather(*(line.run() for line in lines_of))


HEARD_S = 0.25
"""How soon an interrupt is heard even if the system tells it to another thread than the one that waits."""


def _run_apart(make: Callable[[], object]) -> None:
    """Run a coroutine in a thread with a loop of its own: notebooks have one that is running already."""
    ended = threading.Event()
    failures: list[BaseException] = []
    tasks: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def whole() -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append((asyncio.get_running_loop(), task))
        await make()  # type: ignore[misc]

    def run() -> None:
        try:
            asyncio.run(whole())
        except BaseException as error:  # carried over to the caller's thread
            failures.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=run, name="flowsleuth-lookup", daemon=True)
    thread.start()
    try:
        while not ended.wait(HEARD_S):
            pass
    except BaseException:
        for loop, task in tasks:
            loop.call_soon_threadsafe(task.cancel)
        ended.wait(5)
        raise
    thread.join()
    if failures:
        raise failures[0]
