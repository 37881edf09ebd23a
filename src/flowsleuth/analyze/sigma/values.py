"""What a value in a Sigma rule asks of a text: equality, wildcards, regular expressions, numbers, networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.columns import numbers_of
from flowsleuth.errors import FlowsleuthError

if TYPE_CHECKING:
    import pyarrow as pa


class UnsupportedError(FlowsleuthError):
    """A rule asks for what cannot be judged here; the message says what."""


@dataclass(frozen=True)
class ValueTest:
    """A question to a column of distinct texts.

    Attributes
    ----------
    key : tuple
        The same for the same question.
    judge : callable
        Column of text to booleans.
    """

    key: tuple[Any, ...]
    judge: Callable[[pa.Array], pa.Array]


def value_test(value: Any, *, is_keyword: bool = False) -> ValueTest:
    """The question that a value of pySigma asks.

    Parameters
    ----------
    value
        Of ``sigma.types``.
    is_keyword : bool
        It names no field and is looked for anywhere in the text.

    Raises
    ------
    UnsupportedError
        No question can be made of it.
    """
    from sigma import types

    if isinstance(value, types.SigmaString):
        return _of_string(value, is_keyword)
    if isinstance(value, types.SigmaTimestampPart):
        raise UnsupportedError("parts of times")
    if isinstance(value, types.SigmaNumber):
        return _equal(_number_text(value.number), is_cased=True)
    if isinstance(value, types.SigmaBool):
        return _equal(str(value.boolean).lower(), is_cased=False)
    if isinstance(value, types.SigmaRegularExpression):
        return _of_expression(value)
    if isinstance(value, types.SigmaCIDRExpression):
        return _of_network(value)
    if isinstance(value, types.SigmaCompareExpression):
        return _of_comparison(value)
    raise UnsupportedError(f"values of type {type(value).__name__}")


def _of_string(value: Any, is_keyword: bool) -> ValueTest:
    from sigma.types import SigmaCasedString, SpecialChars

    if any(not isinstance(part, str | SpecialChars) for part in value.s):
        raise UnsupportedError("placeholders (%name%), which only a pipeline fills")
    is_cased = isinstance(value, SigmaCasedString)
    parts = [part if isinstance(part, str) else _WILDCARDS[part is SpecialChars.WILDCARD_SINGLE] for part in value.s]
    if is_keyword:
        parts = [_ANY, *parts, _ANY]
    while len(parts) > 1 and parts[0] is _ANY and parts[1] is _ANY:
        parts.pop(0)
    while len(parts) > 1 and parts[-1] is _ANY and parts[-2] is _ANY:
        parts.pop()
    middle = [part for part in parts if isinstance(part, str)]
    kinds = tuple("text" if isinstance(part, str) else part.name for part in parts)
    text = middle[0] if len(middle) == 1 else ""
    if not parts or kinds == ("any",):
        return ValueTest(("any",), _is_there) if parts else _equal("", is_cased=True)
    simple = {
        ("text",): "equal", ("any", "text", "any"): "match_substring", ("text", "any"): "starts_with",
        ("any", "text"): "ends_with",
    }.get(kinds)  # fmt: skip
    if simple == "equal":
        return _equal(text, is_cased=is_cased)
    if simple is not None:
        return _plain(simple, text, is_cased)
    pattern = "".join(_escaped(part) if isinstance(part, str) else part.expression for part in parts)
    return _expression(f"(?s{'' if is_cased else 'i'})^{pattern}$")


@dataclass(frozen=True)
class _Wildcard:
    name: str
    expression: str


_ANY = _Wildcard("any", ".*")
_WILDCARDS = (_ANY, _Wildcard("one", "."))


def _escaped(text: str) -> str:
    """Text as RE2 takes it literally."""
    return re.sub(r"([^\w\s])", r"\\\1", text, flags=re.ASCII) if text.isascii() else re.escape(text)


def _is_there(texts: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.is_valid(texts)


def _equal(text: str, *, is_cased: bool) -> ValueTest:
    import pyarrow.compute as pc

    wanted = text if is_cased else text.lower()
    return ValueTest(("equal", wanted, is_cased), lambda texts: pc.equal(_folded(texts, is_cased), wanted))


def _plain(kind: str, text: str, is_cased: bool) -> ValueTest:
    import pyarrow.compute as pc

    wanted, ask = text if is_cased else text.lower(), getattr(pc, kind)
    return ValueTest((kind, wanted, is_cased), lambda texts: ask(_folded(texts, is_cased), wanted))


def _folded(texts: pa.Array, is_cased: bool) -> pa.Array:
    import pyarrow.compute as pc

    return texts if is_cased else pc.utf8_lower(texts)


def _expression(pattern: str) -> ValueTest:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        raise UnsupportedError(f"regular expression that RE2 does not take ({error})") from None
    return ValueTest(("expression", pattern), lambda texts: pc.match_substring_regex(texts, pattern))


def _of_expression(value: Any) -> ValueTest:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    text = str(value.regexp)
    return _expression(f"(?{flags}){text}" if flags else text)


def _number_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def _of_comparison(value: Any) -> ValueTest:
    import pyarrow as pa
    import pyarrow.compute as pc

    compare = {
        "LT": pc.less, "LTE": pc.less_equal, "GT": pc.greater, "GTE": pc.greater_equal, "NEQ": pc.not_equal
    }[value.op.name]  # fmt: skip
    number = float(value.number.number)
    return ValueTest(
        (value.op.name, number), lambda texts: compare(pa.array(numbers_of(texts), from_pandas=True), number)
    )


def _of_network(value: Any) -> ValueTest:
    import pyarrow as pa

    network = value.network

    def is_within(text: str | None) -> bool:
        try:
            return text is not None and ipaddress.ip_address(text.strip()) in network
        except ValueError:
            return False

    def judge(texts: pa.Array) -> pa.Array:
        return pa.array([is_within(text) for text in texts.to_pylist()], pa.bool_())

    return ValueTest(("network", str(network)), judge)
