"""Threat intelligence by the calls that MSTICPy's users know: ``TILookup().lookup_ioc(…)``.

Nobody is asked unless told to: only services that have a key, are enabled or are named, and only about what may be
sent. Recorded answers take the place of the network.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.intel import PROVIDERS
from flowsleuth.enrich.intel.recorded import Recorded, keep_recorded, read_recorded, settings_of, write_recorded
from flowsleuth.errors import OptionError, suggestion
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.enrich.intel.access import Scopes
    from flowsleuth.workspace import Workspace

OTHER_NAMES = {
    "azsti": "sentinel", "mssentinelti": "sentinel", "ibmxforce": "xforce", "alienvaultotx": "otx", "vt": "virustotal",
    "abuseip": "abuseipdb", "abuse_ip_db": "abuseipdb", "ibm_xforce": "xforce",
}  # fmt: skip
"""What others call a service of ours, case aside."""
IOC_COLUMNS = ("Ioc", "Observable", "ioc", "observable", "value")
TYPE_COLUMNS = ("IocType", "IoCType", "ioc_type", "type")


class TILookup:
    """Asks threat intelligence about addresses, domains, URLs and hashes.

    Parameters
    ----------
    providers : str or iterable of str, optional
        Only these services.
    workspace : Workspace, optional
        Whose settings, feeds and kept answers are used; without one those of the environment and
        ``~/.cache/flowsleuth``.
    recorded : path, optional
        Recorded answers (:mod:`flowsleuth.enrich.intel.recorded`): nobody is asked, no key is needed.
    settings : mapping, optional
        A table ``[intel]``, instead of the workspace's.
    offline : bool
        Only what was asked before, however old.
    folder : path, optional
        Where answers are kept, instead of these.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> said = pathlib.Path(tempfile.mkdtemp()) / "lookups.jsonl"
    >>> _ = said.write_text('{"provider": "greynoise", "type": "ipv4", "observable": "8.8.4.4", "asked": "2024-05-01",'
    ...     ' "body": {"ip": "8.8.4.4", "noise": false, "riot": true, "classification": "benign", "name": "DNS"}}')
    >>> lookup = TILookup(recorded=said)
    >>> lookup.loaded_providers
    ['greynoise']
    >>> frame = lookup.result_to_df(lookup.lookup_ioc(observable="8.8.4[.]4", ioc_type="ipv4"))
    >>> frame[["SafeIoc", "Provider", "Severity", "from_cache"]].values.tolist()
    [['8.8.4.4', 'greynoise', 'information', True]]
    """

    def __init__(
        self, providers: str | Iterable[str] | None = None, *, workspace: Workspace | None = None,
        recorded: str | Path | None = None, settings: Mapping[str, Any] | None = None, offline: bool = False,
        folder: str | Path | None = None,
    ) -> None:  # fmt: skip
        self._workspace = workspace
        self._aside: tempfile.TemporaryDirectory[str] | None = None
        self._states: dict[str, bool] = {}
        self._settings = dict(settings if settings is not None else workspace.settings.intel if workspace else {})
        self.is_offline = offline or recorded is not None or bool(workspace and workspace.is_offline)
        self._folder = self._own_folder(folder)
        if recorded is not None:
            self._use(read_recorded(Path(recorded)))
        self._only = None if providers is None else [service_named(name) for name in _listed(providers)]

    def _own_folder(self, folder: str | Path | None) -> Path:
        from flowsleuth.workspace.lookups import CACHE, user_cache

        if folder is not None:
            return Path(folder)
        return self._workspace.folder / CACHE if self._workspace else user_cache()

    def _use(self, recorded: list[Recorded]) -> None:
        """Take recorded answers, and no others."""
        from flowsleuth.enrich.intel.cache import FILE_NAME, AnswerCache

        self._aside = tempfile.TemporaryDirectory(prefix="flowsleuth-recorded-")
        self._folder = Path(self._aside.name)
        self._settings = {"providers": settings_of(recorded)}
        cache = AnswerCache(self._folder / FILE_NAME)
        try:
            keep_recorded(recorded, cache)
        finally:
            cache.close()

    # which services ---------------------------------------------------------------------------------------------------

    def _offered(self) -> list[dict[str, Any]]:
        from flowsleuth.workspace.lookups import offered_providers

        return offered_providers(self._chosen_settings(), self._environ())

    def _environ(self) -> dict[str, str] | None:
        """No variable counts for recorded answers; else the process's own."""
        return {} if self._aside is not None else None

    def _chosen_settings(self) -> dict[str, Any]:
        """The settings, with what was enabled and disabled since."""
        given = self._settings.get("providers")
        tables = dict(given) if isinstance(given, Mapping) else {}
        for name, state in self._states.items():
            tables[name] = {**tables.get(name, {}), "enabled": state}
        return {**self._settings, "providers": tables} if tables else dict(self._settings)

    @property
    def available_providers(self) -> list[str]:
        """Every service there is, by name."""
        return list(PROVIDERS.names())

    @property
    def loaded_providers(self) -> list[str]:
        """The services that are asked when none is named."""
        asked = [one["name"] for one in self._offered() if one["is_enabled"] and not one["missing"]]
        return [name for name in asked if self._only is None or name in self._only]

    @property
    def provider_status(self) -> list[str]:
        """A line for each service: what it tells, whether it is asked, and what is missing for that."""
        asked = set(self.loaded_providers)
        return [
            f"{one['name']} - {one['summary']} ({one['scope']}, "
            f"{'asked' if one['name'] in asked else 'needs ' + ', '.join(one['missing']) if one['missing'] else 'off'})"
            for one in self._offered()
        ]

    def list_available_providers(self, show_query_types: bool = False, *, as_list: bool = False) -> list[str] | None:
        """Print the services, with the types each is asked about if so wished; or give their names.

        Parameters
        ----------
        show_query_types : bool
        as_list : bool
            Give the names and print nothing.
        """
        if as_list:
            return self.available_providers
        for line, one in zip(self.provider_status, self._offered(), strict=True):
            print(line + (f"\n    {', '.join(one['types'])}" if show_query_types else ""))
        return None

    def enable_provider(self, providers: str | Iterable[str]) -> None:
        """Have services asked from now on.

        Raises
        ------
        OptionError
            There is none of that name.
        """
        self.set_provider_state(dict.fromkeys(_listed(providers), True))

    def disable_provider(self, providers: str | Iterable[str]) -> None:
        """Have services asked no more."""
        self.set_provider_state(dict.fromkeys(_listed(providers), False))

    def set_provider_state(self, prov_dict: Mapping[str, bool]) -> None:
        """Turn services on and off."""
        self._states |= {service_named(name): bool(state) for name, state in prov_dict.items()}

    # asking -----------------------------------------------------------------------------------------------------------

    def lookup_ioc(
        self, ioc: str | None = None, ioc_type: str | None = None, providers: str | Iterable[str] | None = None, *,
        observable: str | None = None, prov_scope: Scopes = "primary",
    ) -> Rows:  # fmt: skip
        """Ask about one observable.

        Parameters
        ----------
        ioc, observable : str
            It, defanged or not; either name will do.
        ioc_type : str, optional
            ``ipv4``, ``dns``, ``url``, ``md5_hash`` …; found by its form when not given.
        providers : str or iterable of str, optional
            Only these services.
        prov_scope : ``primary``, ``secondary`` or ``all``

        Returns
        -------
        Rows
            As :meth:`flowsleuth.Workspace.lookup`: what must not be sent is a row with the reason; a time-out, too.

        Raises
        ------
        OptionError
            No observable, no such service, or none is set up.
        """
        given = ioc if ioc is not None else observable
        if given is None:
            raise OptionError("no observable", where="lookup_ioc", hint="lookup_ioc(observable=…)")
        return Rows(self._ask({given: ioc_type}, providers, prov_scope))

    def lookup_iocs(
        self, data: Any, ioc_col: str | None = None, ioc_type_col: str | None = None,
        providers: str | Iterable[str] | None = None, *, prov_scope: Scopes = "primary",
    ) -> Any:  # fmt: skip
        """Ask about many, equal ones once.

        Parameters
        ----------
        data : frame, mapping, or iterable of str
            A mapping is observable to type.
        ioc_col, ioc_type_col : str, optional
            Of a frame; found by the names that :class:`IoCExtract` gives when not told.
        providers, prov_scope
            As :meth:`lookup_ioc`.

        Returns
        -------
        frame or Rows
            A frame of the same make for a frame, else Rows; nothing for nothing.
        """
        from flowsleuth.schema.tabular import is_table, like

        if not is_table(data):
            listed = dict(data) if isinstance(data, Mapping) else dict.fromkeys(_listed(data))
            return Rows(self._ask(listed, providers, prov_scope))
        return like(self._ask(_of_frame(data, ioc_col, ioc_type_col), providers, prov_scope), data)

    def result_to_df(self, result: Any) -> Any:
        """What a look-up gave, as a pandas frame."""
        import pandas

        from flowsleuth.schema.tabular import as_pandas

        if isinstance(result, list | tuple):
            return pandas.concat([as_pandas(one) for one in result], ignore_index=True)
        return as_pandas(result)

    def record(self, path: str | Path) -> int:
        """Write every answer that is kept as recorded answers; how many. Keys are not among them."""
        from flowsleuth.enrich.intel.cache import FILE_NAME, AnswerCache

        cache = AnswerCache(self._folder / FILE_NAME)
        try:
            return write_recorded(cache, Path(path))
        finally:
            cache.close()

    def _ask(self, listed: Mapping[str, str | None], providers: Any, scope: Scopes) -> pa.Table:
        """Rows of observables, type by type, in the order they were given."""
        import pyarrow as pa

        from flowsleuth.enrich.intel.lookup_rows import as_table

        groups: dict[str | None, list[str]] = {}
        for text, told in listed.items():
            groups.setdefault(None if told is None else str(told), []).append(text)
        parts = [self._ask_some(texts, told, providers, scope) for told, texts in groups.items()]
        if not parts:
            return as_table([])
        found = pa.concat_tables(parts)
        place = {text: at for at, text in enumerate(listed)}
        places = pa.array([place.get(text, 0) for text in found["Ioc"].to_pylist()], pa.int64())
        return found.append_column("_at", places).sort_by("_at").drop_columns(["_at"])

    def _ask_some(self, texts: list[str], told: str | None, providers: Any, scope: Scopes) -> pa.Table:
        from flowsleuth.enrich.intel.lookup_rows import as_table, check, refused_row
        from flowsleuth.extract.observables import TYPES
        from flowsleuth.workspace.lookups import look_up

        types = None if told is None else _types(told)
        if types == []:
            refused = [refused_row(_not_asked(one, told or "")) for one in check(texts)]
            return as_table(refused)
        assert types is None or set(types) <= set(TYPES)
        store = self._workspace.store if self._workspace and self._aside is None else None
        feeds = store.arrow(store.table("indicator")) if store and store.catalog.parts("indicator") else None
        return look_up(
            texts, self._chosen_settings(), self._folder, providers=self._providers(providers), types=types,
            scope="all" if self._aside is not None else scope, offline=self.is_offline, indicators=feeds,
            environ=self._environ(),
        )  # fmt: skip

    def _providers(self, named: Any) -> list[str] | None:
        """Services of this call: those named, else those of this object; none for the default ones."""
        if named is not None:
            return [service_named(name) for name in _listed(named)]
        return self._only


def service_named(name: str) -> str:
    """A service by its name or another tool's name for it.

    Raises
    ------
    OptionError
        There is none.

    Examples
    --------
    >>> service_named("VirusTotal"), service_named("AzSTI")
    ('virustotal', 'sentinel')
    """
    plain = str(name).strip().casefold()
    plain = OTHER_NAMES.get(plain, plain)
    known = [*PROVIDERS.names(), "feeds"]
    if plain not in known:
        raise OptionError("no such provider", where=str(name)[:50], available=known, hint=suggestion(plain, known))
    return plain


def _listed(names: str | Iterable[Any]) -> list[Any]:
    return [names] if isinstance(names, str) else list(names)


def _types(told: str) -> list[str] | None:
    """The type of ours; no type at all for one that nobody is asked about."""
    from flowsleuth.extract.observables import type_named

    if told.casefold() in ("", "unknown", "none", "nan"):
        return None
    try:
        return [type_named(told)]
    except OptionError:
        return []


def _not_asked(checked: Any, told: str) -> Any:
    from dataclasses import replace

    return replace(checked, refused=f"of type {told}, which is not asked about")


def _of_frame(data: Any, ioc_col: str | None, type_col: str | None) -> dict[str, str | None]:
    """Observable to type, of a frame; rows without an observable are passed over."""
    from flowsleuth.schema.tabular import column_names, text_column

    there = column_names(data)
    column = ioc_col or next((name for name in IOC_COLUMNS if name in there), None)
    if column is None:
        raise OptionError("which column has the observables?", where="ioc_col", available=there)
    kind = type_col or next((name for name in TYPE_COLUMNS if name in there), None)
    texts = text_column(data, column).to_pylist()
    types = [None] * len(texts) if kind is None else text_column(data, kind).to_pylist()
    return {text: told for text, told in zip(texts, types, strict=True) if text and text.strip()}
