"""Detectors and finders made with options that they declare."""

from __future__ import annotations

import dataclasses
from typing import Any

from flowsleuth.errors import OptionError


def made_with(kind: type, options: dict[str, Any] | None = None) -> Any:
    """One of a kind, with options checked against its declaration.

    Raises
    ------
    OptionError
        It has no such option.
    """
    declared = {one.name for one in dataclasses.fields(kind.Options)}  # type: ignore[attr-defined]
    unknown = sorted(set(options or {}) - declared)
    if unknown:
        name = kind.name  # type: ignore[attr-defined]
        raise OptionError(f"the detector {name} has no such option", where=unknown[0], available=sorted(declared))
    return kind(kind.Options(**(options or {})))  # type: ignore[attr-defined]


def plain_options(detector: Any) -> dict[str, Any]:
    """The options that a detector or finder has, by name."""
    options = getattr(detector, "options", None)
    return dataclasses.asdict(options) if dataclasses.is_dataclass(options) and not isinstance(options, type) else {}
