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
RULES_AT_A_TIME = 8
"""Rules whose literals are looked for together, before each of them is asked."""
_ROWS_AT_A_TIME = 32_768
_ODD_BLANKS = r"\s{2,}|[\t\n\r\f\v]"


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
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    folded = pc.replace_substring_regex(pc.ascii_lower(texts), pattern=_ODD_BLANKS, replacement=" ")
    at = pa.array(np.arange(start, start + len(texts), dtype=np.int64))
    part = pa.table({"at": at, "text": texts, "folded": folded})
    part = _holding(part, rules.rules)
    found = [_no_matches()]
    numbered = enumerate(rules.rules)
    for _, group in groupby(numbered, key=lambda one: (one[1].source, one[0] // RULES_AT_A_TIME)):
        members = list(group)
        near = _holding(part, [rule for _, rule in members]).combine_chunks()
        if len(near):
            near_texts, near_at = near["text"].combine_chunks(), near["at"].combine_chunks()
            found += [_match_rule(near_texts, near_at, number, rule) for number, rule in members]
    return pa.concat_tables(found)


def _holding(part: pa.Table, rules: Iterable[CommandRule]) -> pa.Table:
    """The texts that hold a literal which one of the rules needs: lower case, each run of blanks one blank."""
    import pyarrow.compute as pc

    literals = sorted({re.escape(one) for rule in rules for one in rule.needs})
    if not literals:
        return part.slice(0, 0)
    return part.filter(pc.match_substring_regex(part["folded"], f"(?:{'|'.join(literals)})"))


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
            "rule": pa.repeat(pa.scalar(number, pa.int64()), len(at)),
            "matched": pc.utf8_slice_codeunits(matched, 0, LONGEST_MATCH),
            "offset": pc.cast(offset, pa.int64()),
        }
    )
