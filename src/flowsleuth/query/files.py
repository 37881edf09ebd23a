"""Query files: YAML in msticpy's format, read with ``safe_load`` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flowsleuth.errors import QueryFileError
from flowsleuth.query.definitions import QueryDefinition, make_definition

OWN = Path(__file__).parent / "library"
"""The library that comes with flowsleuth."""

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "Sentinel": ("MSSentinel", "AzureSentinel", "LogAnalytics", "MSSentinel_New", "Sentinel", "MSSentinel_Legacy"),
    "Kusto": ("Kusto", "AzureDataExplorer", "Kusto_New", "Kusto_Legacy"),
    "DefenderXDR": ("M365D", "MDE", "MDATP", "M365DGraph", "DefenderXDR"),
    "Splunk": ("Splunk",),
    "Elastic": ("Elastic", "Elasticsearch", "OpenSearch"),
    "LocalData": ("LocalData", "Local"),
    "Workspace": ("Workspace", "flowsleuth"),
}
"""Our name of an environment → the names it is known by in query files and to msticpy's users."""


def environment_of(name: str) -> str | None:
    """Our name of an environment, whatever the case and the spelling; None for one that nobody here speaks.

    Examples
    --------
    >>> environment_of("LogAnalytics"), environment_of("mssentinel"), environment_of("Sumologic")
    ('Sentinel', 'Sentinel', None)
    """
    key = name.casefold()
    return next(
        (ours for ours, names in ENVIRONMENTS.items() if key in [one.casefold() for one in (ours, *names)]), None
    )


def find_files(paths: Iterable[str | Path]) -> Iterator[Path]:
    """Query files among files and folders, folders searched to the bottom, in order of name.

    Raises
    ------
    QueryFileError
        A path does not exist.
    """
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and p.is_file())
        elif path.is_file():
            yield path
        else:
            raise QueryFileError("no such file or folder", where=str(path))


def read_file(path: str | Path) -> list[QueryDefinition]:
    """The queries of a file.

    Raises
    ------
    QueryFileError
        It cannot be read, or is no query file; the message names file and query.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "mine.yaml"
    >>> _ = file.write_text('''
    ... metadata: {version: 1, data_environments: [LocalData], data_families: [Network]}
    ... sources:
    ...   list_flows: {description: All flows, args: {query: flows.csv}}
    ... ''')
    >>> [(query.name, query.families, query.text) for query in read_file(file)]
    [('list_flows', ('Network',), 'flows.csv')]
    """
    content = _load(Path(path))
    return parse_library(content, str(path))


def _load(path: Path) -> Any:
    import yaml

    try:
        with path.open(encoding="utf-8-sig") as file:
            return yaml.safe_load(file)
    except OSError as error:
        raise QueryFileError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise QueryFileError(f"is no YAML: {' '.join(str(error).split())}", where=str(path)) from None


def parse_library(content: Any, file: str = "") -> list[QueryDefinition]:
    """The queries of a file's content, already out of YAML.

    Raises
    ------
    QueryFileError
        A part is missing; the message names it.
    """
    if not isinstance(content, Mapping):
        raise QueryFileError("is no query file", where=file, hint="it has the parts metadata and sources")
    metadata, sources, defaults = (content.get(key) or {} for key in ("metadata", "sources", "defaults"))
    for name, part in (("metadata", metadata), ("sources", sources)):
        if not isinstance(part, Mapping) or not part:
            raise QueryFileError(f"has no {name}", where=file, hint="it has the parts metadata and sources")
    for name in ("data_environments", "data_families"):
        if not metadata.get(name):
            raise QueryFileError(f"has no metadata.{name}", where=file)
    if not isinstance(defaults, Mapping):
        raise QueryFileError("defaults is a mapping", where=file)
    return [make_definition(str(name), source, defaults, metadata, file) for name, source in sources.items()]


def read_library(paths: Iterable[str | Path] = (), *, own: bool = True) -> list[QueryDefinition]:
    """Every query of our library and of the files and folders given, in this order."""
    ours = list(_own()) if own else []
    return ours + [query for path in find_files(paths) for query in read_file(path)]


@cache
def _own() -> tuple[QueryDefinition, ...]:
    """Our library, read once: a quarter of a second of YAML."""
    return tuple(query for path in find_files([OWN]) for query in read_file(path))


def for_environment(queries: Iterable[QueryDefinition], environment: str) -> list[QueryDefinition]:
    """Only those that can be put to an environment, whatever name their files call it by."""
    mine = (one for one in queries if environment in {environment_of(name) for name in one.environments})
    return [one.in_environment(environment) for one in mine]
