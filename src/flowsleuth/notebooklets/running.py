"""Runs the steps of a notebooklet: independent ones at the same time, each for itself; results in declared order."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.notebooklets.run import Question, Run
from flowsleuth.notebooklets.step import Progress, SkipStep, Step, StepReport

if TYPE_CHECKING:
    from flowsleuth.investigate.dossier import Section
    from flowsleuth.notebooklets.attributes import Attribute

AT_ONCE = 4
"""Steps at the same time; the engine answers one question after the other, those who go over the network do not."""
PATIENCE_S = 0.1
GRACE_S = 5.0
"""How long a cancelled run waits for steps that are under way."""
Tell = Callable[[Progress], None]


@dataclass
class Ran:
    """What came of the steps."""

    sections: dict[str, Section] = field(default_factory=dict)
    reports: dict[str, StepReport] = field(default_factory=dict)
    is_interrupted: bool = False


def run_step(
    step: Step, question: Question, reads: Mapping[str, Any] | Callable[[str], Any], attributes: Mapping[str, Attribute]
) -> tuple[StepReport, dict[str, Section]]:
    """Run one step; whatever it does, there is a report. Nothing it raises gets out."""
    run = Run(question, reads)
    began = time.perf_counter()
    sections: dict[str, Section] = {}
    status, why, detail = "ok", "", ""
    try:
        run.check()
        _check_needs(step, question)
        given = dict(step.do(run) or {})
        _check_given(step, given)
        sections = {name: attributes[name].section(value) for name, value in given.items()}
    except SkipStep as skip:
        status, why = "skipped", str(skip)
    except Exception as error:  # whatever a step does, the others' results are kept
        cancelled = question.cancelled.is_set()
        status, why = ("skipped", "cancelled") if cancelled else ("failed", reason_of(error))
        detail = traceback.format_exc()
    seconds = time.perf_counter() - began
    report = StepReport(step.name, step.title, status, why, seconds, tuple(run.notes), detail)  # type: ignore[arg-type]
    return report, sections


def reason_of(error: BaseException) -> str:
    """Why, in one line; errors of our own speak for themselves.

    Examples
    --------
    >>> reason_of(FlowsleuthError("no such table")), reason_of(ZeroDivisionError("division by zero"))
    ('no such table', 'ZeroDivisionError: division by zero')
    """
    text = " ".join(str(error).split())
    return text if isinstance(error, FlowsleuthError) else f"{type(error).__name__}: {text}".rstrip(": ")


def _check_needs(step: Step, question: Question) -> None:
    """Whether providers and tables are there; before anything is asked."""
    for names in step.providers:
        if question.providers.find(names) is None:
            raise SkipStep(f"needs provider {' or '.join(names.split('|'))}")
    for names in step.tables:
        workspace = question.providers.workspace
        if workspace is None:
            raise SkipStep(f"needs table {' or '.join(names.split('|'))}, and there is no workspace")
        if not any(part.rows for name in names.split("|") for part in workspace.store.catalog.parts(name)):
            raise SkipStep(f"nothing is stored in table {' or '.join(names.split('|'))}")


def _check_given(step: Step, given: Mapping[str, Any]) -> None:
    if more := sorted(set(given) - set(step.gives)):
        raise OptionError(f"gives {more}, which it does not declare", where=f"step {step.name}", available=step.gives)


class Runner:
    """One run of some steps.

    Parameters
    ----------
    name : str
        Of the notebooklet.
    steps : sequence of Step
    question : Question
    attributes : mapping
        Attributes of the result by name.
    tell : callable, optional
        Told how far it is, from the thread that runs it.
    """

    def __init__(
        self, name: str, steps: Sequence[Step], question: Question, attributes: Mapping[str, Attribute],
        tell: Tell | None = None,
    ) -> None:  # fmt: skip
        self._name, self._steps, self._question = name, steps, question
        self._attributes, self._tell = attributes, tell
        self._giver = {attribute: step.name for step in steps for attribute in step.gives}
        self._ran = Ran()

    def run(self) -> Ran:
        """Run them all; Ctrl-C and cancelling end it early, with what there is."""
        waiting = list(self._steps)
        under_way: dict[Future[tuple[StepReport, dict[str, Section]]], Step] = {}
        with _pool() as pool:
            try:
                while waiting or under_way:
                    waiting = self._begin(pool, waiting, under_way)
                    done, _ = wait(under_way, timeout=PATIENCE_S, return_when=FIRST_COMPLETED)
                    self._gather(done, under_way)
                    if self._question.cancelled.is_set():
                        break
            except KeyboardInterrupt:
                self._ran.is_interrupted = True
                self._question.cancelled.set()
            self._end(waiting, under_way)
        order = [step.name for step in self._steps]
        self._ran.reports = {name: self._ran.reports[name] for name in order}
        return self._ran

    def _begin(
        self, pool: ThreadPoolExecutor, waiting: list[Step], under_way: dict[Future[Any], Step]
    ) -> list[Step]:  # fmt: skip
        """Begin what can; until nothing more changes, because a step that is skipped may settle others."""
        while True:
            still: list[Step] = []
            for step in waiting:
                if not self._is_ready(step):
                    still.append(step)
                elif why := self._missing(step):
                    self._report(StepReport(step.name, step.title, "skipped", why), {})
                else:
                    self._say(step, "started", "", 0.0)
                    reads = {name: self._given(name) for name in step.reads}
                    under_way[pool.submit(run_step, step, self._question, reads, self._attributes)] = step
            if len(still) == len(waiting) or not still:
                return still
            waiting = still

    def _is_ready(self, step: Step) -> bool:
        return all(self._giver[name] in self._ran.reports for name in step.reads)

    def _missing(self, step: Step) -> str:
        if step.option is not None and step.option not in self._question.options:
            return f"option {step.option} was not chosen"
        for name in step.uses:
            section = self._ran.sections.get(name)
            if section is None or section.absent is not None:
                report = self._ran.reports[self._giver[name]]
                why = report.why or (section.absent if section is not None else "") or "it was not given"
                return f"needs {name}: {why}"
        return ""

    def _given(self, name: str) -> Any:
        return self._attributes[name].given(self._ran.sections.get(name))

    def _gather(self, done: set[Future[Any]], under_way: dict[Future[Any], Step]) -> None:
        for future in sorted(done, key=lambda one: self._steps.index(under_way[one])):
            del under_way[future]
            self._report(*future.result())

    def _end(self, waiting: list[Step], under_way: dict[Future[Any], Step]) -> None:
        """Of a cancelled run: stop what is asked, wait a moment, tell what did not come to an end."""
        until = time.monotonic() + GRACE_S
        while under_way and time.monotonic() < until:
            workspace = self._question.providers.workspace
            if workspace is not None:
                with contextlib.suppress(Exception):  # the engine's own words; there may be nothing to interrupt
                    workspace.interrupt()
            done, _ = wait(under_way, timeout=PATIENCE_S)
            self._gather(done, under_way)
        for step in [*under_way.values(), *waiting]:
            self._report(StepReport(step.name, step.title, "skipped", "cancelled"), {})

    def _report(self, report: StepReport, sections: dict[str, Section]) -> None:
        self._ran.reports[report.name] = report
        self._ran.sections |= sections
        step = next(one for one in self._steps if one.name == report.name)
        self._say(step, report.status, report.why, report.seconds)

    def _say(self, step: Step, status: str, why: str, seconds: float) -> None:
        if self._tell is not None:
            done = len(self._ran.reports)
            title = step.title or step.name
            self._tell(Progress(self._name, title, status, why, seconds, done, len(self._steps)))


@contextlib.contextmanager
def _pool() -> Any:
    """Threads that nobody waits for when a step does not come back."""
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notebooklet")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def check_steps(name: str, steps: Sequence[Step], attributes: Mapping[str, Attribute], options: Sequence[str]) -> None:
    """Whether steps fit together.

    Raises
    ------
    OptionError
        Two have one name or fill one attribute; an attribute or option is not declared; a step reads what nobody gives
        before it.
    """
    given: set[str] = set()
    names: set[str] = set()
    for step in steps:
        where = f"{name}, step {step.name}"
        if step.name in names:
            raise OptionError("there are two of this name", where=where)
        if twice := sorted(given & set(step.gives)):
            raise OptionError(f"an earlier step gives {twice}", where=where)
        if unknown := sorted(set(step.gives) - set(attributes)):
            raise OptionError(f"{unknown} not declared by the result class", where=where, available=attributes)
        if step.option is not None and step.option not in options:
            raise OptionError(f"no option {step.option!r} declared", where=where, available=options)
        if early := sorted(set(step.reads) - given):
            raise OptionError(f"reads {early}, which no earlier step gives", where=where, available=given)
        names.add(step.name)
        given |= set(step.gives)
