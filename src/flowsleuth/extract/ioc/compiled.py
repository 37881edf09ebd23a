"""The scan compiled by numba (optional extra ``flowsleuth[fast]``): the same functions, with the same results.

Each function is made again with names that mean the compiled ones, for one set of types told by the names of its
parameters. What was compiled is kept on disk, under a name that holds the digest of all of the scan's source: a version
never meets what another one left there.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import types
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

MODULES = ("marks", "names", "addresses", "urls", "paths", "finds", "scan", "canonical")
ENTRIES = ("scan_rows", "write_canonical", "copy_spans", "undo_all")
"""What is called from Python, and therefore kept on disk."""
TEXTS = ("data",)
WRITTEN = ("to",)
NUMBERS = ("T", "g", "out", "offsets", "found", "starts", "ends", "to_ends", "places")
INLINED = ("is_plain_word", "may_lead_url", "may_open")
"""Small, and asked at every word."""
OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""Without numba's counts of references: nothing is allocated within, and counting would take most of the time."""


@lru_cache(maxsize=1)
def numba_or_none() -> Any:
    """numba, where it is installed and works with this numpy."""
    try:
        return importlib.import_module("numba")
    except ImportError:
        return None


@lru_cache(maxsize=1)
def is_kept() -> bool:
    """What was compiled for this version of the scan is on disk."""
    entries = _dispatchers(lazy=True)
    folders = [getattr(getattr(one, "_cache", None), "cache_path", None) for one in entries.values()]
    names = [one.py_func.__qualname__ for one in entries.values()]
    return all(folder and any(Path(folder).glob(f"*{name}*.nbi")) for folder, name in zip(folders, names, strict=True))


@lru_cache(maxsize=1)
def compiled() -> types.SimpleNamespace:
    """The entries of the scan: from disk, or compiled now, which takes half a minute."""
    return types.SimpleNamespace(**_dispatchers(lazy=is_kept()))


def _dispatchers(lazy: bool) -> dict[str, Any]:
    """The entries; without ``lazy`` everything is compiled at once, each function for its one set of types."""
    numba = numba_or_none()
    modules = [importlib.import_module(f"flowsleuth.extract.ioc.kernels.{name}") for name in MODULES]
    digest = hashlib.sha256("".join(inspect.getsource(module) for module in modules).encode()).hexdigest()[:12]
    names: dict[str, Any] = {"__name__": "flowsleuth.extract.ioc.kernels", "__builtins__": __builtins__}
    names |= meanings(modules)
    functions = {name: value for name, value in names.items() if isinstance(value, types.FunctionType)}
    for function in _in_order(functions):
        name = function.__name__
        twin = types.FunctionType(function.__code__, names, name)
        twin.__qualname__ = f"{name}_{digest}" if name in ENTRIES else name
        signature = None if lazy else _signature(numba, function)
        names[name] = _compile(numba, twin, signature, is_entry=name in ENTRIES)
    return {name: names[name] for name in ENTRIES}


def meanings(modules: Iterable[types.ModuleType]) -> dict[str, Any]:
    """Functions and numbers of some modules by their names, which all of them share when they are compiled.

    Raises
    ------
    NameError
        A name means one thing in one module and another in another.
    """
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            is_own = isinstance(value, types.FunctionType) and value.__module__ == module.__name__
            is_shared = is_own or (isinstance(value, int) and not name.startswith("_"))
            if is_shared and found.setdefault(name, value) != value:
                raise NameError(f"{name} of {module.__name__} means something else in another module of the scan")
    return found


def _in_order(functions: dict[str, types.FunctionType]) -> Iterator[types.FunctionType]:
    """Each function after those that it calls."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[types.FunctionType]:
        if name in done or name not in functions:
            return
        done.add(name)
        for called in functions[name].__code__.co_names:
            yield from visit(called)
        yield functions[name]

    for name in functions:
        yield from visit(name)


def _signature(numba: Any, function: types.FunctionType) -> tuple[Any, ...]:
    """Types by the names of parameters: text, numbers, what is written; all else is a number."""
    kinds = numba.types
    by_name = dict.fromkeys(TEXTS, kinds.Array(kinds.uint8, 1, "C", readonly=True))
    by_name |= dict.fromkeys(WRITTEN, kinds.Array(kinds.uint8, 1, "C"))
    by_name |= dict.fromkeys(NUMBERS, kinds.Array(kinds.int64, 1, "C"))
    return tuple(by_name.get(name, kinds.int64) for name in inspect.signature(function).parameters)


def _compile(numba: Any, twin: types.FunctionType, signature: tuple[Any, ...] | None, *, is_entry: bool) -> Any:
    options: dict[str, Any] = OPTIONS if is_entry else {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    options = {**options, "forceinline": True} if twin.__name__ in INLINED else options
    if is_entry:
        try:
            return numba.njit(signature, cache=True, **options)(twin)
        except RuntimeError:  # neither __pycache__ nor ~/.cache is writable
            pass
    return numba.njit(signature, **options)(twin)
