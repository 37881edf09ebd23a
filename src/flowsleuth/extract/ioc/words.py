"""The dictionary of the scan: top-level domains, URL schemes, file endings, words that tell what is beside them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from flowsleuth.extract.domains import HIDDEN_SERVICE, SPECIAL_NAMES, top_level_domains
from flowsleuth.extract.ioc.kernels.marks import (
    BITS,
    BRACKET,
    DIGIT,
    FNV_MASK,
    FNV_PRIME,
    FNV_START,
    HEX,
    JOINS,
    LETTER,
    LIMITS,
    LOCAL,
    LOGS,
    MASK,
    OPENS,
    PLACES,
    POOL,
    SIZES,
    SLOTS,
    TO_PLACES,
    TO_SIZES,
    WORD,
)  # fmt: skip
from flowsleuth.extract.refang import SCHEMES

(
    TOP, SPECIAL, OF_FILE, OF_VERSION, PRODUCT, SCHEME, ROOT, HIVE, OF_CODE, PACKAGE, METHOD, IDENTIFIER, COMMON, OWNER,
    DOCUMENT, PROGRAMS, OF_NAMES,
) = (1 << n for n in range(17))  # fmt: skip
MORE_SCHEMES = (
    "telnet", "ldap", "ldaps", "file", "rmi", "ws", "wss", "ssh", "smb", "tcp", "udp", "git", "nfs", "rsync", "gopher",
    "tftp", "iiop", "dns", "rtsp", "rtmp", "sip", "sips", "irc", "ircs", "svn", "scp", "s3", "gs", "hdfs", "mysql",
    "postgres", "postgresql", "mongodb", "redis", "amqp", "mqtt", "socks4", "socks5", "vnc", "rdp", "webdav", "dict",
)  # fmt: skip
"""Schemes of URLs in logs and exploits, beside those that services are asked about."""
FILE_ENDINGS = frozenset(
    "zip mov sh py pl pm ps rs md so cc mk tf ml cab cat dot inc pub app target properties bar".split()  # noqa: SIM905
)
"""Top-level domains that end far more file names in logs than domain names."""
WORDS = {
    OF_VERSION: "version versions ver v vers release rel build firmware rv rev revision oid oids assemblyversion",
    PRODUCT: "curl wget nginx python-requests python-urllib libwww-perl okhttp sqlmap nikto masscan zgrab nmap axios "
    "go-http-client openssl php node npm ruby aiohttp httpx scrapy winhttp lua-resty-http jakarta java",
    ROOT: "bin boot dev etc home lib lib32 lib64 media mnt opt proc root run sbin srv sys tmp usr var users "
    "applications library system volumes private data sdcard snap nix app apps backup export scratch www",
    PROGRAMS: "bin sbin",
    OF_NAMES: "query queries qname host hostname domain domains sni servername rrname nslookup dig ping fqdn resolve "
    "resolving lookup connect site",
    HIVE: "hklm hkcu hku hkcr hkcc hkpd hkey_local_machine hkey_current_user hkey_users hkey_classes_root "
    "hkey_current_config hkey_performance_data",
    OF_CODE: "name id host email call run open show link click new now one data app call download zone page shell "
    "channel target security security bio style codes watch work works tools systems solutions events events report "
    "reviews media live life link fail global group forum foundation news map cat date rest",
    PACKAGE: "exe dll msi tar zip rpm deb gz dmg pkg jar whl so tgz xz bz2 iso img nupkg vsix cab msu apk",
    METHOD: "get post head put delete options connect patch propfind trace",
    IDENTIFIER: "id guid uuid session sessionid token nonce traceid spanid requestid correlationid etag traceparent",
    COMMON: "com net org edu gov mil info biz",
    OWNER: "wscript cscript shell adodb excel word outlook scripting msxml "
    "system this self user event process file host agent log rule source destination client server http url dns "
    "os object id msg app args params ctx req res request response microsoft java javax field fields item items record "
    "row entry node element document window console math json console winlog observer observable network image object "
    "parent thread task job threat email account group device session target package module function object",
    DOCUMENT: "exe dll sys bat cmd com ps1 psm1 vbs vbe js jse wsf hta msi scr lnk pif cpl ocx drv tmp log txt doc "
    "docx docm xls xlsx xlsm ppt pptx pptm pdf rtf csv xml json ini cfg conf zip rar 7z gz tar iso img vhd "
    "png jpg jpeg gif bmp ico htm html php asp aspx jsp py pl sh jar class dat db bak reg evtx etl pf mui nls cat inf",
}
"""What words say: of a number beside them, of the path they begin, of the name they end."""
CANONICAL_HIVES = {
    "hkey_local_machine": "HKLM", "hkey_current_user": "HKCU", "hkey_users": "HKU", "hkey_classes_root": "HKCR",
    "hkey_current_config": "HKCC", "hkey_performance_data": "HKPD", "hklm": "HKLM", "hkcu": "HKCU", "hku": "HKU",
    "hkcr": "HKCR", "hkcc": "HKCC", "hkpd": "HKPD", "machine": "HKLM", "user": "HKU",
}  # fmt: skip
LEAST_BITS_OF_HASH = 3.0
"""Shannon entropy of the digits of a hash; what has less is a placeholder."""
LONGEST_HASH = 128
_MILLION = 1_000_000


Tables = tuple[int, ...]
"""What the scan looks up, as one row of numbers, which numba passes on more cheaply than many.

First the class of each byte, then where each part begins (the constants of :mod:`.kernels.marks`), then the parts: all
words and what they stand for as bytes; a hash table of numbers of words; for each word its place, length, bits, and the
place and length of what it stands for; n·log2(n) in millionths; for each length of a hash the sum of these over its
digits above which it is a placeholder.
"""


@lru_cache(maxsize=8)
def tables(file_endings: frozenset[str] = FILE_ENDINGS, local_names: bool = False) -> Tables:
    """The dictionary.

    Parameters
    ----------
    file_endings : frozenset of str
        Which top-level domains are taken for ends of file names.
    local_names : bool
        Names that nobody outside knows (``.local``, ``.lan`` …) are names too.
    """
    words = _all_words(file_endings, local_names)
    meanings = {word: canonical for word, canonical in SCHEMES.items() if word.isascii()}
    meanings |= {name: name for name in MORE_SCHEMES} | CANONICAL_HIVES
    pool = bytearray()
    places: dict[str, int] = {}
    for text in [*words, *dict.fromkeys(meanings.values())]:
        if text not in places:
            places[text] = len(pool)
            pool += text.encode()
    meant = [meanings.get(word, "") for word in words]
    slots = _slots(list(words))
    parts = {
        POOL: list(pool), SLOTS: slots, MASK: [len(slots) - 1], PLACES: [places[word] for word in words],
        SIZES: [len(word) for word in words], BITS: list(words.values()),
        TO_PLACES: [places.get(text, 0) for text in meant], TO_SIZES: [len(text) for text in meant],
        LOGS: [round(n * math.log2(n) * _MILLION) if n else 0 for n in range(LONGEST_HASH + 1)],
        LIMITS: [0, *(round(n * (math.log2(n) - LEAST_BITS_OF_HASH) * _MILLION) for n in range(1, LONGEST_HASH + 1))],
    }  # fmt: skip
    numbers = [*_classes(), *[0] * len(parts)]
    for name, part in parts.items():
        numbers[name] = part[0] if name == MASK else len(numbers)
        numbers += [] if name == MASK else part
    return tuple(numbers)


@lru_cache(maxsize=8)
def table_array(file_endings: frozenset[str] = FILE_ENDINGS, local_names: bool = False) -> Any:
    """The dictionary of :func:`tables` as an array, for numba."""
    import numpy as np

    return np.array(tables(file_endings, local_names), dtype=np.int64)


def _all_words(file_endings: frozenset[str], local_names: bool) -> dict[str, int]:
    groups = [(TOP, (*top_level_domains(), HIDDEN_SERVICE)), (OF_FILE, file_endings)]
    groups += [(SCHEME, (*SCHEMES, *MORE_SCHEMES)), (HIVE, tuple(CANONICAL_HIVES)[:-2])]
    groups += [(bit, tuple(text.split())) for bit, text in WORDS.items()]
    groups += [(0, ("machine", "user"))]
    if local_names:
        groups.append((SPECIAL, tuple(name for name in SPECIAL_NAMES if "." not in name)))
    words: dict[str, int] = {}
    for bit, names in groups:
        for name in sorted(names):
            words[name] = words.get(name, 0) | bit
    return words


def _slots(words: list[str]) -> list[int]:
    size = 1 << (4 * len(words)).bit_length()
    slots = [0] * size
    for number, word in enumerate(words):
        h = FNV_START
        for c in word.encode():
            h = ((h ^ c) * FNV_PRIME) & FNV_MASK
        at = h & (size - 1)
        while slots[at]:
            at = (at + 1) & (size - 1)
        slots[at] = number + 1
    return slots


def _classes() -> bytes:
    classes = [0] * 256
    for c in range(128):
        sign = chr(c)
        if sign.isalnum() or sign in "-_":
            classes[c] |= WORD
        if sign.isdigit():
            classes[c] |= DIGIT
        if sign in "0123456789abcdefABCDEF":
            classes[c] |= HEX
        if sign.isalpha():
            classes[c] |= LETTER
        if sign in ":/\\@%[({":
            classes[c] |= OPENS
        if sign.isalnum() or sign in "._%+-":
            classes[c] |= LOCAL
        if sign in ":.[({\\*":
            classes[c] |= JOINS
        if sign in "[({":
            classes[c] |= BRACKET
    for c in (0xE3, 0xEF):
        classes[c] |= JOINS
    return bytes(classes)
