"""A notebooklet's help, made from what it declares: so it tells what the code does."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING

from flowsleuth.viz.svg import clean

if TYPE_CHECKING:
    from flowsleuth.notebooklets.card import Card

_ROLE = re.compile(r":\w+:`~?(?:[\w.]*\.)?([^`]+)`")
Part = tuple[str, str, list[tuple[str, str]]]
"""Heading, text, and named things with what each is."""


def parts_of(one: type[Card]) -> list[Part]:
    """What there is to say."""
    from flowsleuth.notebooklets.notebooklet import Notebooklet

    assert issubclass(one, Notebooklet)
    card = one.metadata
    by_default = [(option.name, option.description) for option in card.options if option.is_default]
    others = [(option.name, option.description) for option in card.options if not option.is_default]
    own = "" if one.__doc__ is None or one is Notebooklet else _as_text(inspect.getdoc(one) or "")
    results = [(f"{a.name} : {a.type_name}", a.description) for a in one.result_class.attributes.values()]
    parameters = [(f.name, _of_field(f.metadata.get("help", ""), f.default)) for f in fields(one.Parameters)]
    steps = [(step.title or step.name, step.text) for step in one.steps if step.text or step.title]
    about = ", ".join(card.entity_types) or "none"
    found: list[Part] = [
        (f"Notebooklet Class - {card.name}", "\n\n".join(dict.fromkeys([card.description, own])).strip(), []),
        ("Input", f"Given as: {' or '.join(card.inputs)}. A value may be: {about}.", []),
        ("Default Options", "", by_default),
        ("Other Options", "", others),
        ("Parameters", "", parameters),
        ("Display Sections", "", steps),
        (f"Results Class - {one.result_class.__name__}", "", results),
        ("Methods", "", [*one.follow_ups().items(), ("run", "Run the steps.")]),
        ("Inherited methods", "", _inherited(Notebooklet)),
    ]
    return [part for part in found if part[1] or part[2]]


def _inherited(of: type) -> list[tuple[str, str]]:
    """What every notebooklet has."""
    found = []
    for name in dir(of):
        member = getattr(of, name)
        is_method = isinstance(member, property) or (callable(member) and not isinstance(member, type))
        if is_method and not name.startswith("_"):
            found.append((name, (inspect.getdoc(member) or "").partition("\n")[0]))
    return found


def run_text() -> str:
    """How ``run`` is called, and what of its words means what."""
    from flowsleuth.notebooklets.notebooklet import Notebooklet

    return f"run{inspect.signature(Notebooklet.run)}\n\n{inspect.getdoc(Notebooklet.run)}"


def _as_text(said: str) -> str:
    """A docstring without its roles.

    Examples
    --------
    >>> _as_text("Call :meth:`run` with ``online=True``.")
    'Call `run` with `online=True`.'
    """
    return _ROLE.sub(r"`\1`", said).replace("``", "`")


def _of_field(said: str, default: object) -> str:
    return f"{said} (default: {default})".strip()


def help_text(one: type[Card]) -> str:
    """As Markdown."""
    made = []
    for title, text, things in parts_of(one):
        lines = [f"## {title}", *([text] if text else []), *([_listed(things)] if things else [])]
        made.append("\n\n".join(lines))
    return "\n\n".join([*made, "## run function documentation", f"```text\n{run_text()}\n```"]) + "\n"


def _listed(things: list[tuple[str, str]]) -> str:
    return "\n".join(f"- **{name}**: {said}" if said else f"- **{name}**" for name, said in things)


def help_html(one: type[Card]) -> str:
    """As HTML, escaped."""
    made = []
    for title, text, things in parts_of(one):
        said = "".join(f"<p>{clean(part)}</p>" for part in text.split("\n\n") if part)
        listed = "".join(f"<li><b>{clean(name)}</b>: {clean(what)}</li>" for name, what in things)
        made.append(f"<h3>{clean(title)}</h3>{said}" + (f"<ul>{listed}</ul>" if listed else ""))
    made.append(f"<h3>run function documentation</h3><pre>{clean(run_text())}</pre>")
    return f'<div class="flowsleuth-help">{"".join(made)}</div>'
