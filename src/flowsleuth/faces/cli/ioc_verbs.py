"""``flowsleuth ioc``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pyarrow as pa

SHOWN = 50
"""Rows of ``--format table``."""
LONGEST_SHOWN = 100
"""Characters of an observable on the terminal."""
NAMES = {"IoCType": "type", "Observable": "observable", "Found": "found", "SourceIndex": "row", "Start": "start"}
EXAMPLES = """\
examples:
  flowsleuth ioc report.txt /var/log/auth.log.1.gz
  flowsleuth ioc events.csv --column CommandLine --type url --type ipv4 --format csv
  journalctl | flowsleuth ioc - --type dns
  flowsleuth ioc -w case/ --table process --column command_line
"""


def add_ioc(verbs: Any) -> None:
    """The grammar of ``flowsleuth ioc``."""
    from flowsleuth.extract.ioc.kinds import NUMBERS
    from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace

    parser = add_verb(
        verbs,
        "ioc",
        help="indicators of compromise in any text",
        description="Find addresses, names, URLs, hashes and more in files, columns of tables, or what is stored.",
        examples=f"{EXAMPLES}\ntypes:\n  {', '.join(NUMBERS)}\n",
    )
    parser.add_argument("files", nargs="*", metavar="FILE|-", help="text, may be compressed; - is standard input")
    add_workspace(parser)
    parser.add_argument("--table", metavar="NAME", help="a table of the workspace, no files")
    parser.add_argument(
        "--column", metavar="NAME", action="append",
        help="files are tables (CSV, Parquet, JSON lines): these columns; of --table: these, not all",
    )  # fmt: skip
    parser.add_argument("--type", metavar="TYPE", action="append", help="only these types; may be repeated")
    parser.add_argument("--paths", action="store_true", help="paths of Windows and Linux too")
    parser.add_argument("--local", action="store_true", help="names such as dc1.corp.local too")
    parser.add_argument(
        "--top", type=int, default=SHOWN, metavar="N", help=f"rows of --format table (default: {SHOWN})"
    )
    add_output(parser)


def ioc(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth ioc``."""
    from functools import partial

    import pyarrow as pa

    from flowsleuth.faces.cli.show import give

    if bool(parsed.files) == (parsed.table is not None):
        raise OptionError("files or a table of a workspace", hint="flowsleuth ioc FILE, or flowsleuth ioc --table NAME")
    if parsed.table is not None:
        return give(_of_workspace(parsed), parsed, partial(_show_stored, top=parsed.top))
    found = pa.concat_tables([table for name in parsed.files for table in _of_file(parsed, name)])
    return give(found, parsed, partial(_show, top=parsed.top))


def _of_workspace(parsed: argparse.Namespace) -> pa.Table:
    import flowsleuth
    from flowsleuth.extract.ioc.engine import ScanOptions

    options = ScanOptions(local_names=True) if parsed.local else None
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        return ws.extract_iocs(
            parsed.table, parsed.column, ioc_types=parsed.type, include_paths=parsed.paths, options=options
        ).table


def _of_file(parsed: argparse.Namespace, name: str) -> Iterator[pa.Table]:
    """Findings of one file, without the texts they stand in; at least an empty table."""
    from flowsleuth.extract.ioc.engine import ScanOptions
    from flowsleuth.extract.ioc.extractor import IoCExtract

    extract = IoCExtract(ScanOptions(local_names=parsed.local))
    asked = {"ioc_types": parsed.type, "include_paths": parsed.paths}
    if parsed.column:
        from flowsleuth.faces.cli.table_files import read_table

        yield _told(extract.extract(data=read_table(name), columns=parsed.column, **asked), name)
        return
    yield _told(extract.extract(data=_nothing(), columns=["text"], **asked), name)
    for found in extract.in_file(sys.stdin.buffer if name == "-" else name, **asked):
        yield _told(found, name)


def _nothing() -> pa.Table:
    import pyarrow as pa

    return pa.table({"text": pa.array([], pa.string())})


def _told(found: pa.Table, name: str) -> pa.Table:
    import pyarrow as pa

    told = found.select(["IoCType", "Observable", "Found", "Column", "SourceIndex", "Start"])
    told = told.rename_columns([NAMES.get(one, one.lower()) for one in told.column_names])
    return told.append_column("file", pa.repeat(pa.scalar("stdin" if name == "-" else name), len(told)))


def _show(found: pa.Table, top: int) -> None:
    """Each observable once, with how often and where first; as many of each type at the end."""
    import pyarrow.compute as pc

    if not len(found):
        print("nothing found")
        return
    keys = ["type", "observable"]
    several = len(pc.unique(found["file"])) > 1
    sums = [("row", "count"), ("found", "first"), ("row", "first"), ("file", "first")]
    once = found.group_by(keys, use_threads=False).aggregate(sums)
    once = once.rename_columns([*keys, "times", "found", "first_row", "file"])
    told = [*keys, "times", "first_row", *(["file"] if several else []), "found"]
    _print(once.select(told), top)


def _show_stored(found: pa.Table, top: int) -> None:
    if not len(found):
        print("nothing found")
        return
    _print(found, top)


def _print(table: pa.Table, top: int) -> None:
    import pyarrow.compute as pc

    from flowsleuth.faces.cli.rows import print_columns

    for name in ("observable", "found"):
        cut = pc.utf8_slice_codeunits(table[name], 0, LONGEST_SHOWN)
        table = table.set_column(table.column_names.index(name), name, cut)
    same = pc.equal(table["observable"], table["found"])
    spelled = pc.if_else(same, None, table["found"])
    table = table.set_column(table.column_names.index("found"), "found", spelled)
    print_columns(table, top)
    kind = "type" if "type" in table.column_names else "ioc_type"
    counts = table.group_by(kind, use_threads=False).aggregate([("observable", "count")]).to_pylist()
    print("  ".join(f"{one[kind]} {one['observable_count']:,}" for one in counts))
