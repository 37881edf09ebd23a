"""``flowsleuth sql``: questions of one's own about what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    import pyarrow as pa

    import flowsleuth

FORMATS = ("table", "json", "csv", "parquet")
SHOWN = 50
EXAMPLES = """\
examples:
  flowsleuth sql "SELECT src_ip, sum(src_bytes) AS bytes FROM flow GROUP BY 1 ORDER BY 2 DESC LIMIT 20" -w case/
  flowsleuth sql 'SELECT * FROM flow WHERE src_ip = $ip OR dst_ip = $ip ORDER BY start' --value ip=10.0.0.5 \\
      --format csv -w case/
"""


def add_sql(verbs: Any) -> None:
    """The grammar of ``flowsleuth sql``."""
    import argparse

    parser = verbs.add_parser(
        "sql",
        help="ask the stored tables in SQL",
        description="Ask the stored tables in DuckDB's SQL. No other file is within its reach; nothing is changed.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", metavar="SQL", help="a SELECT; $name stands for a --value")
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument("--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")
    parser.add_argument(
        "--value", metavar="NAME=VALUE", action="append", help="bound, not pasted in; numbers as numbers"
    )
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def sql(parsed: argparse.Namespace) -> int:
    """Run ``flowsleuth sql``."""
    import flowsleuth
    from flowsleuth.faces.cli.arguments import parse_assignments
    from flowsleuth.faces.cli.show import give

    if parsed.format == "table" and parsed.output:
        raise OptionError("a table is for the terminal", where="--output", available=FORMATS[1:])
    values = {name: _value(text) for name, text in parse_assignments(parsed.value, "--value").items()}
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        if parsed.format == "csv":
            return _csv(ws, values, parsed)
        rows = ws.sql(parsed.text, **values).table
    return give(rows, parsed, _show)


def _csv(ws: flowsleuth.Workspace, values: Mapping[str, Any], parsed: argparse.Namespace) -> int:
    from flowsleuth.faces.cli.show import tell_written, text_file, write_csv

    with text_file(parsed.output) as file:
        rows = ws.sql_to_csv(parsed.text, file, **values)
        if rows is None:
            rows = write_csv(iter([ws.sql(parsed.text, **values).table]), file)
    tell_written(rows, parsed)
    return 0


def _show(rows: pa.Table) -> None:
    from flowsleuth.faces.cli.show import print_rows

    print_rows(rows, SHOWN)
    if len(rows) > SHOWN:
        print(f"… {len(rows):,} rows in all: --format csv gives them")


def _value(text: str) -> str | int | float:
    """A number where it is written as one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
