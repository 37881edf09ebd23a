"""Whose an address is, by the calls that MSTICPy's users know: ``get_whois_info(ip)[0]`` is the name of its network.

Local files and kept or recorded answers tell first; registries are asked only with ``online=True``, and never about an
address that is not of the Internet.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from flowsleuth.enrich.ip_types import PUBLIC, get_ip_type
from flowsleuth.enrich.online.answers import Answer, not_asked
from flowsleuth.enrich.online.sendable import refusal
from flowsleuth.errors import ReaderError

if TYPE_CHECKING:
    from flowsleuth.workspace import Workspace

FILE_NAME = "answers.jsonl"
"""Recorded answers of registries: ``{"service": "Team Cymru", "observable": "192.0.2.0/24", "facts": {"asn": 64496, …},
"as_of": "2020-05-01"}`` a line, or of ``RDAP``; one about a network holds for its addresses."""
NOT_RECORDED = "not among the recorded answers"


class WhoisInfo(NamedTuple):
    """Whose an address is.

    Attributes
    ----------
    name : str
        Who runs its network, as the AS is called (``GOOGLE, US``); else why that is not known.
    properties : dict
        All that is known, as :meth:`flowsleuth.Workspace.whois` tells it.
    """

    name: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class RecordedAnswers:
    """Answers of registries out of a file; nobody is asked.

    Attributes
    ----------
    single : mapping of (service, address) to Answer
    networks : tuple of (service, network, Answer)
    """

    single: Mapping[tuple[str, str], Answer]
    networks: tuple[tuple[str, IPv4Network | IPv6Network, Answer], ...]

    @classmethod
    def read(cls, path: Path) -> RecordedAnswers:
        """Read a file, or :data:`FILE_NAME` in a folder.

        Raises
        ------
        ReaderError
            It cannot be read, or a line is no answer.
        """
        file = path / FILE_NAME if path.is_dir() else path
        single, networks = {}, []
        for answer in _answers(file):
            if "/" in answer.observable:
                networks.append((answer.service, ip_network(answer.observable, strict=False), answer))
            else:
                single[answer.service, answer.observable] = answer
        networks.sort(key=lambda one: -one[1].prefixlen)
        return cls(single, tuple(networks))

    def cymru(self, addresses: Iterable[str]) -> dict[str, Answer]:
        """AS, prefix and registry of addresses."""
        from flowsleuth.enrich.online import cymru

        return {one: self._find(cymru.SERVICE, one) for one in addresses}

    def rdap(self, observables: Iterable[str]) -> dict[str, Answer]:
        """Registration of addresses."""
        from flowsleuth.enrich.online import rdap

        return {one: self._find(rdap.SERVICE, one) for one in observables}

    def _find(self, service: str, observable: str) -> Answer:
        if (why := refusal(observable)) is not None:
            return not_asked(observable, service, why)
        if (found := self.single.get((service, observable))) is not None:
            return found
        address = ip_address(observable)
        of_it = (answer for who, network, answer in self.networks if who == service and address in network)
        found = next(of_it, None)
        return not_asked(observable, service, NOT_RECORDED) if found is None else replace(found, observable=observable)


class WhoisLookup:
    """Whose addresses are.

    Parameters
    ----------
    workspace : Workspace, optional
        Whose files, kept answers and services are used; without one, ``~/.cache/flowsleuth`` keeps answers.
    geography : iterable of path
        MMDB files and tables of networks that tell systems.
    recorded : path, optional
        Recorded answers: nobody is asked, whatever ``online`` says.
    online : bool
        Ask RDAP and Team Cymru for what is not known.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "systems.csv"
    >>> _ = table.write_text("network,asn,as_name\\n9.9.9.0/24,19281,QUAD9\\n")
    >>> lookup = WhoisLookup(geography=[table])
    >>> lookup("9.9.9.9").name, lookup("10.0.0.1").name
    ('QUAD9', 'No ASN Information for IP type: Private')
    """

    def __init__(
        self, workspace: Workspace | None = None, *, geography: Iterable[str | Path] = (),
        recorded: str | Path | None = None, online: bool = False,
    ) -> None:  # fmt: skip
        from flowsleuth.workspace.place_lookup import GeoLiteLookup

        self._places = GeoLiteLookup(*geography, workspace=workspace)
        self._lookups: Any = None
        if recorded is not None:
            self._lookups = RecordedAnswers.read(Path(recorded))
        elif workspace is not None:
            self._lookups = workspace._lookups(not online)
        else:
            from flowsleuth.workspace.lookups import user_cache
            from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices

            self._lookups = OnlineLookups(user_cache(), OnlineServices(), not online)

    def __call__(self, ip: str) -> WhoisInfo:
        """Whose one address is."""
        return self.many([ip])[ip]

    def many(self, addresses: Iterable[str]) -> dict[str, WhoisInfo]:
        """Whose several addresses are, each asked about once; others are answered without being asked about."""
        from flowsleuth.schema.addresses import canonical_address
        from flowsleuth.workspace.online_lookups import whois

        asked = list(dict.fromkeys(addresses))
        kinds = dict(zip(asked, get_ip_type(asked), strict=True))
        public = [text for text in asked if kinds[text] == PUBLIC]
        raw, _ = self._places.lookup_ip(ip_addr_list=public)
        canonical = {text: canonical_address(text.strip()) for text in public}
        for service in (self._lookups.rdap, self._lookups.cymru):
            service(list(canonical.values()))  # together, so that each service is asked once
        found = {text: WhoisInfo(f"No ASN Information for IP type: {kind}", {}) for text, kind in kinds.items()}
        for text, local in zip(public, raw, strict=True):
            told = whois(self._lookups, canonical[text], _local(local))
            found[text] = WhoisInfo(_name(told), told)
        return found

    def frame(self, data: Any, column: str, *, all_columns: bool = False) -> Any:
        """A frame with whose a column of addresses are: ``AsnDescription``, ``Asn``; with ``all_columns`` the rest.

        Parameters
        ----------
        data : pandas, polars or Arrow table
            Never changed.
        column : str
        all_columns : bool
            Also ``Prefix``, ``CountryCode``, ``Org``, ``AbuseEmail``, ``WhoisStatus``.
        """
        import pyarrow as pa

        from flowsleuth.schema.joined_columns import with_columns
        from flowsleuth.schema.tabular import text_column

        texts = text_column(data, column).to_pylist()
        known = self.many(text for text in texts if text)
        rows = [known.get(text or "") for text in texts]
        names = [None if row is None else row.name for row in rows]
        told = [{} if row is None else row.properties for row in rows]
        columns = {"AsnDescription": pa.array(names, pa.string())}
        columns["Asn"] = pa.array([_number(one.get("asn")) for one in told], pa.int64())
        for name, ours in _MORE.items() if all_columns else ():
            texts_of = [None if one.get(ours) is None else str(one[ours]) for one in told]
            columns[name] = pa.array(texts_of, pa.string())
        return with_columns(data, columns)


_MORE = {
    "Prefix": "prefix", "CountryCode": "country_code", "Org": "org", "AbuseEmail": "abuse_email",
    "WhoisStatus": "status",
}  # fmt: skip


def get_whois_info(
    ip: str | None = None, *, show_progress: bool = False, ip_str: str | None = None, online: bool = False,
    recorded: str | Path | None = None, workspace: Workspace | None = None,
) -> WhoisInfo:  # fmt: skip
    """Whose an address is: ``(name, properties)``.

    Parameters
    ----------
    ip, ip_str : str
        The address; either name will do.
    show_progress : bool
        Print a dot.
    online : bool
        Ask the registries. Without it only local files and kept answers tell.
    recorded, workspace
        As :class:`WhoisLookup`; for many addresses make one of these, or use ``df.fs.whois(column)``.

    Examples
    --------
    >>> get_whois_info("192.168.0.4")
    WhoisInfo(name='No ASN Information for IP type: Private', properties={})
    """
    if show_progress:
        print(".", end="", flush=True)
    return WhoisLookup(workspace, recorded=recorded, online=online)((ip if ip is not None else ip_str) or "")


def _answers(file: Path) -> Iterator[Answer]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReaderError(f"cannot be read: {error}", where=str(file)) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            as_of = dt.datetime.fromisoformat(row.get("as_of") or "1970-01-01")
            yield Answer(
                str(ip_network(row["observable"], strict=False)) if "/" in row["observable"] else row["observable"],
                str(row["service"]), str(row.get("status", "ok")), dict(row.get("facts") or {}),
                as_of=as_of if as_of.tzinfo else as_of.replace(tzinfo=dt.UTC), from_cache=True,
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            hint = 'a line is {"service": …, "observable": …, "facts": {…}, "as_of": …}'
            raise ReaderError(f"no recorded answer: {error}", where=f"{file}:{number}", hint=hint) from None


def _local(place: Mapping[str, Any]) -> dict[str, Any]:
    """What files tell, by the names of :meth:`flowsleuth.Workspace.geo`."""
    names = {
        "CountryCode": "country_code",
        "CountryName": "country",
        "Asn": "asn",
        "AsName": "as_name",
        "Owner": "owner",
    }
    told = {ours: place[name] for name, ours in names.items() if name in place}
    return {**told, "source": "local files"} if told else {"source": None}


def _name(told: Mapping[str, Any]) -> str:
    for name in ("as_name", "org", "owner", "network"):
        if told.get(name):
            return str(told[name])
    if told.get("asn"):
        return f"AS{told['asn']}"
    return f"No ASN Information: {told.get('reason') or told.get('status')}"


def _number(value: Any) -> int | None:
    try:
        return None if value is None else int(str(value).upper().removeprefix("AS"))
    except ValueError:
        return None
