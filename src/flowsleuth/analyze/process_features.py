"""Numbers that tell command lines and paths apart, one column each, by the names that MSTICPy's users know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.columns import COMMANDS, PROGRAMS, first_there, text_of
from flowsleuth.errors import OptionError
from flowsleuth.schema.joined_columns import with_columns
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

ACCOUNTS = (
    "SubjectLogonId",
    "SubjectUserSid",
    "AccountSid",
    "CreatedProcessAccountSid",
    "Account",
    "user_id",
    "user",
    "UserName",
    "uid",
)
SYSTEM = (
    r"(?i)^(?:0x3e7|-1|S-1-5-(?:18|19|20)|0(?:\.0)?|root|(?:NT AUTHORITY\\)?(?:SYSTEM|LOCAL SERVICE|NETWORK SERVICE))$"
)


def add_process_features(input_frame: Any, force: bool = False) -> Any:
    """Features of process events, for grouping and for outliers.

    Parameters
    ----------
    input_frame : table
        pandas, polars or Arrow, with a program or a command line. It is not changed.
    force : bool
        Whether features that are there already are made again.

    Returns
    -------
    table of the make that was given
        With, as far as their columns are found: ``processName`` (program without folder), ``pathScore`` (sum of the
        letters' codes, whatever their case), ``pathLogScore``, ``pathHash`` (CRC-32); ``commandlineLen``,
        ``commandlineLogLen``, ``commandlineTokensFull`` (delimiters), ``commandlineScore``, ``commandlineTokensHash``
        (CRC-32 of the delimiters), ``isSystemSession`` (session or account are the system's own). Nothing told is null.

    Raises
    ------
    OptionError
        There is neither a program nor a command line.

    Examples
    --------
    >>> import pandas
    >>> events = pandas.DataFrame({"Image": ["C:/a/b.exe"], "CommandLine": ["b.exe -x /y"]})
    >>> made = add_process_features(events)
    >>> made[["processName", "pathScore", "commandlineLen", "commandlineTokensFull"]].values.tolist()
    [['b.exe', 814, 11, 5]]
    """
    table = to_table(input_frame)
    made = {name: column for name, column in _features(table).items() if force or name not in table.column_names}
    return with_columns(input_frame, made, replace=True)


def _features(table: pa.Table) -> dict[str, pa.Array]:
    import pyarrow.compute as pc

    from flowsleuth.analyze.process_columns import program_names

    program, command, account = (first_there(table, names) for names in (PROGRAMS, COMMANDS, ACCOUNTS))
    if program is None and command is None:
        raise OptionError("no program and no command line", where="columns", available=table.column_names)
    found: dict[str, pa.Array] = {}
    if program is not None:
        path = text_of(table, program)
        score = _each(path, lambda texts: _sums(pc.utf8_lower(texts)))
        names = program_names(table, program)
        found |= {"processName": names, "pathScore": score, "pathLogScore": _log(score), "pathHash": _each(path, _crc)}
    if command is not None:
        line = text_of(table, command)
        marks = _each(line, lambda texts: pc.replace_substring_regex(texts, r"[A-Za-z0-9_]+", ""))
        found |= {
            "commandlineLen": pc.utf8_length(line),
            "commandlineLogLen": _log(pc.utf8_length(line)),
            "commandlineTokensFull": pc.utf8_length(marks),
            "commandlineScore": _each(line, _sums),
            "commandlineTokensHash": _each(marks, _crc),
        }
    if account is not None:
        found["isSystemSession"] = pc.match_substring_regex(text_of(table, account), SYSTEM)
    return found


def _each(texts: pa.Array, change: Callable[[pa.Array], Any]) -> pa.Array:
    """A column changed, each different text once."""
    import pyarrow as pa

    coded = texts.dictionary_encode()
    made = change(coded.dictionary)
    return (made if isinstance(made, pa.Array) else pa.array(made)).take(coded.indices)


def _log(numbers: pa.Array) -> pa.Array:
    """The natural logarithm; 0 for 0."""
    import pyarrow.compute as pc

    return pc.ln(pc.cast(pc.max_element_wise(numbers, 1, skip_nulls=False), "float64"))


def _sums(texts: pa.Array) -> npt.NDArray[np.int64]:
    """The sum of the codes of the letters of each text."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    codes = np.frombuffer("".join(texts.to_pylist()).encode("utf-32-le", "replace"), dtype=np.uint32)
    ends = np.cumsum(pc.utf8_length(texts).cast(pa.int64()).to_numpy(zero_copy_only=False))
    total = np.append(0, np.cumsum(codes, dtype=np.int64))
    found: npt.NDArray[np.int64] = np.diff(total[np.append(0, ends)])
    return found


def _crc(texts: pa.Array) -> npt.NDArray[np.int64]:
    from zlib import crc32

    import numpy as np

    return np.array([crc32(text.encode("utf-8", "replace")) for text in texts.to_pylist()], dtype=np.int64)
