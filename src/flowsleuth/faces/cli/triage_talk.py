"""What the verbs about decisions say and ask: who works where, questions before deeds, what was done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.show import print_json
from flowsleuth.schema.printable import printable_text

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace import Workspace


def open_case(parsed: argparse.Namespace) -> Workspace:
    """The workspace, with its analyst database and who works."""
    return flowsleuth.open(parsed.workspace, engine=parsed.engine, case=parsed.case, analyst=parsed.analyst)


def tell(value: Any, parsed: argparse.Namespace, text: str) -> int:
    """What was done, as a sentence or as JSON."""
    if parsed.format == "json":
        print_json(value)
    else:
        print(printable_text(text))
    return 0


def make_sure(parsed: argparse.Namespace, question: str) -> None:
    """Ask, unless ``--yes`` was given.

    Raises
    ------
    OptionError
        There is nobody to ask, or the answer was no.
    """
    if parsed.yes:
        return
    if not sys.stdin.isatty():
        raise OptionError(f"{question} Nobody can be asked here", where=parsed.verb, hint="add --yes to do it")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise OptionError("left as it was", where=parsed.verb)


def option_of(parsed: argparse.Namespace) -> str:
    """What a command to type next needs to find the same workspace."""
    return "" if parsed.workspace == "." else f" -w {parsed.workspace}"


def number_of(text: str) -> int:
    """A number that the user gave.

    Raises
    ------
    OptionError
        It is none.
    """
    try:
        return int(text)
    except ValueError:
        raise OptionError("not a number", where=text[:100]) from None
