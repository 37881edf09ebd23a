"""Elasticsearch and OpenSearch: a JSON document whose texts have the parameters, or one line of Lucene.

A text that is nothing but a parameter becomes the value with its type; JSON is written by the JSON writer. Within
``query_string`` and in one-line queries, values are escaped as
https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-query-string-query has it. The keys
``wildcard``, ``regexp`` and ``prefix`` take patterns; there, data with signs of a pattern is escaped.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from flowsleuth.errors import QueryFileError
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.languages.values import Rendered, Values, bare_text, formatted, iso_time, slot_of

_SLOT = re.compile(r"\{([A-Za-z_]\w*)\}")
_LUCENE = re.compile(r'([+\-=&|!(){}\[\]^"~*?:\\/])')
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_.]+")
_RESERVED_WORDS = {"AND", "OR", "NOT", "TO"}
_REGEXP = re.compile(r'([.?+*|{}\[\]()"\\#@&<>~^$])')
_WILDCARD = re.compile(r"([*?\\])")


def lucene_term(text: str) -> str:
    """A value as one Lucene term or phrase.

    Examples
    --------
    >>> print(lucene_term('web1" OR *:*'), lucene_term("web1"), lucene_term("OR"))
    "web1\\" OR *:*" web1 "OR"
    """
    if _PLAIN_WORD.fullmatch(text) and text not in _RESERVED_WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render(query: QueryDefinition, values: Values) -> Rendered:
    """The document with its values.

    Raises
    ------
    QueryFileError
        The text begins like JSON and is none.
    QueryParameterError
        A value must not be put where its parameter stands.
    """
    filled = _Filler(query, values)
    if isinstance(query.text, Mapping):
        document = filled.node(query.text, "")
    elif query.text.lstrip().startswith("{"):
        document = filled.node(_json(query), "")
    else:
        line = filled.text(query.text, "query_string")
        document = {"query": {"query_string": {"query": line}}}
    index = query.args.get("index")
    args = {**query.args, "index": filled.node(index, "index")} if index is not None else query.args
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return Rendered(text, bound_text=text, document=document, args=args)


def _json(query: QueryDefinition) -> Any:
    try:
        return json.loads(str(query.text))
    except ValueError as error:
        raise QueryFileError(f"the text is no JSON: {error}", where=query.where) from None


class _Filler:
    def __init__(self, query: QueryDefinition, values: Values) -> None:
        self._query, self._values = query, values

    def node(self, node: Any, clause: str) -> Any:
        """A part of the document; ``clause`` is the nearest key above that says how texts are read."""
        if isinstance(node, Mapping):
            return {self._key(key): self.node(value, _clause(key, clause)) for key, value in node.items()}
        if isinstance(node, list):
            return [self.node(one, clause) for one in node]
        return self.text(node, clause) if isinstance(node, str) else node

    def _key(self, key: Any) -> str:
        """A field's name may be a parameter, if its value is a name."""
        from flowsleuth.query.languages.values import is_name, refuse

        def put(match: re.Match[str]) -> str:
            value = str(slot_of(self._query, self._values, match[1])[1].value)
            if not is_name(value.lstrip("@")):
                raise refuse(self._query, match[1], "is no name of a field")
            return value

        return _SLOT.sub(put, str(key))

    def text(self, text: str, clause: str) -> Any:
        whole = _SLOT.fullmatch(text)
        if whole and clause != "query_string" and whole[1] in self._values:
            return self._typed(whole[1], clause)
        return _SLOT.sub(lambda match: self._inner(match, text, clause), text)

    def _typed(self, name: str, clause: str) -> Any:
        value = self._values[name].value
        if isinstance(value, dt.datetime):
            return formatted(self._query.parameters[name], value, iso_time)
        return _pattern(value, clause) if isinstance(value, str) else value

    def _inner(self, match: re.Match[str], text: str, clause: str) -> str:
        parameter, value = slot_of(self._query, self._values, match[1])
        if clause != "query_string":
            return _pattern(_plain(value.value), clause)
        if _in_quotes(text[: match.start()]):
            return _plain(value.value).replace("\\", "\\\\").replace('"', '\\"')
        if isinstance(value.value, str) and (parameter.type in ("text", "name") or value.origin == "default"):
            return bare_text(self._query, parameter, value) or ""
        return formatted(parameter, value.value, _lucene)


def _clause(key: Any, above: str) -> str:
    known = ("query_string", "simple_query_string", "wildcard", "regexp", "index")
    found = "query_string" if key == "simple_query_string" else str(key)
    return found if key in known else above


def _pattern(text: str, clause: str) -> str:
    if clause == "regexp":
        return _REGEXP.sub(r"\\\1", text)
    return _WILDCARD.sub(r"\\\1", text) if clause == "wildcard" else text


def _in_quotes(text: str) -> bool:
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text)) % 2 == 1


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return iso_time(value)
    return ",".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _lucene(value: Any) -> str:
    if isinstance(value, list):
        return "(" + " OR ".join(map(_lucene, value)) + ")"
    if isinstance(value, dt.datetime):
        return f'"{iso_time(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return lucene_term(str(value))
