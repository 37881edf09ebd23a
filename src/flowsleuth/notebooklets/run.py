"""What a step gets in hand: the question, the window, the options, earlier results, and whom to ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.notebooklets.metadata import ENTITY_KINDS
from flowsleuth.notebooklets.sources import FOREIGN, OpenWorkspace, Providers
from flowsleuth.notebooklets.step import SkipStep
from flowsleuth.schema.time_range import TimeRange

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.schema.entities import Entity

LIMIT = 10_000


@dataclass(frozen=True)
class Asked:
    """What a run is about.

    Attributes
    ----------
    kind : str
        ``IpAddress``, ``Host``, ``Account``, ``Url``, ``Dns`` or ``File``.
    text : str
        Canonical.
    entity : Entity
    """

    kind: str
    text: str
    entity: Entity

    @classmethod
    def of(cls, value: Any, entity_types: Sequence[str]) -> Asked:
        """Read a value as the first of some entity types that it is.

        Raises
        ------
        OptionError
            It is none of them.

        Examples
        --------
        >>> Asked.of(" 2001:DB8:0::1 ", ["ip_address", "host"]).text, Asked.of("WEB1", ["ip_address", "host"]).kind
        ('2001:db8::1', 'Host')
        """
        from flowsleuth.investigate.asked_values import canonical_or_none, entity_of

        value = value.strip() if isinstance(value, str) else value
        for name in entity_types:
            kind = ENTITY_KINDS[name]
            text = canonical_or_none(kind, value)
            if text is not None:
                return cls(kind, text, entity_of(kind, text if isinstance(value, str) else value))
        raise OptionError("the value is none of these", where=repr(value), available=entity_types)


@dataclass(frozen=True)
class Question:
    """What is asked in one run; the same for all its steps.

    Attributes
    ----------
    value : object
        As it was given.
    asked : Asked or None
        What the value is; None when there is none.
    time : TimeRange
        Every query keeps to it.
    options : tuple of str
    parameters : object
        The frozen dataclass ``Parameters`` of the notebooklet.
    providers : Providers
    cancelled : threading.Event
        Set when the run is to end.
    """

    value: Any
    asked: Asked | None
    time: TimeRange
    options: tuple[str, ...]
    parameters: Any
    providers: Providers
    cancelled: threading.Event = field(default_factory=threading.Event)


class Run:
    """One step's view of a run.

    Parameters
    ----------
    question : Question
    reads : mapping or callable
        Earlier results by attribute; only those that the step declared.
    """

    def __init__(self, question: Question, reads: Mapping[str, Any] | Callable[[str], Any]) -> None:
        self.question = question
        self._reads = reads
        self.notes: list[str] = []

    # the question -------------------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The value as it was given."""
        return self.question.value

    @property
    def asked(self) -> Asked:
        """What the run is about, canonical.

        Raises
        ------
        SkipStep
            The run has no value.
        """
        if self.question.asked is None:
            raise SkipStep("no value was given")
        return self.question.asked

    @property
    def time(self) -> TimeRange:
        """The window."""
        return self.question.time

    @property
    def options(self) -> tuple[str, ...]:
        """The chosen options."""
        return self.question.options

    @property
    def parameters(self) -> Any:
        """The notebooklet's own parameters, typed."""
        return self.question.parameters

    def __getitem__(self, attribute: str) -> Any:
        """An earlier result (tables are Arrow), None where it is absent; only what the step declared it reads.

        Raises
        ------
        CatalogueError
            The step did not declare it in ``uses`` or ``after``.
        """
        if callable(self._reads):
            return self._reads(attribute)
        if attribute not in self._reads:
            hint = "name it in uses= or after= of the step"
            raise CatalogueError("this step does not declare that it reads it", where=attribute, hint=hint)
        return self._reads[attribute]

    # saying -------------------------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        """Say what was left out, or how something was found."""
        if text and text not in self.notes:
            self.notes.append(text)

    def check(self) -> None:
        """In a long loop: end here when the run was cancelled.

        Raises
        ------
        SkipStep
            It was.
        """
        if self.question.cancelled.is_set():
            raise SkipStep("cancelled")

    # asking -------------------------------------------------------------------------------------------------------

    def provider(self, name: str) -> Any:
        """A provider by name, or the first of ``A|B``.

        Raises
        ------
        CatalogueError
            There is none.
        """
        return self.question.providers[name]

    @property
    def ws(self) -> OpenWorkspace:
        """The workspace.

        Raises
        ------
        SkipStep
            There is none.
        """
        found = self.question.providers.workspace
        if found is None:
            raise SkipStep("there is no workspace to ask")
        return found

    def foreign(self, table: str) -> pa.Table | None:
        """Rows of a table that no workspace has, as a query provider or the caller gave them; None when nobody did.

        Raises
        ------
        FlowsleuthError
            Asking for them failed.
        """
        from flowsleuth.schema.tabular import to_table

        found = self.question.providers.get(FOREIGN, {}).get(table)
        if isinstance(found, Exception):
            raise found
        return None if found is None else to_table(found)

    def rows(self, table: str, *, overlapping: bool = False) -> ir.Table:
        """Stored rows of a table that start in the window, as an Ibis table; files of other days are not opened.

        Parameters
        ----------
        table : str
        overlapping : bool
            Also rows that began before the window and had not ended when it began (tables with an ``end``).
        """
        from flowsleuth.investigate.queries import within

        start, end = self.time
        store = self.ws.store
        if overlapping and start is not None:
            stored = within(store.table(table, store.days(table, None, end)), None, end)
            return stored.filter((stored.start >= start) | (stored.end > start))
        return within(store.table(table, store.days(table, start, end)), start, end)

    def arrow(self, expression: ir.Table) -> pa.Table:
        """Fetch an Ibis expression."""
        self.check()
        return self.ws.store.arrow(expression)

    def ask(self, pivot: str, values: Any = None, *, limit: int | None = LIMIT, **options: Any) -> pa.Table:
        """Ask a pivot in the run's window; what it has to say becomes notes of the step.

        Parameters
        ----------
        pivot : str
            ``IpAddress.flows``, any of ``ws.pivots()``.
        values : str, Entity or list of them, optional
            What the run is about when not given. Answers to a list have the column ``asked``.
        limit : int or None
            Rows at most.
        **options
            The pivot's own.
        """
        self.check()
        about = self.asked.text if values is None else values
        answer = self.ws.pivots()[pivot](about, time_range=self.time, limit=limit, **options)
        for note in answer.notes:
            self.note(note)
        table: pa.Table = answer.table
        return table
