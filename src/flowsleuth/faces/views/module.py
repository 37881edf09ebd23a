"""The browser modules of the package."""

from __future__ import annotations

from importlib import resources


def module_text(name: str) -> str:
    """A browser module.

    Examples
    --------
    >>> len(module_text("figures.js")) > 100_000
    True
    """
    return resources.files("flowsleuth.faces.views").joinpath("static", name).read_text(encoding="utf-8")
