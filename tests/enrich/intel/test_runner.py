"""Many observables, several services, and what goes wrong on the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import http.server
import json
import logging
import shutil
import sqlite3
import ssl
import subprocess
import threading
import time
from dataclasses import replace

import pytest

from flowsleuth.enrich.intel.access import find_access
from flowsleuth.enrich.intel.answers import needed
from flowsleuth.enrich.intel.cache import FILE_NAME, AnswerCache, Kept
from flowsleuth.enrich.intel.configuration import LookupOptions, read_options
from flowsleuth.enrich.intel.connection import proxy_of, tls_context
from flowsleuth.enrich.intel.lookup_rows import asks_of, check
from flowsleuth.enrich.intel.provider import Provider, Question, Verdict
from flowsleuth.enrich.intel.rate import TokenBucket
from flowsleuth.enrich.intel.runner import Runner
from flowsleuth.errors import OptionError, StoreError
from flowsleuth.testing.intel_server import Answer, IntelServer

KEY = "s3cret-key-1234567"
OPTIONS = LookupOptions(timeout_s=30, attempts=3, backoff_s=0.01, patience=5)


def read(answer, value):
    return Verdict(True, "high", {"echo": needed(answer, "ip")})


def provider(**changes):
    given = {
        "name": "kit", "summary": "", "url": "https://kit.example", "documentation": "https://kit.example",
        "questions": {"ipv4": Question("/{quoted}", read)}, "params": {"key": "{api_key}"}, "per_minute": 60_000,
        "burst": 50, "concurrency": 10,
    }  # fmt: skip
    return Provider(**given | changes)


def look_up(server, values, options=OPTIONS, cache=None, *, of=None, **how):
    access = find_access(of or provider(), {"api_key": KEY, "url": server.url}, {})
    return Runner(options, cache, **how).run([ask for _, _, ask in asks_of(check(values), [access]) if ask])


def echo(asked):
    return Answer({"ip": asked.path[1:]})


def addresses(count, first=1):
    return [f"8.{n // 65536}.{n // 256 % 256}.{n % 256}" for n in range(first, first + count)]


def test_order_progress_and_concurrency():
    told = []
    with IntelServer(lambda asked: Answer({"ip": asked.path[1:]}, delay_s=0.01)) as server:
        found = look_up(server, addresses(60), tell=told.append)
    assert [one.details["echo"] for one in found] == addresses(60)
    assert [one.done for one in told] == list(range(1, 61))
    assert {(one.total, one.provider) for one in told} == {(60, "kit")}
    assert 2 <= server.most_at_once <= 10
    assert all(one.as_of and one.as_of.tzinfo for one in found)


def test_equal_ones_are_asked_once_and_private_ones_never():
    with IntelServer(echo) as server:
        found = look_up(server, ["8.8.8.8", "8.8[.]8.8", " 8.8.8.8:53 ", "10.0.0.1", "fe80::1"])
    assert [one.details["echo"] for one in found] == ["8.8.8.8"] * 3
    assert [asked.path for asked in server.asked] == ["/8.8.8.8"]


def test_one_failure_loses_nothing_else():
    faults = {
        "/8.0.0.3": Answer(b"oops", 500),
        "/8.0.0.5": Answer(b"{broken"),
        "/8.0.0.7": Answer(closes=True),
        "/8.0.0.9": Answer({}, delay_s=4),
        "/8.0.0.11": Answer({"unheard": "of"}),
        "/8.0.0.13": Answer({"error": "none"}, 404),
        "/8.0.0.15": Answer(b"no", 403),
        "/8.0.0.17": Answer(b"[" * 100_000),
    }
    with IntelServer(lambda asked: faults.get(asked.path) or echo(asked)) as server:
        found = dict(zip(addresses(20), look_up(server, addresses(20), replace(OPTIONS, timeout_s=2)), strict=True))
    statuses = {value: one.status for value, one in found.items() if one.status}
    assert statuses == {
        "8.0.0.3": 500, "8.0.0.5": 3, "8.0.0.7": 3, "8.0.0.9": 3, "8.0.0.11": 10, "8.0.0.13": 4, "8.0.0.15": 403,
        "8.0.0.17": 3,
    }  # fmt: skip
    assert found["8.0.0.9"].details == {"reason": "no answer in 2 s"}
    assert found["8.0.0.7"].details == {"reason": "the connection failed: RemoteProtocolError"}
    assert found["8.0.0.11"].details == {"reason": "the answer is not as documented: no ip"}
    assert [asked.path for asked in server.asked].count("/8.0.0.3") == 3
    assert [asked.path for asked in server.asked].count("/8.0.0.9") == 1


def test_it_waits_as_long_as_it_is_told():
    times = []

    def answer(asked):
        times.append(time.monotonic())
        return Answer(b"slow down", 429, {"Retry-After": "1"}) if len(times) == 1 else echo(asked)

    with IntelServer(answer) as server:
        [one] = look_up(server, "8.8.8.8")
    assert one.status == 0
    assert 0.99 <= times[1] - times[0] < 2


@pytest.mark.parametrize(
    ("fault", "asked_at_most", "says"),
    [
        (Answer(b"", 401), 10, "it refused the key"),
        (Answer(b"", 429, {"Retry-After": "86400"}), 10, "it asks to wait 86400 s"),
        (Answer(b"", 503), 60, "it failed 5 times in a row, the last time: HTTP 503"),
    ],
)
def test_a_service_that_does_not_want_is_left_alone(fault, asked_at_most, says):
    with IntelServer(lambda asked: fault) as server:
        found = look_up(server, addresses(100))
    assert len(server.asked) <= asked_at_most
    assert len(found) == 100
    assert {one.status for one in found} == {fault.status, 5}
    assert says in found[-1].details["reason"]


def test_the_rate_is_kept():
    limited = provider(per_minute=1_200, burst=2)
    with IntelServer(echo) as server:
        begin = time.monotonic()
        look_up(server, addresses(14), of=limited)
        took = time.monotonic() - begin
    assert 0.6 <= took < 1.5  # (14 - 2) / 20 a second


def test_a_burst_comes_back_after_a_pause():
    bucket = TokenBucket(60, burst=3)
    assert [bucket.reserve(0) for _ in range(4)] == [0, 0, 0, 1]
    assert [bucket.reserve(10) for _ in range(4)] == [0, 0, 0, 1]
    bucket.pause(100)
    assert bucket.reserve(20) == 80


def test_the_cache(tmp_path):
    cache = AnswerCache(tmp_path / "deep" / FILE_NAME)
    missing = {"/8.0.0.2": Answer({}, 404), "/8.0.0.3": Answer(b"", 500)}
    with IntelServer(lambda asked: missing.get(asked.path) or echo(asked)) as server:
        first = look_up(server, addresses(4), cache=cache)
        before = len(server.asked)
        again = look_up(server, addresses(4), cache=cache)
        new = [asked.path for asked in server.asked[before:]]
        offline = look_up(server, addresses(5), cache=cache, offline=True)
        stale = look_up(server, addresses(1), LookupOptions(max_age_h=0), cache)
    assert [one.status for one in first] == [0, 4, 500, 0]
    assert set(new) == {"/8.0.0.3"}
    assert server.asked[-1].path == "/8.0.0.1"
    assert [one.from_cache for one in again] == [True, True, False, True]
    assert again[0].as_of == first[0].as_of
    assert [one.status for one in offline] == [0, 4, 5, 0, 5]
    assert not stale[0].from_cache
    cache.close()
    content = b"".join(path.read_bytes() for path in cache.path.parent.iterdir())
    assert KEY.encode() not in content


def test_another_server_is_another_answer(tmp_path):
    cache = AnswerCache(tmp_path / FILE_NAME)
    for word in ("a", "b"):
        with IntelServer(lambda asked, word=word: Answer({"ip": word})) as server:
            [one] = look_up(server, "8.8.8.8", cache=cache)
            assert one.details["echo"] == word
    cache.close()


def test_a_cache_that_is_none(tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(StoreError, match="cannot be opened"):
        AnswerCache(path).get(["x"], dt.datetime.now(dt.UTC))
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer"):
        AnswerCache(path).put([("r", "p", "ipv4", "8.8.8.8", Kept(200, "", dt.datetime.now(dt.UTC)))])


def test_keys_are_in_no_log_and_no_row(caplog):
    caplog.set_level(logging.DEBUG)
    with IntelServer(lambda asked: Answer({"ip": f"you sent {asked.query['key']}"})) as server:
        [one] = look_up(server, "8.8.8.8")
        assert server.asked[0].query == {"key": KEY}
    assert one.details["echo"] == "you sent ***"
    assert KEY not in caplog.text


def test_proxies_of_the_environment(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert proxy_of("https://otx.example") is None
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "misp.example,127.0.0.1")
    assert proxy_of("https://otx.example") == "http://proxy.example:3128"
    assert proxy_of("https://misp.example") is None


def test_a_proxy_is_used(monkeypatch):
    with IntelServer(echo) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        access = find_access(provider(), {"api_key": KEY, "url": "http://localhost:9"}, {})
        [(_, _, ask)] = asks_of(check("8.8.8.8"), [access])
        [one] = Runner(OPTIONS).run([ask])
    assert one.details["echo"]
    assert proxy.asked[0].headers["host"] == "localhost:9"


def test_compressed_answers():
    body = gzip.compress(json.dumps({"ip": "packed"}).encode())
    with IntelServer(lambda asked: Answer(body, headers={"Content-Encoding": "gzip"})) as server:
        [one] = look_up(server, "8.8.8.8")
    assert one.details["echo"] == "packed"
    assert server.asked[0].headers["user-agent"] == "flowsleuth"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"a" * (16 * 2**20 + 1), "the answer is longer than 16 MiB"),
        (b"no gzip at all", "the connection failed: RemoteProtocolError"),
    ],
)
def test_answers_that_are_too_long_or_not_packed(body, says):
    headers = {"Content-Encoding": "gzip"} if len(body) < 100 else {}
    with IntelServer(lambda asked: Answer(body, headers=headers)) as server:
        [one] = look_up(server, "8.8.8.8")
    assert (one.status, one.details) == (3, {"reason": says})


def test_a_small_answer_that_unpacks_to_a_large_one():
    body = gzip.compress(b"a" * (17 * 2**20))
    with IntelServer(lambda asked: Answer(body, headers={"Content-Encoding": "gzip"})) as server:
        [one] = look_up(server, "8.8.8.8")
    assert one.details == {"reason": "the answer is longer than 16 MiB"}


def test_a_connection_that_was_closed_between_is_made_again():
    told = {"Connection": "close"}
    with IntelServer(lambda asked: Answer({"ip": asked.path[1:]}, headers=told)) as server:
        once = replace(OPTIONS, attempts=1)
        found = look_up(server, addresses(5), once, of=provider(concurrency=1))
    assert [one.status for one in found] == [0] * 5
    assert len(server.asked) == 5


class Authority:
    """A certificate of this test's own for localhost."""

    def __init__(self, folder):
        self.key, self.certificate = folder / "key.pem", folder / "certificate.pem"
        words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        subprocess.run(
            ["openssl", *words, "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True
        )

    @contextlib.contextmanager
    def serve(self):
        """Answers with the path, over TLS; counts the connections that were made."""

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = json.dumps({"ip": self.path[1:].partition("?")[0], "filling": "x" * 300_000}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

            def setup(self):
                super().setup()
                self.server.connections += 1

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.connections = 0
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield server, f"https://localhost:{server.server_port}"
            server.shutdown()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_by_tls(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    with authority.serve() as (server, url):
        access = find_access(provider(concurrency=2), {"api_key": KEY, "url": url}, {})
        asks = [ask for _, _, ask in asks_of(check(addresses(6)), [access])]
        tls_context.cache_clear()
        [unknown, *_] = Runner(OPTIONS).run(asks)
        assert unknown.details == {"reason": "the connection failed: ConnectError"}  # nobody vouches for it
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        tls_context.cache_clear()
        server.connections = 0
        found = Runner(LookupOptions(timeout_s=10)).run(asks)
        tls_context.cache_clear()
    assert [one.details for one in found] == [{"echo": address} for address in addresses(6)]
    assert server.connections == 2


def test_nobody_listens():
    with IntelServer(echo) as server:
        pass
    [one] = look_up(server, "8.8.8.8")
    assert (one.status, one.details["reason"]) == (3, "the connection failed: ConnectError")


def test_it_runs_where_a_loop_is_running_already():
    import asyncio

    async def notebook():
        with IntelServer(echo) as server:
            return look_up(server, "8.8.8.8")

    assert asyncio.run(notebook())[0].status == 0


def test_options():
    assert read_options({"timeout_s": 5, "url_query": "strip"}).url_query == "strip"
    for wrong in ({"timeout": 5}, {"timeout_s": 0}, {"attempts": "x"}, {"url_query": "drop"}, {"max_age_h": -1}):
        with pytest.raises(OptionError):
            read_options(wrong)
