"""A step: one named piece of a run, what it needs, what it gives; and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from flowsleuth.notebooklets.run import Run

Status = Literal["ok", "skipped", "failed"]


class SkipStep(Exception):  # noqa: N818  # it is no error
    """Raised by a step that has nothing to do, with the reason."""


@dataclass(frozen=True)
class Step:
    """A piece of a notebooklet.

    Attributes
    ----------
    name : str
        Lower case, unique in the notebooklet.
    do : callable
        Takes the :class:`~flowsleuth.notebooklets.run.Run`, gives attributes of the result by name (or None). It runs
        in a thread of its own, prints nothing and changes nothing but what it gives.
    title : str
        Heading.
    text : str
        What the section shows; for the help.
    gives : tuple of str
        Attributes of the result that it alone may fill.
    option : str or None
        Runs only when this option is chosen; None: always.
    tables : tuple of str
        Stored tables that must have rows; ``logon|syslog`` is one or the other.
    providers : tuple of str
        Providers that must be there; ``A|B`` is one or the other.
    uses : tuple of str
        Attributes of earlier steps that must be there.
    after : tuple of str
        Attributes of earlier steps that it takes when they are there.

    Examples
    --------
    >>> Step("flows", lambda run: {"flows": run.rows("flow")}, "Flows", gives=("flows",), tables=("flow",)).reads
    ()
    """

    name: str
    do: Callable[[Run], Mapping[str, Any] | None]
    title: str = ""
    text: str = ""
    gives: tuple[str, ...] = ()
    option: str | None = None
    tables: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Attributes of earlier steps that it may read."""
        return (*self.uses, *self.after)


@dataclass(frozen=True)
class StepReport:
    """What became of a step.

    Attributes
    ----------
    name, title : str
    status : ``ok``, ``skipped`` or ``failed``
    why : str
        Of a step that is not ok.
    seconds : float
        How long it took.
    notes : tuple of str
        What it has to say.
    detail : str
        The traceback of a failure, for who writes notebooklets; never saved.
    """

    name: str
    title: str
    status: Status
    why: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    detail: str = field(default="", compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain = {"name": self.name, "title": self.title, "status": self.status, "why": self.why}
        return {**plain, "seconds": round(self.seconds, 3), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> StepReport:
        """What :meth:`to_dict` told of."""
        status: Status = plain["status"] if plain["status"] in ("ok", "skipped") else "failed"
        words = {name: str(plain[name]) for name in ("name", "title", "why")}
        return cls(status=status, seconds=float(plain["seconds"]), notes=tuple(map(str, plain["notes"])), **words)

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        return f"{self.title or self.name}: {self.status}{why} ({self.seconds:.2f} s)"


@dataclass(frozen=True)
class Progress:
    """How far a run is; told when a step begins (``status`` is ``started``) and when it has ended.

    Attributes
    ----------
    notebooklet : str
    step : str
        Its title.
    status : str
        ``started``, ``ok``, ``skipped`` or ``failed``.
    why : str
    seconds : float
        Of this step.
    done, steps : int
        How many have ended, of how many.
    """

    notebooklet: str
    step: str
    status: str
    why: str
    seconds: float
    done: int
    steps: int

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        took = "" if self.status == "started" else f" ({self.seconds:.2f} s)"
        return f"{self.notebooklet} [{self.done}/{self.steps}] {self.step}: {self.status}{why}{took}"
