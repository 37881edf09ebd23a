"""Answers that were recorded: a file of JSON lines that can be read, reviewed and shared, in place of the network.

A line is ``{"provider": "otx", "type": "ipv4", "observable": "192.0.2.7", "http": 200, "body": {…},
"asked": "2020-05-01T12:00:00Z"}``. It holds what a service said, never a key; it is read as data only.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowsleuth.enrich.intel import PROVIDERS
from flowsleuth.enrich.intel.access import Access, find_access
from flowsleuth.enrich.intel.cache import NO_TIME, AnswerCache, Kept
from flowsleuth.enrich.intel.requests import Ask
from flowsleuth.errors import FlowsleuthError, ReaderError
from flowsleuth.extract.observables import type_named

FILE_NAME = "lookups.jsonl"
NO_KEY = "recorded"
"""Stands for every key: nobody is asked."""
MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Recorded:
    """One answer.

    Attributes
    ----------
    provider, type, observable : str
    kept : Kept
    """

    provider: str
    type: str
    observable: str
    kept: Kept


def read_recorded(path: Path) -> list[Recorded]:
    """Read a file, or :data:`FILE_NAME` in a folder.

    Raises
    ------
    ReaderError
        It cannot be read, or a line is no answer.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.jsonl"
    >>> _ = file.write_text('{"provider": "otx", "type": "ipv4", "observable": "192.0.2.7", "body": {"x": 1}}')
    >>> read_recorded(file)[0].kept.body
    '{"x": 1}'
    """
    file = path / FILE_NAME if path.is_dir() else path
    return [_recorded(line, f"{file}:{number}") for number, line in enumerate(_lines(file), 1) if line.strip()]


def _lines(file: Path) -> Iterator[str]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise ReaderError("too large for a file of answers", where=str(file))
        yield from file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ReaderError(f"cannot be read: {error.strerror}", where=str(file)) from None
    except UnicodeDecodeError:
        raise ReaderError("not text", where=str(file)) from None


def _recorded(line: str, where: str) -> Recorded:
    try:
        row = json.loads(line)
        body = row["body"]
        asked = dt.datetime.fromisoformat(row["asked"]) if row.get("asked") else NO_TIME
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        kept = Kept(int(row.get("http", 200)), text, asked if asked.tzinfo else asked.replace(tzinfo=dt.UTC))
        return Recorded(str(row["provider"]), type_named(str(row["type"])), str(row["observable"]), kept)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = 'a line is {"provider": …, "type": …, "observable": …, "body": …, "asked": …}'
        raise ReaderError(f"no recorded answer: {error}", where=where, hint=hint) from None


def settings_of(recorded: Iterable[Recorded]) -> dict[str, dict[str, Any]]:
    """``[intel.providers]`` with which the services of these answers are "asked", without any key of theirs."""
    found: dict[str, dict[str, Any]] = {}
    for one in recorded:
        if one.provider not in found:
            provider = PROVIDERS.load(one.provider)
            found[one.provider] = dict.fromkeys((*provider.keys, *provider.values), NO_KEY) | {"enabled": True}
            if "url" in provider.values:
                found[one.provider]["url"] = "https://recorded.invalid"
    return found


def keep_recorded(recorded: Iterable[Recorded], cache: AnswerCache) -> int:
    """Put answers into a cache, as if they had been asked; how many.

    Raises
    ------
    FlowsleuthError
        A service does not exist, or has no question for that type.
    """
    listed = list(recorded)
    settings = settings_of(listed)
    access = {name: find_access(PROVIDERS.load(name), setting, {}) for name, setting in settings.items()}
    cache.put((_key(one, access[one.provider]), one.provider, one.type, one.observable, one.kept) for one in listed)
    return len(listed)


def _key(one: Recorded, access: Access) -> str:
    question = access.provider.questions.get(type_named(one.type))
    if question is None:
        raise FlowsleuthError(f"is not asked about {one.type}", where=one.provider, available=access.provider.questions)
    return Ask(access, one.type, one.observable, question).key()


def write_recorded(cache: AnswerCache, path: Path) -> int:
    """Write every answer of a cache, in the order of services and observables; how many."""
    lines = []
    for provider, kind, value, kept in cache.every():
        try:
            body: Any = json.loads(kept.body)
        except ValueError:
            body = kept.body
        row = {"provider": provider, "type": kind, "observable": value, "http": kept.http, "body": body}
        when = {} if kept.as_of is None else {"asked": kept.as_of.isoformat()}
        lines.append(json.dumps(row | when, ensure_ascii=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)
