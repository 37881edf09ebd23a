"""From what a user gives :meth:`Notebooklet.run` to the question that all its steps are asked."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, suggestion
from flowsleuth.notebooklets.frames import open_frames
from flowsleuth.notebooklets.metadata import Metadata
from flowsleuth.notebooklets.run import Asked, Question
from flowsleuth.notebooklets.running import reason_of
from flowsleuth.notebooklets.sources import FOREIGN, WORKSPACE, Providers
from flowsleuth.notebooklets.step import StepReport
from flowsleuth.schema.time_range import TimeRange

if TYPE_CHECKING:
    from flowsleuth.notebooklets.notebooklet import Notebooklet


def window_of(providers: Providers, timespan: Any, start: Any, end: Any) -> TimeRange:
    """The window of a run: its own, else the workspace's.

    Raises
    ------
    OptionError
        It cannot be read or is reversed, or both kinds are given.
    """
    if start is not None or end is not None:
        if timespan is not None:
            raise OptionError("timespan, and start or end", where=repr(timespan), hint="give one or the other")
        return TimeRange.of(start=start, end=end)
    workspace = providers.workspace
    return workspace.time_range if timespan is None and workspace is not None else TimeRange.of(timespan)


def check_inputs(card: Metadata, value: Any, data: Any) -> None:
    """Whether there is something to run on.

    Raises
    ------
    OptionError
        There is not.
    """
    given = {"value": not _is_nothing(value), "data": data is not None}
    if not any(given[name] for name in card.inputs):
        raise OptionError("nothing to run on", where=card.name, hint=f"give {' or '.join(card.inputs)}")


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read_value(card: Metadata, value: Any) -> Asked | None:
    """What a value is; None when there is none."""
    return None if _is_nothing(value) or not card.entity_types else Asked.of(value, card.entity_types)


def read_parameters(one: type[Notebooklet[Any]], given: Mapping[str, Any]) -> Any:
    """Parameters by name, in the notebooklet's dataclass.

    Raises
    ------
    OptionError
        There is none of that name, or the value is out of bounds.
    """
    declared = {field.name: field for field in fields(one.Parameters)}
    for name, setting in given.items():
        if name not in declared:
            hint = suggestion(name, [*declared, *one.metadata.all_options])
            raise OptionError("no such parameter", where=f"{one.name()} {name!r}", available=declared, hint=hint)
        least, most = declared[name].metadata.get("min"), declared[name].metadata.get("max")
        if (least is not None and setting < least) or (most is not None and setting > most):
            raise OptionError(f"must be between {least} and {most}", where=f"{name}={setting}")
    return one.Parameters(**given)


def gather_rows(one: Notebooklet[Any], question: Question, data: Any) -> tuple[Providers, StepReport | None]:
    """The providers of a run: rows that are not in the workspace are put in one of their own.

    A query provider that fails is a failed step, the first; rows that cannot be read are an error.
    """
    providers = question.providers
    asks = data is None and providers.workspace is None and one.query_provider is not None
    if data is None and not asks:
        return providers, None
    try:
        tables = one.gather(one.query_provider, question) if asks else one.read_data(data)
        foreign = {name: rows for name, rows in tables.items() if name in one.foreign_tables}
        stored = {name: rows for name, rows in tables.items() if name not in foreign}
        own = open_frames(stored, providers.workspace)
        return providers.also(**{WORKSPACE: own} | ({FOREIGN: foreign} if foreign else {})), None
    except Exception as error:  # whatever it is that is asked
        if not asks:
            raise
        return providers, StepReport("data", "Data", "failed", reason_of(error))


def provenance_of(name: str, question: Question) -> dict[str, Any]:
    """Who asked, when, whom, with which version."""
    workspace = question.providers.workspace
    settings = getattr(workspace, "settings", None)
    return {
        "flowsleuth": sys.modules["flowsleuth"].__version__,
        "notebooklet": name,
        "analyst": getattr(workspace, "analyst", None),
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "home": list(getattr(settings, "home", ())),
        "providers": sorted(question.providers),
    }
