"""What objects have for a parameter: alerts with their entities, entities, rows, by the names they give a thing."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

_HOST = ("hostname", "computer", "computername", "devicename", "vmname", "compromisedentity", "srchost")
_ADDRESS = ("ipaddress", "address", "ip", "srcip", "sourceip", "sourceaddress")
_ACCOUNT = ("accountname", "username", "targetusername", "userprincipalname", "user", "account")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "hostname": _HOST,
    "ipaddress": _ADDRESS,
    "ipaddresslist": _ADDRESS,
    "sourceiplist": _ADDRESS,
    "accountname": _ACCOUNT,
    "user": _ACCOUNT,
    "domain": ("domain", "domainname", "servername"),
    "url": ("url", "requesturl"),
    "filehash": ("filehash", "sha256", "sha1", "md5", "hashvalue"),
    "processname": ("processname", "newprocessname", "image", "imagefile"),
}
"""Parameter → what objects call the same thing; case and underscores aside."""

_NAME_OF: dict[str, tuple[str, ...]] = {
    "hostname": ("host",),
    "accountname": ("account", "user"),
    "user": ("account", "user"),
    "ipaddress": ("ip", "ipaddress"),
    "ipaddresslist": ("ip", "ipaddress"),
    "domain": ("dns", "domain"),
    "filehash": ("filehash",),
    "url": ("url",),
    "processname": ("file",),
}
"""Parameter → kinds of entity whose plain ``name`` or ``value`` is meant."""


def look_up(thing: Any, name: str, depth: int = 2) -> Any:
    """What an object has for a parameter: under its name, under another name of the same thing, or in its entities.

    Examples
    --------
    >>> look_up({"CompromisedEntity": "web1", "Entities": '[{"Type": "ip", "Address": "192.0.2.7"}]'}, "host_name")
    'web1'
    >>> look_up({"Entities": '[{"Type": "ip", "Address": "192.0.2.7"}]'}, "ip_address")
    '192.0.2.7'
    """
    fields = _fields(thing)
    if fields is None:
        return None
    key = _key(name)
    for wanted in dict.fromkeys((key, *_SYNONYMS.get(key, ()))):
        value = fields.get(wanted)
        if _is_scalar(value):
            return value
        if value is not None and depth and (inner := look_up(value, name, depth - 1)) is not None:
            return inner
    if _kind(thing, fields) in _NAME_OF.get(key, ()):
        value = fields.get("address") or fields.get("value") or fields.get("name")
        if _is_scalar(value):
            return value
    return _from_entities(fields, name, depth)


def _from_entities(fields: Mapping[str, Any], name: str, depth: int) -> Any:
    entities = fields.get("entities")
    if isinstance(entities, str):
        try:
            entities = json.loads(entities)
        except ValueError:
            return None
    if isinstance(entities, Mapping):
        entities = list(entities.values())
    if not depth or not isinstance(entities, list | tuple):
        return None
    return next((value for one in entities if (value := look_up(one, name, depth - 1)) is not None), None)


def _fields(thing: Any) -> dict[str, Any] | None:
    if thing is None or isinstance(thing, str | bytes | int | float | dt.datetime | list | tuple | set):
        return None
    offered = getattr(thing, "query_params", None)
    if isinstance(offered, Mapping):
        return {_key(name): value for name, value in offered.items()} | (_attributes(thing))
    if isinstance(thing, Mapping):
        return {_key(name): value for name, value in thing.items()}
    if hasattr(thing, "to_dict") and hasattr(thing, "index"):  # a row of pandas
        return {_key(name): value for name, value in thing.to_dict().items()}
    return _attributes(thing)


def _attributes(thing: Any) -> dict[str, Any]:
    """Fields and plain attributes; nothing is called but properties of the object's own class."""
    names = [name for name in dir(thing) if not name.startswith("_")]
    found = {}
    for name in names:
        try:
            value = getattr(thing, name)
        except Exception:  # noqa: S112 - somebody else's object: what it cannot say, it does not say
            continue
        if not callable(value):
            found[_key(name)] = value
    return found


def _key(name: Any) -> str:
    return str(name).replace("_", "").replace(" ", "").casefold()


def _kind(thing: Any, fields: Mapping[str, Any]) -> str:
    told = fields.get("type") or fields.get("entitytype")
    return _key(told) if isinstance(told, str) else _key(type(thing).__name__)


def _is_scalar(value: Any) -> bool:
    if value is None or value == "" or isinstance(value, Mapping | list | tuple | set | dict):
        return False
    if isinstance(value, float) and math.isnan(value):
        return False
    return isinstance(value, str | int | float | dt.datetime) or hasattr(value, "packed") or hasattr(value, "item")
