"""Rules for command lines: what a rule is, the bundled ones, rules from files of one's own.

A rule is an entry of a YAML list: ``id``, ``title``, ``reason``, ``techniques`` (ATT&CK ids), ``severity``,
``platform``; ``needs`` (literals in lower case, one of which every match contains), ``match`` (RE2 expressions, any of
them), ``unless`` (RE2, none of them), and ``examples`` and ``counterexamples``, which tests run. Two shorthands in
expressions: ``@prog(a|b)`` is a program's name where a command can begin, with or without folder and ``.exe``;
``@opt(a|b)`` is an option after ``-``, ``/`` or one of the dashes that PowerShell takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import Any

from flowsleuth.errors import OptionError, suggestion

SEVERITIES = ("low", "medium", "high")
"""``high`` is seldom but an attack, ``medium`` is done by both sides, ``low`` is worth knowing beside others."""
PLATFORMS = ("windows", "linux", "any")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?\Z")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_PROGRAM = re.compile(r"@prog\(")
_BEFORE_PROGRAM = r"""(?:^|[\\/\s"'&|;(=,`@{])"""
BEFORE_PROGRAM = " \t\r\n\\/\"'&|;(=,`@{"
SURELY_BEFORE = " \t\r\n\"';("
"""As far as no expression of a rule begins with them."""
_OPTION = r"""(?:^|[\s"'])[-/\x{2013}\x{2014}\x{2015}](?:"""
_LISTS = ("techniques", "needs", "match", "unless", "examples", "counterexamples")
_NEEDED = ("id", "title", "reason", "techniques", "severity", "platform", "needs", "match")


@dataclass(frozen=True)
class CommandRule:
    """One rule; see the module for what each part means.

    Raises
    ------
    OptionError
        A part is missing, or is not what it should be: the message names file, rule and part.
    """

    id: str
    title: str
    reason: str
    techniques: tuple[str, ...]
    severity: str
    platform: str
    needs: tuple[str, ...]
    match: tuple[str, ...]
    unless: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    source: str = "bundled"

    def __post_init__(self) -> None:
        where = f"{self.source}: {self.id}"
        if not _ID.match(self.id):
            raise OptionError("not an id of lower case words joined by -", where=where)
        for value, choices in ((self.severity, SEVERITIES), (self.platform, PLATFORMS)):
            if value not in choices:
                raise OptionError(f"{value!r} is not one of the choices", where=where, available=choices)
        if wrong := [one for one in self.techniques if not _TECHNIQUE.match(one)]:
            raise OptionError("not ids of ATT&CK techniques", where=where, available=wrong)
        if not self.needs or not all(self.needs) or any(one != one.lower() for one in self.needs):
            raise OptionError("needs are literals in lower case, at least one", where=where)
        if not self.match:
            raise OptionError("nothing to match", where=where)
        if unclosed := [one for one in (*self.match, *self.unless) if _parts(one) is None]:
            raise OptionError("a bracket of @prog is not closed", where=where, available=unclosed)
        for expression in (self.expression, self.exception):
            _check_expression(expression, where)

    @cached_property
    def expression(self) -> str:
        """RE2 of what it matches. Windows does not mind the case of letters, Linux does."""
        return self._joined(self.match)

    @cached_property
    def exception(self) -> str:
        """RE2 of what it leaves alone; empty when there is none."""
        return self._joined(self.unless)

    @cached_property
    def before_program(self) -> str:
        """Characters at the beginning of a match that are not of the program which ``@prog`` stands for."""
        is_program = [one.startswith("@prog(") for one in self.match]
        return BEFORE_PROGRAM if all(is_program) else SURELY_BEFORE if any(is_program) else ""

    def _joined(self, expressions: Sequence[str]) -> str:
        if not expressions:
            return ""
        flags = "" if self.platform == "linux" else "i"
        return f"(?{flags}:{'|'.join(map(_spelled_out, expressions))})"


def _spelled_out(expression: str) -> str:
    """An expression with its shorthands replaced.

    Examples
    --------
    >>> _spelled_out("@opt(x)")
    '(?:^|[\\\\s"\\'])[-/\\\\x{2013}\\\\x{2014}\\\\x{2015}](?:x)'
    """
    parts = _parts(expression) or []
    return "".join(
        part if after is None else rf"{_BEFORE_PROGRAM}(?:{part})(?:\.exe)?\b{after}" for part, after in parts
    )


def _parts(expression: str) -> list[tuple[str, str | None]] | None:
    """What stands before ``@prog`` with nothing, then what is in its brackets with what follows; None: not closed."""
    first, *programs = _PROGRAM.split(expression.replace("@opt(", _OPTION))
    found: list[tuple[str, str | None]] = [(first, None)]
    for part in programs:
        depths = accumulate((character == "(") - (character == ")") for character in part)
        end = next((at for at, depth in enumerate(depths) if depth < 0), None)
        if end is None:
            return None
        found.append((part[:end], part[end + 1 :]))
    return found


def _check_expression(expression: str, where: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([], pa.string()), expression)
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowInvalid as error:
        raise OptionError(f"not an expression of RE2: {error}", where=where) from None


@dataclass(frozen=True)
class RuleSet:
    """Rules together. Ids are each used once; a later rule replaces an earlier one of its id."""

    rules: tuple[CommandRule, ...]

    def __len__(self) -> int:
        return len(self.rules)

    def __getitem__(self, id: str) -> CommandRule:
        for rule in self.rules:
            if rule.id == id:
                return rule
        ids = [rule.id for rule in self.rules]
        raise OptionError("no such rule", where=id, hint=suggestion(id, ids))

    def __add__(self, others: RuleSet) -> RuleSet:
        return RuleSet(tuple(({rule.id: rule for rule in (*self.rules, *others.rules)}).values()))

    def only(self, *, platform: str | None = None, least: str = "low") -> RuleSet:
        """Those for a platform, of at least a severity.

        Raises
        ------
        OptionError
            There is no such platform or severity.

        Examples
        --------
        >>> {rule.platform for rule in bundled_rules().only(platform="linux").rules} == {"linux", "any"}
        True
        """
        if platform is not None and platform not in PLATFORMS:
            raise OptionError("no such platform", where=str(platform), available=PLATFORMS)
        if least not in SEVERITIES:
            raise OptionError("no such severity", where=str(least), available=SEVERITIES)
        kept = (
            rule
            for rule in self.rules
            if platform in (None, "any", rule.platform) or rule.platform == "any"
            if SEVERITIES.index(rule.severity) >= SEVERITIES.index(least)
        )
        return RuleSet(tuple(kept))


@cache
def bundled_rules() -> RuleSet:
    """The rules that come with flowsleuth.

    Examples
    --------
    >>> bundled_rules()["certutil-download"].techniques
    ('T1105',)
    """
    folder = resources.files("flowsleuth.extract.command_lines") / "rules"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return RuleSet(tuple(rule for one in files for rule in _rules_in(one.read_text(encoding="utf-8"), one.name)))


def load_rules(places: str | Path | Iterable[str | Path]) -> RuleSet:
    """Rules from files, or all ``.yaml`` and ``.yml`` files of folders.

    Raises
    ------
    OptionError
        A file cannot be read or a rule is not right; the message names both.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "own.yaml"
    >>> _ = file.write_text('''
    ... - id: own-tool
    ...   title: Our tool for emergencies
    ...   reason: It should not be used without a ticket.
    ...   techniques: [T1569.002]
    ...   severity: medium
    ...   platform: any
    ...   needs: [breakglass]
    ...   match: ['@prog(breakglass)']
    ... ''')
    >>> len(load_rules(file))
    1
    """
    given = [places] if isinstance(places, str | Path) else list(places)
    found: RuleSet = RuleSet(())
    for path in (file for place in given for file in _files(Path(place))):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeError) as error:
            raise OptionError(f"cannot be read: {error}", where=str(path)) from None
        found += RuleSet(tuple(_rules_in(text, str(path))))
    return found


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(file for file in place.rglob("*") if file.suffix in (".yaml", ".yml"))


def _rules_in(text: str, source: str) -> list[CommandRule]:
    import yaml

    try:
        entries = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        raise OptionError(f"not YAML: {error}", where=source) from None
    if not isinstance(entries, list):
        raise OptionError("not a list of rules", where=source)
    rules = [_rule_of(entry, source) for entry in entries]
    ids = [rule.id for rule in rules]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise OptionError("ids used twice", where=source, available=twice)
    return rules


def _rule_of(entry: Any, source: str) -> CommandRule:
    known = [one.name for one in fields(CommandRule) if one.name != "source"]
    if not isinstance(entry, Mapping):
        raise OptionError("a rule is a mapping", where=source)
    where = f"{source}: {entry.get('id', '?')}"
    if unknown := sorted(str(name) for name in entry if name not in known):
        raise OptionError("no parts of a rule", where=f"{where}: {', '.join(unknown)}", available=known)
    if missing := [name for name in _NEEDED if name not in entry]:
        raise OptionError("missing", where=f"{where}: {', '.join(missing)}")
    parts: dict[str, Any] = {}
    for name, value in entry.items():
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise OptionError("not text, or a list of texts", where=f"{where}: {name}")
        if name not in _LISTS and len(values) != 1:
            raise OptionError("one text only", where=f"{where}: {name}")
        parts[name] = tuple(values) if name in _LISTS else values[0].strip()
    return CommandRule(**parts, source=source)
