"""Options of detectors and finders: each field declares its bounds, and a value outside them is refused."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from flowsleuth.errors import OptionError


def check_bounds(options: Any) -> None:
    """Refuse a value outside the ``min`` and ``max`` of its field's metadata; for ``__post_init__``.

    Raises
    ------
    OptionError
        A value is out of bounds.
    """
    for one in fields(options):
        low, high = one.metadata.get("min"), one.metadata.get("max")
        value = getattr(options, one.name)
        if (low is not None and value < low) or (high is not None and value > high):
            raise OptionError(f"must be from {low} to {high}", where=f"{one.name}={value}")
