"""MMDB files (MaxMind DB format 2.0), unrolled once into ranges: never looked up address by address.

The search tree is walked level by level with whole columns; each record of the data section is decoded once, however
many networks point to it. Format: https://maxmind.github.io/MaxMind-DB/. The file is not trusted: what is no tree,
points outside, or nests without end is refused.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.networks import host_mask, join
from flowsleuth.errors import FlowsleuthError
from flowsleuth.schema.ranges import Pieces

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MARKER = b"\xab\xcd\xefMaxMind.com"
MARKER_WITHIN = 128 * 1024
"""The metadata begin in the last 128 KiB of the file, says the format."""
SEPARATOR = 16
MAX_DEPTH = 32
MAX_VALUES = 20_000
"""No record of any known database has a hundredth of this."""


@dataclass(frozen=True)
class Unrolled:
    """A database as ranges.

    Attributes
    ----------
    kind : str
        Its ``database_type``, such as ``GeoLite2-City``.
    built : int
        When it was built, seconds since 1970.
    four, six : Pieces
        ``owner`` is a place in ``records``.
    records : list
        Each distinct record once.
    """

    kind: str
    built: int
    four: Pieces
    six: Pieces
    records: list[Any]


def unroll(path: Path) -> Unrolled:
    """Read a whole database.

    Raises
    ------
    FlowsleuthError
        It cannot be read, or is no MMDB file.
    """
    try:
        content = path.read_bytes()
        return _unroll(content)
    except OSError as error:
        raise FlowsleuthError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
        raise FlowsleuthError(f"not readable as an MMDB file: {error}", where=str(path)) from None


def _unroll(content: bytes) -> Unrolled:
    import numpy as np

    begin = content.rfind(MARKER, max(0, len(content) - MARKER_WITHIN))
    if begin < 0:
        raise ValueError("it has no metadata")
    about = _Decoder(content[begin + len(MARKER) :]).read(0)
    size, count, version = (int(about[key]) for key in ("record_size", "node_count", "ip_version"))
    if size not in (24, 28, 32) or version not in (4, 6) or count < 1:
        raise ValueError(f"record size {size}, version {version}, {count} nodes")
    tree_bytes = count * size // 4
    if tree_bytes + SEPARATOR > begin:
        raise ValueError("the tree is cut off")
    tree = _nodes(np.frombuffer(content, np.uint8, tree_bytes).reshape(count, size // 4), size)
    leaves = _walk(tree, count, version)
    pointers, owner = np.unique(leaves.pointer, return_inverse=True)
    data = _Decoder(content[tree_bytes + SEPARATOR : begin])
    records = [data.read(int(at) - count - SEPARATOR) for at in pointers]
    four, six = _ranges(leaves, owner.astype(np.int64), version)
    return Unrolled(str(about.get("database_type", "")), int(about.get("build_epoch", 0)), four, six, records)


def _nodes(raw: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.int64]:
    """Left and right of every node."""
    import numpy as np

    byte = raw.astype(np.int64)
    if size == 24:
        left, right = (byte[:, at] << 16 | byte[:, at + 1] << 8 | byte[:, at + 2] for at in (0, 3))
    elif size == 28:
        left = (byte[:, 3] >> 4) << 24 | byte[:, 0] << 16 | byte[:, 1] << 8 | byte[:, 2]
        right = (byte[:, 3] & 15) << 24 | byte[:, 4] << 16 | byte[:, 5] << 8 | byte[:, 6]
    else:
        left, right = (
            byte[:, at] << 24 | byte[:, at + 1] << 16 | byte[:, at + 2] << 8 | byte[:, at + 3] for at in (0, 4)
        )
    return np.stack([left, right])


@dataclass(frozen=True)
class _Leaves:
    """Networks with data: prefix in two halves, length from the tree's root, pointer."""

    high: Any
    low: Any
    bits: Any
    pointer: Any


def _walk(tree: npt.NDArray[np.int64], count: int, version: int) -> _Leaves:
    """All leaves with data.

    Each node is entered once, and the IPv4 part at ``::/96``, not by its aliases (``2002::/16`` …).
    """
    import numpy as np

    depth_of = 32 if version == 4 else 128
    entered = np.zeros(count, dtype=bool)
    ipv4 = _ipv4_root(tree, count) if version == 6 else -1
    node, high, low = (np.zeros(1, kind) for kind in (np.int64, np.uint64, np.uint64))
    found: list[tuple[Any, ...]] = []
    for depth in range(depth_of):
        entered[node] = True
        place = 127 - depth if version == 6 else 31 - depth
        in_high, bit = place >= 64, np.uint64(1) << np.uint64(place % 64)
        child = np.concatenate([tree[0][node], tree[1][node]])
        bits_high = np.concatenate([high, high | bit if in_high else high])
        bits_low = np.concatenate([low, low if in_high else low | bit])
        has_data = child > count
        length = np.full(int(has_data.sum()), depth + 1)
        found.append((bits_high[has_data], bits_low[has_data], length, child[has_data]))
        is_alias = (child == ipv4) & ((bits_high | bits_low) != 0)
        inner = np.flatnonzero((child < count) & ~is_alias)
        _, first = np.unique(child[inner], return_index=True)
        inner = inner[first]
        inner = inner[~entered[child[inner]]]
        node, high, low = child[inner], bits_high[inner], bits_low[inner]
        if not len(node):
            break
    return _Leaves(*(np.concatenate([piece[at] for piece in found]) for at in range(4)))


def _ipv4_root(tree: npt.NDArray[np.int64], count: int) -> int:
    """The node at ``::/96``; -1 when the tree ends before it."""
    node = 0
    for _ in range(96):
        node = int(tree[0][node])
        if node >= count:
            return -1
    return node


def _ranges(leaves: _Leaves, owner: npt.NDArray[np.int64], version: int) -> tuple[Pieces, Pieces]:
    import numpy as np

    bits = leaves.bits if version == 6 else leaves.bits + 96
    host_high, host_low = host_mask(bits)
    is_four = (leaves.high == 0) & (leaves.low < 2**32) & (bits >= 96)
    low = leaves.low[is_four].astype(np.uint32)
    high = (leaves.low[is_four] | host_low[is_four]).astype(np.uint32)
    order = np.argsort(low)
    four = _merged(Pieces(low[order], high[order], owner[is_four][order]))
    is_six = ~is_four
    first = join(leaves.high[is_six], leaves.low[is_six])
    last = join((leaves.high | host_high)[is_six], (leaves.low | host_low)[is_six])
    order = np.argsort(first)
    return four, Pieces(first[order], last[order], owner[is_six][order])


def _merged(pieces: Pieces) -> Pieces:
    """Neighbours of one record as one range."""
    import numpy as np

    if not len(pieces.low):
        return pieces
    follows = (pieces.low[1:] == pieces.high[:-1] + np.uint32(1)) & (pieces.owner[1:] == pieces.owner[:-1])
    first = np.flatnonzero(np.concatenate([[True], ~follows]))
    last = np.append(first[1:] - 1, len(pieces.low) - 1)
    return Pieces(pieces.low[first], pieces.high[last], pieces.owner[first])


class _Decoder:
    """The format's data section."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._known: dict[int, Any] = {}
        self._left = 0

    def read(self, at: int) -> Any:
        """The value at an offset."""
        if not 0 <= at < len(self.data):
            raise ValueError("a pointer leads outside")
        self._left = MAX_VALUES
        return self._value(at, 0)[0]

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise ValueError("a record nests without end")
        control = self.data[at]
        kind, at = control >> 5, at + 1
        if kind == 1:
            return self._pointed(control, at, depth)
        if kind == 0:
            kind, at = 7 + self.data[at], at + 1
        size, at = self._size(control & 31, at)
        if kind == 7:
            return self._map(size, at, depth)
        if kind == 11:
            return self._list(size, at, depth)
        if kind == 14:
            return bool(size), at
        raw = self.data[at : at + size]
        if len(raw) != size:
            raise ValueError("it is cut off")
        return _scalar(kind, raw), at + size

    def _size(self, size: int, at: int) -> tuple[int, int]:
        if size < 29:
            return size, at
        more = size - 28
        return (29, 285, 65_821)[more - 1] + int.from_bytes(self.data[at : at + more], "big"), at + more

    def _pointed(self, control: int, at: int, depth: int) -> tuple[Any, int]:
        wide = (control >> 3) & 3
        raw = int.from_bytes(self.data[at : at + wide + 1], "big")
        target = raw if wide == 3 else ((control & 7) << (8 * (wide + 1))) + raw + (0, 2_048, 526_336)[wide]
        if target not in self._known:
            self._known[target] = self._value(target, depth + 1)[0]
        return self._known[target], at + wide + 1

    def _map(self, size: int, at: int, depth: int) -> tuple[dict[str, Any], int]:
        made: dict[str, Any] = {}
        for _ in range(size):
            key, at = self._value(at, depth + 1)
            made[key], at = self._value(at, depth + 1)
        return made, at

    def _list(self, size: int, at: int, depth: int) -> tuple[list[Any], int]:
        made = []
        for _ in range(size):
            value, at = self._value(at, depth + 1)
            made.append(value)
        return made, at


def _scalar(kind: int, raw: bytes) -> Any:
    if kind == 2:
        return raw.decode("utf-8", "replace")
    if kind in (3, 15):
        return struct.unpack(">d" if kind == 3 else ">f", raw)[0]
    if kind == 4:
        return raw
    if kind == 8:
        return int.from_bytes(raw, "big", signed=len(raw) == 4)
    if kind in (5, 6, 9, 10):
        return int.from_bytes(raw, "big")
    raise ValueError(f"a value of unknown kind {kind}")
