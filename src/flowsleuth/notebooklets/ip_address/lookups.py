"""What others know of the address: where it is, who registered it, what intelligence and passive DNS say."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import MissingExtraError, OptionError
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.ip_address.identity import TYPE_NAMES, type_of
from flowsleuth.notebooklets.step import SkipStep
from flowsleuth.schema.entities import GeoLocation
from flowsleuth.schema.tabular import is_table, to_table

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

GEO = "geolitelookup|ipstacklookup"
_PLACE = {
    "CountryCode": "country_code", "CountryName": "country", "State": "region", "City": "city",
    "Latitude": "latitude", "Longitude": "longitude", "Asn": "asn", "Organization": "as_name",
}  # fmt: skip
_NETWORK = ("network", "cidr", "prefix", "org", "abuse_email", "registered", "changed", "registry")


def only_public(run: Run, what: str) -> None:
    """Skip a step that asks about addresses of the Internet only.

    Raises
    ------
    SkipStep
        It is not one.
    """
    kind = type_of(run)
    if kind != "global":
        raise SkipStep(f"a {TYPE_NAMES.get(kind, kind).casefold()} address has no {what}")


def find_place(run: Run) -> dict[str, Any]:
    """Where it is, by the first provider that is there, else by the tables of the package."""
    only_public(run, "place")
    asks = run.question.providers.find(GEO)
    told: Mapping[str, Any] = run.ws.geo(run.asked.text) if asks is None else run.provider(GEO)(run.asked.text)
    known = {name: fact for name, fact in told.items() if fact is not None and name != "address"}
    if not known.keys() - {"source"}:
        why = "no source of geography knows it"
        return {"geoip": Found(absent=why), "location": Found(absent=why)}
    place: dict[str, Any] = {field: known.get(name) for field, name in _PLACE.items()}
    return {"geoip": known, "location": GeoLocation(**place)}


def find_owner(run: Run) -> dict[str, Any]:
    """Who registered it: local sources and kept answers; the registries where ``online`` is set."""
    only_public(run, "registration")
    told = dict(run.ws.whois(run.asked.text, online=run.parameters.online))
    status, reason = told.get("status"), told.get("reason")
    if not told.get("source"):
        why = f"no registration is known: {reason or status}"
        return {"whois": Found(absent=why), "whois_nets": Found(absent=why)}
    note = "" if run.parameters.online else "by local sources; online=True asks the registries"
    network = {name: told[name] for name in _NETWORK if told.get(name) is not None}
    nets = Found(_one_row(network)) if network else Found(absent="the registries were not asked, or know no network")
    facts = {name: fact for name, fact in told.items() if fact not in (None, "") and name != "observable"}
    return {"whois": Found(_one_row(facts), note=note), "whois_nets": nets if network else Found(absent=nets.absent)}


def _one_row(facts: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa

    plain = {
        name: json.dumps(fact, default=str, ensure_ascii=False) if isinstance(fact, dict | list | tuple) else fact
        for name, fact in facts.items()
    }
    return pa.Table.from_pylist([plain])


def look_up(run: Run) -> dict[str, Any]:
    """What intelligence says; goes over the network."""
    only_public(run, "entry in threat intelligence: nobody is asked about it")
    rows = run.provider("tilookup")([run.asked.text])
    return {"ti_results": rows}


SERVICE = "otx_names"
"""The service of passive DNS that :meth:`flowsleuth.Workspace.lookup` knows."""
PASSIVE = "passivedns"
"""A provider of one's own: a callable that takes an address and gives a table, or a list of dicts."""


def find_names(run: Run) -> dict[str, Any]:
    """Names that the address had: as stored rows saw it; what a provider says; its PTR where ``online`` is set."""
    import pyarrow as pa

    parts = [to_table(run.ws.passive_dns(run.asked.text))]
    if type_of(run) == "global":
        parts += [*_of_provider(run), *_of_name_servers(run)]
    else:
        run.note("only its own network can know names of an address that is not public: nobody else was asked")
    found = pa.concat_tables([one for one in parts if len(one)] or parts[:1], promote_options="permissive")
    return {"passive_dns": found if len(found) else Found(absent="no name was seen with this address")}


def _of_provider(run: Run) -> list[pa.Table]:
    import pyarrow as pa

    if run.question.providers.find(PASSIVE) is None:
        return _of_service(run)
    told = run.provider(PASSIVE)(run.asked.text)
    return [to_table(told) if is_table(told) else pa.Table.from_pylist(list(told))]


def _of_service(run: Run) -> list[pa.Table]:
    """What the service of passive DNS says, if its key is set."""
    import pyarrow as pa

    try:
        answers = run.ws.lookup([run.asked.text], providers=[SERVICE]).to_arrow().to_pylist()
    except (OptionError, MissingExtraError) as error:
        run.note(f"by what was seen on the wire, because {SERVICE} was not asked: {error}")
        return []
    rows = []
    for answer in answers:
        details = json.loads(answer["Details"])
        if not answer["Result"]:
            run.note(f"{SERVICE}: {details.get('reason') or 'it knows no name of it'}")
        for record in details.get("names") or ():
            seen = {name: _moment(record.get(name)) for name in ("first_seen", "last_seen")}
            rows.append({"name": record["name"].lower(), "address": run.asked.text, "source": SERVICE, **seen})
    time = pa.timestamp("us", tz="UTC")
    names = [("name", pa.string()), ("address", pa.string()), ("source", pa.string())]
    schema = pa.schema([*names, ("first_seen", time), ("last_seen", time)])
    return [pa.Table.from_pylist([row for row in rows if row["name"]], schema=schema)] if rows else []


def _moment(text: str | None) -> dt.datetime | None:
    """A moment in UTC; None for what is none."""
    try:
        made = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return made.replace(tzinfo=made.tzinfo or dt.UTC)


def _of_name_servers(run: Run) -> list[pa.Table]:
    """The names that DNS has for it now."""
    import pyarrow as pa

    if not run.parameters.online:
        return []
    try:
        told = run.ws.reverse(run.asked.text)
    except MissingExtraError as error:
        run.note(str(error))
        return []
    rows = [
        {"name": name, "address": run.asked.text, "source": "ptr", "last_seen": told.get("as_of")}
        for name in told.get("ptr") or ()
    ]
    if not rows:
        run.note(f"no PTR: {told.get('reason') or told.get('status')}")
    return [pa.Table.from_pylist(rows)] if rows else []
