"""Where rows about an address come from beside the workspace: query providers, files, frames in the hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.notebooklets.at_once import ask_at_once, caught, library_query, one_table, reason, window_of
from flowsleuth.notebooklets.exports import FIREWALL_KIND, stored_rows
from flowsleuth.notebooklets.ip_address.foreign_rows import FAILED, about
from flowsleuth.notebooklets.network_flow.foreign import older_alone
from flowsleuth.schema import TABLES
from flowsleuth.schema.tabular import to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Question

DEVICES = 10
"""Of so many devices the details are asked."""
_ADDRESS = ("ip_address", "ip_address_list", "source_ip_list", "entity_id")
_FLOWS = ("az_netflow", "outbound_volume")


@dataclass(frozen=True)
class Source:
    """A table of others.

    Attributes
    ----------
    table : str
        Its name there.
    options : tuple of str
        The options that read it.
    query : str
        Of the query library.
    becomes : str or None
        The table of ours that its rows become; None: they stay as they are.
    """

    table: str
    options: tuple[str, ...]
    query: str
    becomes: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """Names that a file or frame of it may have."""
        plain = self.table.casefold()
        return (plain, plain.removesuffix("_cl"))


SOURCES = (
    Source("AzureNetworkAnalytics_CL", _FLOWS, "Network.list_azure_network_flows_by_ip", "flow"),
    Source("NTANetAnalytics", _FLOWS, "Network.list_nta_flows_by_ip", "flow"),
    Source("VMConnection", _FLOWS, "Network.list_vm_connections_by_ip", "flow"),
    Source(
        "CommonSecurityLog", ("common_security", "outbound_volume"), "Network.list_firewall_connections_by_ip", "flow"
    ),
    Source("SecurityAlert", ("alerts",), "SecurityAlert.list_alerts_for_ip", "alert"),
    Source("SecurityEvent", ("host_logons",), "WindowsSecurity.list_logons_by_ip", "logon"),
    Source("Syslog", ("host_logons",), "LinuxSyslog.list_logons_for_source_ip", "logon"),
    Source("SigninLogs", ("az_activity",), "Azure.list_aad_signins_for_ip", "logon"),
    Source("AzureActivity", ("az_activity",), "Azure.list_azure_activity_for_ip"),
    Source("OfficeActivity", ("office_365",), "Office365.list_activity_for_ip"),
    Source("HuntingBookmark", ("bookmarks",), "AzureSentinel.list_bookmarks_for_entity"),
    Source("Heartbeat", ("heartbeat",), "Network.get_heartbeat_for_ip"),
    Source("NetworkInterface", ("az_net_if",), "Network.get_host_for_ip"),
    Source("VMComputer", ("vmcomputer",), "Azure.get_vmcomputer_for_ip"),
    Source("DeviceNetworkInfo", ("device_info",), "MDE.list_devices_for_ip"),
    Source("DeviceNetworkEvents", ("device_network",), "MDE.list_device_flows_by_ip"),
    Source("Tables", ("tables_with_ip",), "Search.count_tables_with_ip"),
)
DEVICE_INFO = Source("DeviceInfo", ("device_info",), "MDE.get_device_info")
FOREIGN_TABLES = (*(one.table for one in SOURCES if one.becomes is None), DEVICE_INFO.table, FAILED, FIREWALL_KIND)
"""Tables that steps read as they are; records of firewalls are flows as well."""


# what a query provider has ------------------------------------------------------------------------------------------


def ask_provider(provider: Any, question: Question) -> dict[str, Any]:
    """Tables that a provider has about the address, each query for itself: one that fails spoils no other."""
    chosen = [one for one in SOURCES if set(one.options) & set(question.options)]
    files = _files_of(provider)

    asks = [partial(_rows_of, provider, files, source, question) for source in chosen]
    answers = dict(zip(chosen, ask_at_once(asks, question), strict=True))
    if DEVICE_INFO.options[0] in question.options:
        answers[DEVICE_INFO] = caught(lambda: _device_info(provider, files, answers, question))
    return put_together(answers, question.providers.home)


def _files_of(provider: Any) -> dict[str, str]:
    """Of local files: names by their lower-case names."""
    if not provider.driver.is_local or provider.environment != "LocalData":
        return {}
    return {name.casefold(): name for name in provider.tables()}


def _rows_of(provider: Any, files: Mapping[str, str], source: Source, question: Question) -> pa.Table | None:
    """A file of the table's name, else what the query of the library tells; None where there is neither."""
    name = next((files[word] for word in source.words if word in files), None)
    if name is not None:
        return about(provider.exec_arrow(name), question)
    assert question.asked is not None
    given = library_query(provider, source.query)
    if given is None or provider.environment == "LocalData":
        return None
    definition, call = given
    parameter = next(name for name in _ADDRESS if definition.parameter_of(name) is not None)
    return call(**{parameter: question.asked.text}, **window_of(question))


def _device_info(
    provider: Any, files: Mapping[str, str], answers: Mapping[Source, Any], question: Question
) -> pa.Table | None:
    """The newest record of each device that had the address."""
    import pyarrow as pa

    seen = next((rows for one, rows in answers.items() if one.table == "DeviceNetworkInfo"), None)
    if not isinstance(seen, pa.Table) or "DeviceName" not in seen.column_names:
        return None
    devices = sorted({name for name in seen["DeviceName"].to_pylist() if name})
    if DEVICE_INFO.words[0] in files:
        rows = provider.exec_arrow(files[DEVICE_INFO.words[0]])
        return rows.filter(pa.array([name in devices for name in rows["DeviceName"].to_pylist()], pa.bool_()))
    given = library_query(provider, DEVICE_INFO.query)
    if given is None or not devices:
        return None
    found = [given[1](host_name=name, **window_of(question)) for name in devices[:DEVICES]]
    return pa.concat_tables([rows.replace_schema_metadata(None) for rows in found], promote_options="permissive")


def put_together(answers: Mapping[Source, Any], home: Sequence[str]) -> dict[str, Any]:
    """Answers as tables by name: ours, those that stay as they are, and what failed."""
    import pyarrow as pa

    parts: dict[str, dict[str, pa.Table]] = {}
    found: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for number, (source, rows) in enumerate(answers.items(), 1):
        if rows is None:
            continue
        made = rows if isinstance(rows, Exception) else caught(lambda: _made(source, rows, home, number))  # noqa: B023
        if isinstance(made, Exception):
            failed[source.table] = reason(made)
            continue
        for name, table in made.items():
            if name in TABLES:
                parts.setdefault(name, {})[source.table] = table
            else:
                found[name] = table
    found |= _joined(parts)
    if failed:
        found[FAILED] = pa.table({"table": list(failed), "why": list(failed.values())})
    return found


def _joined(parts: Mapping[str, Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """Our tables, of all sources of each; what both of Azure's flow tables may log is taken once."""
    found = {}
    for name, some in parts.items():
        rows = dict(some)
        newer, older = (rows.get(table) for table in ("NTANetAnalytics", "AzureNetworkAnalytics_CL"))
        if newer is not None and older is not None and len(newer):
            rows["AzureNetworkAnalytics_CL"] = older_alone(newer, older)
        found[name] = one_table(name, rows.values())
    return found


def _made(source: Source, rows: Any, home: Sequence[str], number: int) -> dict[str, Any]:
    if source.becomes is None:
        return {source.table: to_table(rows)}
    raw = {source.table: to_table(rows)} if source.table in FOREIGN_TABLES else {}
    return stored_rows(source.table, to_table(rows), home, number) | raw


# frames in the hand -------------------------------------------------------------------------------------------------


def read_frames(data: Any, home: Sequence[str]) -> dict[str, Any]:
    """A frame of flows, or frames by name: names of our tables, or of others' (``SecurityAlert``, ``Heartbeat``, …).

    Raises
    ------
    OptionError
        There is no such table, or its columns are not known.
    """
    given = data if isinstance(data, Mapping) else {"flow": data}
    known = {word: one for one in (*SOURCES, DEVICE_INFO) for word in one.words}
    parts: dict[str, dict[str, pa.Table]] = {}
    found: dict[str, Any] = {}
    for number, (name, rows) in enumerate(given.items(), 1):
        source = known.get(str(name).casefold())
        if source is not None and source.becomes is None:
            found[source.table] = rows
        elif source is not None or name in TABLES:
            known_as = name if source is None or name in TABLES else source.table
            if known_as in FOREIGN_TABLES:
                found[known_as] = rows
            for table, made in stored_rows(known_as, rows, home, number).items():
                parts.setdefault(table, {})[known_as] = made
        else:
            names = sorted({*TABLES, *(one.table for one in (*SOURCES, DEVICE_INFO))})
            raise OptionError("no such table", where=f"data={{{name!r}: …}}", available=names)
    return found | _joined(parts)
