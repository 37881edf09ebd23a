"""The grammar of ``flowsleuth run`` and ``flowsleuth notebooklet``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

TOP = 10
FOLDER_HELP = "run the Python files of this folder, which you trust, and know the notebooklets they define; repeatable"


def add_run(verbs: Any) -> None:
    """The grammar of ``run``."""
    from flowsleuth.faces.cli.arguments import add_workspace
    from flowsleuth.faces.cli.window import add_window

    parser = verbs.add_parser(
        "run",
        help="run a notebooklet",
        description="Run a notebooklet, a named sequence of steps. What there is: flowsleuth notebooklet list",
    )
    parser.add_argument("name", metavar="NAME", help="such as UrlSummary")
    parser.add_argument("--value", metavar="V", help="what it is about: an address, a host, a URL, …")
    parser.add_argument("--data", metavar="FILE", help="rows instead of the workspace's: CSV, JSON or Parquet")
    add_workspace(parser)
    parser.add_argument(
        "--option",
        metavar="O",
        action="append",
        help="a part to run: NAME (exactly these), +NAME, -NAME (write --option=-NAME), or a parameter NAME=VALUE; "
        "repeatable",
    )
    add_window(parser)
    _add_folder(parser)
    parser.add_argument("--html", metavar="FILE", help="write one page that needs nothing else")
    parser.add_argument("--excel", metavar="FILE", help="write a workbook, a sheet for each table")
    parser.add_argument("--json", metavar="FILE", help="write all of it as a document that can be loaded again")
    parser.add_argument("--format", choices=("table", "json", "html", "none"), default="table")
    parser.add_argument("--top", type=int, default=TOP, metavar="N", help=f"rows of a table shown (default: {TOP})")
    parser.add_argument("--quiet", action="store_true", help="do not tell how far it is")


def add_notebooklet(verbs: Any) -> None:
    """The grammar of ``notebooklet``."""
    from flowsleuth.notebooklets.metadata import ENTITY_KINDS

    parser = verbs.add_parser(
        "notebooklet", help="what notebooklets there are, and how to begin one", description="List, explain, begin."
    )
    deeds = parser.add_subparsers(dest="deed", metavar="list|help|new", required=True)
    listing = deeds.add_parser("list", help="what there is")
    listing.add_argument("terms", metavar="WORD", nargs="*", help="only those that have all of these words")
    helping = deeds.add_parser("help", help="options, results and methods of one")
    helping.add_argument("name", metavar="NAME")
    for one in (listing, helping):
        _add_folder(one)
    listing.add_argument("--format", choices=("table", "json"), default="table")
    helping.add_argument("--format", choices=("md", "html"), default="md")
    new = deeds.add_parser("new", help="write a notebooklet to begin with, and its test")
    new.add_argument("name", metavar="NAME", help="of the class, such as DnsSummary")
    new.add_argument("folder", metavar="DIR", nargs="?", default=".", help="where to (default: here)")
    new.add_argument("--entity", choices=tuple(ENTITY_KINDS), default="ip_address", help="what it is about")
    new.add_argument("--replace", action="store_true", help="overwrite files that are there")


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", metavar="DIR", action="append", default=[], help=FOLDER_HELP)
