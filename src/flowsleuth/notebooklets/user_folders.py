"""Notebooklets in a folder that the user names. Nothing else is ever run, and no path is searched."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from flowsleuth.errors import FlowsleuthError
from flowsleuth.notebooklets.notebooklet import Notebooklet


def load_folder(folder: Path) -> dict[str, type[Notebooklet[Any]]]:
    """Run the ``*.py`` files of a folder (not ``_…`` nor ``test_…``); the notebooklets they define, by class name.

    Raises
    ------
    FlowsleuthError
        The folder cannot be read, or a file cannot be run; the message says which and why.
    """
    if not folder.is_dir():
        raise FlowsleuthError("no such folder", where=str(folder))
    found: dict[str, type[Notebooklet[Any]]] = {}
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith(("_", "test_")):
            continue
        for name, one in _defined(path).items():
            if name in found:
                raise FlowsleuthError(f"a second notebooklet {name}", where=str(path), hint="rename one")
            found[name] = one
    return found


def _defined(path: Path) -> dict[str, type[Notebooklet[Any]]]:
    key = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    name = f"flowsleuth_user_{key}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look modules up by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise FlowsleuthError(f"cannot be run: {type(error).__name__}: {error}", where=str(path)) from error
    return {
        one.name(): one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Notebooklet) and one.__module__ == name
    }
