"""The grammar of ``lookup`` and ``intel``."""

from __future__ import annotations

import argparse
from typing import Any

FORMATS = ("table", "json", "csv")


def add_intel(verbs: Any) -> None:
    """Both."""
    _lookup(verbs)
    _intel(verbs)


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=FORMATS, default="table")
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")


def _lookup(verbs: Any) -> None:
    parser = verbs.add_parser(
        "lookup",
        help="ask services about addresses, domains, URLs, hashes",
        description="Ask threat intelligence services about addresses, domains, URLs and hashes, defanged or not. "
        "Private ones are never sent. Only services that have their key, or are enabled or named, are asked.",
    )
    parser.add_argument("observables", metavar="ADDRESS|DOMAIN|URL|HASH", nargs="+", help="- for one a line from stdin")
    parser.add_argument("-w", "--workspace", metavar="DIR", help="settings, feeds and cache of this workspace")
    parser.add_argument("--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")
    parser.add_argument("--provider", metavar="NAME", action="append", help="this one; may be repeated")
    parser.add_argument("--type", metavar="TYPE", action="append", help="only this type; may be repeated")
    parser.add_argument(
        "--scope", choices=("primary", "secondary", "all"), default="primary", help="(default: primary)"
    )
    parser.add_argument("--offline", action="store_true", help="only feeds, and what was asked before")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    _output(parser)


def _intel(verbs: Any) -> None:
    parser = verbs.add_parser("intel", help="services, and indicators of your own", description="Threat intelligence.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=type(parser))
    _providers(actions)


def _providers(actions: Any) -> None:
    parser = actions.add_parser(
        "providers", help="the services", description="The services: what they tell, and what they need to be asked."
    )
    parser.add_argument("-w", "--workspace", metavar="DIR", help="settings of this workspace")
    parser.add_argument("--format", choices=("table", "json"), default="table")
