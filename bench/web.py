"""The served application over HTTP: queue page, expanded search, page weight, memory of the server and per session.

``flowsleuth serve --login`` runs as a process of its own; analysts are HTTP/1.1 connections with sessions. Times are
from the first byte sent to the last byte read, on loopback; an expanded search is a job, and its time ends when it is
seen to be done.
"""

from __future__ import annotations

import gzip
import http.client
import json
import re
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from measure import OURS, ChildError, Finding, Plan, large_case, run_once

ASK = Path(__file__).with_name("our_queries.py")
PAGES = 60
SEARCHES = 20
ANALYSTS = 8
SESSIONS = 50
MAX_SEARCH_S = 2.0
MAX_PAGE_S = 0.5
POLL_S = 0.01
NAME = "bench"
START_S = 60.0


@dataclass
class Analyst:
    """A browser that is logged in."""

    port: int
    cookie: str = ""
    csrf: str = ""
    wire: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def ask(self, method: str, path: str, body: Any = None, *, packed: bool = False) -> tuple[bytes, dict[str, str]]:
        """One request; the answer as it crossed the wire."""
        headers = {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}
        if packed:
            headers["Accept-Encoding"] = "gzip"
        text = None if body is None else json.dumps(body)
        if text is not None:
            headers["Content-Type"] = "application/json"
        self.wire.request(method, path, text, headers)
        got = self.wire.getresponse()
        content = got.read()
        if got.status >= 400:
            raise ChildError(f"{method} {path}: {got.status} {content[:300]!r}")
        return content, {name.lower(): value for name, value in got.getheaders()}

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the answer's value."""
        return json.loads(self.ask(method, path, body)[0])

    def log_in(self, password: str) -> Analyst:
        """Get a session."""
        _, headers = self.ask("POST", "/api/login", {"name": NAME, "password": password})
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.csrf = self.json("GET", "/api/session")["csrf"]
        return self

    def search(self, target: str) -> float:
        """An investigation, begun and waited for; its seconds."""
        begin = time.perf_counter()
        told = self.json("POST", "/api/investigations", {"target": target})
        while told["state"] == "running":
            time.sleep(POLL_S)
            told = self.json("GET", f"/api/jobs/{told['job']}")
        if told["state"] != "done":
            raise ChildError(f"the search for {target} {told['state']}: {told.get('error')}")
        return time.perf_counter() - begin


@contextmanager
def served(case: Path, password: str) -> Iterator[tuple[int, int]]:
    """A running server that demands login: its port and process."""
    words = [*OURS, "user", "add", NAME, "-w", str(case), "--password-stdin"]
    subprocess.run(words, input=f"{password}\n", text=True, capture_output=True, check=False)
    command = [*OURS, "serve", "-w", str(case), "--port", "0", "--login"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        found = re.search(r":(\d+)/", said)
        try:
            if found is None:
                raise ChildError(said + server.stderr.read()[-2_000:])
            yield int(found[1]), server.pid
        finally:
            server.terminate()


def memory_mb(pid: int) -> float:
    """Resident memory of a process now, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6


def times(deed: Callable[[int], float], count: int) -> list[float]:
    """Seconds of each."""
    return [deed(at) for at in range(count)]


def at_once(deeds: list[Callable[[], list[float]]]) -> list[float]:
    """All of them in threads of their own."""
    found: list[float] = []
    threads = [threading.Thread(target=lambda deed=deed: found.extend(deed())) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def told(seconds: list[float]) -> tuple[str, float]:
    """In words, and the 95th percentile."""
    p95 = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return f"p50 {statistics.median(seconds) * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms ({len(seconds)} times)", p95


def measure(plan: Plan) -> Iterator[Finding]:
    """Score what is not scored, serve, ask."""
    case, _ = large_case(plan)
    run_once([*OURS, "score", "-w", case, "suspicious"], plan.scratch)
    password = secrets.token_urlsafe(16)
    with served(case, password) as (port, pid):
        analysts = [Analyst(port).log_in(password) for _ in range(ANALYSTS)]
        yield from _queue(plan, analysts)
        yield from _search(plan, case, analysts[0])
        yield from _weight(analysts[0])
        yield from _memory(port, pid, password)


def _page(analyst: Analyst, number: int) -> float:
    orders = ("rank", "src_bytes", "first_seen", "rank")
    path = f"/api/queue?page={1 + number % 20}&size=50&sort={orders[number % 4]}"
    begin = time.perf_counter()
    analyst.ask("GET", path, packed=True)
    return time.perf_counter() - begin


def _queue(plan: Plan, analysts: list[Analyst]) -> Iterator[Finding]:
    first = _page(analysts[0], 0)
    yield Finding(f"queue page of {plan.large:,} flows, first after start", "", f"{first * 1e3:.0f} ms")
    at_once([lambda a=a: times(lambda n: _page(a, n), 4) for a in analysts])  # every worker has its queue in memory
    text, p95 = told(times(lambda number: _page(analysts[0], number), PAGES))
    target = f"p95 <= {MAX_PAGE_S:g} s"
    yield Finding(f"queue page of {plan.large:,} flows, one analyst", "", text, None, target, p95 <= MAX_PAGE_S)
    many = at_once([lambda a=a: times(lambda n: _page(a, n), PAGES // 4) for a in analysts])
    text, _ = told(many)
    yield Finding(f"queue page of {plan.large:,} flows, {len(analysts)} analysts at once", "", text)


def _search(plan: Plan, case: Path, analyst: Analyst) -> Iterator[Finding]:
    """Addresses of the first suspects; and the busiest addresses there are."""
    rows = analyst.json("GET", "/api/queue?size=50")["rows"]
    suspects = list(dict.fromkeys(row[end] for row in rows for end in ("src_ip", "dst_ip")))[:SEARCHES]
    said = subprocess.run([sys.executable, str(ASK), str(case), "talkers"], capture_output=True, text=True, check=True)
    busiest = [line.partition(",")[0].strip('"') for line in said.stdout.splitlines()[1:6]]
    analyst.search(suspects[0])
    for who, addresses in (("addresses of the first suspects", suspects), ("the five busiest addresses", busiest)):
        text, p95 = told([analyst.search(address) for address in addresses])
        is_met = p95 <= MAX_SEARCH_S
        target = f"p95 <= {MAX_SEARCH_S:g} s"
        yield Finding(f"expanded search in {plan.large:,} flows, {who}", "", text, None, target, is_met)


def _weight(analyst: Analyst) -> Iterator[Finding]:
    """The page, and every file of ours that it or its scripts name."""
    page, headers = analyst.ask("GET", "/", packed=True)
    wire, todo, seen = len(page), _named(page, headers, "/"), set()
    plain = len(_unpacked(page, headers))
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        content, headers = analyst.ask("GET", quote(path, safe="/?=&"), packed=True)
        wire += len(content)
        plain += len(_unpacked(content, headers))
        todo |= _named(content, headers, path)
    yield Finding("page with all its files, gzip", "", f"{wire / 1e3:.0f} kB ({plain / 1e3:.0f} kB unpacked)")


def _unpacked(content: bytes, headers: dict[str, str]) -> bytes:
    return gzip.decompress(content) if headers.get("content-encoding") == "gzip" else content


def _named(content: bytes, headers: dict[str, str], path: str) -> set[str]:
    text = _unpacked(content, headers).decode("utf-8", "replace")
    if path == "/":
        return set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text))
    if "javascript" not in headers.get("content-type", ""):
        return set()
    names = re.findall(r"""(?:from|import)\s*\(?\s*["']\./([\w.-]+\.js)["']""", text)
    return {f"/static/{name}" for name in names}


def _memory(port: int, pid: int, password: str) -> Iterator[Finding]:
    before = memory_mb(pid)
    yield Finding("server's memory, all workers warm", "", f"{before:.0f} MB")
    for _ in range(SESSIONS):
        one = Analyst(port).log_in(password)
        one.ask("GET", "/api/queue?size=50")
        one.wire.close()
    more = (memory_mb(pid) - before) / SESSIONS
    yield Finding("server's memory per session", "", f"{more:.2f} MB ({SESSIONS} more sessions)")
