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
    _add(actions)
    _list(actions)
    _update(actions)
    _match(actions)
    _remove(actions)


def _providers(actions: Any) -> None:
    parser = actions.add_parser(
        "providers", help="the services", description="The services: what they tell, and what they need to be asked."
    )
    parser.add_argument("-w", "--workspace", metavar="DIR", help="settings of this workspace")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _workspace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument("--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")


def _add(actions: Any) -> None:
    parser = actions.add_parser(
        "add",
        help="add a feed of indicators",
        description="Add a feed of indicators; one of the same name is replaced. Formats: list, ipsum, csv, sentinel, "
        "stix, misp, openioc; plain or compressed.",
    )
    parser.add_argument("source", metavar="FILE|DIR|URL", help="only with a URL anything is fetched")
    _workspace(parser)
    parser.add_argument("--name", required=True, help="what it is called in results")
    parser.add_argument(
        "--severity",
        default="warning",
        metavar="S",
        help="where the feed does not say: unknown, information, warning, high",
    )
    parser.add_argument("--as", dest="feed_format", metavar="FORMAT", help="instead of finding it by content")
    parser.add_argument("--url", help="where intel update fetches it again")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _list(actions: Any) -> None:
    parser = actions.add_parser("list", help="the feeds", description="The feeds, with how many indicators they have.")
    _workspace(parser)
    _output(parser)


def _update(actions: Any) -> None:
    parser = actions.add_parser(
        "update", help="fetch feeds again", description="Fetch feeds again: those named, or all that have an address."
    )
    parser.add_argument("names", metavar="NAME", nargs="*")
    _workspace(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table")


def _match(actions: Any) -> None:
    parser = actions.add_parser(
        "match",
        help="stored rows that meet an indicator",
        description="Stored rows that meet an indicator of the feeds: addresses and CIDRs, domains with their "
        "subdomains, URLs, hashes. Nothing leaves the machine.",
    )
    _workspace(parser)
    parser.add_argument("--table", default="flow", help="flow, dns, http, tls, alert, … (default: flow)")
    parser.add_argument("--by", choices=("value", "row"), default="value", help="(default: value)")
    parser.add_argument("--date", metavar="DAY", action="append", help="only this UTC day; may be repeated")
    parser.add_argument("--top", type=int, metavar="N", help="no more than so many")
    _output(parser)


def _remove(actions: Any) -> None:
    parser = actions.add_parser("remove", help="remove a feed", description="Remove a feed and its indicators.")
    parser.add_argument("name", metavar="NAME")
    _workspace(parser)
