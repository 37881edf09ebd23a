"""One query of the library: its text, its parameters, what it is about and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowsleuth.errors import QueryFileError

TYPES = ("str", "int", "float", "bool", "datetime", "list", "name", "text")
"""``name`` is a table or column, ``text`` is a piece of the query itself; the others are values."""

_SPELLINGS = {"string": "str", "integer": "int", "long": "int", "real": "float", "boolean": "bool", "date": "datetime"}
_MACRO = re.compile(r"\$<([^>]+)>\$?")
REQUIRED = object()
"""In the place of a default: there is none."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: its type, what it means, its default, other names for it.

    ``format`` is Python's format of the value as it is put in the query, or ``epoch`` for times as seconds since 1970.
    ``default_for`` has other defaults for some environments, by our name of them.
    """

    name: str
    type: str = "str"
    description: str = ""
    default: Any = REQUIRED
    aliases: tuple[str, ...] = ()
    format: str = ""
    default_for: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_required(self) -> bool:
        """Whether a call must give it."""
        return self.default is REQUIRED or self.default is None


@dataclass(frozen=True)
class QueryDefinition:
    """One query.

    Attributes
    ----------
    name : str
    families : tuple of str
        Groups it is offered in; a dot makes a group within a group.
    environments : tuple of str
        Whom it can be put to, in msticpy's words or ours.
    text : str or mapping
        The template; a mapping is a JSON document (Elasticsearch).
    parameters : mapping of str to Parameter
    description : str
    metadata : mapping
        Of the file, of its defaults and of the query, merged in this order.
    args : mapping
        What stands beside the text, such as ``index`` or ``database``.
    file : str
        Where it was read.
    """

    name: str
    families: tuple[str, ...]
    environments: tuple[str, ...]
    text: str | Mapping[str, Any]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    args: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    def in_environment(self, environment: str) -> QueryDefinition:
        """The same with the defaults of an environment."""
        others = {
            name: replace(one, default=one.default_for[environment])
            for name, one in self.parameters.items()
            if environment in one.default_for
        }
        return replace(self, parameters={**self.parameters, **others}) if others else self

    @property
    def where(self) -> str:
        """File and query, for messages."""
        return f"{self.file}: {self.name}" if self.file else self.name

    def parameter_of(self, name: str) -> str | None:
        """The parameter a name or alias stands for.

        Examples
        --------
        >>> one = QueryDefinition("q", ("F",), ("LocalData",), "", {"url": Parameter("url", aliases=("uri",))})
        >>> one.parameter_of("uri"), one.parameter_of("ip")
        ('url', None)
        """
        if name in self.parameters:
            return name
        return next((key for key, one in self.parameters.items() if name in one.aliases), None)


def merged(*layers: Any) -> dict[str, Any]:
    """Mappings laid over one another, inner mappings too; the last has the last word.

    Examples
    --------
    >>> merged({"start": {"type": "datetime"}}, None, {"start": {"default": -1}})
    {'start': {'type': 'datetime', 'default': -1}}
    """
    found: dict[str, Any] = {}
    for layer in layers:
        for key, value in (layer or {}).items():
            old = found.get(key)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            found[key] = merged(old, value) if both else value
    return found


def make_definition(
    name: str, source: Any, defaults: Mapping[str, Any], metadata: Mapping[str, Any], file: str
) -> QueryDefinition:
    """A query from its entry in a file, with what it inherits.

    Raises
    ------
    QueryFileError
        It has no text, or a parameter is not declared well; the message names file and query.
    """
    where = f"{file}: {name}"
    if not isinstance(source, Mapping):
        raise QueryFileError("a query is a mapping with description, args and parameters", where=where)
    about = merged(metadata, defaults.get("metadata"), source.get("metadata"))
    args = merged(defaults.get("args"), source.get("args"))
    text = args.pop("query", None)
    if not isinstance(text, str | Mapping) or not text:
        raise QueryFileError("has no text", where=where, hint="put it in args.query")
    declared = merged(defaults.get("parameters"), source.get("parameters"))
    return QueryDefinition(
        name,
        _texts(about.get("data_families")),
        _texts(about.get("data_environments")),
        _with_macros(text, source.get("query_macros")),
        {key: _parameter(key, value, where) for key, value in declared.items()},
        " ".join(str(source.get("description") or about.get("description") or "").split()),
        about,
        args,
        file,
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else (str(value),)


def _with_macros(text: str | Mapping[str, Any], macros: Any) -> str | Mapping[str, Any]:
    """``$<name>$`` is replaced by the macro of the query, and by nothing where it has none."""
    if not isinstance(text, str):
        return text
    values = {key: str((one or {}).get("value", "")) for key, one in (macros or {}).items()}
    return _MACRO.sub(lambda match: values.get(match[1], ""), text)


def _parameter(name: str, given: Any, where: str) -> Parameter:
    place = f"{where}: parameter {name}"
    if not isinstance(given, Mapping):
        raise QueryFileError("is a mapping with description and type", where=place)
    kind = str(given.get("type", "str"))
    kind = _SPELLINGS.get(kind, kind)
    if kind not in TYPES:
        raise QueryFileError(f"no such type: {kind}", where=place, available=TYPES)
    return Parameter(
        str(name),
        kind,
        " ".join(str(given.get("description") or "").split()),
        given.get("default", REQUIRED),
        _texts(given.get("aliases")),
        str(given.get("format") or ""),
        dict(given.get("default_for") or {}),
    )
