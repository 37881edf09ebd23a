"""Keyed tokens: equal values give equal tokens, and nobody without the key can tell which value it was."""

from __future__ import annotations

import hashlib
import secrets
from typing import NoReturn

from flowsleuth.errors import OptionError

LEAST_KEY = 16
"""Bytes or characters of the shortest key: who can guess the key can try all addresses."""
TOKEN = 10
"""Letters of a token; of 32 letters each, 50 bits."""
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_SCRYPT = {"n": 1 << 14, "r": 8, "p": 1}
_SALT = b"flowsleuth masking 1"


class MaskKey:
    """A key; it is never shown, compared or written.

    Parameters
    ----------
    secret : bytes or str, optional
        16 bytes or characters at least; a new one is drawn when none is given. A text is stretched (scrypt), bytes are
        taken as they are.

    Raises
    ------
    OptionError
        It is too short.

    Examples
    --------
    >>> MaskKey(b"sixteen bytes or")
    MaskKey(…)
    >>> MaskKey("short")
    Traceback (most recent call last):
    ...
    flowsleuth.errors.OptionError: key: shorter than 16 characters; who can guess it can undo the masking
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes | str | None = None) -> None:
        if secret is None:
            secret = secrets.token_bytes(32)
        if len(secret) < LEAST_KEY:
            raise OptionError(
                f"shorter than {LEAST_KEY} characters", where="key", hint="who can guess it can undo the masking"
            )
        if isinstance(secret, str):
            secret = hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=_SALT, dklen=32, **_SCRYPT)
        self._secret = hashlib.blake2b(secret, person=b"flowsleuth").digest()

    def __repr__(self) -> str:
        return "MaskKey(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled")

    def digest(self, kind: str, data: bytes, size: int = 32) -> bytes:
        """Bytes that stand for ``data``; different ones for each kind."""
        return hashlib.blake2b(data, digest_size=size, key=self._secret, person=kind.encode()[:16]).digest()

    def token(self, kind: str, text: str) -> str:
        """A word that stands for a text: a letter, then letters and digits."""
        number = int.from_bytes(self.digest(kind, text.encode("utf-8", "surrogatepass"), 8))
        letters = [_LETTERS[number % 24]]
        for _ in range(TOKEN - 1):
            number //= 32
            letters.append(_LETTERS[number % 32])
        return "".join(letters)

    def hex(self, kind: str, text: str, digits: int) -> str:
        """So many hex digits that stand for a text."""
        data, out = text.encode("utf-8", "surrogatepass"), ""
        while len(out) < digits:
            out += self.digest(kind, data + len(out).to_bytes(4)).hex()
        return out[:digits]
