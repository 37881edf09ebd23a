"""Local files: CSV, JSON and Parquet, asked in SQL or taken whole by their name. Pickles are not opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from flowsleuth.errors import EngineError, QueryError
from flowsleuth.query.drivers.contract import Answer, Request

if TYPE_CHECKING:
    from flowsleuth.store.file_queries import FileQueries

_SQL = ("select", "with", "from", "summarize", "describe", "(")
_PICKLES = (".pkl", ".pickle")


class LocalFiles:
    """Files as tables, by their names without endings: ``SecurityAlert.csv.gz`` is ``SecurityAlert``.

    A query's text is SQL in DuckDB's dialect, with values bound; or, as in msticpy's files, the name of a file, which
    is then taken whole. msticpy's names of pickles find the CSV, JSON or Parquet file of the same name: pickles run
    code when they are opened, so nothing here opens one.

    Parameters
    ----------
    data_paths : path, or iterable of path
        Files, and folders (searched to the bottom).
    tables : mapping of str to path, optional
        Names of your own for files.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "flows.csv").write_text("src_ip,n\\n10.0.0.1,2\\n")
    >>> driver = LocalFiles([folder])
    >>> driver.connect()
    >>> driver.tables()
    {'flows': {'src_ip': 'VARCHAR', 'n': 'BIGINT'}}
    """

    environment: ClassVar[str] = "LocalData"
    language: ClassVar[str] = "sql"
    summary: ClassVar[str] = "CSV, JSON and Parquet files, asked in SQL"
    is_local: ClassVar[bool] = True

    def __init__(
        self,
        data_paths: str | Path | Iterable[str | Path] = (),
        tables: Mapping[str, str | Path] | None = None,
    ) -> None:
        self.parallel = 2
        given = [data_paths] if isinstance(data_paths, str | Path) else list(data_paths)
        self._paths = [Path(path).expanduser() for path in given]
        self._named = {name: Path(path).expanduser() for name, path in (tables or {}).items()}
        self._files: dict[str, Path] = {}
        self._session: FileQueries | None = None

    def connect(self) -> None:
        """Find the files.

        Raises
        ------
        QueryError
            A path does not exist, there is no file to ask, or two files have the same name.
        """
        from flowsleuth.store.file_queries import FileQueries

        if self._session is not None:
            return
        self._files = self._find()
        if not self._files:
            hint = "give data_paths=: files, or folders with .csv, .json, .jsonl or .parquet"
            raise QueryError("there is no file to ask", where="LocalData", hint=hint)
        self._session = FileQueries(self._files)

    def _find(self) -> dict[str, Path]:
        from flowsleuth.store.file_queries import kind_of, table_name

        found = dict(self._named)
        taken = {name.casefold(): name for name in found}
        for path in self._named.values():
            if not path.is_file():
                raise QueryError("no such file", where=str(path))
        for path in self._given():
            if kind_of(path) is None or path in found.values():
                continue
            name = table_name(path)
            if (other := taken.setdefault(name.casefold(), name)) in found:
                hint = 'name one of them: tables={"NAME": "PATH"}'
                raise QueryError(f"two files called {name}", where=f"{found[other]}, {path}", hint=hint)
            found[name] = path
        return found

    def _given(self) -> Iterable[Path]:
        for path in self._paths:
            if path.is_dir():
                yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
            elif path.is_file():
                yield path
            else:
                raise QueryError("no such file or folder", where=str(path))

    @property
    def _open(self) -> FileQueries:
        if self._session is None:
            self.connect()
        assert self._session is not None
        return self._session

    def run(self, request: Request) -> Answer:
        """Ask.

        Raises
        ------
        QueryError
            The SQL is not right, or there is no such file.
        """
        session, text = self._open, request.query.bound_text.strip()
        try:
            if text.partition(" ")[0].partition("\n")[0].casefold().startswith(_SQL):
                return Answer(session.run(text, request.query.bound))
            name = self._file_called(text).replace('"', '""')
            return Answer(session.run(f'SELECT * FROM "{name}"', {}))
        except EngineError as error:
            hint = error.hint or f"tables: {', '.join(sorted(self._files))}"
            raise QueryError(error.message, where=error.where, hint=hint) from None

    def _file_called(self, text: str) -> str:
        from flowsleuth.store.file_queries import table_name

        plain = Path(text)
        names = [table_name(plain), plain.stem] if plain.suffix.lower() in _PICKLES else [table_name(plain)]
        for wanted in names:
            for name in (wanted, wanted.removesuffix("_df")):
                found = {one.casefold(): one for one in self._files}.get(name.casefold())
                if found:
                    return found
        is_pickle = plain.suffix.lower() in _PICKLES
        hint = "pickles run code when opened: save it as CSV or Parquet under the same name" if is_pickle else None
        raise QueryError("no such file", where=text, available=sorted(self._files), hint=hint)

    def tables(self) -> dict[str, dict[str, str]]:
        """Columns and types of each file.

        Raises
        ------
        QueryError
            A file is not readable.
        """
        session = self._open
        try:
            return {name: session.columns(name) for name in self._files}
        except EngineError as error:
            raise QueryError(error.message, where=error.where) from None

    def close(self) -> None:
        """Let the session go."""
        if self._session is not None:
            self._session.close()
            self._session = None
