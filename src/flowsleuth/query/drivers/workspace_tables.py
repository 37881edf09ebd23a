"""The tables of a flowsleuth workspace, asked in SQL, on the engine the workspace has."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from flowsleuth.errors import EngineError, QueryError
from flowsleuth.query.drivers.contract import Answer, Request
from flowsleuth.schema import TABLES
from flowsleuth.settings import Settings

if TYPE_CHECKING:
    from flowsleuth.store import Store


class WorkspaceTables:
    """What is stored in a workspace: ``flow``, ``dns``, ``alert`` and the others.

    Parameters
    ----------
    folder : path
        The workspace.
    engine : str, optional
        Engine URL instead of the workspace's own.
    store : Store, optional
        An open store instead of a folder; it stays open.

    Examples
    --------
    >>> import tempfile
    >>> from flowsleuth.store import Store
    >>> from flowsleuth.query import QueryProvider
    >>> case = QueryProvider("Workspace", store=Store(Path(tempfile.mkdtemp())))
    >>> len(case.Network.list_flows_by_ip(ip_address_list=["10.0.0.1"]))
    0
    """

    environment: ClassVar[str] = "Workspace"
    language: ClassVar[str] = "sql"
    summary: ClassVar[str] = "a flowsleuth workspace, asked in SQL"
    is_local: ClassVar[bool] = True

    def __init__(self, folder: str | Path | None = None, engine: str | None = None, store: Store | None = None) -> None:
        if (folder is None) == (store is None):
            raise QueryError("either a folder or an open store is needed", where="Workspace", hint="give folder=")
        self.parallel = 1
        self._folder = None if folder is None else Path(folder)
        self._engine = engine
        self._store = store
        self._is_ours = store is None
        self._lock = threading.Lock()

    def connect(self) -> None:
        """Open the store.

        Raises
        ------
        WorkspaceError
            The folder is no workspace.
        """
        if self._store is None:
            from flowsleuth.store import Store

            assert self._folder is not None
            settings = Settings.load(self._folder)
            self._store = Store(self._folder, self._engine or settings.engine)

    def run(self, request: Request) -> Answer:
        """Ask; one question at a time.

        Raises
        ------
        QueryError
            The SQL is not right, or names no table that is there.
        """
        from flowsleuth.store.sql_session import ask_sql

        self.connect()
        assert self._store is not None
        try:
            with self._lock:
                return Answer(ask_sql(self._store, request.query.bound_text, request.query.bound))
        except EngineError as error:
            raise QueryError(error.message, where=error.where, available=error.available, hint=error.hint) from None

    def tables(self) -> dict[str, dict[str, str]]:
        """Columns and types of each table."""
        return {name: {column.name: column.type for column in table.columns} for name, table in TABLES.items()}

    def close(self) -> None:
        """Close a store that was opened here."""
        if self._store is not None and self._is_ours:
            self._store.close()
            self._store = None
