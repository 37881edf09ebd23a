"""Rules over many texts at once: first which texts hold any literal that a rule needs, then the rules on those.

All expressions are RE2's, whose time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.extract.command_lines.rule import CommandRule, RuleSet

LONGEST_MATCH = 1_000
"""Characters of a match that are kept; where it begins is told by its offset."""
_ROWS_AT_A_TIME = 32_768


def match_rules(texts: pa.Array, rules: RuleSet) -> pa.Table:
    """Which texts match which rules, and where first.

    Parameters
    ----------
    texts : pyarrow.Array of string
        Each should stand in it once: equal texts are looked at each time.
    rules : RuleSet

    Returns
    -------
    pyarrow.Table
        ``text`` and ``rule`` (numbers from 0), ``matched``, ``offset`` (characters), by text and rule.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from flowsleuth.extract.command_lines.rule import bundled_rules
    >>> match_rules(pa.array(["whoami", "cat /etc/shadow"]), bundled_rules()).select(["text", "matched"]).to_pylist()
    [{'text': 1, 'matched': 'cat /etc/shadow'}]
    """
    import pyarrow as pa

    parts = range(0, len(texts), _ROWS_AT_A_TIME)
    with ThreadPoolExecutor(max_workers=min(pa.cpu_count(), max(1, len(parts)))) as pool:
        found = list(pool.map(lambda start: _match_part(texts.slice(start, _ROWS_AT_A_TIME), start, rules), parts))
    if not found:
        return _no_matches()
    return pa.concat_tables(found).sort_by([("text", "ascending"), ("rule", "ascending")])


def _no_matches() -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "text": pa.array([], pa.int64()),
            "rule": pa.array([], pa.int64()),
            "matched": pa.array([], pa.string()),
            "offset": pa.array([], pa.int64()),
        }
    )


def _match_part(texts: pa.Array, start: int, rules: RuleSet) -> pa.Table:
    import pyarrow as pa

    at, texts = _holding(texts, pa.array(range(start, start + len(texts)), pa.int64()), rules.rules)
    found = [_no_matches()]
    numbered = enumerate(rules.rules)
    for _, group in groupby(numbered, key=lambda one: (one[1].source, one[0] // 8)):
        members = list(group)
        near_at, near = _holding(texts, at, [rule for _, rule in members])
        found += [_match_rule(near, near_at, number, rule) for number, rule in members if len(near)]
    return pa.concat_tables(found)


def _holding(texts: pa.Array, at: pa.Array, rules: Iterable[CommandRule]) -> tuple[pa.Array, pa.Array]:
    """The texts, and their numbers, that hold a literal which one of the rules needs."""
    import pyarrow.compute as pc

    literals = sorted({re.escape(one) for rule in rules for one in rule.needs})
    is_near = pc.match_substring_regex(pc.ascii_lower(texts), f"(?:{'|'.join(literals)})") if literals else None
    return (at.slice(0, 0), texts.slice(0, 0)) if is_near is None else (at.filter(is_near), texts.filter(is_near))


def _match_rule(texts: pa.Array, at: pa.Array, number: int, rule: CommandRule) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    is_found = pc.match_substring_regex(texts, rule.expression)
    if rule.exception:
        is_found = pc.and_not(is_found, pc.match_substring_regex(texts, rule.exception))
    at, texts = at.filter(is_found), texts.filter(is_found)
    if not len(texts):
        return _no_matches()
    places = pc.extract_regex(texts, f"^(?P<before>(?s:.*?))(?P<found>{rule.expression})")
    matched, offset = pc.struct_field(places, "found"), pc.utf8_length(pc.struct_field(places, "before"))
    if rule.before_program:
        bare = pc.utf8_ltrim(matched, characters=rule.before_program)
        offset = pc.add(offset, pc.subtract(pc.utf8_length(matched), pc.utf8_length(bare)))
        matched = bare
    return pa.table(
        {
            "text": at,
            "rule": pa.array([number] * len(at), pa.int64()),
            "matched": pc.utf8_slice_codeunits(matched, 0, LONGEST_MATCH),
            "offset": pc.cast(offset, pa.int64()),
        }
    )
