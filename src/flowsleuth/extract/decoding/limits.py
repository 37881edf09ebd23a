"""How far decoding goes: what is written for one purpose only, to exhaust whoever unpacks it, must not."""

from __future__ import annotations

from dataclasses import dataclass, fields

from flowsleuth.errors import OptionError

_LEAST = {"max_depth": 1, "max_bytes": 1_024, "max_ratio": 2, "free_bytes": 0, "max_items": 1, "max_call_bytes": 1_024}


@dataclass(frozen=True)
class DecodeLimits:
    """Where unpacking stops; every stop is told in a row of its own.

    Attributes
    ----------
    max_depth : int
        Levels: an encoded text, or an archive inside of an archive, is one (20, as in msticpy).
    max_bytes : int
        Bytes that one input may become, all that is in it together (64 MiB).
    max_ratio : int
        How many times its size a compressed stream may unpack to, once it is larger than ``free_bytes`` (200). Texts
        stay below 50; deflate can do 1,032, bzip2 and xz far more.
    free_bytes : int
        A stream that unpacks to no more is harmless, however well it is compressed (1 MiB).
    max_items : int
        Rows of one input: encoded texts, archives and their members (5,000).
    max_call_bytes : int
        Bytes that all inputs of one call may become together (1 GiB).

    Examples
    --------
    >>> DecodeLimits(max_depth=0)
    Traceback (most recent call last):
    ...
    flowsleuth.errors.OptionError: max_depth: must be at least 1
    """

    max_depth: int = 20
    max_bytes: int = 64 << 20
    max_ratio: int = 200
    free_bytes: int = 1 << 20
    max_items: int = 5_000
    max_call_bytes: int = 1 << 30

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < _LEAST[field.name]:
                raise OptionError(f"must be at least {_LEAST[field.name]}", where=field.name)


class Budget:
    """What is left of the limits while one input is unpacked.

    Parameters
    ----------
    limits : DecodeLimits
    call_left : int, optional
        Bytes that are left of the whole call.
    """

    def __init__(self, limits: DecodeLimits, call_left: int | None = None) -> None:
        self.limits = limits
        self.bytes_left = min(limits.max_bytes, limits.max_call_bytes if call_left is None else call_left)
        self.is_call_short = call_left is not None and call_left < limits.max_bytes
        self.items_left = limits.max_items
        self.spent = 0

    def spend(self, size: int) -> None:
        """Take bytes off."""
        self.bytes_left -= size
        self.spent += size

    def most(self, packed: int) -> int:
        """Bytes that a stream of this packed size may become now."""
        return max(0, min(self.bytes_left, max(self.limits.free_bytes, packed * self.limits.max_ratio)))

    def why(self, packed: int, size: int) -> str:
        """Which limit a stream met after so many bytes."""
        if self.bytes_left <= size:
            return self.why_no_bytes()
        return f"unpacks to more than {self.limits.max_ratio} times its {packed:,} bytes: stopped after {size:,}"

    def why_no_bytes(self) -> str:
        """The words for having run out of bytes."""
        if self.is_call_short:
            return f"all rows together become more than {self.limits.max_call_bytes:,} bytes"
        return f"becomes more than {self.limits.max_bytes:,} bytes"
