"""The method of :class:`flowsleuth.workspace.Workspace` that finds indicators in stored text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.extract.ioc.engine import ScanOptions
    from flowsleuth.store import Store
    from flowsleuth.workspace.results import Rows


class IocMethods:
    """Indicators of compromise in what is stored."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

    def extract_iocs(
        self,
        table: str,
        columns: str | Sequence[str] | None = None,
        *,
        ioc_types: str | Iterable[str] | None = None,
        include_paths: bool = False,
        options: ScanOptions | None = None,
    ) -> Rows:
        """Indicators in the text of a stored table: each observable once for each column it stands in.

        Only distinct texts are looked at, some hundred thousand at a time, so memory does not grow with the table.

        Parameters
        ----------
        table : str
            Name of a table of :data:`flowsleuth.schema.TABLES`.
        columns : str or sequence of str, optional
            All of its columns of text when not given.
        ioc_types : str or iterable of str, optional
            Names as :class:`~flowsleuth.extract.ioc.extractor.IoCExtract` has them; all but paths when not given.
        include_paths : bool
            Paths too.
        options : ScanOptions, optional
            In columns that hold names and nothing else (``query``, ``server_name``, ``host`` …), every end that is a
            top-level domain counts as one, and local names count, unless options are given.

        Returns
        -------
        Rows
            ``ioc_type``, ``observable``, ``column``, ``found`` (one spelling of it), ``rows`` (how many hold it),
            ``first_seen`` and ``last_seen`` (UTC); those in most rows first.

        Raises
        ------
        CatalogueError
            There is no such table.
        OptionError
            It has no such column of text, or there is no such type.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.extract_iocs("process", "command_line", ioc_types=["url", "ipv4"]))
        0
        """
        from flowsleuth.workspace.results import Rows
        from flowsleuth.workspace.stored_iocs import stored_iocs

        found = stored_iocs(
            self.store, table, columns, ioc_types=ioc_types, include_paths=include_paths, options=options
        )
        return Rows(found)
