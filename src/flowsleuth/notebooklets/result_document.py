"""A result as a document: dossier both ways, HTML page, a notebook's view, text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.investigate.dossier import Dossier, Section
from flowsleuth.notebooklets.step import StepReport
from flowsleuth.schema.printable import printable_text
from flowsleuth.schema.time_range import TimeRange
from flowsleuth.viz.svg import clean

if TYPE_CHECKING:
    from flowsleuth.notebooklets.notebooklet import Notebooklet
    from flowsleuth.notebooklets.result import NotebookletResult

R = TypeVar("R", bound="NotebookletResult")
TOP = 5
"""Rows of a table in a notebook's view."""


def to_dossier(result: NotebookletResult) -> Dossier:
    """See :meth:`NotebookletResult.to_dossier`."""
    told = {
        "value": result.value,
        "options": list(result.options),
        "parameters": result.parameters,
        "steps": [step.to_dict() for step in result.steps],
    }
    start, end = result.timespan
    sections = tuple(result.section(name) for name in result.attributes)
    question = _question(result)
    return Dossier(result.description, question, start, end, {**result.provenance, "run": told}, sections)


def _question(result: NotebookletResult) -> str:
    return result.notebooklet.description() if result.notebooklet is not None else result.description


def from_dossier(kind: type[R], dossier: Dossier, data_providers: Any) -> R:
    """See :meth:`NotebookletResult.from_dossier`."""
    told = dossier.provenance.get("run")
    if told is None:
        raise OptionError("this document is no notebooklet's result", where=dossier.title)
    found = _notebooklet_of(kind, str(dossier.provenance.get("notebooklet")))
    of = cast(type[R], kind if found is None else found.result_class)
    made = of(
        description=dossier.title,
        timespan=TimeRange(dossier.start, dossier.end),
        value=told["value"],
        options=tuple(told["options"]),
        parameters=told["parameters"],
        steps=tuple(StepReport.from_dict(step) for step in told["steps"]),
        sections=_declared(of, dossier),
        provenance={key: value for key, value in dossier.provenance.items() if key != "run"},
    )
    if found is not None:
        made._notebooklet = found(data_providers).bound_to(made)
    return made


def _declared(of: type[NotebookletResult], dossier: Dossier) -> dict[str, Section]:
    """Sections of attributes that there are, with the heading and the figure that their class declares."""
    known = of.attributes
    return {
        section.id: replace(section, title=known[section.id].title, figure=known[section.id].figure)
        for section in dossier.sections
        if section.id in known
    }


def _notebooklet_of(kind: type[NotebookletResult], name: str) -> type[Notebooklet[Any]] | None:
    """The class whose result it is; of a plain result the catalogue's of that name."""
    from flowsleuth.errors import CatalogueError
    from flowsleuth.notebooklets import NOTEBOOKLETS, find_notebooklet
    from flowsleuth.notebooklets.result import NotebookletResult

    if kind is not NotebookletResult:
        own = kind.notebooklet_class
        if own is not None and own.name() != name:
            raise OptionError(f"this is a result of {name}", where=kind.__name__)
        return own
    found = find_notebooklet(name)
    if found is None:
        hint = "load it by the result class of that notebooklet"
        raise CatalogueError("no such notebooklet", where=name, available=NOTEBOOKLETS.names(), hint=hint)
    return found


def to_html(result: NotebookletResult, file: str | Path | None, top: int) -> str:
    """See :meth:`NotebookletResult.to_html`."""
    from flowsleuth.viz.page_sections import Words, sections_page

    leads = {name: one.description for name, one in result.attributes.items()}
    name = str(result.provenance.get("notebooklet") or "Notebooklet")
    bars = {name: one.bars for name, one in result.attributes.items()}
    return written(sections_page(result.to_dossier(), Words(name, leads, _foot(result), top, bars)), file)


def written(text: str, file: str | Path | None) -> str:
    """A text, or the path of the file it was written to.

    Raises
    ------
    FlowsleuthError
        It cannot be written.
    """
    if file is None:
        return text
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise FlowsleuthError(f"cannot be written: {error.strerror}", where=str(file)) from None
    return str(file)


def _foot(result: NotebookletResult) -> list[str]:
    known = result.provenance
    lines = [f"Made with flowsleuth {known.get('flowsleuth', '')}, {known.get('made', '')}."]
    lines += [f"Options: {', '.join(result.options) or 'none'}."]
    return lines + [f"Step {line}" for step in result.steps for line in (str(step), *step.notes)]


def result_html(result: NotebookletResult) -> str:
    """A notebook's view: values, then each table and figure with its name and first rows; then the steps."""
    from flowsleuth.viz.page_sections import facts_html, in_cell, is_fact, section_html

    parts = [f"<h2>{clean(result.description)}</h2><p>{clean(str(result.timespan))}</p>"]
    shown = [result.section(name) for name in result.properties]
    parts.append(facts_html([section for section in shown if is_fact(section)]))
    for name in (section.id for section in shown if not is_fact(section)):
        kind, text = result.prop_doc(name)
        parts.append(section_html(result.section(name), f"{name}: {text} ({kind})", TOP, result.attributes[name].bars))
    rows = "".join(f"<li>{clean(str(step))}</li>" for step in result.steps)
    steps = f"<details><summary>Steps</summary><ul>{rows}</ul></details>"
    return in_cell([*parts, steps])


def result_text(result: NotebookletResult) -> str:
    """A line for each attribute that holds something, then one for each step."""
    lines = [result.description, str(result.timespan)]
    for name in result.properties:
        section = result.section(name)
        kind = result.attributes[name].kind
        shown = f"{len(section.table):,} rows" if kind == "table" and section.table is not None else section.text
        lines.append(f"{name}: {result.attributes[name].type_name if kind == 'figure' else shown}")
    return "\n".join(printable_text(line) for line in [*lines, *map(str, result.steps)])
