"""The methods of a result that make something else of it: a document, a page, a workbook, a difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from flowsleuth.investigate.dossier import Dossier

if TYPE_CHECKING:
    from flowsleuth.notebooklets.result import NotebookletResult
    from flowsleuth.notebooklets.result_diff import ResultDiff


class ResultDocuments:
    """What :class:`~flowsleuth.notebooklets.result.NotebookletResult` can be turned into."""

    @property
    def _whole(self) -> NotebookletResult:
        return cast("NotebookletResult", self)

    def to_dossier(self) -> Dossier:
        """The result as one document."""
        from flowsleuth.notebooklets.result_document import to_dossier

        return to_dossier(self._whole)

    @classmethod
    def from_dossier(cls, dossier: Dossier, data_providers: Any = None) -> Self:
        """The result that :meth:`to_dossier` told of; its class is looked up in the catalogue, nothing else is loaded.

        Raises
        ------
        CatalogueError
            There is no such notebooklet here.
        OptionError
            The document is no notebooklet's result, or of another class.
        """
        from flowsleuth.notebooklets.result_document import from_dossier

        return cast("Self", from_dossier(cast("type[NotebookletResult]", cls), dossier, data_providers))

    def to_json(self, file: str | Path | None = None) -> str:
        """As JSON text.

        Parameters
        ----------
        file : path, optional
            Where to write it.

        Returns
        -------
        str
            The text, or the path it was written to.
        """
        from flowsleuth.notebooklets.result_document import written

        return written(self.to_dossier().to_json(), file)

    @classmethod
    def from_json(cls, text: str, data_providers: Any = None) -> Self:
        """The result that :meth:`to_json` told of; see :meth:`from_dossier`."""
        return cls.from_dossier(Dossier.from_json(text), data_providers)

    def diff(self, other: NotebookletResult) -> ResultDiff:
        """What ``other`` has that this does not, and the other way round.

        Raises
        ------
        OptionError
            They are results of different notebooklets.
        """
        from flowsleuth.notebooklets.result_diff import diff_results

        return diff_results(self._whole, other)

    def to_html(self, file: str | Path | None = None, *, top: int = 250) -> str:
        """One HTML page that needs nothing from outside: tables, figures, what became of each step.

        Parameters
        ----------
        file : path, optional
            Where to write it.
        top : int
            Rows of a table that the page shows; it says how many there are.

        Returns
        -------
        str
            The page, or the path it was written to.
        """
        from flowsleuth.notebooklets.result_document import to_html

        return to_html(self._whole, file, top)

    def to_excel(self, file: str | Path) -> Path:
        """A workbook with a sheet for each table; needs the extra ``excel``. Cells never begin a formula."""
        from flowsleuth.notebooklets.result_excel import to_excel

        return to_excel(self._whole, file)

    def _repr_html_(self) -> str:
        from flowsleuth.notebooklets.result_document import result_html

        return result_html(self._whole)

    def __str__(self) -> str:
        from flowsleuth.notebooklets.result_document import result_text

        return result_text(self._whole)
