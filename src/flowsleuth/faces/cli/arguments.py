"""The command line's grammar, built from argparse and the declared options."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any, NoReturn

from flowsleuth import __version__
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.verb_places import grammars

FORMATS = ("table", "json", "csv", "parquet")
MAIN_HELP = (
    """Find the few hundred connections worth looking at in any flow log, each with a reason and its raw line."""
)
EXAMPLES = """\
examples:
  flowsleuth init case/ --home 10.0.0.0/8
  flowsleuth ingest /var/log/zeek -w case/
  flowsleuth score -w case/
  flowsleuth suspects -w case/ --top 50
  flowsleuth explain -w case/ FLOW_ID
"""


class Parser(argparse.ArgumentParser):
    """Argparse whose errors are ours."""

    def error(self, message: str) -> NoReturn:
        _, _, verb = self.prog.partition(" ")
        raise OptionError(message, where=verb or None, hint=f"see {self.prog} --help")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it; what is left over is told with its verb, whose help knows better."""
        parsed, left = self.parse_known_args(args, namespace)
        if left:
            verb = getattr(parsed, "verb", None)
            hint = f"see {self.prog} {verb} --help" if verb else f"see {self.prog} --help"
            raise OptionError(f"not understood: {' '.join(left)}", where=verb, hint=hint)
        return parsed


def parse_time(text: str, zone: str) -> dt.datetime:
    """A moment given by the user: ISO 8601; without a zone it is in ``zone``; a date alone is its first moment.

    Raises
    ------
    OptionError
        The text is no time.

    Examples
    --------
    >>> parse_time("2021-06-06T12:00+02:00", "UTC").isoformat()
    '2021-06-06T10:00:00+00:00'
    """
    from flowsleuth.settings import parse_zone

    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise OptionError(
            "not a time", where=text, hint="write it like 2021-06-06T12:00 or 2021-06-06T12:00+02:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=parse_zone(zone))
    return moment.astimezone(dt.UTC)


def parse_assignments(pairs: list[str] | None, option: str = "--option") -> dict[str, Any]:
    """``NAME=VALUE`` pairs as a mapping; values stay text.

    Raises
    ------
    OptionError
        A pair has no equals sign.

    Examples
    --------
    >>> parse_assignments(["mapping=a.toml"])
    {'mapping': 'a.toml'}
    """
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise OptionError("not of the form NAME=VALUE", where=f"{option} {pair}")
        found[name] = value
    return found


def build_parser(verb: str | None = None) -> Parser:
    """The grammar; of one verb only, if it is one: no command waits for another's."""
    parser = Parser(
        prog="flowsleuth",
        description=MAIN_HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"flowsleuth {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for add in grammars(verb):
        add(verbs)
    return parser


def add_workspace(parser: argparse.ArgumentParser) -> None:
    """The options that name the workspace and its engine."""
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument(
        "--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT (default: its own)"
    )


def add_verb(verbs: Any, name: str, *, help: str, description: str, examples: str) -> argparse.ArgumentParser:
    """A verb of its own; the examples stand below its options as they are written."""
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=help,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return made


def add_output(parser: argparse.ArgumentParser, formats: tuple[str, ...] = FORMATS) -> None:
    """In what form rows are given, the first when none is asked for, and where to."""
    parser.add_argument("--format", choices=formats, default=formats[0])
    parser.add_argument("--output", metavar="FILE", help="write there instead of to standard output")
