"""OpenIOC 1.0 and 1.1.

Source: https://github.com/fireeye/OpenIOC_1.1 (schema, and the terms an item may search for).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

from flowsleuth.enrich.intel.feeds.raw import Raw, Read, Refused, moment, text_or_none
from flowsleuth.errors import FlowsleuthError

_HASHES = ("md5sum", "sha1sum", "sha256sum", "stringmd5", "peinfo/pechecksum")
_VALUES = (
    "remoteip", "localip", "portitem/remoteip", "network/dns", "network/uri", "network/url", "network/string",
    "dnsentryitem/host", "dnsentryitem/recordname", "dnsentryitem/recorddata/host",
    "dnsentryitem/recorddata/ipv4address", "urlhistoryitem/url", "urlhistoryitem/hostname",
    "routeentryitem/destination", "email/receivedfromip", "cookiehistoryitem/hostname",
    "filedownloadhistoryitem/sourceurl",
)  # fmt: skip


def read_openioc(content: bytes) -> Read:
    """Every item that one address, name, URL or hash meets alone.

    Raises
    ------
    FlowsleuthError
        It is no XML, or declares entities, which no OpenIOC needs.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise FlowsleuthError("declares a document type, which no OpenIOC has", where="openioc")
    try:
        root = ET.fromstring(content)  # noqa: S314  no document type, hence no entities
    except ET.ParseError as error:
        raise FlowsleuthError(f"no XML: {error}", where="openioc") from None
    row = 0
    for ioc in _named(root, "ioc") or [root]:
        told = _told(ioc)
        for item, is_joint in _items(ioc, is_joint=False):
            row += 1
            yield from _item(item, row, is_joint, told)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _named(root: Any, name: str) -> list[Any]:
    return [one for one in root.iter() if _local(one) == name]


def _told(ioc: Any) -> dict[str, Any]:
    texts = {
        _local(one): text_or_none(one.text) for one in ioc.iter() if _local(one) in ("short_description", "description")
    }
    return {
        "threat": texts.get("short_description"),
        "description": (texts.get("description") or "")[:500] or None,
        "reference": ioc.get("id"),
        "valid_from": moment(ioc.get("last-modified") or ioc.get("published-date")),
    }


def _items(element: Any, *, is_joint: bool) -> Iterator[tuple[Any, bool]]:
    """Items, and whether others must hold together with them."""
    for child in element:
        name = _local(child)
        if name == "indicatoritem":
            yield child, is_joint
        elif name == "indicator":
            several = sum(_local(one) in ("indicator", "indicatoritem") for one in child) > 1
            yield from _items(child, is_joint=is_joint or (several and (child.get("operator") or "").upper() == "AND"))
        else:
            yield from _items(child, is_joint=is_joint)


def _item(item: Any, row: int, is_joint: bool, told: dict[str, Any]) -> Read:
    context = next((one for one in item if _local(one) == "context"), None)
    content = next((one for one in item if _local(one) == "content"), None)
    search = "" if context is None else (context.get("search") or "").lower()
    value = "" if content is None or content.text is None else content.text.strip()
    is_hash = search.rpartition("/")[2] in _HASHES
    if not is_hash and not any(search.endswith(term) for term in _VALUES):
        yield Refused(row, f"an item that searches {search[:80] or 'nothing'}", value[:200])
    elif (item.get("condition") or "is").lower() not in ("is", "contains") or item.get("negate") == "true":
        yield Refused(row, f"the condition {item.get('condition')}", value[:200])
    elif is_joint and not is_hash:
        yield Refused(row, "others must hold together with it", value[:200])
    else:
        yield Raw(value, row, type=search, **told)
