"""Passwords: which are accepted, how they are kept (Argon2id, RFC 9106), and comparing without telling who exists."""

from __future__ import annotations

import functools
import threading
import unicodedata
from typing import TYPE_CHECKING

from flowsleuth.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 12
LONGEST = 256
"""Characters; a hash of megabytes would be work that a stranger makes us do."""
AT_ONCE = 4
"""Each verification takes 64 MiB; more at a time would let strangers fill the memory."""

_turn = threading.BoundedSemaphore(AT_ONCE)


@functools.cache
def _hasher() -> PasswordHasher:
    try:
        from argon2 import PasswordHasher
    except ModuleNotFoundError:
        raise MissingExtraError("web", "argon2-cffi") from None
    return PasswordHasher()


@functools.cache
def _nobodys_hash() -> str:
    """What a password of an unknown name is compared with, so that it takes as long as that of a known one."""
    return _hasher().hash("nobody has this password")


def normal_password(password: str) -> str:
    """One spelling of the same characters (NFKC), so that every keyboard gives the same password."""
    return unicodedata.normalize("NFKC", password)


def hash_password(password: str, name: str) -> str:
    """The text to keep of a new password.

    Raises
    ------
    OptionError
        It is too short, too long, or the name itself.
    """
    normal = normal_password(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise OptionError(f"must have {SHORTEST} to {LONGEST} characters", where="password")
    if name.casefold() in normal.casefold() and len(normal) < len(name) + SHORTEST:
        raise OptionError("is little more than the name", where="password")
    if len(set(normal)) < 5:
        raise OptionError("has fewer than 5 different characters", where="password")
    return keep_password(normal)


def keep_password(password: str) -> str:
    """The text to keep of a password that is in use already."""
    with _turn:
        return _hasher().hash(normal_password(password))


def is_password(password: str, kept: str | None) -> bool:
    """Whether it is the password; takes as long when there is none to compare with."""
    hasher = _hasher()
    from argon2.exceptions import InvalidHashError, VerificationError

    against, normal = kept or _nobodys_hash(), normal_password(password[: LONGEST + 1])
    with _turn:
        try:
            hasher.verify(against, normal)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(kept)
