"""RDAP (RFC 9082, 9083): who a network or a domain is registered to, at the registry that IANA's bootstrap names.

One answer about an address holds for its whole network, so addresses of one network are asked once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import quote

from flowsleuth.enrich.online.answers import FAILED, NO_DATA, TIMED_OUT, Answer, KeptAnswers, renamed
from flowsleuth.enrich.online.at_once import ask_each
from flowsleuth.enrich.online.fetch import Fetched, fetch

SERVICE, BOOTSTRAP = "RDAP", "RDAP bootstrap"
BOOTSTRAP_URL = "https://data.iana.org/rdap/"
BOOTSTRAP_AGE_S = 30 * 86_400.0
AT_ONCE = 8
TIMEOUT_S = 15.0
LARGEST_BYTES = 4 * 2**20
_ACCEPT = {"Accept": "application/rdap+json, application/json"}


@dataclass
class RdapClient:
    """Asks RDAP servers, several questions at once.

    Parameters
    ----------
    kept : KeptAnswers or None
        Where the bootstrap is kept for 30 days.
    bootstrap_url : str
        Folder of ``ipv4.json``, ``ipv6.json``, ``dns.json``.
    timeout_s : float
        Of one request.
    """

    kept: KeptAnswers | None = None
    bootstrap_url: str = BOOTSTRAP_URL
    timeout_s: float = TIMEOUT_S
    _services: dict[str, list[Any]] = field(default_factory=dict)
    _networks: list[tuple[int, int, int, Answer]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, observables: Sequence[str]) -> dict[str, Answer]:
        """Ask about public addresses and names; what must not leave was taken out before.

        Returns
        -------
        dict of str to Answer
            One for each.
        """
        kinds = {one: _kind(one) for one in observables}
        unreachable = {kind: self._load(kind) for kind in sorted(set(kinds.values()))}
        done = ask_each(lambda one: unreachable[kinds[one]] or self._one(one, kinds[one]), observables, AT_ONCE)
        return {one: renamed(answer, one) for one, answer in zip(observables, done, strict=True)}

    def known(self, observable: str) -> Answer | None:
        """What an earlier answer says, about the network that an address is in."""
        covering = None if _kind(observable) == "dns" else self._covering(observable)
        return None if covering is None else renamed(covering, observable)

    def know(self, answers: Sequence[Answer]) -> None:
        """Answers of earlier, for the networks they are about."""
        for answer in answers:
            if "start" in answer.facts:
                self._remember(answer)

    def _load(self, kind: str) -> Answer | None:
        """Read the bootstrap of a kind; an answer that says why not."""
        if kind in self._services:
            return None
        known = self.kept.find(BOOTSTRAP, [kind], BOOTSTRAP_AGE_S).get(kind) if self.kept else None
        if known is None:
            answer = fetch(f"{self.bootstrap_url}{kind}.json", timeout_s=self.timeout_s, largest_bytes=LARGEST_BYTES)
            services = _services(answer)
            if services is None:
                return _fault("", answer, "the bootstrap cannot be read")
            known = Answer(kind, BOOTSTRAP, facts={"services": services})
            if self.kept:
                self.kept.keep([known])
        self._services[kind] = known.facts["services"]
        return None

    def _one(self, observable: str, kind: str) -> Answer:
        if kind != "dns" and (covering := self._covering(observable)) is not None:
            return covering
        bases = server_of(observable, kind, self._services[kind])
        if not bases:
            return Answer(observable, SERVICE, NO_DATA, reason="no registry is responsible")
        path = "domain" if kind == "dns" else "ip"
        url = f"{bases[0].rstrip('/')}/{path}/{quote(observable, safe=':.')}"
        answer = fetch(url, timeout_s=self.timeout_s, largest_bytes=LARGEST_BYTES, headers=_ACCEPT)
        made = _made(observable, kind, answer)
        if kind != "dns" and "start" in made.facts:
            self._remember(made)
        return made

    def _covering(self, address: str) -> Answer | None:
        """An answer of this run about a network that the address is in."""
        asked = ip_address(address)
        with self._lock:
            known = list(self._networks)
        return next((a for v, low, high, a in known if v == asked.version and low <= int(asked) <= high), None)

    def _remember(self, answer: Answer) -> None:
        try:
            low, high = ip_address(answer.facts["start"]), ip_address(answer.facts["end"])
        except ValueError:
            return
        with self._lock:
            self._networks.append((low.version, int(low), int(high), answer))


def _kind(observable: str) -> str:
    try:
        return f"ipv{ip_address(observable).version}"
    except ValueError:
        return "dns"


def server_of(observable: str, kind: str, services: Sequence[Any]) -> list[str]:
    """URLs of the registry that is responsible, secure ones first: the longest prefix, or the longest ending.

    Examples
    --------
    >>> server_of("192.0.2.1", "ipv4", [[["192.0.0.0/8"], ["http://a/", "https://a/"]], [["192.0.2.0/24"], ["https://b/"]]])
    ['https://b/']
    """
    best, found = -1, []
    for keys, urls in services:
        for key in keys:
            length = _matches(observable, kind, str(key))
            if length > best:
                best, found = length, [str(url) for url in urls]
    return sorted(found, key=lambda url: not url.startswith("https:"))


def _matches(observable: str, kind: str, key: str) -> int:
    if kind == "dns":
        return key.count(".") + 1 if observable.endswith(f".{key.lower()}") else -1
    try:
        network = ip_network(key)
    except ValueError:
        return -1
    return network.prefixlen if ip_address(observable) in network else -1


def _services(answer: Fetched) -> list[Any] | None:
    try:
        services = json.loads(answer.body)["services"]
        return [[list(keys), list(urls)] for keys, urls in services] if answer.error is None else None
    except (ValueError, KeyError, TypeError):
        return None


def _fault(observable: str, answer: Fetched, reason: str) -> Answer:
    if answer.error == "timed out":
        return Answer(observable, SERVICE, TIMED_OUT)
    return Answer(observable, SERVICE, FAILED, reason=f"{reason}: {answer.error}" if answer.error else reason)


def _made(observable: str, kind: str, answer: Fetched) -> Answer:
    if answer.status == 404:
        return Answer(observable, SERVICE, NO_DATA, reason="the registry knows nothing of it")
    if answer.error is not None:
        return _fault(observable, answer, "the registry gave no answer")
    try:
        told = json.loads(answer.body)
        if not isinstance(told, dict):
            raise ValueError("no object")
    except ValueError:
        return Answer(observable, SERVICE, FAILED, reason="the registry's answer is no JSON object")
    return Answer(observable, SERVICE, facts=domain_facts(told) if kind == "dns" else network_facts(told))


def network_facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says about a network: ``handle network start end cidr country_code type registered changed``, who.

    Examples
    --------
    >>> network_facts({"name": "NET", "startAddress": "192.0.2.0", "endAddress": "192.0.2.255",
    ...     "cidr0_cidrs": [{"v4prefix": "192.0.2.0", "length": 24}]})
    {'network': 'NET', 'start': '192.0.2.0', 'end': '192.0.2.255', 'cidr': '192.0.2.0/24'}
    """
    cidrs = [
        f"{one.get('v4prefix') or one.get('v6prefix')}/{one.get('length')}"
        for one in _dicts(told.get("cidr0_cidrs"))
        if one.get("v4prefix") or one.get("v6prefix")
    ]
    made = {
        "handle": told.get("handle"),
        "network": told.get("name"),
        "start": told.get("startAddress"),
        "end": told.get("endAddress"),
        "cidr": ", ".join(cidrs),
        "country_code": told.get("country"),
        "type": told.get("type"),
        **_dates(told),
        "org": _who(told, ("registrant", "administrative")),
        "abuse_email": _who(told, ("abuse",), "email"),
    }
    return _texts(made)


def domain_facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says about a domain: ``handle domain registrar registered changed expires status nameservers``.

    Examples
    --------
    >>> domain_facts({"ldhName": "EXAMPLE.ORG", "status": ["active"], "nameservers": [{"ldhName": "A.EXAMPLE.NET"}]})
    {'domain': 'example.org', 'status': 'active', 'nameservers': 'a.example.net'}
    """
    servers = [str(one.get("ldhName", "")).lower() for one in _dicts(told.get("nameservers"))]
    status = told.get("status")
    made = {
        "handle": told.get("handle"),
        "domain": str(told.get("ldhName", "")).lower(),
        "registrar": _who(told, ("registrar",)),
        "org": _who(told, ("registrant",)),
        **_dates(told),
        "status": ", ".join(map(str, status)) if isinstance(status, list) else status,
        "nameservers": ", ".join(filter(None, servers)),
        "abuse_email": _who(told, ("abuse",), "email"),
    }
    return _texts(made)


def _texts(made: dict[str, Any]) -> dict[str, Any]:
    return {key: value[:500] for key, value in made.items() if isinstance(value, str) and value}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _dates(told: Mapping[str, Any]) -> dict[str, str]:
    """When it was registered, last changed, expires: each by its own event, whatever their order."""
    names = {"registration": "registered", "last changed": "changed", "expiration": "expires"}
    return {
        names[str(event.get("eventAction"))]: str(event.get("eventDate"))
        for event in _dicts(told.get("events"))
        if str(event.get("eventAction")) in names and event.get("eventDate")
    }


def _who(told: Mapping[str, Any], roles: Sequence[str], what: str = "fn", depth: int = 0) -> str | None:
    """The name (``fn``) or ``email`` on the card of the first entity with a role, in nested entities too."""
    entities = _dicts(told.get("entities"))
    for role in roles:
        for entity in entities:
            if role in (entity.get("roles") or []) and (found := _card(entity, what)):
                return found
    if depth < 3:
        for entity in entities:
            if found := _who(entity, roles, what, depth + 1):
                return found
    return None


def _card(entity: Mapping[str, Any], what: str) -> str | None:
    card = entity.get("vcardArray")
    if not isinstance(card, list) or len(card) < 2 or not isinstance(card[1], list):
        return None
    for entry in card[1]:
        if isinstance(entry, list) and len(entry) >= 4 and entry[0] == what and isinstance(entry[3], str):
            return entry[3] or None
    return None
