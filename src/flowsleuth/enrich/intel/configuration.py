"""``[intel]`` of ``flowsleuth.toml``: how services are asked, and what the servers of feeds want."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowsleuth.enrich.intel.keys import Keyring, Secret, find_key, variable
from flowsleuth.errors import OptionError
from flowsleuth.extract.urls import Query


@dataclass(frozen=True)
class LookupOptions:
    """How services are asked.

    Attributes
    ----------
    timeout_s : float
        Seconds an answer may take, all of it.
    attempts : int
        Tries in all where trying again may help: 429, 5xx, a closed connection.
    backoff_s : float
        Wait before the second try; it doubles, and a ``Retry-After`` counts when it is longer.
    longest_wait_s : float
        A service that asks for a longer wait is given up.
    patience : int
        Failures in a row after which a service is not asked any further.
    max_age_h : float
        Hours an answer is believed without asking again.
    url_query : ``keep`` or ``strip``
        Whether the query of a URL is sent.
    """

    timeout_s: float = 20.0
    attempts: int = 3
    backoff_s: float = 1.0
    longest_wait_s: float = 120.0
    patience: int = 10
    max_age_h: float = 24.0
    url_query: Query = "keep"

    def __post_init__(self) -> None:
        for name in ("timeout_s", "attempts", "patience"):
            if not getattr(self, name) > 0:
                raise OptionError("must be more than 0", where=f"[intel] {name}")
        for name in ("backoff_s", "longest_wait_s", "max_age_h"):
            if getattr(self, name) < 0:
                raise OptionError("must not be negative", where=f"[intel] {name}")
        if self.url_query not in ("keep", "strip"):
            raise OptionError("no such way", where="[intel] url_query", available=("keep", "strip"))


def read_options(table: Mapping[str, Any]) -> LookupOptions:
    """The options of ``[intel]``, its providers aside.

    Raises
    ------
    OptionError
        An unknown name, or a value out of bounds.

    Examples
    --------
    >>> read_options({"max_age_h": 48, "providers": {}}).max_age_h
    48.0
    """
    known = {one.name: one for one in dataclasses.fields(LookupOptions)}
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name in ("providers", "feeds"):
            continue
        if name not in known:
            raise OptionError("no such setting", where=f"[intel] {name}", available=[*known, "providers", "feeds"])
        kind = {"float": float, "int": int}.get(str(known[name].type), str)
        try:
            found[name] = kind(value)
        except (TypeError, ValueError):
            raise OptionError(f"not of type {kind.__name__}", where=f"[intel] {name}") from None
    return LookupOptions(**found)


def feed_access(
    table: Mapping[str, Any], name: str, environ: Mapping[str, str], keyring: Keyring | None = None
) -> dict[str, Secret]:
    """What a feed's server wants: ``user`` and ``password``, or an ``api_key`` in the ``header`` of that name.

    Parameters
    ----------
    table : mapping
        ``[intel]``; the feed's own table is ``[intel.feeds.NAME]``.
    name : str
    environ : mapping
        For what is not set: ``FLOWSLEUTH_NAME_PASSWORD``, ``FLOWSLEUTH_NAME_API_KEY``.
    keyring : callable, optional

    Raises
    ------
    OptionError
        An unknown name, or a key that cannot be found.

    Examples
    --------
    >>> feed_access({"feeds": {"isac": {"user": "ana", "password": {"env": "PW"}}}}, "isac", {"PW": "s3cret"})
    {'user': Secret(***), 'password': Secret(***)}
    """
    setting = table.get("feeds", {}).get(name, {})
    allowed = ("user", "password", "api_key", "header")
    unknown = sorted(set(setting) - set(allowed))
    if unknown:
        raise OptionError("no such setting", where=f"[intel.feeds.{name}] {unknown[0]}", available=allowed)
    plain = "".join(c if c.isalnum() else "_" for c in name)
    found = {one: find_key(setting.get(one), [variable(plain, one)], environ, keyring) for one in allowed}
    return {one: secret for one, secret in found.items() if secret is not None}
