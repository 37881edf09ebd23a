"""Look observables up: checked, asked of the chosen services, answered in one table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel.access import Access, Scopes, all_access, choose
from flowsleuth.enrich.intel.cache import FILE_NAME, AnswerCache
from flowsleuth.enrich.intel.configuration import read_options
from flowsleuth.enrich.intel.local import FEEDS, local_rows
from flowsleuth.enrich.intel.lookup_rows import (
    Checked,
    Row,
    as_table,
    asks_of,
    check,
    refused_row,
    row_of,
    unsupported_row,
)
from flowsleuth.enrich.intel.msticpy_keys import over_msticpy
from flowsleuth.enrich.intel.runner import Runner, Tell
from flowsleuth.errors import OptionError
from flowsleuth.provider_settings import find_msticpy_config, read_msticpy_config

if TYPE_CHECKING:
    import pyarrow as pa

CACHE = "cache"


def user_cache(environ: Mapping[str, str] | None = None) -> Path:
    """Folder of answers that belong to no workspace: ``$XDG_CACHE_HOME/flowsleuth``.

    Examples
    --------
    >>> str(user_cache({"XDG_CACHE_HOME": "/tmp/caches"}))
    '/tmp/caches/flowsleuth'
    """
    environ = os.environ if environ is None else environ
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flowsleuth"


def look_up(
    observables: object,
    settings: Mapping[str, Any],
    folder: Path,
    *,
    providers: Iterable[str] | None = None,
    types: Iterable[str] | None = None,
    scope: Scopes = "primary",
    offline: bool = False,
    tell: Tell | None = None,
    indicators: pa.Table | None = None,
    environ: Mapping[str, str] | None = None,
) -> pa.Table:
    """See :meth:`flowsleuth.Workspace.lookup`.

    Parameters
    ----------
    observables : str or iterable
    settings : mapping
        The table ``[intel]``.
    folder : Path
        Where answers are kept.
    providers, types, scope, offline, tell
        As there.
    indicators : pyarrow.Table, optional
        Rows of ``schema.INDICATOR``: local feeds.
    environ : mapping, optional
        Where keys are looked for; the process's own environment when not given.
    """
    options = read_options(settings)
    access = _access(settings, environ)
    named = _listed(providers)
    asks_feeds = indicators is not None and len(indicators) > 0 and (named is None or FEEDS in named)
    chosen = choose(access, None if named is None else [name for name in named if name != FEEDS], scope)
    checked = check(observables, _listed(types), options.url_query)
    if checked and not chosen and not asks_feeds:
        raise OptionError("no service is set up to be asked", where="lookup", hint="see flowsleuth intel providers")
    cache = AnswerCache(folder / FILE_NAME)
    try:
        runner = Runner(options, cache, offline=offline, tell=tell)
        local = local_rows(checked, indicators) if asks_feeds and indicators is not None else {}
        return as_table(_rows(checked, chosen, runner, local))
    finally:
        cache.close()


def _access(settings: Mapping[str, Any], environ: Mapping[str, str] | None) -> dict[str, Access]:
    """What is set for every service: ``[intel]``, the environment, msticpy's settings if a variable names them."""
    known = os.environ if environ is None else environ
    config = find_msticpy_config(known)
    if config is not None:
        settings = over_msticpy(settings, read_msticpy_config(config).intel, known)
    return all_access(settings, known)


def _listed(names: Iterable[str] | None) -> list[str] | None:
    """Names as a list; one alone may be given as a text."""
    if names is None:
        return None
    return [names] if isinstance(names, str) else list(names)


def _rows(
    checked: list[Checked], chosen: list[Access], runner: Runner, local: Mapping[Checked, list[Row]]
) -> list[Row]:
    """Observables in the order they were given; of each what feeds say, then services in the order they are listed."""
    asks = asks_of(checked, chosen)
    outcomes = iter(runner.run([ask for _, _, ask in asks if ask is not None]))
    rows: dict[Checked, list[Row]] = {one: list(local.get(one, ())) for one in checked}
    for one, access, ask in asks:
        if ask is None:
            rows[one].append(unsupported_row(one, access))
        else:
            rows[one].append(row_of(one, access.name, ask.question.subtype, next(outcomes)))
    for one in checked:
        if one.refused is not None and (chosen or not rows[one]):
            rows[one].append(refused_row(one))
    return [row for one in checked for row in rows[one]]


def offered_providers(settings: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Every service: what it tells, about which types, whether it is asked, and what is missing for that."""
    from flowsleuth.enrich.intel.access import how_to_set

    found = []
    for access in _access(settings, environ).values():
        provider = access.provider
        found.append(
            {
                "name": provider.name,
                "summary": provider.summary,
                "types": list(provider.questions),
                "scope": access.scope,
                "is_enabled": access.is_enabled,
                "per_minute": access.per_minute,
                "missing": list(access.missing),
                "hint": how_to_set(access) if access.missing else "",
                "documentation": provider.documentation,
            }
        )
    return found
