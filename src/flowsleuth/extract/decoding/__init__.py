"""Encoded text and archives to what they mean: base64, hex, UTF-16, compressed streams and archives, nested."""

from flowsleuth.extract.decoding.limits import DecodeLimits
from flowsleuth.extract.decoding.tables import DecodedText, decoded_texts, unpack, unpack_df, unpack_items
from flowsleuth.extract.decoding.unpacking import Decoded, Unpacking, unpack_bytes, unpack_text

__all__ = [
    "DecodeLimits", "Decoded", "DecodedText", "Unpacking", "decoded_texts", "unpack", "unpack_bytes", "unpack_df",
    "unpack_items", "unpack_text",
]  # fmt: skip
