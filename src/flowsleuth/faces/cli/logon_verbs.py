"""``flowsleuth logons`` and ``flowsleuth sessions``: who logged on, what is odd about it, and what was done by sudo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli.arguments import add_output, add_verb, add_workspace
from flowsleuth.faces.cli.window import add_window, asked_window, refuse_window

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

SHOWN = 50
LOGON_VIEWS = ("patterns", "summary", "clusters")
SESSION_VIEWS = ("sessions", "sudo", "commands", "hosts")
_LOGON_EXAMPLES = """\
examples:
  flowsleuth logons -w case/
  flowsleuth logons summary --by source -w case/
  flowsleuth logons SigninLogs.csv
"""
_SESSION_EXAMPLES = """\
examples:
  flowsleuth sessions -w case/ --service sshd
  flowsleuth sessions sudo -w case/
  flowsleuth sessions commands Syslog.csv --format csv
"""


_LOGON_TEXT = (
    "Logons of a workspace, or of a file (CSV, JSON, Parquet): what is odd about them, with reasons (patterns), "
    "counted (summary), or those that are alike put together (clusters)."
)
_SESSION_TEXT = (
    "Sessions in the syslog messages of a workspace, or of a file (CSV, JSON, Parquet): opened and closed (sessions), "
    "those of sudo with their commands (sudo), all commands given to it (commands), and the hosts (hosts)."
)


def add_logons(verbs: Any) -> None:
    """The grammar of ``logons``."""
    parser = add_verb(
        verbs,
        "logons",
        help="who logged on, and what is odd about it",
        description=_LOGON_TEXT,
        examples=_LOGON_EXAMPLES,
    )
    _add_shared(parser, LOGON_VIEWS)
    parser.add_argument(
        "--by", choices=("account", "source", "host", "logon_type"), default="account", help="what summary counts by"
    )


def add_sessions(verbs: Any) -> None:
    """The grammar of ``sessions``."""
    parser = add_verb(
        verbs,
        "sessions",
        help="sessions that syslog tells of, and what was done by sudo",
        description=_SESSION_TEXT,
        examples=_SESSION_EXAMPLES,
    )
    _add_shared(parser, SESSION_VIEWS)
    parser.add_argument("--service", metavar="S", help="only sessions of sshd, su, cron, …")


def _add_shared(parser: argparse.ArgumentParser, views: tuple[str, ...]) -> None:
    parser.add_argument("view", metavar="VIEW", nargs="?", help=f"{', '.join(views)} (default: {views[0]})")
    parser.add_argument("file", metavar="FILE", nargs="?", help="a table instead of a workspace")
    add_workspace(parser)
    add_window(parser)
    add_output(parser)


def logons(parsed: argparse.Namespace) -> int:
    """``flowsleuth logons``."""
    view, file = _asked(parsed, LOGON_VIEWS)
    return _give(_logons_of_file(view, file, parsed) if file else _logons_of_workspace(view, parsed), parsed)


def sessions(parsed: argparse.Namespace) -> int:
    """``flowsleuth sessions``."""
    view, file = _asked(parsed, SESSION_VIEWS)
    return _give(_sessions_of_file(view, file, parsed) if file else _sessions_of_workspace(view, parsed), parsed)


def _asked(parsed: argparse.Namespace, views: tuple[str, ...]) -> tuple[str, str | None]:
    """The view, and the file; a word alone that is no view is a file."""
    view, file = parsed.view, parsed.file
    if view is not None and view not in views:
        if file is not None:
            raise OptionError("no such view", where=view, available=views)
        view, file = None, view
    if file:
        refuse_window(parsed, file)
    return view or views[0], file


def _logons_of_workspace(view: str, parsed: argparse.Namespace) -> pa.Table:
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        window = asked_window(ws, parsed)
        if view == "summary":
            return ws.logon_summary(parsed.by, time_range=window).table
        return (ws.logon_clusters if view == "clusters" else ws.logon_patterns)(time_range=window).table


def _logons_of_file(view: str, file: str, parsed: argparse.Namespace) -> Any:
    from flowsleuth.analyze.logons import cluster_logons, find_logon_patterns, summarize_logons
    from flowsleuth.faces.cli.table_files import read_typed_table

    table = read_typed_table(file)
    if view == "summary":
        return summarize_logons(table, parsed.by)
    return (cluster_logons if view == "clusters" else find_logon_patterns)(table)


def _sessions_of_workspace(view: str, parsed: argparse.Namespace) -> pa.Table:
    with flowsleuth.open(parsed.workspace, engine=parsed.engine) as ws:
        window = asked_window(ws, parsed)
        if view == "sessions":
            return ws.logon_sessions(parsed.service, time_range=window).table
        asked = {"sudo": ws.sudo_sessions, "commands": ws.sudo_commands, "hosts": ws.syslog_hosts}
        return asked[view](time_range=window).table


def _sessions_of_file(view: str, file: str, parsed: argparse.Namespace) -> Any:
    from flowsleuth.analyze.syslog import logon_sessions, sudo_commands, sudo_sessions, syslog_hosts
    from flowsleuth.faces.cli.table_files import read_typed_table

    table = read_typed_table(file)
    if view == "sessions":
        return logon_sessions(table, service=parsed.service)
    return {"sudo": sudo_sessions, "commands": sudo_commands, "hosts": syslog_hosts}[view](table)


def _give(rows: pa.Table, parsed: argparse.Namespace) -> int:
    from flowsleuth.faces.cli.show import give

    return give(rows, parsed, _show)


def _show(rows: pa.Table) -> None:
    """Rows for reading: without the ids of the events, and without columns that say nothing."""
    from flowsleuth.faces.cli.show import print_rows

    hidden = {"rows", "command_rows", "opened_row", "closed_row", "accepted_row", "row"}
    said = [name for name in rows.column_names if name not in hidden and rows[name].null_count < len(rows)]
    print_rows(rows.select(said), SHOWN)
    if len(rows) > SHOWN:
        print(f"… {len(rows):,} rows in all: --format csv gives them")
