"""A notebooklet: a named sequence of steps that answers one question, and what it says about itself."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar, cast

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.notebooklets.asking import (
    check_inputs,
    gather_rows,
    provenance_of,
    read_parameters,
    read_value,
    window_of,
)
from flowsleuth.notebooklets.attributes import Found, is_empty
from flowsleuth.notebooklets.card import Card
from flowsleuth.notebooklets.metadata import chosen_options
from flowsleuth.notebooklets.result import NotebookletResult
from flowsleuth.notebooklets.run import Question, Run
from flowsleuth.notebooklets.running import Ran, Runner, Tell, check_steps, run_step
from flowsleuth.notebooklets.showing import teller
from flowsleuth.notebooklets.sources import LOOKUP, QUERY_PROVIDER, Providers
from flowsleuth.notebooklets.step import SkipStep, Step, StepReport
from flowsleuth.notebooklets.user_steps import UserSteps
from flowsleuth.schema.time_range import TimeRange

R = TypeVar("R", bound=NotebookletResult)


@dataclass(frozen=True)
class NoParameters:
    """Of a notebooklet that takes none."""


class Notebooklet(Card, UserSteps, Generic[R]):
    """A named sequence of steps. Subclasses declare ``metadata``, ``result_class`` and ``steps``.

    Parameters
    ----------
    data_providers : Workspace, query provider, mapping of name to provider, or None
        Whom it asks; nobody else is asked. None is enough where ``data`` is given to :meth:`run`.
    silent : bool, optional
        For all its runs that say nothing else; see :meth:`run`.

    Examples
    --------
    >>> from flowsleuth.notebooklets import Metadata, NotebookletResult, Option, table
    >>> class LinkResult(NotebookletResult):
    ...     requests = table("HTTP requests for it.")
    >>> class LinkSummary(Notebooklet[LinkResult]):
    ...     metadata = Metadata("LinkSummary", "What is known of a link.", (Option("requests", "…"),), ("url",))
    ...     result_class = LinkResult
    ...     steps = (Step("requests", lambda run: {"requests": run.ask("Url.requests")}, "Requests",
    ...         gives=("requests",), option="requests", tables=("http",)),)
    >>> import flowsleuth, tempfile
    >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
    ...     print(LinkSummary(ws).run("http://example.org/").steps[0].why)
    nothing is stored in table http
    """

    result_class: ClassVar[type[NotebookletResult]] = NotebookletResult
    steps: ClassVar[tuple[Step, ...]] = ()
    Parameters: ClassVar[type] = NoParameters
    """A frozen dataclass: each field with a default, and ``metadata`` with ``help``, ``min``, ``max``, ``unit``."""
    foreign_tables: ClassVar[tuple[str, ...]] = ()
    """Tables that it reads by :meth:`Run.foreign`, which no workspace has: ``Heartbeat``, ``OfficeActivity``, …"""

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        if "result_class" in vars(cls) and cls.result_class is not NotebookletResult:
            cls.result_class.notebooklet_class = cls
        if "metadata" in vars(cls) or "steps" in vars(cls):
            check_steps(cls.__name__, cls.steps, cls.result_class.attributes, cls.metadata.all_options)

    def __init__(self, data_providers: Any = None, *, silent: bool | None = None) -> None:
        self.data_providers = Providers.of(data_providers)
        self._silent = silent
        self._result: R | None = None
        self._own_steps: tuple[Step, ...] = ()

    # state --------------------------------------------------------------------------------------------------------

    @property
    def result(self) -> R | None:
        """The result of the last run that came to an end, None before."""
        return self._result

    @property
    def silent(self) -> bool | None:
        """Whether runs say nothing while they run; None: they say nothing unless the run is told to."""
        return self._silent

    @silent.setter
    def silent(self, value: bool | None) -> None:
        self._silent = value

    @property
    def options(self) -> tuple[str, ...]:
        """The options of the last run."""
        return () if self._result is None else self._result.options

    @property
    def timespan(self) -> TimeRange:
        """The window of the last run; before that, of the workspace."""
        if self._result is not None:
            return self._result.timespan
        workspace = self.data_providers.workspace
        return TimeRange() if workspace is None else workspace.time_range

    @property
    def query_provider(self) -> Any:
        """The query provider it was given, if any."""
        return self.data_providers.get(self.data_providers.find(QUERY_PROVIDER) or "", None)

    @classmethod
    def online_options(cls) -> tuple[str, ...]:
        """Names of the options that ask others over the network: those that say so, and of steps that look things up.

        Examples
        --------
        >>> from flowsleuth.notebooklets.url_summary import UrlSummary
        >>> UrlSummary.online_options()
        ('ti',)
        """
        asking = {step.option for step in cls.steps for names in step.providers if LOOKUP in names.split("|")}
        return tuple(one.name for one in cls.metadata.options if one.is_online or one.name in asking)

    def get_provider(self, provider_name: str) -> Any:
        """A provider by name, or the first of ``A|B``.

        Raises
        ------
        CatalogueError
            There is none.
        """
        return self.data_providers[provider_name]

    def attach(self, data_providers: Any) -> None:
        """Ask others from now on."""
        self.data_providers = Providers.of(data_providers)

    def check_valid_result_data(self, attrib: str | None = None, silent: bool = True) -> bool:
        """Whether there is a result, and the attribute, if one is named, holds something."""
        is_there = self._result is not None and (attrib is None or not is_empty(getattr(self._result, attrib)))
        if not is_there and not silent:
            print(f"{self.name()}: no data in {attrib or 'a result'}; run it first, or with another option")
        return is_there

    def check_table_exists(self, table: str) -> bool:
        """Whether rows of a table are stored in the workspace that it asks."""
        workspace = self.data_providers.workspace
        return workspace is not None and any(part.rows for part in workspace.store.catalog.parts(table))

    # running ------------------------------------------------------------------------------------------------------

    def run(
        self, value: Any = None, data: Any = None, timespan: Any = None, options: str | Iterable[str] | None = None, *,
        start: Any = None, end: Any = None, silent: bool | None = None, progress: Tell | None = None,
        cancel: threading.Event | None = None, strict: bool = False, **parameters: Any,
    ) -> R:  # fmt: skip
        """Run the steps.

        Parameters
        ----------
        value : str or Entity, optional
            What it is about.
        data : table or mapping of table name to table, optional
            Rows to look at instead of those of the workspace.
        timespan : optional
            Anything that ``TimeRange.of`` reads; the workspace's window when not given.
        options : iterable of str, or str, optional
            Nothing: the defaults. Names: exactly these. ``+name`` adds, ``-name`` takes away.
        start, end : optional
            Instead of ``timespan``.
        silent : bool, optional
            False shows how far it is on standard error; else nothing is printed.
        progress : callable, optional
            Told :class:`~flowsleuth.notebooklets.step.Progress`, in this thread.
        cancel : threading.Event, optional
            Set by another thread, it ends the run with what there is. So does Ctrl-C, which leaves it in ``result``.
        strict : bool
            A failed step is an error after all steps have ended; the result is in ``result`` all the same.
        **parameters
            Fields of ``Parameters``.

        Returns
        -------
        NotebookletResult
            Of the declared class. Steps that failed or were skipped say why in ``steps``; what others gave is there.

        Raises
        ------
        OptionError
            No value where one is needed; unknown option or parameter; a window that cannot be read.
        """
        check_inputs(self.metadata, value, data)
        time = window_of(self.data_providers, timespan, start, end)
        question = self._question(value, time, options, parameters)
        providers, gathered = gather_rows(self, question, data)
        question = replace(question, providers=providers, cancelled=cancel or threading.Event())
        quiet = self._silent if silent is None else silent
        steps = (*self.steps, *self.added_steps())
        tell = teller(progress, is_shown=quiet is False)
        ran = Runner(self.name(), steps, question, self.result_class.attributes, tell).run()
        result = self._made(question, ran, gathered)
        self._result = result
        if ran.is_interrupted:
            raise KeyboardInterrupt
        failed = [step for step in result.steps if step.status == "failed"]
        if strict and failed:
            raise FlowsleuthError(f"step {failed[0].name} failed: {failed[0].why}", where=self.name(), hint=None)
        return result

    def _question(self, value: Any, time: TimeRange, options: Any, parameters: Mapping[str, Any]) -> Question:
        chosen, settings = chosen_options(self.metadata, options), read_parameters(type(self), parameters)
        value = self.take_value(value)
        return Question(value, read_value(self.metadata, value), time, chosen, settings, self.data_providers)

    def take_value(self, value: Any) -> Any:
        """The value as text or an entity; to be overridden by those that take other forms too."""
        return value

    def gather(self, provider: Any, question: Question) -> Mapping[str, Any]:
        """Tables by name that a query provider has about the question; for notebooklets that can ask one.

        Returns
        -------
        mapping
            Table name (``flow``, ``alert``, …) → rows with that table's columns, as :meth:`read_data` gives; a name
            of ``foreign_tables`` → rows as they are, or the error that asking for them ended with.
        """
        raise OptionError("this notebooklet asks no query provider", where=self.name(), hint="give a workspace")

    def read_data(self, data: Any) -> Mapping[str, Any]:
        """What was given as ``data``, as tables by name; to be overridden by those that know other columns too."""
        return dict(data) if isinstance(data, Mapping) else {self.metadata.data_table: data}

    def _made(self, question: Question, ran: Ran, gathered: StepReport | None) -> R:
        asked = question.asked
        about = asked.text if asked is not None else "data"
        reports = (*((gathered,) if gathered else ()), *ran.reports.values())
        result = self.result_class(
            description=f"{self.title()} of {about}",
            timespan=question.time,
            value=None if asked is None else asked.text,
            options=question.options,
            parameters=asdict(question.parameters),
            steps=reports,
            sections=ran.sections,
            provenance=provenance_of(self.name(), question),
        )
        bound = self.bound_to(cast(R, result))
        bound.data_providers = question.providers
        result._notebooklet = bound
        return cast(R, result)

    # bound to a run -----------------------------------------------------------------------------------------------

    def bound_to(self, result: R) -> Notebooklet[R]:
        """The same notebooklet, whose ``result`` is that one for good: its methods act on that run and no other."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._result = result
        return made

    @property
    def context(self) -> Run:
        """For follow-up methods: the last run's question, with all of its results to read.

        Raises
        ------
        OptionError
            It was not run yet.
        """
        result = self._last()
        question = self._question(result.value, result.timespan, None, result.parameters)
        question = replace(question, options=result.options)
        return Run(question, lambda name: result.attributes[name].given(result.section(name)))

    def _last(self) -> R:
        """For follow-up methods: the result they act on; refused before a run."""
        if self._result is None:
            raise OptionError("not run yet", where=self.name(), hint="call run(…) first")
        return self._result

    def _do(self, *names: str) -> R:
        """For follow-up methods: do declared steps now, chosen or not, and put what they give into the result."""
        result, steps = self._last(), {step.name: step for step in self.steps}
        for name in names:
            try:
                given = steps[name].do(self.context) or {}
            except SkipStep as skip:
                given = dict.fromkeys(steps[name].gives, Found(absent=str(skip)))
            for attribute, found in given.items():
                result.keep(attribute, found)
        return result

    def run_nb_func(self, nb_func: str | Step | Callable[[Run], Any], **kwargs: Any) -> Any:
        """Run one added step now, on the last result, and put what it gives there.

        Parameters
        ----------
        nb_func : str, Step or callable
            The name of an added step, or a step, as :meth:`add_nb_function` takes it.

        Returns
        -------
        dict
            What it gave.

        Raises
        ------
        FlowsleuthError
            It failed or had nothing to do.
        """
        step = self.find_step(nb_func, **kwargs)
        run = self.context
        report, sections = run_step(step, run.question, run.__getitem__, self.result_class.attributes)
        if report.status != "ok":
            raise FlowsleuthError(f"{report.status}: {report.why}", where=f"step {step.name}")
        result = self._last()
        for name, section in sections.items():
            result.keep_section(name, section)
        return {name: getattr(result, name) for name in sections}

    def run_nb_funcs(self) -> dict[str, Any]:
        """Run all added steps on the last result, in their order."""
        return {step.name: self.run_nb_func(step) for step in self.added_steps()}

    def get_methods(self) -> dict[str, Callable[..., Any]]:
        """The follow-up methods: public ones that the notebooklet's own class defines."""
        return {name: getattr(self, name) for name in self.follow_ups()}

    def list_methods(self) -> list[str]:
        """The same as text: name, and what it does."""
        return [f"{name} - {said}" for name, said in self.follow_ups().items()]

    def get_pivot_run(self, get_timespan: Callable[[], Any]) -> Callable[..., R]:
        """:meth:`run` as a function of the value, in a window that is asked for when it is called.

        The caller's own ``timespan``, ``start`` or ``end`` goes first.
        """

        @functools.wraps(self.run)
        def pivot_run(value: Any, *args: Any, **words: Any) -> R:
            is_told = len(args) > 1 or any(words.get(name) is not None for name in ("timespan", "start", "end"))
            window = {} if is_told else {"timespan": get_timespan()}
            return self.run(value, *args, **{**words, **window})

        return pivot_run

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: no provider, no result (the result binds itself again)."""
        return {**self.__dict__, "data_providers": Providers({}), "_result": None}

    def __repr__(self) -> str:
        return f"<notebooklet {self.name()}: {self.description()}>"


def find_giver(result: NotebookletResult, attribute: str) -> StepReport | None:
    """What became of the step that gives an attribute; None when none does."""
    notebooklet = result.notebooklet
    steps = () if notebooklet is None else (*notebooklet.steps, *notebooklet.added_steps())
    giver = next((step.name for step in steps if attribute in step.gives), None)
    return next((report for report in result.steps if report.name == giver), None)
