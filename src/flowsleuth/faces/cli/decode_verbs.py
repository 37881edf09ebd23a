"""``flowsleuth decode``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from flowsleuth.extract.decoding import DecodeLimits, Unpacking

EXAMPLES = """\
examples:
  flowsleuth decode 'powershell -enc dwBoAG8AYQBtAGkA'
  flowsleuth decode dropper.zip
  flowsleuth decode events.csv --column CommandLine --format csv > decoded.csv
"""
NOT_TOLD = ("input_bytes", "file_hashes")
SHOWN = ("reference", "offset", "file_type", "file_name", "decode_path", "status", "note", "sha256")
MEBIBYTE = 1 << 20


def add_decode(verbs: Any) -> None:
    """The grammar of ``flowsleuth decode``."""
    from flowsleuth.faces.cli.arguments import add_output, add_verb

    parser = add_verb(
        verbs,
        "decode",
        help="base64, hex and archives decoded",
        description="Show what is encoded in a text, a file or a column: base64, hex, UTF-16, archives, nested.",
        examples=EXAMPLES,
    )
    parser.add_argument("what", metavar="TEXT|FILE|-", help="a file if there is one of that name; - is standard input")
    parser.add_argument("--column", metavar="NAME", help="the file is a table (CSV, Parquet, JSON lines): this column")
    parser.add_argument("--max-depth", type=int, metavar="N", help="levels (default: 20)")
    parser.add_argument("--max-size", type=int, metavar="MB", help="MiB that one input may become (default: 64)")
    add_output(parser)


def decode(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth decode``."""
    from flowsleuth.extract.decoding import unpack_df
    from flowsleuth.extract.decoding.tables import decoded_table
    from flowsleuth.faces.cli.show import give

    limits = _limits(parsed)
    if parsed.column is not None:
        from flowsleuth.faces.cli.table_files import read_table

        table = unpack_df(read_table(parsed.what), parsed.column, limits=limits)
        return give(table.drop_columns(list(NOT_TOLD)), parsed, _show_rows)
    found = _unpacked(parsed.what, limits)
    if parsed.format == "table" and parsed.output is None:
        _show_text(found)
    return give(decoded_table(found).drop_columns(list(NOT_TOLD)), parsed, _show_rows)


def _limits(parsed: argparse.Namespace) -> DecodeLimits:
    from flowsleuth.extract.decoding import DecodeLimits

    given = {"max_depth": parsed.max_depth, "max_bytes": parsed.max_size and parsed.max_size * MEBIBYTE}
    return DecodeLimits(**{name: value for name, value in given.items() if value is not None})


def _unpacked(what: str, limits: DecodeLimits) -> Unpacking:
    """Of standard input, of a file, or of the text itself."""
    from flowsleuth.extract.decoding import unpack_bytes, unpack_text

    if what == "-":
        return unpack_bytes(sys.stdin.buffer.read(), "", limits)
    try:
        path = Path(what)
        if path.is_file():
            return unpack_bytes(path.read_bytes(), path.name, limits)
    except OSError as error:
        if path.is_absolute():
            raise OptionError(f"cannot be read: {error.strerror}", where=what) from None
    except ValueError:  # a text that no file can be called
        pass
    return unpack_text(what, limits)


def _show_text(found: Unpacking) -> None:
    """The text with what is in it, control characters escaped but for the ends of lines."""
    from flowsleuth.schema.printable import printable_text

    text = found.full_text
    if text:
        print("\n".join(map(printable_text, text.replace("\r\n", "\n").split("\n"))), end="\n\n")


def _show_rows(table: pa.Table) -> None:
    from flowsleuth.faces.cli.rows import print_columns

    if not len(table):
        print("nothing encoded in it")
        return
    told = ("src_index", *SHOWN) if "src_index" in table.column_names else SHOWN
    texts = [name for name in ("decoded_string",) if "src_index" in table.column_names]
    print_columns(table.select([*told, *texts]), 200)
