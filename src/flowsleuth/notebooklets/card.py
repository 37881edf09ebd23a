"""What can be asked about a notebooklet without running it."""

from __future__ import annotations

import inspect
import re
from typing import ClassVar, Literal

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.metadata import Metadata

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHORT = {"Url": "URL", "Ip": "IP", "Dns": "DNS", "Tls": "TLS", "Http": "HTTP"}


class Card:
    """The class methods that tell of :class:`~flowsleuth.notebooklets.metadata.Metadata`."""

    metadata: ClassVar[Metadata] = Metadata("Notebooklet", "A named sequence of steps.")

    @classmethod
    def name(cls) -> str:
        """Its name."""
        return cls.metadata.name

    @classmethod
    def title(cls) -> str:
        """Its name in words.

        Examples
        --------
        >>> Card.title()
        'Notebooklet'
        """
        first, *others = _CAMEL.sub(" ", cls.metadata.name).split()
        return " ".join([_SHORT.get(first, first), *(_SHORT.get(word, word.lower()) for word in others)])

    @classmethod
    def snake_name(cls) -> str:
        """Its name as pivots have it: ``ip_address_summary``."""
        return snake_case(cls.metadata.name)

    @classmethod
    def description(cls) -> str:
        """What it does, one sentence."""
        return cls.metadata.description

    @classmethod
    def keywords(cls) -> list[str]:
        """Words it is found by."""
        return list(cls.metadata.keywords)

    @classmethod
    def entity_types(cls) -> list[str]:
        """What a value may be."""
        return list(cls.metadata.entity_types)

    @classmethod
    def all_options(cls) -> list[str]:
        """Names of all options."""
        return list(cls.metadata.all_options)

    @classmethod
    def default_options(cls) -> list[str]:
        """Names of the options that are run when none is named."""
        return list(cls.metadata.default_options)

    @classmethod
    def list_options(cls) -> str:
        """The options with what they do, as text."""
        lines = []
        for title, is_default in (("Default options", True), ("Other options", False)):
            named = [one for one in cls.metadata.options if one.is_default is is_default]
            lines += [
                title,
                *(f"- {one.name}: {one.description}" for one in named or ()),
                *(() if named else ("none",)),
            ]
        return "\n".join(lines)

    @classmethod
    def print_options(cls) -> None:
        """Print them."""
        print(cls.list_options())

    @classmethod
    def get_settings(cls, print_settings: bool = True) -> str | None:
        """The metadata, a line each; printed, or given when it is not to be printed."""
        card = cls.metadata
        told = {
            "name": card.name,
            "mod_name": cls.__module__,
            "description": card.description,
            "inputs": card.inputs,
            "entity_types": card.entity_types,
            "keywords": card.keywords,
            "default_options": card.default_options,
            "other_options": tuple(one.name for one in card.options if not one.is_default),
        }
        text = "\n".join(f"{k}: {v if isinstance(v, str) else ', '.join(map(str, v))}" for k, v in told.items())
        if not print_settings:
            return text
        print(text)
        return None

    @classmethod
    def match_terms(cls, search_terms: str) -> tuple[bool, int]:
        """Whether all of some words are found, at the beginning of a word each; and how many are.

        Parameters
        ----------
        search_terms : str
            With commas or blanks between; each may be a regular expression.

        Examples
        --------
        >>> Card.match_terms("note, STEPS"), Card.match_terms("lets")
        ((True, 2), (False, 0))
        """
        text = "\n".join([*cls.metadata.search_terms, cls.metadata.description, inspect.getdoc(cls) or ""])
        text = f"{text}\n{_CAMEL.sub(' ', cls.metadata.name)}".replace("_", " ")
        terms = [term for term in re.split(r"[,\s]+", search_terms.replace("_", " ")) if term]
        found = sum(_starts_a_word(term, text) for term in terms)
        return found == len(terms) and bool(terms), found

    @classmethod
    def follow_ups(cls) -> dict[str, str]:
        """Public methods that its own classes define, with the first line of what they say."""
        from flowsleuth.notebooklets.notebooklet import Notebooklet

        found: dict[str, str] = {}
        for one in cls.__mro__[: cls.__mro__.index(Notebooklet)] if issubclass(cls, Notebooklet) else ():
            for name, method in vars(one).items():
                if inspect.isfunction(method) and not name.startswith("_") and not hasattr(Notebooklet, name):
                    found.setdefault(name, (inspect.getdoc(method) or "").partition("\n")[0])
        return dict(sorted(found.items()))

    @classmethod
    def get_help(cls, fmt: Literal["html", "md"] = "html") -> str:
        """All that is to know about it, made from what is declared.

        Parameters
        ----------
        fmt : ``html`` or ``md``

        Raises
        ------
        OptionError
            Another format.
        """
        from flowsleuth.notebooklets.help import help_html, help_text

        if fmt not in ("html", "md"):
            raise OptionError("no such format", where=f"fmt={fmt!r}", available=("html", "md"))
        return help_html(cls) if fmt == "html" else help_text(cls)

    @classmethod
    def show_help(cls) -> None:
        """Show it: in a notebook as HTML, else as text."""
        from flowsleuth.notebooklets.showing import show

        show(html=lambda: cls.get_help("html"), text=lambda: cls.get_help("md"))

    @classmethod
    def import_cell(cls) -> None:
        """Put the source of its module into the next cell of the notebook, to be changed and run there.

        Raises
        ------
        OptionError
            This is no notebook.
        """
        from flowsleuth.notebooklets.showing import next_cell

        module = inspect.getmodule(cls)
        if module is None:
            raise OptionError("its source is not known", where=cls.name())
        next_cell(inspect.getsource(module))


def snake_case(name: str) -> str:
    """A class name as a function name.

    Examples
    --------
    >>> snake_case("IpAddressSummary")
    'ip_address_summary'
    """
    return _CAMEL.sub("_", name).lower()


def _starts_a_word(term: str, text: str) -> bool:
    try:
        return re.search(rf"\b(?:{term})", text, re.I) is not None
    except re.error:
        return re.search(rf"\b{re.escape(term)}", text, re.I) is not None
