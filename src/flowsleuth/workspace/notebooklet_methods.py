"""The methods of :class:`flowsleuth.Workspace` that notebooklets are run by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from flowsleuth.notebooklets import Notebooklet
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.notebooklets import NotebookletTree


class NotebookletMethods:
    """Named sequences of steps."""

    _notebooklets: NotebookletTree | None = None

    @property
    def notebooklets(self) -> NotebookletTree:
        """All notebooklets as a tree: ``ws.notebooklets.url.UrlSummary``; with ``find``, ``browse`` and ``add_folder``.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     ws.notebooklets.url.UrlSummary
        <notebooklet UrlSummary: What is known about a URL and its host.>
        """
        from flowsleuth.workspace.notebooklets import NotebookletTree

        if self._notebooklets is None:
            self._notebooklets = NotebookletTree(cast("Workspace", self))
        return self._notebooklets

    def notebooklet(self, name: str, *, silent: bool | None = None) -> Notebooklet[Any]:
        """A notebooklet of this workspace, by its name in any case.

        Parameters
        ----------
        name : str
            ``UrlSummary``, or with its group ``url.UrlSummary``.
        silent : bool, optional
            For all its runs.

        Raises
        ------
        CatalogueError
            There is none of that name.
        """
        made = self.notebooklets[name]
        made.silent = silent
        return made
