"""The columns of a table of processes as arrays that can be compared: ids however they are spelled, names, times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.columns import micros_of, text_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from flowsleuth.analyze.process_schema import ProcessSchema

    Ints = npt.NDArray[np.int64]

NO_ID = -1
_LARGEST = 2**62
_NIL_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class ProcessColumns:
    """One entry a process, in the order of the rows.

    Attributes
    ----------
    host, name, parent_name, command : array of int64
        Codes: equal where the texts are, names without folder and case; :data:`NO_ID` where nothing is told. Names of
        processes and of parents have one coding.
    pid, parent_pid : array of int64
        Numbers; :data:`NO_ID` where none is told.
    guid, parent_guid : array of int64
        Codes of the ids that are not used again.
    start, end, parent_start : array of int64
        Microseconds since 1970 UTC; :data:`~flowsleuth.analyze.columns.NO_TIME` where not told.
    names : pyarrow.Array of string
        What the codes of names mean.
    """

    host: Ints
    pid: Ints
    parent_pid: Ints
    guid: Ints
    parent_guid: Ints
    name: Ints
    parent_name: Ints
    command: Ints
    start: Ints
    end: Ints
    parent_start: Ints
    names: pa.Array

    def take(self, rows: Any) -> ProcessColumns:
        """Only some processes."""
        told = {name: values[rows] for name, values in vars(self).items() if name != "names"}
        return ProcessColumns(**told, names=self.names)

    def __len__(self) -> int:
        return len(self.pid)


def read_columns(table: pa.Table, schema: ProcessSchema) -> ProcessColumns:
    """The columns of a table."""
    import pyarrow.compute as pc

    host = text_of(table, schema.host_name_column)
    (hosts,), _ = coded(pc.utf8_lower(host))
    (guids, parent_guids), _ = coded(guid_texts(table, schema.process_guid), guid_texts(table, schema.parent_guid))
    (names, parent_names), words = coded(base_names(table, schema.process_name), base_names(table, schema.parent_name))
    (commands,), _ = coded(text_of(table, schema.cmd_line))
    return ProcessColumns(
        hosts, process_ids(table, schema.process_id), process_ids(table, schema.parent_id), guids, parent_guids,
        names, parent_names, commands, micros_of(table, schema.time_stamp), micros_of(table, schema.end_time),
        micros_of(table, schema.parent_start), words,
    )  # fmt: skip


def coded(*columns: pa.Array) -> tuple[list[Ints], pa.Array]:
    """Columns of text as numbers of one coding, :data:`NO_ID` for null and nothing; and the texts by number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> (one, other), words = coded(pa.array(["a", None]), pa.array(["b", "a"]))
    >>> one.tolist(), other.tolist(), words.to_pylist()
    ([0, -1], [1, 0], ['a', 'b'])
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    together = pa.concat_arrays(list(columns))
    together = pc.if_else(pc.equal(together, ""), pa.scalar(None, pa.string()), together)
    found = together.dictionary_encode()
    codes = pc.fill_null(found.indices.cast(pa.int64()), NO_ID).to_numpy(zero_copy_only=False)
    ends = np.cumsum([len(column) for column in columns])[:-1]
    return np.split(codes, ends), found.dictionary


def process_ids(table: pa.Table, column: str | None) -> Ints:
    """Process ids as numbers: decimal, ``0x`` hexadecimal, or a number with ``.0``; :data:`NO_ID` for anything else.

    Examples
    --------
    >>> import pyarrow as pa
    >>> texts = ["0x1F4", "500", "500.0", " 4 ", "-", "", None, "0xfffffffffffffffff"]
    >>> process_ids(pa.table({"pid": texts}), "pid").tolist()
    [500, 500, 500, 4, -1, -1, -1, -1]
    >>> process_ids(pa.table({"pid": [7.0, None, float("nan"), 2.5, 1e300]}), "pid").tolist()
    [7, -1, -1, -1, -1]
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if column is None:
        return np.full(len(table), NO_ID)
    kind = table[column].type
    if pa.types.is_integer(kind):
        return _not_negative(pc.fill_null(table[column].cast(pa.int64()), NO_ID).to_numpy())
    if pa.types.is_floating(kind):
        numbers = pc.fill_null(table[column].cast(pa.float64()), NO_ID).to_numpy()
        is_whole = (numbers >= 0) & (numbers < _LARGEST) & (np.floor(numbers) == numbers)
        return np.where(is_whole, numbers, NO_ID).astype(np.int64)
    coded_ids = text_of(table, column).dictionary_encode()
    numbers = np.array([process_id(text) for text in coded_ids.dictionary.to_pylist()] + [NO_ID], dtype=np.int64)
    places = pc.fill_null(coded_ids.indices.cast(pa.int64()), len(numbers) - 1).to_numpy(zero_copy_only=False)
    found: Ints = numbers[places]
    return found


def _not_negative(numbers: Ints) -> Ints:
    import numpy as np

    return np.where(numbers < 0, NO_ID, numbers)


def process_id(text: str) -> int:
    """One process id; :data:`NO_ID` when it is none."""
    text = text.strip().removesuffix(".0")
    try:
        number = int(text, 16) if text[:2].lower() == "0x" else int(text)
    except ValueError:
        return NO_ID
    return number if 0 <= number < _LARGEST else NO_ID


def guid_texts(table: pa.Table, column: str | None) -> pa.Array:
    """Ids without braces and case; null for the id of nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_lower(pc.utf8_trim(text_of(table, column), " {}"))
    return pc.if_else(pc.equal(texts, _NIL_GUID), pa.scalar(None, pa.string()), texts)


def base_names(table: pa.Table, column: str | None) -> pa.Array:
    """Names of programs without folder, quotes and case.

    Examples
    --------
    >>> import pyarrow as pa
    >>> base_names(pa.table({"p": [r"C:\\\\Windows\\\\CMD.exe", "/bin/sh", "System", None]}), "p").to_pylist()
    ['cmd.exe', 'sh', 'system', None]
    """
    import pyarrow.compute as pc

    return pc.utf8_lower(program_names(table, column))


def program_names(table: pa.Table, column: str | None) -> pa.Array:
    """Names of programs without folder and quotes."""
    import pyarrow.compute as pc

    coded_names = text_of(table, column).dictionary_encode()
    texts = pc.utf8_trim(coded_names.dictionary, ' "')
    return pc.replace_substring_regex(texts, r"(?s)^.*[\\/](.)", r"\1").take(coded_names.indices)
