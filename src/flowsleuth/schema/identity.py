"""Ids of rows: which file, and which record of it, in 53 bits, so that every JSON reader keeps them exact."""

from __future__ import annotations

ROW_BITS = 31
KEY_BITS = 22
MAX_ROW = 2**ROW_BITS - 1
"""Records that one file may have."""
MAX_KEY = 2**KEY_BITS - 1
"""Files that one workspace may have."""


def row_id(file_key: int, number: int) -> int:
    """Id of record ``number`` of a file.

    Examples
    --------
    >>> row_id(1, 5), file_key_of(row_id(1, 5))
    (2147483653, 1)
    """
    return file_key << ROW_BITS | number


def file_key_of(identity: int) -> int:
    """The file's number in an id."""
    return identity >> ROW_BITS
