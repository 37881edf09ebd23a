"""One HTTP request, bounded in time and size; faults are values, so that one failure never ends the rest."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TIMEOUT_S = 15.0
LARGEST_BYTES = 64 * 2**20
RETRIES = 2
LONGEST_WAIT_S = 30.0
_AGAIN = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Fetched:
    """What came back.

    Attributes
    ----------
    url : str
        Where from, after redirects.
    status : int
        HTTP status; 0 when no answer came.
    body : bytes
    error : str or None
        Why there is no answer to use; None when the status is 200.
    headers : dict of str to str
        Names in lower case.
    """

    url: str
    status: int = 0
    body: bytes = b""
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _opener() -> urllib.request.OpenerDirector:
    """Speaks HTTP and HTTPS only, so that no redirect leads to a file; proxies as the environment says."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def fetch(
    url: str,
    *,
    timeout_s: float = TIMEOUT_S,
    largest_bytes: int = LARGEST_BYTES,
    headers: Mapping[str, str] | None = None,
    retries: int = RETRIES,
) -> Fetched:
    """Get a URL; asked again, after a while, when the server is busy.

    Parameters
    ----------
    url : str
        HTTP or HTTPS.
    timeout_s : float
        Seconds without a byte, and of the whole answer.
    largest_bytes : int
        A longer body is an error.
    retries : int
        How often more after 429, 5xx or a broken connection.

    Examples
    --------
    >>> fetch("file:///etc/passwd").error
    'not an HTTP address'
    """
    if urlsplit(url).scheme not in ("http", "https"):
        return Fetched(url, error="not an HTTP address")
    found = _once(url, timeout_s, largest_bytes, headers or {})
    for attempt in range(retries):
        if found.error is None or (found.status not in _AGAIN and found.status):
            break
        if found.error == "timed out":
            break
        time.sleep(_pause(found, attempt))
        found = _once(url, timeout_s, largest_bytes, headers or {})
    return found


def _pause(found: Fetched, attempt: int) -> float:
    """As long as the server says, or half a second, doubled each time."""
    asked = found.headers.get("retry-after", "")
    return min(float(asked), LONGEST_WAIT_S) if asked.isdigit() else 0.5 * 2**attempt


def _once(url: str, timeout_s: float, largest_bytes: int, headers: Mapping[str, str]) -> Fetched:
    agent = {"User-Agent": "flowsleuth", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**agent, **headers})  # noqa: S310 - the opener has no other schemes
    try:
        with _opener().open(request, timeout=timeout_s) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            body = _body(answer, timeout_s, largest_bytes)
            return Fetched(answer.url, answer.status, body, None, told)
    except urllib.error.HTTPError as error:
        told = {name.lower(): value for name, value in error.headers.items()}
        error.close()
        return Fetched(url, error.code, b"", f"HTTP {error.code}", told)
    except TimeoutError:
        return Fetched(url, error="timed out")
    except urllib.error.URLError as error:
        timed_out = isinstance(error.reason, TimeoutError)
        return Fetched(url, error="timed out" if timed_out else f"no answer: {error.reason}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Fetched(url, error=f"no answer: {error or type(error).__name__}")


def _body(answer: http.client.HTTPResponse, timeout_s: float, largest_bytes: int) -> bytes:
    """The body, read in pieces, so that neither a slow nor an endless server holds us."""
    ends = time.monotonic() + timeout_s
    pieces, size = [], 0
    while piece := answer.read1(65_536):
        size += len(piece)
        if size > largest_bytes:
            raise ValueError(f"more than {largest_bytes:,} bytes")
        if time.monotonic() > ends:
            raise TimeoutError
        pieces.append(piece)
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    return b"".join(pieces)
