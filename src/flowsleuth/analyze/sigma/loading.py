"""Sigma rules from files and folders; a file that cannot be read spoils no other, and is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowsleuth.errors import MissingExtraError, OptionError

CATEGORY = "process_creation"
EXTRA = "sigma"
LARGEST_FILE = 4 << 20
"""Bytes; a rule has a few thousand."""


@dataclass(frozen=True)
class LoadedRule:
    """One rule as pySigma reads it.

    Attributes
    ----------
    rule
        ``sigma.rule.SigmaRule``.
    file : str
    """

    rule: Any
    file: str

    @property
    def id(self) -> str:
        """Its id; its title where it has none."""
        return str(self.rule.id or self.rule.title or self.file)

    @property
    def title(self) -> str:
        return str(self.rule.title or "")

    @property
    def level(self) -> str | None:
        """``informational``, ``low``, ``medium``, ``high`` or ``critical``."""
        return self.rule.level.name.lower() if self.rule.level else None

    @property
    def techniques(self) -> str:
        """ATT&CK ids of its tags."""
        tags = (str(tag) for tag in self.rule.tags)
        ids = (tag.split(".", 1)[1].upper() for tag in tags if tag.lower().startswith("attack.t"))
        return ", ".join(id for id in ids if id[1:2].isdigit())

    @property
    def why_not(self) -> str | None:
        """Why it is not for process starts; None when it is."""
        source = self.rule.logsource
        if source.category == CATEGORY:
            return None
        named = (f"{name} {value}" for name, value in (
            ("category", source.category), ("product", source.product), ("service", source.service)
        ) if value)  # fmt: skip
        return f"for another log source: {', '.join(named) or 'none named'}"


@dataclass(frozen=True)
class SigmaRules:
    """Rules that were read, and what was not.

    Attributes
    ----------
    rules : tuple of LoadedRule
    problems : tuple of (file, why)
        Files, documents and kinds of rules that cannot be used.
    """

    rules: tuple[LoadedRule, ...] = ()
    problems: tuple[tuple[str, str], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.rules)


def load_sigma(places: str | Path | Iterable[str | Path]) -> SigmaRules:
    """Read Sigma rules from files, or all ``.yml`` and ``.yaml`` files of folders.

    Nothing in a rule is executed; nobody is asked over the network.

    Raises
    ------
    MissingExtraError
        pySigma is not installed.
    OptionError
        A file or folder that was named is not there.

    Notes
    -----
    The Sigma specification, https://sigmahq.io/sigma-specification/. The rules of the Sigma project have a licence of
    their own (Detection Rule License) and do not come with flowsleuth.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "own.yml"
    >>> _ = file.write_text('''
    ... title: Own
    ... logsource: {category: process_creation, product: windows}
    ... detection:
    ...   sel: {CommandLine|contains: frobnicate}
    ...   condition: sel
    ... ''')
    >>> [one.title for one in load_sigma(file).rules]
    ['Own']
    """
    _need_pysigma()
    rules: list[LoadedRule] = []
    problems: list[tuple[str, str]] = []
    given = [places] if isinstance(places, str | Path) else list(places)
    for file in (file for place in given for file in _files(Path(place))):
        found, told = _read(file)
        rules += found
        problems += told
    return SigmaRules(tuple(rules), tuple(problems))


def _need_pysigma() -> None:
    try:
        import sigma.collection  # noqa: F401
    except ImportError:
        raise MissingExtraError(EXTRA, "pysigma") from None


def _files(place: Path) -> list[Path]:
    if place.is_dir():
        return sorted(file for file in place.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
    if not place.is_file():
        raise OptionError("no such file or folder", where=str(place))
    return [place]


def _read(file: Path) -> tuple[list[LoadedRule], list[tuple[str, str]]]:
    """The rules of one file, and what is wrong with it."""
    import yaml
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.rule import SigmaRule

    try:
        if file.stat().st_size > LARGEST_FILE:
            return [], [(str(file), f"larger than {LARGEST_FILE:,} bytes")]
        text = file.read_text(encoding="utf-8")
        read = SigmaCollection.from_yaml(text, collect_errors=True, resolve_references=False)
    except (OSError, UnicodeError, yaml.YAMLError, SigmaError) as error:
        return [], [(str(file), said_of(error))]
    except Exception as error:  # the parser's own slips on what is no rule at all
        return [], [(str(file), f"no Sigma rule: {said_of(error)}")]
    problems = [(str(file), said_of(error)) for error in read.errors]
    rules = [LoadedRule(rule, str(file)) for rule in read.rules if isinstance(rule, SigmaRule) and not rule.errors]
    others = {type(rule).__name__ for rule in read.rules if not isinstance(rule, SigmaRule)}
    problems += [(str(file), f"{name}: not supported") for name in sorted(others)]
    return rules, problems or ([] if rules else [(str(file), "no rule in it")])


def said_of(error: Exception) -> str:
    """What went wrong, in a line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
