"""``flowsleuth VERB``: parse, call, show. Exit codes: 0 done, 1 something failed, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.errors import FlowsleuthError
from flowsleuth.faces.cli.arguments import build_parser
from flowsleuth.faces.cli.verb_places import action_of

if TYPE_CHECKING:
    import argparse

FAILED = 1
USAGE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 done, 1 something failed, 2 wrong usage.
    """
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        parser = build_parser(words[0] if words else None)
        parsed = parser.parse_args(words)
        if parsed.verb is None:
            parser.print_help(sys.stderr)
            return USAGE
        return _run(parsed)
    except FlowsleuthError as error:
        _complain(error)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("flowsleuth: interrupted; what was committed stays", file=sys.stderr)
        return INTERRUPTED


def _complain(error: Exception) -> None:
    from flowsleuth.schema.printable import printable_text

    print(f"flowsleuth: {printable_text(error)}", file=sys.stderr)


def _run(parsed: argparse.Namespace) -> int:
    code = action_of(parsed.verb)(parsed)
    sys.stdout.flush()
    return code
