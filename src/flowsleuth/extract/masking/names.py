"""Names and ids masked so that their kind can still be told: hosts keep their suffix, accounts their domain's place."""

from __future__ import annotations

import ipaddress
import re

from flowsleuth.extract.domains import SPECIAL_NAMES, has_known_end
from flowsleuth.extract.masking.addresses import AddressMask
from flowsleuth.extract.masking.keys import MaskKey

LEAST_NAME = 3
LONGEST_NAME = 512
WELL_KNOWN = frozenset(
    (
        "", "-", "n/a", "none", "null", "unknown", "root", "system", "local system", "localsystem", "local service",
        "network service", "localservice", "networkservice", "nt authority", "nt service", "builtin", "administrator",
        "administrators", "guest", "guests", "users", "everyone", "anonymous", "anonymous logon", "nobody", "daemon",
        "bin", "sys", "www-data", "krbtgt", "window manager", "font driver host", "workgroup", "localhost",
        "localdomain", "iusr", "defaultaccount", "wdagutilityaccount", "sshd", "syslog", "messagebus", "mail", "nt",
        "www", "ftp", "smtp", "imap", "ns1", "ns2", "vpn", "api", "public", "default", "shared", "all users",
    )
)  # fmt: skip
"""Names that every system has; they tell nothing about anybody and stay as they are."""
_NUMBERED = re.compile(r"(?:dwm|umfd|iusr|vmware)-\d+\Z")
_SECOND_LEVEL = frozenset(
    ("co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "gob", "gouv", "mil", "nom")
)
_SID = re.compile(r"S-1-(\d+)((?:-\d+)+)\Z", re.IGNORECASE)
_DOMAIN_AUTHORITY, _LEAST_RID = "21", 1000
_REVERSE_4 = re.compile(r"((?:\d{1,3}\.){4})in-addr\.arpa\.?\Z", re.IGNORECASE)
_REVERSE_6 = re.compile(r"((?:[0-9a-f]\.){32})ip6\.arpa\.?\Z", re.IGNORECASE)
_HOST_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:\s]+)(?P<port>:\d{1,5})\Z")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:(?P<user>[^@/?#\s]*)@)?(?P<host>\[[^\]]*\]|[^/:?#\s]*)(?P<port>:\d+)?"
)
_BETWEEN = re.compile(r"([/?#&=;,+\s]+)")
_ENDING = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,5}\Z")


class NameMask:
    """Masks names and ids by a key.

    Parameters
    ----------
    key : MaskKey
    """

    def __init__(self, key: MaskKey) -> None:
        self.key = key
        self.addresses = AddressMask(key)
        self.known: dict[str, str] = {}

    def word(self, text: str) -> str:
        """One name - a label, a user, a group -; its case does not matter. What every system has stays.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> mask.word("WEB1") == mask.word("web1"), mask.word("SYSTEM")
        (True, 'SYSTEM')
        """
        plain = text.strip().casefold()
        if plain in WELL_KNOWN or _NUMBERED.match(plain):
            return text
        ending = "$" if plain.endswith("$") else ""
        return self.key.token("name", plain.removesuffix("$")) + ending

    def learn(self, text: str) -> None:
        """The names in a host, domain or account are to be known where they stand in free text.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> mask.learn("CONTOSO\\\\ana")
        >>> sorted(mask.known)
        ['ana', 'contoso']
        """
        if self.addresses.text(text) is not None or _SID.match(text) or len(text) > LONGEST_NAME:
            return
        for part in re.split(r"[\\@/\s,;]+", text):
            labels = part.rstrip(".").split(".")
            cut = len(labels) - (_suffix_labels(labels) if len(labels) > 1 else 0)
            for label in labels[:cut]:
                plain = label.casefold().removesuffix("$")
                if len(plain) >= LEAST_NAME and not plain.isdigit() and plain not in WELL_KNOWN:
                    self.known[plain] = self.word(plain)

    def host(self, text: str) -> str:
        """A host or domain name, or the address that stands in place of one; with or without a port.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> name = mask.host("web1.contoso.co.uk")
        >>> name.endswith(".co.uk"), name.count("."), name.startswith(mask.word("WEB1"))
        (True, 3, True)
        """
        address = self.addresses.text(text)
        if address is not None:
            return address
        port = _HOST_PORT.match(text)
        if port:
            bare = port["host"]
            inner = self.host(bare.strip("[]"))
            return (f"[{inner}]" if bare.startswith("[") else inner) + port["port"]
        return self._reverse(text) or self._labels(text)

    def _labels(self, text: str) -> str:
        labels = text.rstrip(".").split(".")
        kept = _suffix_labels(labels) if len(labels) > 1 else 0
        if not any(labels):
            return text
        cut = len(labels) - kept
        ending = "." if text.endswith(".") else ""
        return ".".join([*map(self.word, labels[:cut]), *labels[cut:]]) + ending

    def _reverse(self, text: str) -> str | None:
        """The reverse name of an address is the address."""
        for pattern, bits in ((_REVERSE_4, 8), (_REVERSE_6, 4)):
            found = pattern.match(text)
            if found is None:
                continue
            parts = found[1].rstrip(".").split(".")[::-1]
            joined = ".".join(parts) if bits == 8 else ":".join("".join(parts[at : at + 4]) for at in range(0, 32, 4))
            masked = self.addresses.text(joined)
            if masked is not None:
                return ipaddress.ip_address(masked).reverse_pointer
        return None

    def account(self, text: str) -> str:
        """An account: ``DOMAIN\\\\user``, ``user@domain``, a user, or a SID.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> mask.account("NT AUTHORITY\\\\SYSTEM")
        'NT AUTHORITY\\\\SYSTEM'
        >>> mask.account("CONTOSO\\\\ana") == mask.word("contoso") + "\\\\" + mask.word("ana")
        True
        """
        if _SID.match(text):
            return self.sid(text)
        if "\\" in text:
            domain, _, user = text.rpartition("\\")
            return f"{self.host(domain)}\\{self.word(user)}"
        return self.email(text) if "@" in text else self.word(text)

    def email(self, text: str) -> str:
        """An e-mail address or user principal name: the domain keeps its suffix."""
        user, _, domain = text.rpartition("@")
        return f"{self.word(user)}@{self.host(domain)}"

    def sid(self, text: str) -> str:
        """A SID: those that every system has stay, and so do relative ids below 1000.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> mask.sid("S-1-5-18"), mask.sid("S-1-5-21-1-2-3-500").endswith("-500")
        ('S-1-5-18', True)
        """
        found = _SID.match(text)
        if found is None:
            return self.word(text)
        first, *parts = found[2][1:].split("-")
        if found[1] == "5" and first == _DOMAIN_AUTHORITY:
            last = parts[3:]
            masked = [*self._numbers("-".join(parts[:3]), len(parts[:3])), *(self._relative(one) for one in last)]
        elif len(parts) >= 3:
            masked = self._numbers("-".join(parts), len(parts))
        else:
            return text
        return "-".join([text[:1], "1", found[1], first, *masked])

    def _numbers(self, text: str, count: int) -> list[str]:
        data = self.key.digest("sid", text.encode(), 64)
        return [str(int.from_bytes(data[4 * at : 4 * at + 4])) for at in range(count)]

    def _relative(self, text: str) -> str:
        if int(text) < _LEAST_RID:
            return text
        return str(_LEAST_RID + int.from_bytes(self.key.digest("rid", text.encode(), 4)) % 1_000_000)

    def guid(self, text: str) -> str:
        """A GUID, written as it was; the one of zeros stays."""
        digits = re.sub(r"[^0-9A-Fa-f]", "", text)
        if not digits.strip("0"):
            return text
        return _like(self.key.hex("guid", digits.casefold(), len(digits)), text)

    def mac(self, text: str) -> str:
        """A hardware address, written as it was; it is one that is administered locally, so it is no maker's."""
        digits = re.sub(r"[^0-9A-Fa-f]", "", text).casefold()
        if not digits.strip("f") or not digits.strip("0"):
            return text
        group = int(digits[:2], 16) & 1
        masked = self.key.hex("mac", digits, len(digits))
        first = int(masked[:2], 16) & 0xFC | 2 | group
        return _like(f"{first:02x}{masked[2:]}", text)

    def digest(self, text: str) -> str:
        """A hash: hex digits, as many as it has."""
        return _like(self.key.hex("hash", text.casefold(), len(text)), text)

    def url(self, text: str) -> str:
        """A URL: scheme, suffix of the host, port and the endings of files stay.

        Examples
        --------
        >>> mask = NameMask(MaskKey(b"sixteen bytes or"))
        >>> url = mask.url("https://www.contoso.com:8443/a/b.php?id=7")
        >>> url.startswith("https://"), ".com:8443/" in url, ".php?" in url, "contoso" in url
        (True, True, True, False)
        """
        found = _URL.match(text)
        if found is None:
            return self.word(text)
        user = f"{self.word(found['user'])}@" if found["user"] else ""
        host = found["host"]
        inner = f"[{self.host(host[1:-1])}]" if host.startswith("[") else self.host(host) if host else ""
        rest = "".join(self._part(part) for part in _BETWEEN.split(text[found.end() :]))
        return f"{found['scheme']}{user}{inner}{found['port'] or ''}{rest}"

    def _part(self, text: str) -> str:
        """One part of a path or query: the ending of a file stays."""
        if not text or _BETWEEN.fullmatch(text):
            return text
        ending = _ENDING.search(text)
        stem = text[: ending.start()] if ending else text
        return self.word(stem) + (ending[0] if ending else "")


def _like(digits: str, text: str) -> str:
    """Hex digits in place of those of a text, in its case."""
    left = iter(digits.upper() if text.upper() == text else digits)
    return "".join(next(left) if one in "0123456789abcdefABCDEF" else one for one in text)


def _suffix_labels(labels: list[str]) -> int:
    """How many labels at the end are a public suffix, or one that many have at home; 0 where it is anybody's own."""
    last = labels[-1].casefold()
    if ".".join(labels[-2:]).casefold() in SPECIAL_NAMES:
        return min(2, len(labels) - 1)
    if not has_known_end(last):
        return 0
    if len(labels) > 2 and len(last) == 2 and labels[-2].casefold() in _SECOND_LEVEL:
        return 2
    return 1
