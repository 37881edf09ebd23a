"""The condition of a Sigma rule as questions to whole columns; nothing of a rule is executed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.sigma.values import UnsupportedError, ValueTest, value_test

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.analyze.sigma.fields import ProcessFields

KEYWORD_FIELDS = ("CommandLine", "Image", "ParentCommandLine", "ParentImage")
"""Where words are looked for that name no field."""
DEEPEST = 200
"""Conditions within conditions."""


class Evaluation:
    """Conditions over one table; what several rules ask is answered once.

    Attributes
    ----------
    missing : set of str
        Fields that were asked for and that the table does not tell.
    """

    def __init__(self, fields: ProcessFields) -> None:
        self._fields = fields
        self._coded: dict[str, tuple[pa.Array, pa.Array]] = {}
        self._answers: dict[tuple[str, Any], pa.Array] = {}
        self.missing: set[str] = set()

    def rows(self, condition: Any, depth: int = 0) -> pa.Array:
        """Which rows meet a condition of pySigma's tree; never null.

        Raises
        ------
        UnsupportedError
            It asks for what is not supported; the message says what.
        """
        import pyarrow.compute as pc
        from sigma.conditions import (
            ConditionAND,
            ConditionFieldEqualsValueExpression,
            ConditionNOT,
            ConditionOR,
            ConditionValueExpression,
        )

        if depth > DEEPEST:
            raise UnsupportedError("conditions nested too deeply")
        if isinstance(condition, ConditionAND | ConditionOR):
            join = pc.and_ if isinstance(condition, ConditionAND) else pc.or_
            return reduce(join, (self.rows(one, depth + 1) for one in condition.args))
        if isinstance(condition, ConditionNOT):
            return pc.invert(self.rows(condition.args[0], depth + 1))
        if isinstance(condition, ConditionFieldEqualsValueExpression):
            return self._field(condition.field, condition.value)
        if isinstance(condition, ConditionValueExpression):
            return self._keyword(condition.value)
        raise UnsupportedError(f"condition {type(condition).__name__}")

    def _field(self, field: str, value: Any) -> pa.Array:
        import pyarrow.compute as pc
        from sigma.types import SigmaExists, SigmaExpansion, SigmaFieldReference, SigmaNull

        if isinstance(value, SigmaExpansion):
            return self._any(self._field(field, one) for one in value.values)
        text = self._fields.text(field)
        if text is None:
            self.missing.add(field)
        if isinstance(value, SigmaNull):
            return self._is_null(text)
        if isinstance(value, SigmaExists):
            return self._exists(text) if value.exists else pc.invert(self._exists(text))
        if isinstance(value, SigmaFieldReference):
            return self._same(text, value)
        return self._all(False) if text is None else self._answered(field.casefold(), text, value_test(value))

    def _keyword(self, value: Any) -> pa.Array:
        from sigma.types import SigmaExpansion

        if isinstance(value, SigmaExpansion):
            return self._any(self._keyword(one) for one in value.values)
        test = value_test(value, is_keyword=True)
        texts = ((name, self._fields.text(name)) for name in KEYWORD_FIELDS)
        return self._any(self._answered(name.casefold(), text, test) for name, text in texts if text is not None)

    def _answered(self, key: str, text: pa.Array, test: ValueTest) -> pa.Array:
        """A test on the distinct values of a column, and from there on its rows."""
        import pyarrow.compute as pc

        if (key, test.key) not in self._answers:
            if key not in self._coded:
                coded = text.dictionary_encode()
                self._coded[key] = (coded.dictionary, coded.indices)
            distinct, codes = self._coded[key]
            found = pc.fill_null(test.judge(distinct), False)
            self._answers[key, test.key] = pc.fill_null(found.take(codes), False)
        return self._answers[key, test.key]

    def _same(self, text: pa.Array | None, other: Any) -> pa.Array:
        """Whether a field is another of the same row."""
        import pyarrow.compute as pc

        if other.starts_with or other.ends_with:
            raise UnsupportedError("a field that begins or ends with another field")
        theirs = self._fields.text(other.field)
        if theirs is None:
            self.missing.add(other.field)
        if text is None or theirs is None:
            return self._all(False)
        return pc.fill_null(pc.equal(pc.utf8_lower(text), pc.utf8_lower(theirs)), False)

    def _is_null(self, text: pa.Array | None) -> pa.Array:
        """Null, or empty: sources write what is not told in either way."""
        import pyarrow.compute as pc

        return self._all(True) if text is None else pc.fill_null(pc.equal(text, ""), True)

    def _exists(self, text: pa.Array | None) -> pa.Array:
        import pyarrow.compute as pc

        return self._all(False) if text is None else pc.is_valid(text)

    def _any(self, found: Iterable[pa.Array]) -> pa.Array:
        import pyarrow.compute as pc

        return reduce(pc.or_, found, self._all(False))

    def _all(self, value: bool) -> pa.Array:
        import pyarrow as pa

        return pa.repeat(pa.scalar(value), len(self._fields))
