"""``flowsleuth convert``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowsleuth

if TYPE_CHECKING:
    import argparse

SCHEMAS = ("ocsf", "ecs", "asim")
FORMATS = ("json", "parquet", "csv")


def add_convert(verbs: Any) -> None:
    """The grammar of ``convert``."""
    from flowsleuth.faces.cli.arguments import add_workspace

    parser = verbs.add_parser(
        "convert",
        help="flows in another schema",
        description="Write the stored flows as OCSF 4001, ECS or ASIM NetworkSession records.",
    )
    add_workspace(parser)
    parser.add_argument("--to", required=True, choices=SCHEMAS, help="the schema")
    parser.add_argument("--start", metavar="T", help="only flows that start at or after T (ISO 8601)")
    parser.add_argument("--end", metavar="T", help="only flows that start before T")
    parser.add_argument(
        "--format", choices=FORMATS, help="json (a line each), parquet or csv (default: by the file's ending, or json)"
    )
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def convert(parsed: argparse.Namespace) -> int:
    """``flowsleuth convert``."""
    from flowsleuth.faces.cli.arguments import parse_time
    from flowsleuth.workspace import convert as use_case

    output = Path(parsed.output) if parsed.output else None
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        start, end = (None if text is None else parse_time(text, ws.settings.tz) for text in (parsed.start, parsed.end))
        rows = use_case.convert(ws.store, parsed.to, output, parsed.format, start=start, end=end)
    if output is not None:
        print(f"{rows:,} flows in {output}", file=sys.stderr)
    return 0
