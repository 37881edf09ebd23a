"""What a notebooklet says about itself: names, options, what it is about. Typed, and beside the class."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from flowsleuth.errors import OptionError, suggestion

ENTITY_KINDS = {
    "ip_address": "IpAddress",
    "host": "Host",
    "account": "Account",
    "url": "Url",
    "domain": "Dns",
    "file": "File",
}
"""Entity types that a value may be, and the kind of entity each is."""
_WORDS = re.compile(r"[,\s]+")


@dataclass(frozen=True)
class Option:
    """A part of a notebooklet that is run, or not.

    Attributes
    ----------
    name : str
    description : str
        One sentence.
    is_default : bool
        Whether it is run when no options are named.
    is_online : bool
        Whether it asks others over the network; that of steps which need ``tilookup`` is known without saying so.
    """

    name: str
    description: str
    is_default: bool = True
    is_online: bool = False


@dataclass(frozen=True)
class Choice:
    """What a person chooses before a follow-up: rows of a table, each with a reason.

    Attributes
    ----------
    table : str
        Attribute of the result whose rows are offered.
    item : str
        Its column that names them.
    is_chosen : str
        Its column that says which are chosen when nobody chose.
    reason : str
        Its column that says why.
    keeps : str
        Attribute of the result that takes what was chosen, a list of text.
    """

    table: str
    item: str
    is_chosen: str
    reason: str
    keeps: str


@dataclass(frozen=True)
class FollowUp:
    """A method that goes on from a result, as pages offer it that have no Python.

    Attributes
    ----------
    name : str
        Of the method; it is called without arguments, shows nothing, and fills the result.
    title : str
        As a button says it.
    gives : tuple of str
        Attributes that it fills.
    is_online : bool
        Whether it asks others over the network.
    choice : Choice or None
        What is chosen first.
    """

    name: str
    title: str
    gives: tuple[str, ...]
    is_online: bool = False
    choice: Choice | None = None


@dataclass(frozen=True)
class Metadata:
    """A notebooklet's card.

    Attributes
    ----------
    name : str
        Of the class.
    description : str
        One sentence.
    options : tuple of Option
    entity_types : tuple of str
        What a value may be, the surest first: keys of :data:`ENTITY_KINDS`.
    keywords : tuple of str
        For searching.
    inputs : tuple
        ``value``, ``data``, or both: what a run needs one of.
    data_table : str
        The stored table whose columns a DataFrame given as ``data`` has.
    follow_ups : tuple of FollowUp
        What pages offer to do with its result.

    Examples
    --------
    >>> card = Metadata("UrlSummary", "What is known about a URL.", (Option("flows", "Its flows."),), ("url",))
    >>> card.default_options
    ('flows',)
    """

    name: str
    description: str
    options: tuple[Option, ...] = ()
    entity_types: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    inputs: tuple[Literal["value", "data"], ...] = ("value",)
    data_table: str = "flow"
    follow_ups: tuple[FollowUp, ...] = ()

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.entity_types) - set(ENTITY_KINDS)):
            raise OptionError(f"unknown entity types {unknown}", where=self.name, available=ENTITY_KINDS)
        if len(set(self.all_options)) < len(self.options):
            raise OptionError("an option is declared twice", where=self.name)

    @property
    def all_options(self) -> tuple[str, ...]:
        """Names of all options, in the order of their declaration."""
        return tuple(option.name for option in self.options)

    @property
    def default_options(self) -> tuple[str, ...]:
        """Names of those that are run when none is named."""
        return tuple(option.name for option in self.options if option.is_default)

    @property
    def search_terms(self) -> tuple[str, ...]:
        """Words that it is found by."""
        return (self.name, *self.entity_types, *self.keywords, *self.all_options)


def chosen_options(card: Metadata, given: str | Iterable[str] | None) -> tuple[str, ...]:
    """The options of a run.

    Parameters
    ----------
    card : Metadata
    given : iterable of str, or str with commas or blanks, optional
        Nothing: the defaults. Names: exactly these. ``+name`` adds to the defaults, ``-name`` takes away; both go
        together.

    Returns
    -------
    tuple of str
        In the order of their declaration, each once.

    Raises
    ------
    OptionError
        An option is unknown, both added and removed, or names with and without a sign are mixed.

    Examples
    --------
    >>> card = Metadata("Some", "…", (Option("a", "…"), Option("b", "…"), Option("c", "…", is_default=False)))
    >>> chosen_options(card, ["+c", "-a"]), chosen_options(card, "b"), chosen_options(card, None)
    (('b', 'c'), ('b',), ('a', 'b'))
    """
    words = [word for word in (_WORDS.split(given) if isinstance(given, str) else map(str, given or ())) if word]
    for word in words:
        _known(card, word.lstrip("+-"))
    added = {word[1:] for word in words if word.startswith("+")}
    removed = {word[1:] for word in words if word.startswith("-")}
    exact = {word for word in words if word[0] not in "+-"}
    if exact and (added or removed):
        hint = "give a list of names, or names that all begin with + or -"
        raise OptionError("names with and without a sign", where=f"{card.name} options {words}", hint=hint)
    if both := added & removed:
        raise OptionError(f"{sorted(both)} both added and removed", where=f"{card.name} options {words}")
    wanted = exact or ((set(card.default_options) | added) - removed)
    return tuple(name for name in card.all_options if name in wanted)


def _known(card: Metadata, name: str) -> None:
    if name not in card.all_options:
        raise OptionError(
            "no such option", where=f"{card.name} {name!r}", available=card.all_options,
            hint=suggestion(name, card.all_options),
        )  # fmt: skip
