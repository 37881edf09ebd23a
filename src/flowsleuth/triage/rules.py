"""Rules: conditions that rate by themselves what meets them. Declared in ``rules.yaml`` or made in the application."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowsleuth.errors import OptionError
from flowsleuth.triage.conditions import AllOf, Condition
from flowsleuth.triage.fields import FIELDS, OPERATORS
from flowsleuth.triage.filters import check_severity

FILE_NAME = "rules.yaml"
MOST_RULES = 1_000
MOST_CONDITIONS = 50
LONGEST_NAME = 200
LONGEST_CONDITION = 5_000
_SPELLINGS = {"==": "=", "≠": "!=", "≤": "<=", "≥": ">="}
_TEXT = re.compile(r"\s*(\w+)\s*(==|!=|<=|>=|=|≠|≤|≥|\bin\b|\bcidr\b|\bmatches\b|\bcontains\b)\s*(.+?)\s*", re.S)


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    name : str
        Unique.
    conditions : tuple of Condition
        All must hold, of one and the same flow.
    severity : int
        1 high, 2 medium, 3 low.
    comment : str
        Why.
    is_enabled : bool

    Examples
    --------
    >>> rule = Rule.parse({"name": "tiny", "severity": 2, "where": ["dst_port <= 1024", "src_bytes <= 54"]})
    >>> [(c.field, c.operator, c.value) for c in rule.conditions]
    [('dst_port', '<=', '1024'), ('src_bytes', '<=', '54')]
    """

    name: str
    conditions: tuple[Condition, ...]
    severity: int
    comment: str = ""
    is_enabled: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not 0 < len(self.name.strip()) <= LONGEST_NAME:
            raise OptionError(f"a rule has a name of at most {LONGEST_NAME} characters", where=str(self.name)[:50])
        object.__setattr__(self, "severity", check_severity(self.severity))
        if not 0 < len(self.conditions) <= MOST_CONDITIONS:
            raise OptionError(f"a rule has 1 to {MOST_CONDITIONS} conditions", where=f"rule {self.name}")
        for condition in self.conditions:
            if condition.field not in FIELDS:
                raise OptionError("rules cannot ask for this field", where=condition.field, available=sorted(FIELDS))

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Rule:
        """A rule from what YAML or JSON holds: ``name``, ``severity``, ``where`` (or ``conditions``), ``comment``,
        ``enabled``.

        Raises
        ------
        OptionError
            Something is missing, unknown or impossible.
        """
        if not isinstance(given, Mapping):
            raise OptionError("a rule is a mapping of name, severity and where", where=str(given)[:100])
        name = str(given.get("name", "") or "")
        known = {"name", "severity", "where", "conditions", "comment", "enabled"}
        if unknown := sorted(str(key) for key in set(given) - known):
            raise OptionError(f"a rule has no {unknown[0]}", where=f"rule {name}", available=sorted(known))
        where = given.get("where", given.get("conditions")) or ()
        parts = [where] if isinstance(where, str | Mapping) else where
        try:
            conditions = tuple(parse_condition(part) for part in parts)
            comment, is_enabled = given.get("comment") or "", given.get("enabled", True)
            return cls(name, conditions, given.get("severity", 0), str(comment), bool(is_enabled))
        except OptionError as error:
            where_it_is = f"rule {name}: {error.where}" if error.where else f"rule {name}"
            raise OptionError(error.message, where=where_it_is, available=error.available, hint=error.hint) from None

    def expression(self) -> AllOf:
        """All conditions."""
        return AllOf(self.conditions)

    def plain(self) -> list[dict[str, Any]]:
        """Conditions as JSON-able values."""
        return [{"field": c.field, "operator": c.operator, "value": c.value} for c in self.conditions]


def parse_condition(given: Any) -> Condition:
    """A condition from text like ``dst_port <= 1024`` or a mapping of ``field``, ``operator`` and ``value``.

    Raises
    ------
    OptionError
        It cannot be understood.

    Examples
    --------
    >>> parse_condition("server_name matches (^|[.])example[.]com$").operator
    'matches'
    """
    if isinstance(given, Mapping):
        operator = str(given.get("operator", given.get("op", "")))
        if "field" not in given or "value" not in given:
            raise OptionError("a condition has field, operator and value", where=str(dict(given))[:200])
        return Condition(str(given["field"]), _SPELLINGS.get(operator, operator), given["value"])
    found = _TEXT.fullmatch(str(given).strip()) if len(str(given)) <= LONGEST_CONDITION else None
    if found is None:
        hint = f"write it like: dst_port <= 1024; operators: {' '.join(OPERATORS)}"
        raise OptionError("not a condition", where=str(given)[:200], hint=hint)
    field, operator, value = found.groups()
    return Condition(field, _SPELLINGS.get(operator, operator), value)


def load_rules(path: Path) -> list[Rule]:
    """Rules of a YAML file: a list, or a mapping with ``rules``; none when there is no file.

    Raises
    ------
    OptionError
        It is not such a file, or two rules have one name.
    """
    import yaml

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise OptionError(f"cannot be read: {error}", where=str(path)) from None
    listed = given.get("rules", ()) if isinstance(given, Mapping) else given or ()
    if not isinstance(listed, list | tuple):
        raise OptionError("not a list of rules", where=str(path))
    rules = _named_apart([Rule.parse(one) for one in listed], str(path))
    if len(rules) > MOST_RULES:
        raise OptionError(f"more than {MOST_RULES:,} rules", where=str(path))
    return rules


def _named_apart(rules: Iterable[Rule], where: str) -> list[Rule]:
    listed = list(rules)
    names = [rule.name for rule in listed]
    if twice := [name for name in names if names.count(name) > 1]:
        raise OptionError("two rules have one name", where=f"{where}: {twice[0]}")
    return listed
