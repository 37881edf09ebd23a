"""One service's line: its observables one after another, within its rate, some under way at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from flowsleuth.enrich.intel.access import Access
from flowsleuth.enrich.intel.cache import Kept
from flowsleuth.enrich.intel.configuration import LookupOptions
from flowsleuth.enrich.intel.connection import FAILURES, MOST_BYTES, Connection, Response
from flowsleuth.enrich.intel.keys import hide
from flowsleuth.enrich.intel.outcome import Outcome, failed, not_asked, read_answer
from flowsleuth.enrich.intel.provider import FAILED
from flowsleuth.enrich.intel.rate import TokenBucket
from flowsleuth.enrich.intel.requests import Ask

AGAIN = (429, 500, 502, 503, 504)
REFUSED_KEY = 401
SHOWN = 300

Done = Callable[[Ask, Outcome, Kept | None], None]


@dataclass(frozen=True)
class _Reply:
    """What one try gave: an outcome, the answer when it may be kept, and whether trying again may help."""

    outcome: Outcome
    kept: Kept | None = None
    may_retry: bool = False
    wait_s: float = 0.0


class Line:
    """Asks of one service.

    Parameters
    ----------
    access : Access
    asks : sequence of Ask
    options : LookupOptions
    done : callable
        Told each ask, what came of it, and the answer to keep.
    """

    def __init__(
        self,
        access: Access,
        asks: Sequence[Ask],
        options: LookupOptions,
        done: Done,
    ) -> None:
        self._access = access
        self._todo = deque(asks)
        self._options = options
        self._done = done
        self._bucket = TokenBucket(access.per_minute, access.burst)
        self._failures = 0
        self._stopped: str | None = None

    async def run(self) -> None:
        """All of them."""
        workers = min(self._access.concurrency, len(self._todo))
        await asyncio.gather(*(self._work() for _ in range(workers)))

    async def _work(self) -> None:
        async with Connection(self._access.url) as connection:  # each worker has one of its own
            while self._todo:
                ask = self._todo.popleft()
                reply = await self._answer(ask, connection)
                self._done(ask, reply.outcome, reply.kept)

    async def _answer(self, ask: Ask, connection: Connection) -> _Reply:
        reply = _Reply(not_asked(self._stopped or ""))
        for attempt in range(self._options.attempts):
            await asyncio.sleep(0 if self._stopped else self._bucket.reserve(asyncio.get_running_loop().time()))
            if self._stopped:
                return reply if attempt else _Reply(not_asked(self._stopped))
            reply = await self._try(ask, connection)
            if not reply.may_retry or attempt + 1 == self._options.attempts:
                break
            if not await self._wait(reply, attempt):
                break
        self._count(reply)
        return reply

    async def _wait(self, reply: _Reply, attempt: int) -> bool:
        """Wait before another try; False when the service asks for more than is sensible."""
        if reply.wait_s > self._options.longest_wait_s:
            self._stopped = f"it asks to wait {reply.wait_s:.0f} s (HTTP {reply.outcome.status})"
            return False
        backoff = self._options.backoff_s * 2**attempt * random.uniform(0.8, 1.2)  # noqa: S311
        if reply.wait_s:
            self._bucket.pause(asyncio.get_running_loop().time() + reply.wait_s)
        await asyncio.sleep(max(backoff, reply.wait_s))
        return True

    def _count(self, reply: _Reply) -> None:
        status = reply.outcome.status
        if status == REFUSED_KEY:
            self._stopped = "it refused the key (HTTP 401)"
        elif status == FAILED or status >= 400:
            self._failures += 1
            if self._failures >= self._options.patience and self._stopped is None:
                last = reply.outcome.details.get("reason")
                self._stopped = f"it failed {self._failures} times in a row, the last time: {last}"
        else:
            self._failures = 0

    async def _try(self, ask: Ask, connection: Connection) -> _Reply:
        try:
            async with asyncio.timeout(self._options.timeout_s):
                response = await connection.send(ask.request())
        except TimeoutError:
            return _Reply(failed(f"no answer in {self._options.timeout_s:g} s"))
        except FAILURES as error:  # not chained, and not its text: it holds the request, and with it the key
            return _Reply(failed(f"the connection failed: {type(error).__name__}"), may_retry=True)
        return self._read(ask, response)

    def _read(self, ask: Ask, response: Response) -> _Reply:
        if response.body is None:
            return _Reply(failed(f"the answer is longer than {MOST_BYTES // 2**20} MiB"))
        status, body = response.status, hide(response.body, self._access.secrets.values())
        if status == 200 or status in self._access.provider.absent:
            kept = Kept(status, body, dt.datetime.now(dt.UTC))
            outcome = read_answer(ask, kept)
            return _Reply(outcome, kept if outcome.status in (0, 4) else None)
        reason = f"HTTP {status}"
        outcome = failed(
            f"{reason} (it would send us elsewhere)" if 300 <= status < 400 else reason, status, body[:SHOWN]
        )
        return _Reply(outcome, None, status in AGAIN, retry_after(response.retry_after))


def retry_after(header: str | None, now: dt.datetime | None = None) -> float:
    """Seconds that a ``Retry-After`` asks for (RFC 9110: a number of seconds, or a date); 0 for none.

    Examples
    --------
    >>> retry_after("30"), retry_after("soon"), retry_after(None)
    (30.0, 0.0, 0.0)
    >>> retry_after("Wed, 21 Oct 2015 07:28:10 GMT", dt.datetime(2015, 10, 21, 7, 28, tzinfo=dt.UTC))
    10.0
    """
    if not header:
        return 0.0
    if header.strip().isascii() and header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=dt.UTC)
    return max(0.0, (until - (now or dt.datetime.now(dt.UTC))).total_seconds())
