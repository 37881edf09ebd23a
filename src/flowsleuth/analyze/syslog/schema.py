"""Which columns of a table tell of syslog messages, and the messages in the order of their times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowsleuth.analyze.columns import text_of
from flowsleuth.analyze.timed_rows import TimedRows, named_table
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import column_names

_KNOWN = {
    "time": ("start", "TimeGenerated", "EventTime", "timestamp", "time"),
    "message": ("message", "SyslogMessage", "Message", "msg"),
    "host": ("host", "Computer", "HostName", "hostname"),
    "program": ("program", "ProcessName", "appname", "app_name", "process"),
    "pid": ("pid", "ProcessID", "ProcessId", "procid"),
    "host_ip": ("host_ip", "HostIP"),
    "label": ("event_id",),
}
"""Names by which sources know them, the likeliest first."""
_NEEDED = ("time", "message")


@dataclass(frozen=True)
class SyslogSchema:
    """Names of the columns that tell of messages; an empty name: the source has none.

    Attributes
    ----------
    time, message : str
    host : str
        Without it all messages are of one host.
    program : str
        Who wrote the message; PAM's messages name the service themselves.
    pid : str
        Process id of the program: what parts sessions of one account at one time.
    host_ip : str
    label : str
        What rows are called in what is found; without it a pandas frame's index, or the row's number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> SyslogSchema.of(pa.table({"TimeGenerated": [""], "SyslogMessage": [""], "Computer": [""]})).host
    'Computer'
    """

    time: str
    message: str
    host: str = ""
    program: str = ""
    pid: str = ""
    host_ip: str = ""
    label: str = ""

    @classmethod
    def of(cls, data: Any) -> SyslogSchema:
        """The schema that a table looks like.

        Raises
        ------
        OptionError
            It is no table, or has no column of times or of messages by a known name.
        """
        there = column_names(data)
        found = {name: next((one for one in known if one in there), "") for name, known in _KNOWN.items()}
        for name in _NEEDED:
            if not found[name]:
                raise OptionError(
                    f"no column of the {name} of messages by a known name",
                    where=", ".join(_KNOWN[name]),
                    available=there,
                    hint="name the columns in a SyslogSchema",
                )
        return cls(**found)


class SyslogRows(TimedRows):
    """Messages with a time, in the order of their times; those of one moment in the order of the table.

    ``table`` has ``start`` (UTC), ``host``, ``program``, ``pid``, ``host_ip`` and ``message`` as text.
    """


def read_messages(data: Any, schema: SyslogSchema | None = None) -> SyslogRows:
    """The messages of a table; rows without a time are left out.

    Where times mostly run backwards, as in exports that begin with the newest, rows of one moment are turned too.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema.time_columns import utc_times

    schema = schema or SyslogSchema.of(data)
    given, labels = named_table(data, schema)
    texts = {name: text_of(data, getattr(schema, name)) for name in ("host", "program", "pid", "host_ip", "message")}
    start = utc_times(given, schema.time)
    table = pa.table({"start": start, **texts})
    has_time = np.flatnonzero(pc.is_valid(start).to_numpy(zero_copy_only=False))
    when = start.take(pa.array(has_time)).cast(pa.int64()).to_numpy()
    steps = np.sign(np.diff(when)).sum() if len(when) else 0
    order = np.lexsort((-has_time if steps < 0 else has_time, when))
    return SyslogRows(table, labels).take(has_time[order])
