"""``flowsleuth mask``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse

FORMATS = ("csv", "json", "parquet")
EXAMPLES = """\
examples:
  flowsleuth mask events.csv --output shared.csv
  flowsleuth mask events.csv --plan
  flowsleuth mask events.csv --column Owner=account --column Note=keep --key-file secret.key > shared.csv
"""


def add_mask(verbs: Any) -> None:
    """The grammar of ``flowsleuth mask``."""
    from flowsleuth.faces.cli.arguments import add_output, add_verb

    parser = add_verb(
        verbs,
        "mask",
        help="a table masked for sharing",
        description="Write a table with addresses, names and ids replaced; networks stay networks, equals stay equal.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", help="CSV with a header, Parquet or JSON lines; - is standard input")
    parser.add_argument(
        "--column",
        metavar="NAME=KIND",
        action="append",
        help="account, address, hash, host, opaque, text or keep, instead of what the name says",
    )
    parser.add_argument(
        "--key-file", metavar="FILE", help="its bytes are the key, so that other files match; 16 or more"
    )
    parser.add_argument("--plan", action="store_true", help="only say how each column would be masked")
    add_output(parser, FORMATS)


def mask(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth mask``."""
    from flowsleuth.extract import masking
    from flowsleuth.faces.cli.arguments import parse_assignments
    from flowsleuth.faces.cli.show import give, print_table
    from flowsleuth.faces.cli.table_files import read_table

    table = read_table(parsed.file)
    plan = masking.plan_mask(table) | parse_assignments(parsed.column, "--column")
    if parsed.plan:
        print_table(plan.items(), ("column", "masked as"))
        return 0
    return give(masking.mask(table, plan, key=_key(parsed.key_file)), parsed)


def _key(name: str | None) -> bytes | None:
    if name is None:
        return None
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise OptionError(f"cannot be read: {error.strerror}", where=name) from None
