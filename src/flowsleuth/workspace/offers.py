"""What can be asked for: readers and detectors with their declared options."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from flowsleuth.catalogue import Catalogue
from flowsleuth.detect import DETECTORS, FINDERS
from flowsleuth.errors import OptionError
from flowsleuth.readers import READERS


@dataclass(frozen=True)
class OfferedOption:
    """One declared option: name, type, default, unit, bounds, a sentence, and whether it lets others be asked."""

    name: str
    type: str
    default: Any
    help: str
    unit: str = ""
    minimum: Any = None
    maximum: Any = None
    is_online: bool = False


@dataclass(frozen=True)
class Offer:
    """A named reader or detector."""

    name: str
    summary: str
    is_default: bool
    options: tuple[OfferedOption, ...]


def declared_options(kind: type) -> tuple[OfferedOption, ...]:
    """The options of a frozen dataclass; one called ``online`` lets others be asked, whether it says so or not."""
    return tuple(
        OfferedOption(
            field.name,
            field.type if isinstance(field.type, str) else field.type.__name__,
            field.default if field.default is not dataclasses.MISSING else None,
            field.metadata.get("help", ""),
            field.metadata.get("unit", ""),
            field.metadata.get("min"),
            field.metadata.get("max"),
            field.metadata.get("is_online", field.name == "online"),
        )
        for field in dataclasses.fields(kind)
    )


def _offers(catalogue: Catalogue) -> list[Offer]:
    found = []
    for name in catalogue.names():
        one = catalogue.load(name)
        found.append(Offer(name, one.summary, getattr(one, "is_default", False), declared_options(one.Options)))
    return found


def offered_readers() -> list[Offer]:
    """Every reader."""
    return _offers(READERS)


def offered_detectors() -> list[Offer]:
    """Every detector of flows, then every finder."""
    return _offers(DETECTORS) + _offers(FINDERS)


def typed_detector_options(name: str, given: dict[str, str]) -> dict[str, Any]:
    """Options of a detector or finder, given as text: see :func:`typed_options`."""
    catalogue = FINDERS if name in FINDERS.names() else DETECTORS
    return typed_options(catalogue.load(name).Options, given)


def typed_options(kind: type, given: dict[str, str]) -> dict[str, Any]:
    """Option values given as text, in the types they are declared with.

    Raises
    ------
    OptionError
        No such option, or the text is not of its type or outside its bounds.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> @dataclass(frozen=True)
    ... class Options:
    ...     topics: int = field(default=20, metadata={"help": "how many topics", "min": 1})
    >>> typed_options(Options, {"topics": "5"})
    {'topics': 5}
    """
    declared = {option.name: option for option in declared_options(kind)}
    found: dict[str, Any] = {}
    for name, text in given.items():
        if name not in declared:
            raise OptionError("no such option", where=f"--option {name}", available=declared)
        found[name] = _typed(declared[name], text)
    return found


def _typed(option: OfferedOption, text: str) -> Any:
    where = f"--option {option.name}={text}"
    base = option.type.partition(" |")[0]
    value: Any = text
    try:
        if base == "int":
            value = int(text)
        elif base == "float":
            value = float(text)
        elif base == "bool":
            value = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
    except (ValueError, KeyError):
        raise OptionError(f"not of type {base}", where=where) from None
    low, high = option.minimum, option.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"must be between {'any' if low is None else low} and {'any' if high is None else high}"
        raise OptionError(bounds, where=where)
    return value
