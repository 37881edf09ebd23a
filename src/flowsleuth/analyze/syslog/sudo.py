"""What was done by sudo: its commands, the sessions they were done in, and which of them are risky, with reasons.

Format: ``sudo(8)``, "LOG FORMAT": ``bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id``; Log Analytics
writes spaces for the semicolons. A command that was refused says why before ``TTY``. Long ones go on in messages of
``(command continued)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.codes import group_codes
from flowsleuth.analyze.syslog.logon_sessions import sessions_of
from flowsleuth.analyze.syslog.pairing import last_before
from flowsleuth.analyze.syslog.schema import SyslogRows, SyslogSchema, read_messages
from flowsleuth.schema.tabular import like

if TYPE_CHECKING:
    import pyarrow as pa

BEFORE_SESSION_S = 10
"""Seconds within which sudo opens the session of a command that it has logged."""
FindRisk = Callable[[Sequence[str]], Sequence[str | None]]
"""Commands → for each the reason why it is risky, or None."""
_PROGRAM = "sudo"
_COMMAND = r"(?s)^\s*(?P<user>\S+) : (?P<rest>.*?)COMMAND=(?P<command>.*)$"
_CONTINUED = r"(?s)^\s*(?P<user>\S+) : \(command continued\) ?(?P<command>.*)$"
_PARTS = {
    "tty": r"(?P<said>TTY=(?P<tty>\S+))",
    "cwd": r"PWD=(?P<cwd>.*?)(?: *;| {2,}|\s*$)",
    "run_as": r"USER=(?P<run_as>[^\s;]+)",
    "reason": r"^(?P<reason>.*?)(?: *;| {2,}) *TTY=",
}


def linux_risks(commands: Sequence[str]) -> list[str | None]:
    """What the rules for command lines of Linux say: titles and techniques, the most severe first.

    See :func:`flowsleuth.extract.command_lines.risky.risky_commands`.

    Examples
    --------
    >>> linux_risks(["/bin/ls", "/bin/cat /etc/shadow"])
    [None, 'The file of password hashes is read (T1003.008)']
    """
    import pyarrow as pa

    from flowsleuth.extract.command_lines.risky import risky_commands

    table = pa.table({"command": pa.array(list(commands), pa.string())})
    said: dict[int, list[str]] = {}
    for hit in risky_commands(table, "command", platform="linux").to_pylist():
        technique = f" ({hit['technique']})" if hit["technique"] else ""
        said.setdefault(hit["row"], []).append(f"{hit['title']}{technique}")
    return ["; ".join(said[row]) if row in said else None for row in range(len(commands))]


def sudo_commands(data: Any, schema: SyslogSchema | None = None, *, find_risk: FindRisk = linux_risks) -> Any:
    """Commands that were given to sudo, also those that it refused.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow, of syslog messages; it is not changed.
    schema : SyslogSchema, optional
        Names of its columns; by default those that are known.
    find_risk : callable
        Commands to reasons why they are risky (None: they are not); by default the bundled rules for Linux.

    Returns
    -------
    table
        One row a command, by time: ``start``, ``host``, ``pid``, ``user``, ``run_as``, ``tty``, ``cwd``, ``command``,
        ``is_allowed``, ``reason`` (why it was refused), ``risk`` (why it is risky; null: no rule says so), ``row``.

    Raises
    ------
    OptionError
        It is no table, or lacks a column.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"start": ["2024-03-05T10:00:00Z"], "program": ["sudo"],
    ...     "message": ["bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/cat /etc/shadow"]})
    >>> sudo_commands(frame)[["user", "command", "is_allowed", "reason"]].values.tolist()
    [['bob', '/bin/cat /etc/shadow', False, 'user NOT in sudoers']]
    """
    return like(commands_of(read_messages(data, schema), find_risk), data)


def commands_of(rows: SyslogRows, find_risk: FindRisk = linux_risks) -> pa.Table:
    """Commands of messages in the order of their times."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    message, program = rows.column("message"), rows.column("program")
    says = pc.or_(pc.match_substring(message, "COMMAND="), pc.match_substring(message, "(command continued)"))
    of_sudo = pc.or_kleene(pc.is_null(program), pc.ends_with(program, _PROGRAM))
    some = rows.take(np.flatnonzero(np.asarray(pc.fill_null(pc.and_(says, of_sudo), False))))
    message = some.column("message")
    given, continued = pc.extract_regex(message, _COMMAND), pc.extract_regex(message, _CONTINUED)
    given = pc.if_else(pc.is_valid(continued), pa.scalar(None, given.type), given)
    rest = pc.struct_field(given, "rest")
    parts = {name: pc.struct_field(pc.extract_regex(rest, pattern), name) for name, pattern in _PARTS.items()}
    reason = pc.if_else(
        pc.equal(pc.utf8_trim_whitespace(parts["reason"]), ""), pa.scalar(None, pa.string()), parts["reason"]
    )
    table = pa.table(
        {
            "start": some.column("start"),
            "host": some.column("host"),
            "pid": some.column("pid"),
            "user": pc.coalesce(pc.struct_field(given, "user"), pc.struct_field(continued, "user")),
            "run_as": parts["run_as"],
            "tty": parts["tty"],
            "cwd": parts["cwd"],
            "command": _whole(some, given, continued),
            "is_allowed": pc.is_null(reason),
            "reason": reason,
            "row": some.label,
        }
    )
    table = table.filter(pc.is_valid(given))
    return table.append_column("risk", _risks(table["command"].to_pylist(), find_risk))


def _whole(rows: SyslogRows, given: pa.Array, continued: pa.Array) -> pa.Array:
    """Commands with what goes on in later messages of the same host, account and process."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    command = pc.struct_field(given, "command")
    goes_on = np.asarray(pc.is_valid(continued))
    if not goes_on.any():
        return command
    user = pc.coalesce(pc.struct_field(given, "user"), pc.struct_field(continued, "user"))
    group = group_codes(rows.column("host"), rows.column("pid"), user)
    first = last_before(group, goes_on, np.asarray(pc.is_valid(given)))
    texts, more = command.to_pylist(), pc.struct_field(continued, "command").to_pylist()
    for at in np.flatnonzero(first >= 0).tolist():
        texts[first[at]] += more[at]
    return pa.array(texts, pa.string())


def _risks(commands: list[str], find_risk: FindRisk) -> pa.Array:
    import pyarrow as pa

    distinct = list(dict.fromkeys(commands))
    found = dict(zip(distinct, find_risk(distinct), strict=True))
    return pa.array([found[command] for command in commands], pa.string())


def sudo_sessions(data: Any, schema: SyslogSchema | None = None, *, find_risk: FindRisk = linux_risks) -> Any:
    """Sessions of sudo with what was done in them.

    A command belongs to the session that sudo opens right after it (or has just opened) for the same account to run as,
    by process id where messages have one.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow, of syslog messages; it is not changed.
    schema : SyslogSchema, optional
    find_risk : callable
        Commands to reasons why they are risky (None: they are not); by default the bundled rules for Linux.

    Returns
    -------
    table
        One row a session, by time: ``host``, ``user`` (who), ``run_as``, ``start``, ``end`` (null: not closed in these
        messages), ``duration_s``, ``commands`` and ``command_rows`` (lists), ``risks`` (a list of reasons),
        ``is_risky``, ``opened_row``, ``closed_row``. Commands without a session, such as refused ones, are in
        :func:`sudo_commands`.

    Raises
    ------
    OptionError
        It is no table, or lacks a column.
    """
    rows = read_messages(data, schema)
    return like(sessions_with_commands(sessions_of(rows, _PROGRAM), commands_of(rows, find_risk)), data)


def sessions_with_commands(sessions: pa.Table, commands: pa.Table) -> pa.Table:
    """Sessions of sudo, each with its commands."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    of = _session_of(sessions, commands)
    order = np.argsort(of, kind="stable")
    order = order[of[order] >= 0]
    bounds = np.searchsorted(of[order], np.arange(len(sessions) + 1)).astype(np.int32)

    def listed(name: str) -> pa.Array:
        return pa.ListArray.from_arrays(bounds, commands[name].combine_chunks().take(pa.array(order)))

    first = np.where(np.diff(bounds) > 0, bounds[:-1], 0)
    has = pa.array(np.diff(bounds) > 0)
    who = commands["user"].combine_chunks().take(pa.array(order))
    named = who.take(pa.array(first, mask=~np.asarray(has))) if len(order) else pa.nulls(len(sessions), pa.string())
    risks = [[risk for risk in dict.fromkeys(some) if risk] for some in listed("risk").to_pylist()]
    made = {"host": sessions["host"], "user": pc.coalesce(sessions["by_user"].combine_chunks(), named)}
    made |= {"run_as": sessions["user"], **{name: sessions[name] for name in ("start", "end", "duration_s")}}
    made |= {"commands": listed("command"), "command_rows": listed("row")}
    made |= {"risks": pa.array(risks, pa.list_(pa.string())), "is_risky": pa.array([bool(some) for some in risks])}
    return pa.table(made | {name: sessions[name] for name in ("opened_row", "closed_row")})


def _session_of(sessions: pa.Table, commands: pa.Table) -> Any:
    """The session of each command; -1: none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    def both(one: str, other: str) -> pa.Array:
        return pa.concat_arrays([sessions[one].combine_chunks(), commands[other].combine_chunks()])

    size = len(sessions)
    start = both("start", "start").cast(pa.int64()).to_numpy()
    run_as = pc.coalesce(both("user", "run_as"), pa.scalar("root"))
    group = group_codes(both("host", "host"), both("pid", "pid"), run_as)
    is_command = np.arange(len(start)) >= size
    is_allowed = np.append(np.zeros(size, dtype=bool), np.asarray(commands["is_allowed"].combine_chunks()))
    order = np.lexsort((is_command, start))  # a session of the same moment comes first
    end = pc.fill_null(sessions["end"].combine_chunks().cast(pa.int64()), 2**62).to_numpy()
    end = np.append(end, np.zeros(len(commands), dtype=np.int64))
    asks, answers = (is_command & is_allowed)[order], ~is_command[order]
    earlier = _placed(last_before(group[order], asks, answers), order)
    back = order[::-1]
    later = _placed(last_before(group[back], asks[::-1], answers[::-1]), back)
    who = group_codes(pa.concat_arrays([sessions["by_user"].combine_chunks(), commands["user"].combine_chunks()]))
    is_anybody = np.asarray(pc.is_null(sessions["by_user"].combine_chunks()))
    now, user = start[size:], who[size:]

    def fits(session: Any) -> Any:
        at = np.maximum(session, 0)
        return (session >= 0) & (is_anybody[at] | (who[at] == user)) if size else session >= 0

    before, after = earlier[size:], later[size:]
    soon = fits(after) & (start[np.maximum(after, 0)] - now <= BEFORE_SESSION_S * 1_000_000)
    within = fits(before) & (now <= end[np.maximum(before, 0)])
    return np.where(soon, after, np.where(within, before, -1))


def _placed(found: Any, order: Any) -> Any:
    """Places in an order as places of the table."""
    import numpy as np

    made = np.full(len(found), -1, dtype=np.int64)
    made[order] = np.where(found >= 0, order[np.maximum(found, 0)], -1)
    return made
