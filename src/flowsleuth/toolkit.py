"""The names that users of MSTICPy know, each loaded when it is first used.

``from flowsleuth.toolkit import IoCExtract, unpack_items`` gives the call shapes of MSTICPy's own demonstration, as far
as they are good. ``docs/from-msticpy.md`` has the table from each of its names to ours.

Examples
--------
>>> from flowsleuth import toolkit
>>> toolkit.QueryProvider("LocalData").environment
'LocalData'
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES: dict[str, str] = {
    "QueryProvider": "flowsleuth.query:QueryProvider",
}
"""Name to ``module:attribute``, in alphabetical order."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'flowsleuth.toolkit' has no attribute {name!r}")
    module, attribute = NAMES[name].split(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(NAMES)
