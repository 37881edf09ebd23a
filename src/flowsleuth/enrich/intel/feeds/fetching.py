"""Feeds fetched from where they are published: by HTTPS, MISP feeds by their manifest, collections by TAXII 2.1."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flowsleuth.enrich.intel.access import LOCAL
from flowsleuth.enrich.intel.feeds.reading import MOST_BYTES
from flowsleuth.enrich.intel.keys import Secret
from flowsleuth.errors import FlowsleuthError, MissingExtraError, OptionError

if TYPE_CHECKING:
    import httpx

TAXII = "application/taxii+json;version=2.1"
MANIFEST = "/manifest.json"
"""Of a MISP feed: the ids of its events, each a file beside it."""
PAGE = 1_000
MOST_PAGES = 1_000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_COLLECTION = re.compile(r"/collections/[^/]+(?:/objects)?/?\Z")


def check_url(url: str) -> str:
    """A feed's address, if it may be fetched.

    Raises
    ------
    OptionError
        It is not https, or has user and password in it, which would be stored.

    Examples
    --------
    >>> check_url("https://feeds.example/list.txt")
    'https://feeds.example/list.txt'
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise OptionError("a user stands in the address", where="--url", hint="set it in [intel.feeds.NAME] instead")
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)) or not parts.hostname:
        hint = "what comes over http can be changed on its way; fetch it yourself and add the file"
        raise OptionError("not an address with https://", where=url[:200], hint=hint)
    return url


def is_taxii(url: str) -> bool:
    """A TAXII collection, by its path.

    Examples
    --------
    >>> is_taxii("https://taxii.example/api1/collections/91a7b528/"), is_taxii("https://feeds.example/list.txt")
    (True, False)
    """
    return bool(_COLLECTION.search(urlsplit(url).path))


def fetch(url: str, secrets: Mapping[str, Secret], timeout_s: float = 60.0) -> bytes:
    """A feed's content.

    Raises
    ------
    FlowsleuthError
        It cannot be had; keys are not in the text.
    MissingExtraError
        The extra ``intel`` is not installed.
    """
    try:
        import httpx
    except ImportError:
        raise MissingExtraError("intel", "httpx") from None
    headers = {"User-Agent": "flowsleuth", **_authorization(secrets)}
    try:
        with httpx.Client(timeout=timeout_s, headers=headers, follow_redirects=not secrets) as client:
            if is_taxii(url):
                return _collection(client, url)
            return _events(client, url) if url.endswith(MANIFEST) else _whole(client, url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # not chained: it holds the request, and with it the keys
        raise FlowsleuthError(f"cannot be fetched: {type(error).__name__}", where=url[:200]) from None


def _authorization(secrets: Mapping[str, Secret]) -> dict[str, str]:
    if "api_key" in secrets:
        header = secrets["header"].reveal() if "header" in secrets else "Authorization"
        return {header: secrets["api_key"].reveal()}
    if "user" in secrets or "password" in secrets:
        pair = ":".join(secrets[name].reveal() if name in secrets else "" for name in ("user", "password"))
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return {}


def _whole(client: httpx.Client, url: str, headers: Mapping[str, str] | None = None, **params: Any) -> bytes:
    pieces, size = [], 0
    with client.stream("GET", url, headers=dict(headers or {}), params=params or None) as response:
        if response.status_code != 200:
            raise FlowsleuthError(f"cannot be fetched: HTTP {response.status_code}", where=url[:200])
        check_url(str(response.url))
        for piece in response.iter_bytes():
            size += len(piece)
            if size > MOST_BYTES:
                raise FlowsleuthError(f"longer than {MOST_BYTES // 2**20} MiB", where=url[:200])
            pieces.append(piece)
    return b"".join(pieces)


def _collection(client: httpx.Client, url: str) -> bytes:
    """All pages of a TAXII collection as one envelope (TAXII 2.1, section 5.4)."""
    place = url.rstrip("/")
    place = place if place.endswith("/objects") else f"{place}/objects"
    objects: list[Any] = []
    page: dict[str, Any] = {}
    for _ in range(MOST_PAGES):
        following = {"next": page["next"]} if page.get("next") else {}
        content = _whole(client, f"{place}/", {"Accept": TAXII}, limit=PAGE, **following)
        try:
            page = json.loads(content or b"{}")
        except ValueError as error:
            raise FlowsleuthError(f"no TAXII envelope: {error}", where=url[:200]) from None
        if not isinstance(page, dict):
            raise FlowsleuthError("no TAXII envelope", where=url[:200])
        objects += page.get("objects") or []
        if not page.get("more") or not page.get("next"):
            break
    return json.dumps({"objects": objects}).encode()


def _events(client: httpx.Client, url: str) -> bytes:
    """All events of a MISP feed as one list."""
    try:
        manifest = json.loads(_whole(client, url))
        names = [name for name in manifest if _UUID.match(name)] if isinstance(manifest, dict) else []
        place = url.removesuffix(MANIFEST)
        events = [json.loads(_whole(client, f"{place}/{name}.json")) for name in names]
    except ValueError as error:
        raise FlowsleuthError(f"no MISP feed: {error}", where=url[:200]) from None
    return json.dumps(events).encode()
