"""Values as host logs write them, to those of our columns: whole columns by their distinct values.

Times without a zone are UTC here: tables of Log Analytics, Defender and Windows are, by definition. A date with slashes
is month first, as those portals write it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.readers.arrays import by_value
from flowsleuth.readers.times import UTC_US, parse_times
from flowsleuth.schema.addresses import canonical_address

NOTHING = frozenset({"", "-", "null", "(null)", "None", "nan", "NaN", "N/A", "(none)", "?", "(empty)"})
"""What sources write for "not said"."""
NOBODY = frozenset({"S-1-0-0", "NULL SID"})

_UTC = ZoneInfo("UTC")
_MONTH_FIRST = re.compile(
    r"^(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)? ?([AaPp][Mm])?$"
)
_WHOLE = re.compile(r"^[+-]?\d+(?:\.0*)?$")
_HEX = re.compile(r"^0[xX][0-9a-fA-F]+$")
_TRUE, _FALSE = ("true", "t", "yes", "1", "success", "success.", "succeeded"), ("false", "f", "no", "0", "failed")

SEVERITIES = {
    "high": 1, "critical": 1, "medium": 2, "moderate": 2, "low": 3, "informational": 4, "information": 4, "info": 4,
}  # fmt: skip
INTEGRITY = {
    "S-1-16-0": "untrusted", "S-1-16-4096": "low", "S-1-16-8192": "medium", "S-1-16-8448": "medium plus",
    "S-1-16-12288": "high", "S-1-16-16384": "system", "S-1-16-20480": "protected",
}  # fmt: skip
LOGON_TYPES = {
    "0": "system", "2": "interactive", "3": "network", "4": "batch", "5": "service", "7": "unlock",
    "8": "network_cleartext", "9": "new_credentials", "10": "remote_interactive", "11": "cached_interactive",
    "12": "cached_remote_interactive", "13": "cached_unlock",
}  # fmt: skip
"""Microsoft, "4624(S): An account was successfully logged on"; 0 is the system account at start-up."""
LOGON_FAILURES = {
    "0xc0000064": "no such user", "0xc000006a": "wrong password", "0xc000006d": "bad user name or password",
    "0xc000006e": "account restriction", "0xc000006f": "outside of allowed hours",
    "0xc0000070": "workstation not allowed", "0xc0000071": "password expired", "0xc0000072": "account disabled",
    "0xc000005e": "no logon server", "0xc0000133": "clocks differ", "0xc000015b": "logon type not granted",
    "0xc0000193": "account expired", "0xc0000224": "password must be changed", "0xc0000234": "account locked",
    "0xc0000413": "not allowed on this machine", "0xc000018c": "trust relationship failed",
}  # fmt: skip
"""Microsoft, "4625(F): An account failed to log on", status and sub-status."""


def said(text: str) -> str | None:
    """Text without what stands for nothing."""
    return None if text.strip() in NOTHING else text


def whole_number(text: str) -> int | None:
    """A whole number, decimal or hexadecimal (``0x1610``), of at most 63 bits.

    Examples
    --------
    >>> whole_number("0x1610"), whole_number("6875.0"), whole_number("x")
    (5648, 6875, None)
    """
    word = text.strip()
    if _HEX.match(word):
        value = int(word, 16)
    elif _WHOLE.match(word):
        value = int(word.partition(".")[0])
    else:
        return None
    return value if -(2**63) <= value < 2**63 else None


def address(text: str) -> str | None:
    """An IP address in canonical text; an IPv4 address in an IPv6 one is itself.

    Examples
    --------
    >>> address("::ffff:10.0.0.1"), address("LOCAL")
    ('10.0.0.1', None)
    """
    word = text.strip()
    try:
        return canonical_address(word[7:] if word.lower().startswith("::ffff:") and "." in word else word)
    except ValueError:
        return None


def base_name(path: str) -> str | None:
    r"""The last part of a path of Windows or Unix.

    Examples
    --------
    >>> base_name("C:\\Windows\\System32\\cmd.exe"), base_name("/usr/bin/sudo")
    ('cmd.exe', 'sudo')
    """
    return said(re.split(r"[\\/]", path.rstrip("\\/ "))[-1])


def logon_session(text: str) -> str | None:
    """A logon id as ``0x…``, lower case, however it is written; 0 is none.

    Examples
    --------
    >>> logon_session("0x3719FB"), logon_session("388102317"), logon_session("0x0")
    ('0x3719fb', '0x1721f8ad', None)
    """
    value = whole_number(text)
    return f"0x{value:x}" if value is not None and value > 0 else None


def account_name(text: str) -> str | None:
    r"""The account of ``DOMAIN\account``."""
    return said(text.rpartition("\\")[2])


def account_domain(text: str) -> str | None:
    r"""The domain of ``DOMAIN\account``; None when there is none."""
    return said(text.rpartition("\\")[0])


def _one_of_hashes(kind: str) -> Callable[[str], str | None]:
    pattern = re.compile(rf"(?:^|,){kind}=([0-9A-Fa-f]+)")

    def find(text: str) -> str | None:
        found = pattern.search(text)
        return found[1].lower() if found else None

    return find


def times(column: pa.Array) -> pa.Array:
    """Times as these tables write them; null where the text is none."""
    found = parse_times(by_value(column, said, pa.string()), _UTC)
    if not found.is_bad.any():
        return found.values
    return pc.coalesce(found.values, by_value(column, _month_first, UTC_US))


def _month_first(text: str) -> datetime | None:
    found = _MONTH_FIRST.match(text.strip())
    if not found:
        return None
    month, day, year, hour, minute = map(int, found.group(1, 2, 3, 4, 5))
    if found[8]:
        hour = hour % 12 + (12 if found[8].lower() == "pm" else 0)
    try:
        micro = int((found[7] or "").ljust(6, "0"))
        return datetime(year, month, day, hour, minute, int(found[6] or 0), micro, UTC)
    except ValueError:
        return None


def _truth(text: str) -> bool | None:
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _mapped(words: dict[str, str]) -> Callable[[str], str | None]:
    """Known words replaced; others stay."""
    return lambda text: words.get(text.strip(), said(text.strip()))


def _snake(text: str) -> str | None:
    """``RemoteInteractive`` as ``remote_interactive``; numbers by what they mean."""
    word = text.strip().removesuffix(".0")
    return LOGON_TYPES.get(word) or said(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower().replace(" ", "_"))


def _severity(text: str) -> int | None:
    return SEVERITIES.get(text.strip().lower())


def _failure(text: str) -> str | None:
    word = text.strip().lower()
    return None if word in ("0x0", "0") else LOGON_FAILURES.get(word) or said(text.strip())


def _port(text: str) -> int | None:
    value = whole_number(text)
    return value if value is not None and 0 < value < 65_536 else None


def _trimmed(text: str) -> str | None:
    return said(text.strip())


def _somebody(text: str) -> str | None:
    return None if text.strip() in NOBODY else said(text.strip())


def _each(change: Callable[[str], object], kind: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda column: by_value(column, change, kind)


def _lower(text: str) -> str | None:
    return said(text.strip().lower())


def _guid(text: str) -> str | None:
    return said(text.strip().strip("{}").lower())


HOWS: dict[str, Callable[[pa.Array], pa.Array]] = {
    "whole": _each(said, pa.string()),
    "text": _each(_trimmed, pa.string()),
    "lower": _each(_lower, pa.string()),
    "guid": _each(_guid, pa.string()),
    "sid": _each(_somebody, pa.string()),
    "time": times,
    "int": _each(whole_number, pa.int64()),
    "port": _each(_port, pa.int32()),
    "bool": _each(_truth, pa.bool_()),
    "address": _each(address, pa.string()),
    "name": _each(base_name, pa.string()),
    "session": _each(logon_session, pa.string()),
    "account": _each(account_name, pa.string()),
    "domain": _each(account_domain, pa.string()),
    "severity": _each(_severity, pa.int32()),
    "integrity": _each(_mapped(INTEGRITY), pa.string()),
    "logon_type": _each(_snake, pa.string()),
    "failure": _each(_failure, pa.string()),
    "md5": _each(_one_of_hashes("MD5"), pa.string()),
    "sha1": _each(_one_of_hashes("SHA1"), pa.string()),
    "sha256": _each(_one_of_hashes("SHA256"), pa.string()),
}
"""By the word that a :class:`~flowsleuth.readers.records.Field` uses."""

PARTIAL = frozenset({"md5", "sha1", "sha256", "failure", "name", "severity"})
"""Those that do not take all that a field says: it stays in ``extra`` as well, unless another column takes it."""
