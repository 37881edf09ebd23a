"""``flowsleuth VERB``: parse, call, show. Exit codes: 0 done, 1 something failed, 2 wrong usage."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.cli.arguments import build_parser

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
        parser = build_parser()
        parsed = parser.parse_args(arguments)
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
    from flowsleuth.faces.cli.show import printable_text

    print(f"flowsleuth: {printable_text(error)}", file=sys.stderr)


def _run(parsed: argparse.Namespace) -> int:
    from flowsleuth.faces.cli import (
        convert_verbs,
        enrich_verbs,
        intel_verbs,
        notebook_verbs,
        pivot_verbs,
        query_verbs,
        serve_verbs,
        sql_verbs,
        stitch_verbs,
        story_verbs,
        triage_verbs,
        verbs,
    )

    action = {
        "init": verbs.init,
        "ingest": verbs.ingest,
        "info": verbs.info,
        "score": verbs.score,
        "suspects": verbs.suspects,
        "explain": verbs.explain,
        "investigate": story_verbs.investigate,
        "story": story_verbs.story,
        "pivot": pivot_verbs.pivot,
        **triage_verbs.ACTIONS,
        **intel_verbs.ACTIONS,
        **enrich_verbs.ACTIONS,
        **convert_verbs.ACTIONS,
        "notebooks": notebook_verbs.notebooks,
        "query": query_verbs.query,
        "serve": serve_verbs.serve,
        "user": serve_verbs.user,
        "sql": sql_verbs.sql,
        "stitch": stitch_verbs.stitch,
        "readers": verbs.readers,
        "detectors": verbs.detectors,
    }.get(parsed.verb)
    if action is None:
        raise OptionError("no such command", where=parsed.verb)
    code = action(parsed)
    sys.stdout.flush()
    return code
