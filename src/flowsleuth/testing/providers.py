"""The conformance kit of threat intelligence services; public for plug-in authors."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowsleuth.enrich.intel.access import Access, find_access
from flowsleuth.enrich.intel.cache import FILE_NAME, AnswerCache
from flowsleuth.enrich.intel.configuration import LookupOptions
from flowsleuth.enrich.intel.lookup_rows import asks_of, check
from flowsleuth.enrich.intel.outcome import Outcome
from flowsleuth.enrich.intel.provider import FAILED, NO_DATA, NOT_ASKED, OK, Provider
from flowsleuth.enrich.intel.runner import Runner
from flowsleuth.enrich.intel.severity import SEVERITIES
from flowsleuth.testing.intel_server import Answer, Asked, IntelServer

PRIVATE = ("10.1.2.3", "fd00::1", "http://192.168.0.1/x", "printer.local", "0" * 32)
KEY = "kit-key-31415926535"
PATIENT = LookupOptions(timeout_s=30, attempts=2, backoff_s=0.01, patience=1000)
HASTY = replace(PATIENT, timeout_s=0.3)
"""For a server that is slow on purpose; on a busy machine any server may be."""
ODD_ANSWERS: tuple[object, ...] = (
    None, [], {}, "text", 5, {"data": None}, {"data": []}, {"data": {"attributes": 5}}, {"response": []},
    {"tables": [{"columns": 5, "rows": [5]}]}, {"query_status": "ok"}, {"query_status": "ok", "data": [5, None]},
    {"ip": [], "tags": {}, "scores": 7}, {"risk": [1]}, {"pulse_info": {"count": "many", "pulses": [None, 3]}},
)  # fmt: skip
"""JSON that no documentation shows."""


def check_provider(
    provider: Provider, answers: Mapping[str, tuple[str, object]], expected: Mapping[str, str] | None = None
) -> dict[str, Outcome]:
    """Hold a service's declaration to its contract, against a server on this machine.

    It is asked over TLS and carries its key; private observables never leave; a second look-up asks nobody; 404, 500,
    429, broken JSON, a closed connection and a slow answer are statuses; no answer whatever makes it raise; the key is
    in no row, repr, log or cache.

    Parameters
    ----------
    provider : Provider
    answers : mapping
        For each type it has a question for: a public observable of that type, and the JSON that the service's
        documentation shows.
    expected : mapping, optional
        Severity by type.

    Returns
    -------
    dict
        The outcome by type.

    Raises
    ------
    AssertionError
        The declaration breaks the contract; the text says where.
    """
    assert provider.url.startswith("https://") or provider.url == "{url}", "it is not asked over TLS"
    assert provider.documentation.startswith("https://"), "it does not say where its API is described"
    missing = sorted(set(provider.questions) - set(answers))
    assert not missing, f"no answer to try for {missing}"
    values = {kind: value for kind, (value, _) in answers.items() if kind in provider.questions}
    outcomes = _check_answers(provider, answers, values)
    for kind, severity in (expected or {}).items():
        assert outcomes[kind].severity == severity, f"{kind}: {outcomes[kind].severity}, not {severity}"
    _check_faults(provider, answers, values)
    return outcomes


def access_to(provider: Provider, url: str) -> Access:
    """The service as a server on this machine, with a key and without its rate."""
    setting: dict[str, Any] = dict.fromkeys((*provider.keys, *provider.optional_keys), KEY)
    setting |= dict.fromkeys(provider.values, "kit") | {"url": url, "per_minute": 1e6, "burst": 100}
    return find_access(provider, setting, {})


def _look_up(
    provider: Provider,
    url: str,
    values: list[str],
    cache: AnswerCache | None = None,
    options: LookupOptions = PATIENT,
    **how: Any,
) -> list[Outcome]:
    asks = [ask for _, _, ask in asks_of(check(values), [access_to(provider, url)]) if ask is not None]
    return Runner(options, cache, **how).run(asks)


def _check_answers(
    provider: Provider, answers: Mapping[str, tuple[str, object]], values: Mapping[str, str]
) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    heard: list[str] = []
    handler = _Listening(heard)
    with tempfile.TemporaryDirectory() as folder:
        cache = AnswerCache(Path(folder) / FILE_NAME)
        for kind, value in values.items():
            with handler, IntelServer(lambda asked, kind=kind: Answer(answers[kind][1])) as server:  # type: ignore[misc]
                [outcome] = _look_up(provider, server.url, [value, *PRIVATE], cache)
                outcomes[kind] = outcome
                assert outcome.status == OK, f"{kind}: status {outcome.status}, {dict(outcome.details)}"
                assert outcome.severity in SEVERITIES, f"{kind}: severity {outcome.severity}"
                json.dumps(dict(outcome.details))
                _check_requests(provider, kind, server.asked)
                [again] = _look_up(provider, server.url, [value], cache)
                assert len(server.asked) == 1, f"{kind}: a second look-up asked again"
                assert again.from_cache, f"{kind}: a second look-up is not from the cache"
                assert again.details == outcome.details, f"{kind}: the cache tells something else"
                assert _look_up(provider, server.url, [value], None, offline=True)[0].status == NOT_ASKED
        cache.close()
        kept = b"".join(path.read_bytes() for path in Path(folder).iterdir())
    said = repr((access_to(provider, "https://kit.example"), outcomes)) + "".join(heard)
    assert KEY not in said, "the key is shown"
    assert KEY.encode() not in kept, "the key is in the cache"
    return outcomes


def _check_requests(provider: Provider, kind: str, asked: list[Asked]) -> None:
    assert len(asked) == 1, f"{kind}: {len(asked)} requests, where one observable is public"
    text = repr(asked[0])
    for one in PRIVATE:
        assert one not in text, f"{kind}: {one} has left"
    needs_key = provider.keys and not provider.basic
    assert not needs_key or KEY in text, f"{kind}: asked without its key"
    assert not provider.basic or asked[0].headers.get("authorization", "").startswith("Basic "), "no user and password"


def _check_faults(provider: Provider, answers: Mapping[str, tuple[str, object]], values: Mapping[str, str]) -> None:
    faults: dict[str, tuple[Answer, int]] = {
        "500": (Answer(b"oops", 500), 500),
        "429": (Answer(b"slow down", 429, {"Retry-After": "0"}), 429),
        "no JSON": (Answer(f"<html>{KEY if provider.keys else None}".encode()), FAILED),
        "closed connection": (Answer(closes=True), FAILED),
        "slow": (Answer({}, delay_s=1.0), FAILED),
        "sent elsewhere": (Answer(b"", 302, {"Location": "http://127.0.0.1:9/"}), 302),
    }
    if 404 in provider.absent:
        faults["404"] = (Answer({"error": "none"}, 404), NO_DATA)
    value = next(iter(values.values()))
    for name, (fault, status) in faults.items():
        with IntelServer(_always(fault)) as server:
            [outcome] = _look_up(provider, server.url, [value], options=HASTY if fault.delay_s else PATIENT)
        assert outcome.status == status, f"{name}: status {outcome.status}, not {status}"
        assert outcome.details.get("reason"), f"{name}: no reason"
        assert KEY not in repr(outcome), f"{name}: the key is shown"
    for kind, one in values.items():
        for odd in ODD_ANSWERS:
            with_odd = provider.questions[kind].parse  # type: ignore[index]
            assert _is_safe(with_odd, odd, one), f"{kind}: raises on {odd!r}"


def _is_safe(parse: Callable[[Any, str], Any], answer: object, value: str) -> bool:
    from flowsleuth.enrich.intel.provider import NoVerdictError

    try:
        parse(answer, value)
    except NoVerdictError:
        return True
    except Exception:  # what a parser must not do
        return False
    return True


def _always(answer: Answer) -> Callable[[Asked], Answer]:
    return lambda asked: answer


class _Listening(logging.Handler):
    """Everything that is logged while it is used."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())

    def __enter__(self) -> _Listening:
        root = logging.getLogger()
        self._level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        root.removeHandler(self)
        root.setLevel(self._level)
