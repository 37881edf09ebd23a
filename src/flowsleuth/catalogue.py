"""Name → ``module:Class``, loaded on use; third parties add names by entry points.

An entry point in the group ``flowsleuth.readers`` or ``flowsleuth.detectors`` is all a plug-in needs. What is installed
is looked at once in a process: a plug-in that is installed meanwhile is found by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

from flowsleuth.errors import CatalogueError


@cache
def plugged_in(group: str) -> Mapping[str, str]:
    """What installed packages add to a group: name → ``module:Class``.

    Finding them reads the metadata of every installed package, so it is done once.

    Examples
    --------
    >>> dict(plugged_in("flowsleuth.examples"))
    {}
    """
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=group)}


class Catalogue:
    """The named things of one room.

    Parameters
    ----------
    group : str
        Entry-point group, e.g. ``flowsleuth.readers``.
    entries : mapping of str to str
        Our own: name → ``module:Class``.

    Examples
    --------
    >>> Catalogue("flowsleuth.examples", {"path": "pathlib:Path"}).load("path").__name__
    'Path'
    """

    def __init__(self, group: str, entries: Mapping[str, str]) -> None:
        self.group = group
        self._own = dict(entries)

    def _entries(self) -> dict[str, str]:
        return {**plugged_in(self.group), **self._own}

    def names(self) -> list[str]:
        """All names, our own first."""
        return list(self._own) + sorted(set(self._entries()) - set(self._own))

    def load(self, name: str) -> Any:
        """Import the class behind a name.

        Raises
        ------
        CatalogueError
            There is no such name.
        """
        target = self._own.get(name) or self._entries().get(name)
        if target is None:
            raise CatalogueError(f"nothing of that name in {self.group}", where=name, available=self.names())
        module, _, attribute = target.partition(":")
        return getattr(import_module(module), attribute)
