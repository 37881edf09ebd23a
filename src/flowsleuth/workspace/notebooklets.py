"""All notebooklets of a workspace: those of the package, of plug-ins, and of folders that the user named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import CatalogueError, suggestion
from flowsleuth.notebooklets import NOTEBOOKLETS
from flowsleuth.notebooklets.card import snake_case
from flowsleuth.notebooklets.metadata import ENTITY_KINDS
from flowsleuth.notebooklets.user_folders import load_folder

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.investigate.dossier import Dossier
    from flowsleuth.notebooklets import Notebooklet, NotebookletResult
    from flowsleuth.workspace import Workspace

OTHER = "other"
"""Group of names without one."""


class NotebookletTree:
    """See :meth:`flowsleuth.Workspace.notebooklets`; also a group of it."""

    def __init__(self, workspace: Workspace | None = None, group: str = "", own: dict[str, Any] | None = None) -> None:
        self._workspace = workspace
        self._group = group
        self._own: dict[str, type[Notebooklet[Any]]] = {} if own is None else own

    # names --------------------------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Full names: ``group.ClassName``."""
        whole = [name if "." in name else f"{OTHER}.{name}" for name in NOTEBOOKLETS.names()]
        whole += [name for name in self._own if name not in whole]
        return [name for name in whole if not self._group or name.startswith(f"{self._group}.")]

    def load(self, name: str) -> type[Notebooklet[Any]]:
        """The class of a name, with or without the group, any case.

        Raises
        ------
        CatalogueError
            There is none, or a plug-in's entry point leads to something else.
        """
        wanted = name.casefold()
        for full in self.names():
            if wanted in (full.casefold(), full.rpartition(".")[2].casefold()):
                return self._load(full)
        short = [full.rpartition(".")[2] for full in self.names()]
        raise CatalogueError("no such notebooklet", where=name, available=short, hint=suggestion(name, short))

    def _load(self, full: str) -> type[Notebooklet[Any]]:
        from flowsleuth.notebooklets import Notebooklet

        catalogued = full if full in NOTEBOOKLETS.names() else full.removeprefix(f"{OTHER}.")
        found = self._own[full] if full in self._own else NOTEBOOKLETS.load(catalogued)
        if not (isinstance(found, type) and issubclass(found, Notebooklet)):
            raise CatalogueError("this leads to no Notebooklet", where=f"{full}: {found!r}"[:120])
        return found

    def __getitem__(self, name: str) -> Notebooklet[Any]:
        return self.load(name)(self._workspace)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            if not self._group and name in self._groups():
                return NotebookletTree(self._workspace, name, self._own)
            if name in (full.rpartition(".")[2] for full in self.names()):
                return self[name]
        raise AttributeError(f"no notebooklet or group {name!r}; there are {', '.join(self.names())}")

    def _groups(self) -> list[str]:
        return list(dict.fromkeys(full.partition(".")[0] for full in self.names()))

    def __dir__(self) -> list[str]:
        short = [full.rpartition(".")[2] for full in self.names()]
        return [*([] if self._group else self._groups()), *short, *(n for n in vars(type(self)) if n[0] != "_")]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    # using --------------------------------------------------------------------------------------------------------

    def find(self, terms: str, full_match: bool = True) -> list[tuple[str, type[Notebooklet[Any]]]]:
        """Those whose name, options, keywords, entity types or description have some words; most words first.

        Parameters
        ----------
        terms : str
            With blanks or commas between; each is looked for at the beginning of words; regular expressions go.
        full_match : bool
            Only those that have all of them.
        """
        found = []
        for full in self.names():
            one = self._load(full)
            is_all, count = one.match_terms(terms)
            if count and (is_all or not full_match):
                found.append((-count, full, one))
        return [(full, one) for _, full, one in sorted(found, key=lambda each: each[:2])]

    def of_entity(self, kind: str) -> dict[str, type[Notebooklet[Any]]]:
        """Those that take an entity of a kind (``IpAddress``), by the name of the pivot each is."""
        classes = [self._load(full) for full in self.names()]
        return {
            one.snake_name(): one
            for one in classes
            if "value" in one.metadata.inputs and kind in (ENTITY_KINDS[name] for name in one.entity_types())
        }

    def add_folder(self, folder: str | Path, group: str = "") -> list[str]:
        """Run the Python files of a folder and add the notebooklets they define. Only do so with files you trust.

        Parameters
        ----------
        folder : path
            Its ``*.py`` files are run, those of folders below are not. No other folder is ever looked into.
        group : str
            Where they are in the tree; the folder's name when not given.

        Returns
        -------
        list of str
            Full names of what was added.

        Raises
        ------
        FlowsleuthError
            A file cannot be run; nothing of the folder is added then.
        """
        found = load_folder(Path(folder))
        place = group or "".join(c if c.isalnum() else "_" for c in Path(folder).resolve().name)
        self._own |= {f"{place}.{name}": one for name, one in found.items()}
        return [f"{place}.{name}" for name in found]

    def load_result(self, document: str | Path | Dossier) -> NotebookletResult:
        """A saved result: a dossier, its JSON text, or the path of a file that holds it; bound to this workspace."""
        from flowsleuth.investigate.dossier import Dossier

        if not isinstance(document, Dossier):
            is_text = isinstance(document, str) and document.lstrip().startswith("{")
            document = Dossier.from_json(str(document) if is_text else Path(document).read_text(encoding="utf-8"))
        one = self.load(str(document.provenance.get("notebooklet")))
        return one.result_class.from_dossier(document, self._workspace)

    def browse(self) -> Any:
        """A widget to choose one, read its help and copy the code that runs it; needs the extra ``notebook``."""
        from flowsleuth.notebooklets.picture import WIDGETS

        return WIDGETS.load("browser")(self)

    def to_pandas(self) -> pd.DataFrame:
        """``name group description entity_types options``, a row each."""
        import pandas

        rows = []
        for full in self.names():
            card = self._load(full).metadata
            told = (card.description, ", ".join(card.entity_types), ", ".join(card.all_options))
            rows.append((full.rpartition(".")[2], full.rpartition(".")[0], *told))
        return pandas.DataFrame(rows, columns=["name", "group", "description", "entity_types", "options"])

    def __repr__(self) -> str:
        return "\n".join(f"{full:36} {self._load(full).description()}" for full in self.names())

    def _repr_html_(self) -> str:
        return str(self.to_pandas().to_html(escape=True, index=False))


def snake_names(tree: NotebookletTree) -> dict[str, str]:
    """Pivot name → full name, without loading anything."""
    return {snake_case(full.rpartition(".")[2]): full for full in tree.names()}
