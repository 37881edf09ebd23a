"""What drivers to other machines share: missing packages, logins, secrets that are never shown, statuses to errors."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from flowsleuth.errors import (
    MissingExtraError,
    QueryError,
    QueryLoginError,
    QueryParameterError,
    QueryThrottledError,
)

_LOCAL = ("localhost", "127.0.0.1", "::1")
TOO_MANY = 429
_BUSY = (TOO_MANY, 502, 503, 504)


def need(module: str, extra: str) -> Any:
    """Import a package of an extra.

    Raises
    ------
    MissingExtraError
        It is not installed; the hint is the command that does.
    """
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(extra, module) from None


def need_setting(value: Any, name: str, environment: str) -> Any:
    """A setting without which there is no connection.

    Raises
    ------
    QueryParameterError
        It was not given.
    """
    if value is None or value == "":
        hint = f"give {name}=, or put it in the settings"
        raise QueryParameterError(f"{name} is not set", where=environment, hint=hint)
    return value


def is_local(url: str) -> bool:
    """Whether a URL is of this machine, the only place where a token may go without TLS.

    Examples
    --------
    >>> is_local("http://127.0.0.1:8080"), is_local("http://example.com")
    (True, False)
    """
    return urlsplit(url).hostname in _LOCAL


def check_url(url: str, environment: str) -> str:
    """A URL that a secret may be sent to.

    Raises
    ------
    QueryParameterError
        It is not https, and not of this machine.
    """
    if urlsplit(url).scheme != "https" and not is_local(url):
        hint = "use https; http is for this machine only"
        raise QueryParameterError("a secret would go over the network readable by all", where=environment, hint=hint)
    return url.rstrip("/")


def error_of(status: int | None, message: str, where: str, retry_after: Any = None) -> QueryError:
    """The error for a status of HTTP: not let in, busy, or wrong.

    Examples
    --------
    >>> type(error_of(403, "no", "x")).__name__, error_of(429, "slow down", "x", "2").retry_after_s
    ('QueryLoginError', 2.0)
    """
    told = " ".join(str(message).split())[:500] or f"status {status}"
    if status in (401, 403):
        return QueryLoginError(told, where=where, hint="check the login and its rights")
    if status in _BUSY:
        return QueryThrottledError(told, where=where, retry_after_s=_seconds(retry_after))
    return QueryError(told, where=where)


def _seconds(value: Any) -> float | None:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return None
