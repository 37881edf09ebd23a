"""The types of observables that are looked for in text, by their names and numbers."""

from __future__ import annotations

from collections.abc import Iterable

from flowsleuth.errors import OptionError, suggestion

(
    IPV4, IPV6, DNS, URL, EMAIL, MD5, SHA1, SHA256, SHA512, WINDOWS_PATH, LINUX_PATH, CVE, ATTACK, REGISTRY, CIDR, MAC,
    BITCOIN, FILE,
) = range(1, 19)  # fmt: skip
NAMES = {
    IPV4: "ipv4", IPV6: "ipv6", DNS: "dns", URL: "url", EMAIL: "email", MD5: "md5_hash", SHA1: "sha1_hash",
    SHA256: "sha256_hash", SHA512: "sha512_hash", WINDOWS_PATH: "windows_path", LINUX_PATH: "linux_path", CVE: "cve",
    ATTACK: "attack", REGISTRY: "registry_key", CIDR: "cidr", MAC: "mac", BITCOIN: "bitcoin", FILE: "file_name",
}  # fmt: skip
"""Number to name. The names are MSTICPy's where it has the type."""
NUMBERS = {name: number for number, name in NAMES.items()}
PATHS = ("windows_path", "linux_path")
"""Left out unless asked for: every log is full of them."""
OTHER_NAMES = {
    "domain": "dns", "hostname": "dns", "host": "dns", "fqdn": "dns", "ip": "ipv4", "ip4": "ipv4", "ip6": "ipv6",
    "uri": "url", "mail": "email", "md5": "md5_hash", "sha1": "sha1_hash", "sha256": "sha256_hash",
    "sha512": "sha512_hash", "registry": "registry_key", "attack_technique": "attack", "technique": "attack",
    "network": "cidr", "mac_address": "mac", "btc": "bitcoin", "file": "file_name",
}  # fmt: skip
"""Names of the same types elsewhere; understood, never given."""
DESCRIPTIONS = {
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address, as RFC 5952 writes it",
    "dns": "domain name below a known top-level domain",
    "url": "URL",
    "email": "mail address",
    "md5_hash": "MD5 hash",
    "sha1_hash": "SHA-1 hash",
    "sha256_hash": "SHA-256 hash",
    "sha512_hash": "SHA-512 hash",
    "windows_path": "path of Windows, with a drive, a server or a variable at its begin",
    "linux_path": "path of Linux and macOS below a directory that systems have",
    "cve": "CVE number",
    "attack": "number of a MITRE ATT&CK technique",
    "registry_key": "key of the Windows registry",
    "cidr": "network in CIDR notation",
    "mac": "MAC address",
    "bitcoin": "Bitcoin address whose check sum is right",
    "file_name": "name that may be a domain and is more likely a file: its end is both (setup.zip, deploy.sh)",
}


def type_names(
    asked: str | Iterable[str] | None, known: Iterable[str] = NUMBERS, include_paths: bool = False
) -> list[str]:
    """The types that are wanted, in a set order; without a choice all but paths.

    Raises
    ------
    OptionError
        There is no such type.

    Examples
    --------
    >>> type_names(["domain", "md5_hash"]), "linux_path" in type_names(None)
    (['dns', 'md5_hash'], False)
    """
    there = list(known)
    if asked is None:
        return [name for name in there if include_paths or name not in PATHS]
    wanted = set()
    for name in [asked] if isinstance(asked, str) else asked:
        plain = str(name).strip() if str(name).strip() in there else str(name).strip().lower()
        plain = plain if plain in there else OTHER_NAMES.get(plain, plain)
        if plain not in there:
            raise OptionError(
                "no such type of observable", where=str(name), available=there, hint=suggestion(plain, there)
            )
        wanted.add(plain)
    if include_paths:
        wanted.update(PATHS)
    return [name for name in there if name in wanted]
