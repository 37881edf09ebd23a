"""What a run found: tables, figures, entities and values by attribute; it owns them, and is its own document."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flowsleuth.errors import CatalogueError, OptionError, suggestion
from flowsleuth.investigate.dossier import Section
from flowsleuth.notebooklets.attributes import Attribute, is_empty
from flowsleuth.notebooklets.result_methods import ResultDocuments
from flowsleuth.schema.time_range import TimeRange

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.notebooklets.notebooklet import Notebooklet
    from flowsleuth.notebooklets.step import StepReport

_STATE = ("description", "timespan", "value", "options", "parameters", "steps", "provenance")


class NotebookletResult(ResultDocuments):
    """The result of one run. Subclasses declare their attributes.

    Attributes
    ----------
    description : str
    timespan : TimeRange
    value : object
        What the run was about, as text.
    options : tuple of str
    parameters : dict
    steps : tuple of StepReport
        What became of each step, in order.
    provenance : dict
        Who, when, with which version.

    Examples
    --------
    >>> from flowsleuth.notebooklets.attributes import table, value
    >>> class LinkResult(NotebookletResult):
    ...     name = value("What it is called.")
    ...     seen = table("When it was seen.")
    >>> result = LinkResult()
    >>> result.name = "a link"
    >>> result.name, result.seen is None, result.properties
    ('a link', True, ['name'])
    """

    attributes: ClassVar[dict[str, Attribute]] = {}
    """Declared attributes by name."""
    notebooklet_class: ClassVar[type[Notebooklet[Any]] | None] = None
    """Whose result it is; set by that class."""

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        own = {name: one for name, one in vars(cls).items() if isinstance(one, Attribute)}
        if taken := sorted(name for name in own if hasattr(NotebookletResult, name) or name in _STATE):
            raise OptionError(f"results have {taken} already", where=cls.__name__, hint="choose other names")
        cls.attributes = {**cls.attributes, **own}

    def __init__(
        self, *, description: str = "", timespan: TimeRange | None = None, value: Any = None,
        options: tuple[str, ...] = (), parameters: Mapping[str, Any] | None = None,
        steps: tuple[StepReport, ...] = (), sections: Mapping[str, Section] | None = None,
        provenance: Mapping[str, Any] | None = None, notebooklet: Notebooklet[Any] | None = None,
    ) -> None:  # fmt: skip
        self.description = description
        self.timespan = timespan or TimeRange()
        self.value = value
        self.options = options
        self.parameters = dict(parameters or {})
        self.steps = steps
        self.provenance = dict(provenance or {})
        self._sections = dict(sections or {})
        self._in_hand: dict[str, Any] = {}
        self._notebooklet = notebooklet

    # what it holds ------------------------------------------------------------------------------------------------

    def _shown(self, attribute: Attribute) -> Any:
        """A declared attribute as the user gets it: made once, then the same object."""
        if attribute.name not in self._in_hand:
            self._in_hand[attribute.name] = attribute.shown(self._sections.get(attribute.name))
        return self._in_hand[attribute.name]

    def keep(self, name: str, given: Any) -> None:
        """Put something into the result, as follow-up methods do; a :class:`Found` says more than a bare value.

        Raises
        ------
        OptionError
            The class declares no such attribute, or declares another kind of thing.
        """
        self.keep_section(name, self._declared(name).section(given))

    def keep_section(self, name: str, section: Section) -> None:
        """The same for what is in its kept form already."""
        self._sections[name] = section
        self._in_hand.pop(name, None)

    def _declared(self, name: str) -> Attribute:
        if name not in self.attributes:
            raise CatalogueError(
                "no such attribute", where=f"{type(self).__name__} {name!r}", available=self.attributes,
                hint=suggestion(name, list(self.attributes)),
            )  # fmt: skip
        return self.attributes[name]

    def section(self, name: str) -> Section:
        """What is kept of an attribute: Arrow tables, a note, or the reason why there is nothing."""
        attribute = self._declared(name)
        found = self._sections.get(name)
        return found if found is not None else attribute.section(_absent(self._why_absent(name)))

    def _why_absent(self, name: str) -> str:
        from flowsleuth.notebooklets.notebooklet import find_giver

        report = find_giver(self, name)
        if report is None or report.status == "ok":
            return "nothing was found" if report is not None else "not asked for yet"
        return report.why or report.status

    @property
    def properties(self) -> list[str]:
        """Names of attributes that hold something."""
        return [name for name in self.attributes if self.section(name).absent is None]

    def data_properties(self, empty: bool = False) -> list[str]:
        """Names of attributes that are tables.

        Parameters
        ----------
        empty : bool
            Also those that are absent or have no rows.
        """
        tables = [name for name, one in self.attributes.items() if one.kind == "table"]
        return [name for name in tables if empty or not is_empty(self.section(name).table)]

    def vis_properties(self) -> list[str]:
        """Names of attributes that are figures and have something to draw."""
        return [name for name in self.properties if self.attributes[name].kind == "figure"]

    def prop_doc(self, name: str) -> tuple[str, str]:
        """The type and the description of an attribute.

        Raises
        ------
        CatalogueError
            There is no such attribute.
        """
        attribute = self._declared(name)
        return attribute.type_name, attribute.description

    @property
    def is_complete(self) -> bool:
        """Whether no step failed or was cancelled."""
        return not any(step.status == "failed" or step.why == "cancelled" for step in self.steps)

    def step_table(self) -> pd.DataFrame:
        """``step status why seconds notes``, a row each."""
        import pandas

        names = ("title", "status", "why", "seconds")
        rows = [{name: getattr(step, name) for name in names} | {"notes": "; ".join(step.notes)} for step in self.steps]
        return pandas.DataFrame(rows, columns=[*names, "notes"]).rename(columns={"title": "step"})

    # the notebooklet's follow-up methods, bound to this run --------------------------------------------------------

    @property
    def notebooklet(self) -> Notebooklet[Any] | None:
        """The notebooklet, bound to this result alone; None for a result of a class that is not known here."""
        return self._notebooklet

    def attach(self, data_providers: Any) -> Self:
        """Give a result that was loaded or copied from elsewhere a workspace again, for its follow-up methods."""
        if self._notebooklet is not None:
            self._notebooklet.attach(data_providers)
        return self

    def __getattr__(self, name: str) -> Any:
        bound = None if name.startswith("_") else self.__dict__.get("_notebooklet")
        methods: dict[str, Callable[..., Any]] = {} if bound is None else bound.get_methods()
        if name in methods:
            return methods[name]
        known = [*self.attributes, *methods]
        hint = suggestion(name, known)
        raise AttributeError(f"{type(self).__name__} has no {name!r}" + (f"; {hint}" if hint else ""))

    def __dir__(self) -> list[str]:
        methods = [] if self._notebooklet is None else list(self._notebooklet.get_methods())
        return sorted({*object.__dir__(self), *self.attributes, *methods})

    def list_methods(self) -> list[str]:
        """The follow-up methods, each with what it does."""
        return [] if self._notebooklet is None else self._notebooklet.list_methods()

    def view_events(self, summary_cols: list[str] | None = None, attrib: str | None = None, data: Any = None) -> Any:
        """A list of rows of a table, of which one is shown whole; needs the extra ``notebook``.

        Parameters
        ----------
        summary_cols : list of str, optional
            Columns of the list; the first six when not given.
        attrib : str, optional
            Which table of the result.
        data : table, optional
            Another table.

        Raises
        ------
        OptionError
            Neither or both are given, or the attribute has no rows.
        """
        from flowsleuth.notebooklets.event_view import view_events

        return view_events(self, summary_cols, attrib, data)

    # copies -------------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: no workspace, no frames that a user may have changed."""
        kept = {name: self.__dict__[name] for name in (*_STATE, "_sections")}
        return {**kept, "_in_hand": {}, "_notebooklet": self._notebooklet}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._notebooklet is not None:
            self._notebooklet = self._notebooklet.bound_to(self)

    def __copy__(self) -> Self:
        made = type(self).__new__(type(self))
        made.__setstate__({**self.__getstate__(), "_sections": dict(self._sections)})
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Data of its own, down to what users hold in hand; the workspace it asks is the same."""
        made = self.__copy__()
        made.parameters, made.provenance = copy.deepcopy(self.parameters), copy.deepcopy(self.provenance)
        made._sections = {name: copy.copy(section) for name, section in self._sections.items()}
        return made

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.description}; {', '.join(self.properties) or 'nothing'}>"


def _absent(why: str) -> Any:
    from flowsleuth.notebooklets.attributes import Found

    return Found(absent=why)
