"""The options that name a window of time, the same for every verb that looks through one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace import Workspace


def add_window(parser: argparse.ArgumentParser) -> None:
    """``--range``, ``--last``, ``--start``, ``--end``."""
    parser.add_argument(
        "--range", metavar="R", dest="time_range", help="a window: 2021-06-06, 2021-06-06/2021-06-08, …"
    )
    parser.add_argument("--last", metavar="LENGTH", help="a window until now: 36h, 2d, …")
    parser.add_argument("--start", metavar="T", help="only what starts at or after T")
    parser.add_argument("--end", metavar="T", help="only what starts before T")


def asked_window(ws: Workspace, parsed: argparse.Namespace) -> Any:
    """The window asked for; moments without a zone are in the workspace's."""
    from flowsleuth.workspace.time_range import TimeRange

    zone = ws.settings.tz
    if sum(map(bool, (parsed.time_range, parsed.last, parsed.start or parsed.end))) > 1:
        raise OptionError("--range, --last, and --start or --end together", hint="give one or the other")
    if parsed.time_range or parsed.last:
        return TimeRange.of(parsed.time_range, period=parsed.last, zone=zone)
    return TimeRange.of(start=parsed.start, end=parsed.end, zone=zone)


def refuse_window(parsed: argparse.Namespace, file: str) -> None:
    """A window goes with a workspace, not with a file.

    Raises
    ------
    OptionError
        One was asked for.
    """
    if parsed.time_range or parsed.last or parsed.start or parsed.end:
        raise OptionError("a window is for the rows of a workspace", where=file)
