"""Which columns of a table tell of logons, and the logons in the order of their times."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.columns import numbers_of, text_of
from flowsleuth.analyze.timed_rows import TimedRows, named_table
from flowsleuth.errors import OptionError
from flowsleuth.schema.tabular import column_names

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Ints = npt.NDArray[np.int64]

_NOTHING = ("", "-", "null", "None", "nan", "N/A", "?", "LOCAL")
_LOCAL = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 (nothing is bound)
_WORDS = {
    "true": True, "success": True, "succeeded": True, "yes": True, "logonsuccess": True,
    "false": False, "failure": False, "failed": False, "no": False, "logonfailed": False,
}  # fmt: skip
_TRUTHS = {"1": True, "0": False}
_EVENTS, _EVENT_COLUMNS = {"4624": True, "4625": False}, ("eventid", "event_id", "eventcode", "event.code")
_TYPES = {
    "0": "system", "2": "interactive", "3": "network", "4": "batch", "5": "service", "7": "unlock",
    "8": "network_cleartext", "9": "new_credentials", "10": "remote_interactive", "11": "cached_interactive",
    "12": "cached_remote_interactive", "13": "cached_unlock",
}  # fmt: skip
"""Microsoft, "4624(S): An account was successfully logged on"."""


@dataclass(frozen=True)
class LogonSchema:
    """Names of the columns that tell of logons; an empty name: the source has none.

    Attributes
    ----------
    time, account : str
    outcome : str
        Whether it succeeded: true or false (or 1 and 0, where there is nothing else), an event id (4624, 4625), a
        result code (0: it did, any other number: it did not). Rows that say neither, such as other events of Windows,
        are left out; without the column all succeeded.
    domain : str
        Of the account: equal names of two domains are two accounts.
    source : str
        Address, or name, that the logon came from.
    source_name : str
        Taken where the source has no address.
    host : str
        What was logged on to: a machine, or an application.
    logon_type : str
    latitude, longitude : str
        Degrees, of the source.
    label : str
        What rows are called in what is found; without it a pandas frame's index, or the row's number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> LogonSchema.of(pa.table({"TimeGenerated": [""], "UserPrincipalName": [""], "ResultType": [0]})).account
    'UserPrincipalName'
    """

    time: str
    account: str
    outcome: str = ""
    domain: str = ""
    source: str = ""
    source_name: str = ""
    host: str = ""
    logon_type: str = ""
    latitude: str = ""
    longitude: str = ""
    label: str = ""

    @classmethod
    def of(cls, data: Any) -> LogonSchema:
        """The schema that a table looks like.

        Raises
        ------
        OptionError
            It is no table, or looks like none of them.
        """
        there = set(column_names(data))
        for schema in SCHEMAS:
            if {schema.time, schema.account, schema.outcome} - {""} <= there:
                told = {one.name: getattr(schema, one.name) for one in fields(schema)}
                return cls(**{name: column if column in there else "" for name, column in told.items()})
        raise OptionError(
            "columns of no known table of logons",
            where=", ".join(sorted(there)[:10]),
            hint='name them: LogonSchema(time="…", account="…", outcome="…")',
        )


SCHEMAS = (
    LogonSchema(
        "start", "user", "is_success", "domain", "src_ip", "src_host", "host", "logon_type", "latitude", "longitude",
        "event_id",
    ),
    LogonSchema(
        "TimeGenerated", "TargetUserName", "EventID", "TargetDomainName", "IpAddress", "WorkstationName", "Computer",
        "LogonType",
    ),
    LogonSchema(
        "TimeGenerated", "UserPrincipalName", "ResultType", "", "IPAddress", "", "AppDisplayName", "Category",
        "Latitude", "Longitude",
    ),
    LogonSchema(
        "Timestamp", "AccountName", "ActionType", "AccountDomain", "RemoteIP", "RemoteDeviceName", "DeviceName",
        "LogonType",
    ),
)  # fmt: skip
"""Ours, Windows' SecurityEvent, sign-ins of Entra ID, Defender's DeviceLogonEvents."""


class Logons(TimedRows):
    """Logons with a time, an account and an outcome, in the order of their times.

    ``table`` has ``start`` (UTC), ``account``, ``source``, ``host``, ``logon_type`` (text, null: not said),
    ``is_success``, ``latitude``, ``longitude``.
    """

    @property
    def micros(self) -> Ints:
        """Microseconds since 1970."""
        import pyarrow as pa

        found: Ints = self.column("start").cast(pa.int64()).to_numpy()
        return found

    @property
    def is_success(self) -> npt.NDArray[np.bool_]:
        """Whether each succeeded."""
        import numpy as np

        return np.asarray(self.column("is_success"), dtype=bool)


def read_logons(data: Any, schema: LogonSchema | None = None) -> Logons:
    """The logons of a table.

    Raises
    ------
    OptionError
        It is no table, or lacks a column.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from flowsleuth.schema.time_columns import utc_times

    schema = schema or LogonSchema.of(data)
    given, labels = named_table(data, schema)

    def text(column: str) -> pa.Array:
        said = pc.utf8_trim_whitespace(text_of(data, column))
        return pc.if_else(pc.is_in(said, pa.array(_NOTHING)), pa.scalar(None, pa.string()), said)

    account, domain = text(schema.account), text(schema.domain)
    both = pc.binary_join_element_wise(domain, account, "\\", null_handling="emit_null")
    source = text(schema.source)
    source = pc.if_else(pc.is_in(source, pa.array(_LOCAL)), pa.scalar(None, pa.string()), source)
    kind = pc.replace_substring_regex(text(schema.logon_type), r"\.0$", "")
    coded = kind.dictionary_encode()
    named = pa.array([_TYPES.get(one, one) for one in coded.dictionary.to_pylist()], pa.string())
    table = pa.table(
        {
            "start": utc_times(given, schema.time),
            "account": pc.utf8_lower(pc.coalesce(both, account)),
            "source": pc.utf8_lower(pc.coalesce(source, text(schema.source_name))),
            "host": pc.utf8_lower(text(schema.host)),
            "logon_type": named.take(coded.indices),
            "is_success": _outcome(text(schema.outcome), schema.outcome),
            "latitude": _degrees(given, schema.latitude),
            "longitude": _degrees(given, schema.longitude),
        }
    )
    has_all = pc.and_(
        pc.and_(pc.is_valid(table["start"]), pc.is_valid(table["account"])), pc.is_valid(table["is_success"])
    )
    kept = np.flatnonzero(has_all.to_numpy())
    when = table["start"].combine_chunks().cast(pa.int64()).take(pa.array(kept)).to_numpy()
    return Logons(table, labels).take(kept[np.argsort(when, kind="stable")])


def _outcome(said: pa.Array, column: str) -> pa.Array:
    """True, false, or null where it says neither."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not column:
        return pa.repeat(True, len(said))
    coded = pc.utf8_lower(pc.replace_substring_regex(said, r"\.0$", "")).dictionary_encode()
    words = coded.dictionary.to_pylist()
    meanings = _WORDS | _numbers_mean({word for word in words if word.removeprefix("-").isdecimal()}, column)
    return pa.array([meanings.get(word) for word in words], pa.bool_()).take(coded.indices)


def _numbers_mean(numbers: set[str], column: str) -> dict[str, bool]:
    """What the numbers of a column of outcomes mean: ids of events, truths, or codes of results."""
    if column.casefold() in _EVENT_COLUMNS or numbers & set(_EVENTS):
        return _EVENTS
    is_truth = numbers <= set(_TRUTHS) and ("1" in numbers or column.casefold().startswith("is_"))
    return _TRUTHS if is_truth else {number: not number.strip("0") for number in numbers}


def _degrees(table: pa.Table, column: str) -> pa.Array:
    """Degrees as numbers; null for what is none."""
    import pyarrow as pa

    return pa.array(numbers_of(table[column]), from_pandas=True) if column else pa.nulls(len(table), pa.float64())
