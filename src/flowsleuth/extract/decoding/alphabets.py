"""Base64 of either alphabet to bytes, and how much of some bytes is printed."""

from __future__ import annotations

import binascii

PRINTED = bytes(range(0x20, 0x7F)) + b"\t\n\r\x0b\x0c\x1b"
_URL_TO_STANDARD = str.maketrans("-_", "+/")
_PADDING = ("", "", "==", "=")


def alphabet_of(bare: str) -> str | None:
    """``base64`` or ``base64url``; None where the letters of both are mixed.

    Examples
    --------
    >>> alphabet_of("ab+d"), alphabet_of("ab_d"), alphabet_of("a+_d")
    ('base64', 'base64url', None)
    """
    is_url = "-" in bare or "_" in bare
    if is_url and ("+" in bare or "/" in bare):
        return None
    return "base64url" if is_url else "base64"


def decode_base64(joined: str, alphabet: str = "base64") -> bytes | None:
    """The bytes of base64 without its padding; a last character that cannot be whole is left out.

    Examples
    --------
    >>> decode_base64("d2hvYW1p"), decode_base64("d2hvYW0"), decode_base64("_-8", "base64url")
    (b'whoami', b'whoam', b'\\xff\\xef')
    """
    if alphabet == "base64url":
        joined = joined.translate(_URL_TO_STANDARD)
    over = len(joined) % 4
    if over == 1:
        joined, over = joined[:-1], 0
    try:
        return binascii.a2b_base64(joined + _PADDING[over])
    except (binascii.Error, ValueError):
        return None


def share_printed(data: bytes) -> float:
    """Share of bytes that are printed ASCII.

    Examples
    --------
    >>> share_printed(b"ab\\x00\\x01")
    0.5
    """
    return 1 - len(data.translate(None, PRINTED)) / len(data) if data else 0.0
