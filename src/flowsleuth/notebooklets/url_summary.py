"""UrlSummary: who asked for a URL, what names and addresses its host has, which alerts and lists know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flowsleuth.investigate.timeline import bin_width, in_words
from flowsleuth.notebooklets.attributes import Found, entity, figure, table, value
from flowsleuth.notebooklets.metadata import FollowUp, Metadata, Option
from flowsleuth.notebooklets.notebooklet import Notebooklet
from flowsleuth.notebooklets.result import NotebookletResult
from flowsleuth.notebooklets.run import Run
from flowsleuth.notebooklets.step import SkipStep, Step

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from flowsleuth.schema.entities import Url
US_PER_S = 1_000_000


@dataclass(frozen=True)
class UrlParameters:
    """What can be set besides the options."""

    limit: int = field(default=10_000, metadata={"help": "rows of a stored table at most", "min": 1})
    online: bool = field(default=False, metadata={"help": "ask registries over the network who owns the host"})


class UrlResult(NotebookletResult):
    """What is known about a URL."""

    url: str = value("The URL, canonical.")
    host: str = value("The host in it: a name or an address.")
    url_entity: Url = entity("The URL as an entity.")
    requests: pd.DataFrame = table("HTTP requests for the URL, earliest first.")
    requesters: pd.DataFrame = table("Who asked for it: requests, methods, first and last time; most requests first.")
    request_timeline: Any = figure("histogram", "Requests over time, by the status of the answer.")
    addresses: pd.DataFrame = table("Addresses that the host resolved to or was spoken with under its name.")
    dns: pd.DataFrame = table("DNS rows that ask for the host or a name below it.")
    flows: pd.DataFrame = table("Flows with the host, earliest first.")
    hosts: pd.DataFrame = table("Who has flows with the host: flows, bytes each way, ports; most flows first.")
    certificates: pd.DataFrame = table("TLS certificates that were shown under the host's name.")
    related_alerts: pd.DataFrame = table("Alerts about the URL, its host or its addresses.")
    whois: pd.DataFrame = table("Who registered the host, as far as is known here; online when asked.")
    ti_results: pd.DataFrame = table("What threat intelligence says of the URL and its host.")


def read_url(run: Run) -> dict[str, Any]:
    """The URL and its host."""
    return {"url": run.asked.text, "host": _host(run), "url_entity": run.asked.entity}


def _host(run: Run) -> str:
    host: str = run.asked.entity.host  # type: ignore[attr-defined]
    return host


def read_requests(run: Run) -> dict[str, Any]:
    """HTTP requests for the URL."""
    return {"requests": run.ask("Url.requests", limit=run.parameters.limit)}


def count_requesters(run: Run) -> dict[str, Any]:
    """Requests by client."""
    import pyarrow.compute as pc

    rows = run["requests"]
    told = rows.select(["src_ip", "method", "user_agent", "start"]).append_column("last", rows["start"])
    by_client = told.group_by("src_ip").aggregate(
        [
            ("start", "count"),
            ("method", "distinct"),
            ("user_agent", "count_distinct"),
            ("start", "min"),
            ("last", "max"),
        ]
    )
    names = {
        "src_ip": by_client["src_ip"],
        "requests": by_client["start_count"],
        "methods": [sorted(filter(None, methods)) for methods in by_client["method_distinct"].to_pylist()],
        "user_agents": by_client["user_agent_count_distinct"],
        "first_seen": by_client["start_min"],
        "last_seen": by_client["last_max"],
    }
    order = [("requests", "descending"), ("src_ip", "ascending")]
    counted = _table(names).sort_by(order)
    unknown = pc.sum(pc.is_null(rows["src_ip"])).as_py() or 0
    note = f"{unknown:,} requests do not tell who made them" if unknown else ""
    return {"requesters": Found(counted, note=note)}


def _table(columns: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    return pa.table(dict(columns))


def draw_requests(run: Run) -> dict[str, Any]:
    """Requests over time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = run["requests"]
    if not len(rows):
        return {"request_timeline": Found(absent="no request in this window")}
    ends = pc.min_max(rows["start"].cast(pa.int64())).as_py()
    width = bin_width((ends["max"] - ends["min"]) / US_PER_S, 1)
    step = pa.scalar(width * US_PER_S, pa.int64())
    begins = pc.multiply(pc.divide(rows["start"].cast(pa.int64()), step), step).cast(pa.timestamp("us", tz="UTC"))
    status = pc.coalesce(rows["status"].cast(pa.string()), "no answer")
    counted = pa.table({"start": begins, "series": status}).group_by(["start", "series"]).aggregate([([], "count_all")])
    counted = counted.rename_columns(["start", "series", "rows"])
    counted = counted.append_column("bin_s", pa.array([width] * len(counted), pa.int64()))
    return {"request_timeline": Found(counted, note=f"counted by {in_words(width)}")}


def read_names(run: Run) -> dict[str, Any]:
    """Names and addresses of the host."""
    if _is_address(run):
        raise SkipStep("the host of the URL is an address")
    limit = run.parameters.limit
    addresses = run.ask("Dns.addresses", _host(run), limit=limit)
    return {"addresses": addresses, "dns": run.ask("Url.dns", limit=limit)}


def _is_address(run: Run) -> bool:
    from flowsleuth.investigate.asked_values import canonical_or_none

    return canonical_or_none("IpAddress", _host(run)) is not None


def read_flows(run: Run) -> dict[str, Any]:
    """Flows with the host, and who had them."""
    import pyarrow as pa

    rows = run.ask("Url.flows", limit=run.parameters.limit, columns="all")
    given = rows.select(["src_ip", "dst_port", "src_bytes", "dst_bytes", "start"]).append_column("last", rows["start"])
    counted = given.group_by("src_ip").aggregate(
        [
            ("start", "count"),
            ("src_bytes", "sum"),
            ("dst_bytes", "sum"),
            ("dst_port", "distinct"),
            ("start", "min"),
            ("last", "max"),
        ]
    )
    ports = [sorted(port for port in listed if port is not None) for listed in counted["dst_port_distinct"].to_pylist()]
    columns = {
        "src_ip": counted["src_ip"],
        "flows": counted["start_count"],
        "src_bytes": counted["src_bytes_sum"],
        "dst_bytes": counted["dst_bytes_sum"],
        "dst_ports": pa.array(ports, pa.list_(pa.int64())),
        "first_seen": counted["start_min"],
        "last_seen": counted["last_max"],
    }
    hosts = _table(columns).sort_by([("flows", "descending"), ("src_ip", "ascending")])
    return {"flows": run.ask("Url.flows", limit=run.parameters.limit), "hosts": hosts}


def read_certificates(run: Run) -> dict[str, Any]:
    """Certificates shown under the host's name."""
    import ibis

    rows = run.rows("tls")
    mine = rows.filter(rows.server_name.lower() == ibis.literal(_host(run)))
    keys = ["server_name", "dst_ip", "subject", "issuer", "fingerprint", "validation"]
    counted = mine.group_by(keys).aggregate(
        handshakes=mine.count(), first_seen=mine.start.min(), last_seen=mine.start.max()
    )
    return {"certificates": run.arrow(counted.order_by([ibis.desc("handshakes"), *keys]))}


def read_alerts(run: Run) -> dict[str, Any]:
    """Alerts about the URL, its host or addresses of it."""
    import pyarrow as pa

    limit = run.parameters.limit
    parts = [run.ask("Url.alerts", limit=limit)]
    if _is_address(run):
        parts.append(run.ask("IpAddress.alerts", _host(run), limit=limit))
    else:
        parts.append(run.ask("Dns.alerts", _host(run), limit=limit))
        resolved = run["addresses"]
        addresses = [] if resolved is None else sorted(set(resolved["address"].drop_null().to_pylist()))
        if addresses:
            parts.append(run.ask("IpAddress.alerts", addresses, limit=limit).drop_columns(["asked"]))
    whole = pa.concat_tables(parts, promote_options="default")
    first = {one: at for at, one in reversed(list(enumerate(whole["event_id"].to_pylist())))}
    once = whole.take(pa.array(sorted(first.values()), pa.int64()))
    return {"related_alerts": once.sort_by([("start", "ascending"), ("event_id", "ascending")])}


def read_whois(run: Run) -> dict[str, Any]:
    """Who registered the host."""
    return {"whois": run.ask("Url.whois", online=run.parameters.online)}


def look_up(run: Run) -> dict[str, Any]:
    """What intelligence says of the URL and its host."""
    rows = run.provider("tilookup")([run.asked.text, _host(run)])
    return {"ti_results": rows}


class UrlSummary(Notebooklet[UrlResult]):
    """Who asked for a URL, and what is known of it and of its host.

    Everything comes from the workspace's tables except ``ti``, which sends the URL and its host to the configured
    providers of threat intelligence, and ``whois`` with ``online=True``.
    """

    metadata = Metadata(
        name="UrlSummary",
        description="What is known about a URL and its host.",
        options=(
            Option("requests", "HTTP requests for it, who made them, and when."),
            Option("names", "Names and addresses of its host."),
            Option("flows", "Flows with its host, and who had them."),
            Option("certificates", "TLS certificates shown under its host's name."),
            Option("alerts", "Alerts about it, its host or its addresses."),
            Option("whois", "Who registered its host."),
            Option(
                "ti", "What threat intelligence says of it; goes over the network.", is_default=False, is_online=True
            ),
        ),
        entity_types=("url",),
        keywords=("link", "web", "domain", "http", "phishing"),
        follow_ups=(FollowUp("lookup_ti", "Ask threat intelligence", ("ti_results",), is_online=True),),
    )
    result_class = UrlResult
    Parameters = UrlParameters
    steps = (
        Step("url", read_url, "URL", gives=("url", "host", "url_entity")),
        Step(
            "requests", read_requests, "HTTP requests", "Requests whose host and target are the URL's.",
            gives=("requests",), option="requests", tables=("http",),
        ),
        Step(
            "requesters", count_requesters, "Who asked for it", "Requests counted by client.",
            gives=("requesters",), option="requests", uses=("requests",),
        ),
        Step(
            "request_timeline", draw_requests, "Requests over time", "A bar for each span of time and answer.",
            gives=("request_timeline",), option="requests", uses=("requests",),
        ),
        Step(
            "names", read_names, "Names and addresses", "What the host resolved to.",
            gives=("addresses", "dns"), option="names", tables=("dns|tls|http",),
        ),
        Step(
            "flows", read_flows, "Flows", "Flows whose server name is the host's.",
            gives=("flows", "hosts"), option="flows", tables=("flow",),
        ),
        Step(
            "certificates", read_certificates, "Certificates", "What the servers showed.",
            gives=("certificates",), option="certificates", tables=("tls",),
        ),
        Step(
            "alerts", read_alerts, "Alerts", "Alerts about the URL, its host or its addresses.",
            gives=("related_alerts",), option="alerts", tables=("alert",), after=("addresses",),
        ),
        Step("whois", read_whois, "Owner", "Who registered the host.", gives=("whois",), option="whois"),
        Step(
            "ti", look_up, "Threat intelligence", "What providers say of the URL and its host.",
            gives=("ti_results",), option="ti", providers=("tilookup",),
        ),
    )  # fmt: skip

    def browse_alerts(self) -> Any:
        """Show the alerts, one of them whole."""
        return self._last().view_events(["start", "name", "severity", "provider"], "related_alerts")

    def lookup_ti(self) -> pd.DataFrame | None:
        """Ask threat intelligence now, where the run did not; over the network. Fills ``ti_results`` of this result."""
        return self._do("ti").ti_results
