"""Connection strings as msticpy's users have them."""

from __future__ import annotations

import re

from flowsleuth.errors import QueryParameterError

_CALLS = re.compile(r"\.?(\w+)\((?:['\"]([^'\"]*)['\"])?\)")
_WORDS = {
    "tenant": "tenant_id",
    "workspace": "workspace_id",
    "clientid": "client_id",
    "clientsecret": "client_secret",
}


def parse_connection(text: str, environment: str) -> dict[str, str]:
    """What a connection string says, as keyword arguments of a driver; never shown in messages, it may hold a secret.

    Raises
    ------
    QueryParameterError
        It is not of a form that is known.

    Examples
    --------
    >>> parse_connection("loganalytics://code().tenant('t-1').workspace('w-1')", "Sentinel")
    {'auth': 'devicecode', 'tenant_id': 't-1', 'workspace_id': 'w-1'}
    >>> parse_connection("host=splunk.example;port=8089", "Splunk")
    {'host': 'splunk.example', 'port': '8089'}
    """
    if environment == "LocalData":
        return {}  # msticpy's demos give one, and nothing is connected to
    if "://" in text.partition("=")[0] and environment == "Sentinel":
        return _calls(text)
    pairs = [one.partition("=") for one in text.split(";") if one.strip()]
    if not pairs or not all(equals and name.strip().isidentifier() for name, equals, _ in pairs):
        hint = "give host=…;port=…, or keywords"
        raise QueryParameterError("this connection string is of no form that is known", where=environment, hint=hint)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _calls(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _CALLS.findall(text):
        if name.lower() == "code":
            found["auth"] = "devicecode"
        elif word := _WORDS.get(name.lower()):
            found[word] = value
    return found
