"""The method of :class:`flowsleuth.workspace.Workspace` that asks in SQL."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.store import Store
    from flowsleuth.workspace.results import Rows


class SqlMethods:
    """Questions of one's own, in SQL."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def sql(self, text: str, **values: Any) -> Rows:
        """Ask the stored tables in DuckDB's SQL; ``$name`` in it stands for a value.

        Parameters
        ----------
        text : str
            A SELECT over tables of :data:`flowsleuth.schema.TABLES`. No file but theirs is within its reach.
        **values
            What the ``$name`` are: text, numbers, times, lists. They are bound, never pasted in.

        Returns
        -------
        Rows
            Times in UTC.

        Raises
        ------
        EngineError
            The SQL is not right, or asks none of the tables.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.sql("SELECT count(*) AS flows FROM flow WHERE dst_port = $port", port=22).table.to_pylist()
        [{'flows': 0}]
        """
        from flowsleuth.store.sql_session import ask_sql
        from flowsleuth.workspace.results import Rows

        return Rows(ask_sql(self.store, text, values))

    def sql_to_csv(self, text: str, file: IO[str], /, **values: Any) -> int | None:
        """Write the answer of :meth:`sql` as CSV, from the engine into an open file; it never is in memory as a whole.

        Times are ISO 8601 UTC, null is an empty field, and a text that a spreadsheet would take for a formula gets a
        ``'`` before it.

        Parameters
        ----------
        text : str
            As for :meth:`sql`.
        file : text file
        **values

        Returns
        -------
        int or None
            Rows. None, and nothing is written, where only :meth:`sql` gives the answer, or tells what is wrong with
            the text: on Spark, and for columns of lists or structures.

        Raises
        ------
        EngineError
            The SQL asks none of the tables, or failed on the way.

        Examples
        --------
        >>> import flowsleuth, sys, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     rows = ws.sql_to_csv("SELECT $port AS port, count(*) AS flows FROM flow", sys.stdout, port=22)
        port,flows
        22,0
        """
        from flowsleuth.store.sql_session import sql_to_csv

        return sql_to_csv(self.store, text, values, file)
