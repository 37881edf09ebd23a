"""Sessions that PAM opened and closed, with where they came from as sshd told it.

A session begins with ``session opened for user …`` and ends with ``session closed for user …`` of the same host,
service, account and process. Where messages have no process ids, the last session that was opened is closed first: with
a lost message times can then be those of a neighbour, and an end more than a day later is not taken for its end. One
that was not closed has no end: none is invented.

Format: Linux-PAM's pam_unix (``pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.codes import group_codes
from flowsleuth.analyze.syslog.pairing import last_before, pair_nested
from flowsleuth.analyze.syslog.schema import SyslogRows, SyslogSchema, read_messages
from flowsleuth.schema.tabular import like

if TYPE_CHECKING:
    import pyarrow as pa

_SESSION = (
    r"^(?:pam_\w+\((?P<service>[^:()]+):session\): )?session (?P<what>opened|closed) for user (?P<user>[^\s(]+)"
    r"(?:\(uid=(?P<uid>\d+)\))?(?: by (?P<by_user>[^\s(]*)\(uid=(?P<by_uid>\d+)\))?"
)
_ACCEPTED = r"^Accepted (?P<method>\S+) for (?P<user>\S+) from (?P<source>\S+) port (?P<port>\d+)"
SSH_WITHIN_S = 30
"""Seconds within which a session follows its ``Accepted …``, where messages have no process ids."""
ENDS_WITHIN_S = 86_400
"""Seconds within which a session ends, where messages have no process ids: an end after that is another one's."""


def logon_sessions(data: Any, schema: SyslogSchema | None = None, *, service: str | None = None) -> Any:
    """Sessions of a table of syslog messages.

    Parameters
    ----------
    data : table
        pandas, polars or Arrow; it is not changed.
    schema : SyslogSchema, optional
        Names of its columns; by default those that are known.
    service : str, optional
        Only sessions of one service: ``sshd``, ``sudo``, ``su``, ``cron``, ``login``, …

    Returns
    -------
    table
        One row a session, by time: ``host``, ``service``, ``user``, ``by_user`` (who asked for it, as sudo and su say),
        ``pid``, ``start``, ``end`` (null: not closed in these messages), ``duration_s``, ``src_ip``, ``src_port`` and
        ``method`` (of sshd), and the source rows ``opened_row``, ``closed_row``, ``accepted_row``.

    Raises
    ------
    OptionError
        It is no table, or lacks a column.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({
    ...     "start": ["2024-03-05T10:00:00Z", "2024-03-05T10:00:07Z"],
    ...     "message": ["pam_unix(su:session): session opened for user root by bob(uid=1000)",
    ...                 "pam_unix(su:session): session closed for user root"]})
    >>> logon_sessions(frame)[["service", "user", "by_user", "duration_s"]].values.tolist()
    [['su', 'root', 'bob', 7.0]]
    """
    return like(sessions_of(read_messages(data, schema), service), data)


def sessions_of(rows: SyslogRows, service: str | None = None) -> pa.Table:
    """Sessions of messages in the order of their times."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    events = _events(rows)
    if service is not None:
        events = events.filter(pc.equal(events["service"], service))
    group = group_codes(*(events[name].combine_chunks() for name in ("host", "service", "user", "pid")))
    what = events["what"].combine_chunks()
    is_open, is_close = (np.asarray(pc.equal(what, word)) for word in ("opened", "closed"))
    paired = np.full(len(events), -1, dtype=np.int64)
    moves = np.flatnonzero(is_open | is_close)
    ends = pair_nested(group[moves], is_open[moves])
    paired[moves[ends >= 0]] = moves[ends[ends >= 0]]
    paired[_too_late(events, paired, ENDS_WITHIN_S)] = -1
    accepted = _accepted(events, group, is_open)
    opened = np.flatnonzero(is_open)
    begin, end = events.take(opened), _at(events, paired[opened])
    source = _at(events, accepted[opened])
    start, stop = begin["start"].combine_chunks(), end["start"].combine_chunks()
    seconds = pc.divide(pc.subtract(stop.cast(pa.int64()), start.cast(pa.int64())).cast(pa.float64()), 1e6)
    made = {name: begin[name] for name in ("host", "service", "user", "by_user", "pid")}
    made |= {"start": start, "end": stop, "duration_s": seconds}
    made |= {"src_ip": source["source"], "src_port": source["port"].cast(pa.int32()), "method": source["method"]}
    made |= {"opened_row": begin["row"], "closed_row": end["row"], "accepted_row": source["row"]}
    return pa.table(made)


def cluster_syslog_logons_df(logon_events: Any, schema: SyslogSchema | None = None) -> Any:
    """Sessions as ``User``, ``Start``, ``End``, with ``Host``, ``Service`` and ``ByUser`` beside them.

    Every session is a row, also those that overlap; one that was not closed has no ``End``. Without any session the
    frame is empty.

    Parameters
    ----------
    logon_events : table
    schema : SyslogSchema, optional

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame({"TimeGenerated": ["2024-03-05T10:00:00Z"],
    ...     "SyslogMessage": ["pam_unix(sshd:session): session opened for user bob by (uid=0)"]})
    >>> cluster_syslog_logons_df(frame)[["User", "Service"]].values.tolist()
    [['bob', 'sshd']]
    """
    found = sessions_of(read_messages(logon_events, schema))
    names = {"user": "User", "start": "Start", "end": "End", "host": "Host", "service": "Service", "by_user": "ByUser"}
    return like(found.select(list(names)).rename_columns(list(names.values())), logon_events)


def _events(rows: SyslogRows) -> pa.Table:
    """Messages of sessions and of sshd's acceptances, with their parts."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    message = rows.column("message")
    says = pc.or_(pc.match_substring(message, " for user "), pc.starts_with(message, "Accepted "))
    some = rows.take(np.flatnonzero(np.asarray(pc.fill_null(says, False))))
    message = some.column("message")
    session, accepted = pc.extract_regex(message, _SESSION), pc.extract_regex(message, _ACCEPTED)

    def part(name: str, of: pa.Array = session) -> pa.Array:
        said = pc.struct_field(of, name)
        return pc.if_else(pc.equal(said, ""), pa.scalar(None, pa.string()), said)

    program = pc.replace_substring(some.column("program"), "(pam_unix)", "")
    is_accepted = pc.is_valid(accepted)
    table = pa.table(
        {
            "start": some.column("start"),
            "host": some.column("host"),
            "pid": some.column("pid"),
            "what": pc.if_else(is_accepted, "accepted", part("what")),
            "service": pc.if_else(is_accepted, "sshd", pc.coalesce(part("service"), program)),
            "user": pc.coalesce(part("user"), part("user", accepted)),
            "by_user": part("by_user"),
            "method": part("method", accepted),
            "source": part("source", accepted),
            "port": part("port", accepted),
            "row": some.label,
        }
    )
    return table.filter(pc.is_valid(table["what"]))


def _accepted(events: pa.Table, group: Any, is_open: Any) -> Any:
    """For each session of sshd the acceptance before it; without process ids only one of the same moment or so."""
    import numpy as np
    import pyarrow.compute as pc

    is_accepted = np.asarray(pc.equal(events["what"].combine_chunks(), "accepted"))
    found = last_before(group, is_open, is_accepted)
    found[_too_late(events, found, SSH_WITHIN_S)] = -1
    return found


def _too_late(events: pa.Table, other: Any, seconds: float) -> Any:
    """Places whose other one is further away, where nothing but the time says that they belong together."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    when = events["start"].combine_chunks().cast(pa.int64()).to_numpy()
    has_pid = np.asarray(pc.is_valid(events["pid"].combine_chunks()))
    away = np.abs(when - when[np.maximum(other, 0)]) if len(when) else when
    return (other >= 0) & ~has_pid & (away > seconds * 1_000_000)


def _at(table: pa.Table, places: Any) -> pa.Table:
    """Rows at some places; all null for -1."""
    import pyarrow as pa

    return table.take(pa.array(places, mask=places < 0))
