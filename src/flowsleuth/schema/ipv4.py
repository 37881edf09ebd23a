"""IPv4 text to integers, whole columns at a time.

Of every text the first sixteen characters are two numbers of 64 bits. Where their dots are says where each of the four
octets begins and how many digits it has; there are 81 such layouts, and a table knows them. The digits are then shifted
into the same places for all rows, checked and added up, without a branch and without a loop over rows or characters.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_BLOCK = 5_120
"""Rows at a time: few enough that what is made of a block stays in the processor's cache."""
_WINDOW = 16
_LONGEST = 15
_WORD = 8
_EACH_BYTE = 0x0101010101010101
_GATHER = 0x0102040810204080
"""Times a word whose bytes are 0 or 1: its highest byte is their bits, the first byte's the lowest."""


def parse_ipv4(column: pa.Array) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """IPv4 text to integers, whole column at a time.

    Parameters
    ----------
    column : pyarrow.Array of string
        Any text; nulls allowed.

    Returns
    -------
    values : numpy array of uint32
        0 where the text is no address.
    is_ipv4 : numpy array of bool
        True where the text is a dotted quad without leading zeros.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [a.tolist() for a in parse_ipv4(pa.array(["10.0.0.1", "10.0.0.01", "::1", None]))]
    [[167772161, 0, 0, 0], [True, False, False, False]]
    """
    import numpy as np

    size = len(column)
    values = np.zeros(size, dtype=np.uint32)
    is_ipv4 = np.zeros(size, dtype=bool)
    _, offset_buffer, data_buffer = column.buffers()
    if size == 0 or data_buffer is None:
        return values, is_ipv4
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)[column.offset : column.offset + size + 1]
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    for low in range(0, size, _BLOCK):
        high = min(size, low + _BLOCK)
        values[low:high], is_ipv4[low:high] = _parse_block(data, offsets[low : high + 1])
    if column.null_count:
        is_ipv4 &= column.is_valid().to_numpy(zero_copy_only=False)
    values[~is_ipv4] = 0
    return values, is_ipv4


def _parse_block(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.bool_]]:
    """One block of :func:`parse_ipv4`; the number of what is no address means nothing."""
    import numpy as np

    words = _first_words(data, offsets)
    layout = _layouts().take(_dots(words, np.diff(offsets)))
    fields = np.ascontiguousarray(layout.view(np.uint8).reshape(-1, _WORD).T)
    missing = fields[4:].astype(np.uint32)
    digits = _digits(words, fields[:4].astype(np.uint64), missing)
    octets = _octets(digits)
    number = octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]
    has_other = (digits.view(np.uint8) > 9).any(axis=0).view(np.uint32) != 0
    is_bad = (digits >> missing) & 0xFF == 0
    is_bad &= missing < 16  # a leading zero
    is_bad |= octets > 255
    return number, ~(is_bad.any(axis=0) | has_other) & (layout != 0)


def _first_words(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """The first 16 characters from where each text begins, in two rows of words; the next texts' may be among them."""
    import numpy as np

    begin, end = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(end - begin + _WINDOW, dtype=np.uint8)
    padded[: end - begin] = data[begin:end]
    windows = np.ndarray((end - begin + 1,), dtype="V16", buffer=padded, strides=(1,))
    return np.ascontiguousarray(windows[offsets[:-1] - begin].view("<u8").reshape(-1, 2).T)


def _dots(words: npt.NDArray[np.uint64], length: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """A bit for each character that is a dot, the text's end counting as one more; 0 for texts that are too long."""
    import numpy as np

    low_bits = np.uint64(0x7F * _EACH_BYTE)
    other = words ^ np.uint64(ord(".") * _EACH_BYTE)
    other |= (other & low_bits) + low_bits  # the highest bit of a byte is set where it is no dot
    is_dot = ~(other | low_bits) >> np.uint64(7)
    bits = (is_dot * np.uint64(_GATHER)) >> np.uint64(56)
    places = (bits[0] | bits[1] << np.uint64(_WORD)).astype(np.uint32)
    end = np.uint32(1) << np.minimum(length, _WINDOW).astype(np.uint32)
    dots: npt.NDArray[np.uint32] = (places & (end - 1) | end) * (length <= _LONGEST)
    return dots


@lru_cache(maxsize=1)
def _layouts() -> npt.NDArray[np.uint64]:
    """By where the dots are: four shifts for :func:`_digits`, then the bits each octet lacks of three digits.

    0 where the dots are not those of four octets of one to three characters.
    """
    import numpy as np

    layouts = np.zeros(2**_WINDOW, dtype="<u8")
    for widths in itertools.product((1, 2, 3), repeat=4):
        ends = list(itertools.accumulate(widths, lambda end, width: end + 1 + width))
        _, second, third, fourth = (8 * (end - width) for end, width in zip(ends, widths, strict=True))
        missing = [8 * (3 - width) for width in widths]
        shifts = [second, third, 64 - third, fourth - third]
        layouts[sum(1 << end for end in ends)] = int.from_bytes(bytes(shifts + missing), "little")
    return layouts


def _digits(
    words: npt.NDArray[np.uint64], shifts: npt.NDArray[np.uint64], missing: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint32]:
    """A row for each octet: hundreds, tens and ones in the three lowest bytes, 0 for what is not written.

    The first two octets end in the first word; the third begins in it or right after it (a shift by 64 bits leaves 0,
    by numpy's rule), and from there the rest is a word again.
    """
    import numpy as np

    low, high = words ^ np.uint64(ord("0") * _EACH_BYTE)
    rest = low >> shifts[1] | high << shifts[2]
    digits = np.empty(missing.shape, dtype=np.uint32)
    digits[0], digits[1] = low, low >> shifts[0]
    digits[2], digits[3] = rest, rest >> shifts[3]
    digits <<= missing
    digits &= 0xFFFFFF
    return digits


def _octets(digits: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """The number that three digits are; up to 999."""
    hundreds_and_tens = (digits * 10 + (digits >> 8)) & 0xFF
    return hundreds_and_tens * 10 + (digits >> 16)
