"""Fetch newer lists; only when asked to. What was fetched is read before it takes the place of what is there."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowsleuth.enrich.lists import KINDS, TOR, parse_list
from flowsleuth.enrich.online.at_once import ask_each
from flowsleuth.enrich.online.fetch import Fetched, fetch
from flowsleuth.errors import FlowsleuthError, OptionError

MISP = "https://raw.githubusercontent.com/MISP/misp-warninglists/main/lists/{name}/list.json"
SOURCES: Mapping[str, str] = {name: MISP.format(name=name) for name in KINDS if name != TOR} | {
    TOR: "https://check.torproject.org/torbulkexitlist"
}
"""Where each list of the package comes from today."""
AT_ONCE = 4


@dataclass(frozen=True)
class ListUpdate:
    """What became of one list.

    Attributes
    ----------
    name, url : str
    entries : int
        Of the list that was fetched; 0 when it was not.
    version : str
    error : str or None
        Why the old one stays.
    """

    name: str
    url: str
    entries: int = 0
    version: str = ""
    error: str | None = None


def update_lists(
    folder: Path, names: Iterable[str] | None = None, sources: Mapping[str, str] | None = None, timeout_s: float = 15.0
) -> list[ListUpdate]:
    """Fetch lists into a folder, several at once.

    Parameters
    ----------
    folder : Path
        Where the files go.
    names : iterable of str, optional
        Which lists; all of them by default.
    sources : mapping, optional
        URL by name; :data:`SOURCES` by default.

    Raises
    ------
    OptionError
        There is no such list.
    """
    sources = SOURCES if sources is None else sources
    wanted = list(sources) if names is None else list(names)
    for name in wanted:
        if name not in sources:
            raise OptionError("no such list", where=name, available=sources)
    answers = ask_each(lambda name: fetch(sources[name], timeout_s=timeout_s), wanted, AT_ONCE)
    return [_keep(folder, name, sources[name], answer) for name, answer in zip(wanted, answers, strict=True)]


def _keep(folder: Path, name: str, url: str, answer: Fetched) -> ListUpdate:
    if answer.error is not None:
        return ListUpdate(name, url, error=answer.error)
    try:
        made = parse_list(name, answer.body, url, dt.datetime.now(dt.UTC))
        folder.mkdir(parents=True, exist_ok=True)
        suffix = ".json" if answer.body.lstrip()[:1] == b"{" else ".txt"
        aside = folder / f".{uuid.uuid4().hex}"
        aside.write_bytes(answer.body)
        aside.replace(folder / f"{name}{suffix}")
    except FlowsleuthError as error:
        return ListUpdate(name, url, error=error.message)
    except OSError as error:
        return ListUpdate(name, url, error=f"cannot be written: {error.strerror}")
    return ListUpdate(name, url, made.size, made.version)
