"""What others know, asked when the user says so: kept with its age, and nothing private ever sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.online import answers as said
from flowsleuth.enrich.online import cymru, rdap
from flowsleuth.enrich.online.answers import Answer, KeptAnswers, not_asked
from flowsleuth.enrich.online.sendable import refusal

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store import Store

ASKED_AT_MOST = 10_000
ASKED_TOGETHER = 4 * cymru.BATCH
WHOIS_AGE_S = 30 * said.DAY_S
FAILURE_AGE = dt.timedelta(minutes=1)
NAMES_AGE_S = said.DAY_S
AGES_S = {
    cymru.SERVICE: WHOIS_AGE_S,
    rdap.SERVICE: WHOIS_AGE_S,
    "DNS": NAMES_AGE_S,
    "DNS PTR": NAMES_AGE_S,
}
"""How old a kept answer may be."""
Ask = Callable[[Sequence[str]], Mapping[str, Answer]]


@dataclass(frozen=True)
class OnlineServices:
    """Who is asked.

    Attributes
    ----------
    cymru_host, cymru_port
        Bulk whois.
    rdap_bootstrap : str
        URL of the folder with IANA's bootstrap files.
    nameservers : tuple of str or None
        Name servers; None for those of the system.
    dns_port : int
    timeout_s : float
        Of one question.
    """

    cymru_host: str = cymru.HOST
    cymru_port: int = cymru.PORT
    rdap_bootstrap: str = rdap.BOOTSTRAP_URL
    nameservers: tuple[str, ...] | None = None
    dns_port: int = 53
    timeout_s: float = 15.0


class OnlineLookups:
    """Questions to others on behalf of one workspace.

    Parameters
    ----------
    cache : Path
        Folder of the kept answers.
    services : OnlineServices
    offline : bool
        Only what was kept is told.
    failed : dict, optional
        Where failures and time-outs are noted, so that they are not asked again within a minute.
    """

    def __init__(
        self,
        cache: Path,
        services: OnlineServices,
        offline: bool = False,
        failed: dict[tuple[str, str], Answer] | None = None,
    ) -> None:
        self.kept = KeptAnswers(cache)
        self.services = services
        self.offline = offline
        self._failed = {} if failed is None else failed

    def cymru(self, addresses: Iterable[str]) -> dict[str, Answer]:
        """AS, prefix and registry of addresses."""
        host, port, limit = self.services.cymru_host, self.services.cymru_port, self.services.timeout_s
        return self._look_up(
            cymru.SERVICE, addresses, lambda some: cymru.ask_cymru(some, host=host, port=port, timeout_s=limit)
        )

    def rdap(self, observables: Iterable[str]) -> dict[str, Answer]:
        """Registration of addresses and domains."""
        client = rdap.RdapClient(self.kept, self.services.rdap_bootstrap, self.services.timeout_s)
        told: list[Answer] = []

        def known(observable: str) -> Answer | None:
            if not told:
                told.extend(self.kept.all_of(rdap.SERVICE, WHOIS_AGE_S))
                client.know(told)
            return client.known(observable)

        return self._look_up(rdap.SERVICE, observables, client.ask, known)

    def ptr(self, addresses: Iterable[str]) -> dict[str, Answer]:
        """Names of addresses."""
        from flowsleuth.enrich.online.names import SERVICE_REVERSE, reverse_addresses

        return self._look_up(SERVICE_REVERSE, addresses, lambda some: reverse_addresses(some, self._resolver()))

    def forward(self, names: Iterable[str]) -> dict[str, Answer]:
        """Addresses of names."""
        from flowsleuth.enrich.online.names import SERVICE_FORWARD, resolve_names

        return self._look_up(SERVICE_FORWARD, names, lambda some: resolve_names(some, self._resolver()))

    def _resolver(self) -> Any:
        from flowsleuth.enrich.online.names import make_resolver

        limit = min(self.services.timeout_s, 4.0)
        return make_resolver(self.services.nameservers, self.services.dns_port, limit)

    def _look_up(
        self, service: str, observables: Iterable[str], ask: Ask, known: Callable[[str], Answer | None] | None = None
    ) -> dict[str, Answer]:
        """Each distinct observable: refused, kept, or asked; what was told is kept before more is asked."""
        distinct = list(dict.fromkeys(observables))
        refused = {one: why for one in distinct if (why := refusal(one)) is not None}
        found = {one: not_asked(one, service, why) for one, why in refused.items()}
        found |= self.kept.find(service, (one for one in distinct if one not in refused), AGES_S[service])
        if known is not None:
            found |= {one: told for one in distinct if one not in found and (told := known(one)) is not None}
        found |= {one: answer for one in distinct if one not in found and (answer := self._failure(service, one))}
        missing = [one for one in distinct if one not in found]
        if self.offline:
            found |= {one: not_asked(one, service, "offline, and not among the kept answers") for one in missing}
            missing = []
        for at in range(0, len(missing), ASKED_TOGETHER):
            fresh = ask(missing[at : at + ASKED_TOGETHER])
            self.kept.keep(fresh.values())
            self._failed.update(
                {(service, one): told for one, told in fresh.items() if told.status not in said.WORTH_KEEPING}
            )
            found |= fresh
        return {one: found[one] for one in distinct}

    def _failure(self, service: str, observable: str) -> Answer | None:
        """What went wrong with the same question within the last minute."""
        answer = self._failed.get((service, observable))
        if answer is None or dt.datetime.now(dt.UTC) - answer.as_of > FAILURE_AGE:
            return None
        return replace(answer, from_cache=True)


def gather(
    store: Store, lookups: OnlineLookups, kind: str, limit: int = ASKED_AT_MOST
) -> tuple[pa.Table, int, list[str]]:
    """Facts of one online kind about the Internet addresses of the stored flows, those with most flows first.

    Returns
    -------
    rows : pyarrow.Table
        Of table ``fact``.
    addresses : int
        How many were looked up.
    notes : list of str
        What was not told, and why, counted.
    """
    addresses, left = busiest(store, limit)
    ask = {"whois": lookups.cymru, "rdap": lookups.rdap, "ptr": lookups.ptr}[kind]
    found = ask(addresses)
    notes = [f"{kind}: {left:,} addresses with fewer flows were not asked about"] if left else []
    counts: dict[str, int] = {}
    for answer in found.values():
        if answer.status not in said.WORTH_KEEPING:
            why = f"{answer.status}: {answer.reason}" if answer.reason else answer.status
            counts[why] = counts.get(why, 0) + 1
    notes += [f"{kind}: {count:,} addresses: {why}" for why, count in counts.items()]
    return _rows(found.values()), len(addresses), notes


def busiest(store: Store, limit: int) -> tuple[list[str], int]:
    """Internet addresses with most flows, and how many there are besides."""
    import ibis
    import pyarrow as pa

    from flowsleuth.enrich.address_types import is_global

    flow = store.table("flow")
    ends = flow.select(address=flow.src_ip).union(flow.select(address=flow.dst_ip), distinct=False)
    counted = ends.group_by("address").aggregate(flows=ends.count())
    ordered = store.arrow(counted.order_by([ibis.desc("flows"), "address"]))["address"]
    column = ordered.combine_chunks().cast(pa.string())
    known = column.filter(is_global(column))
    return known.slice(0, limit).to_pylist(), max(0, len(known) - limit)


def _rows(found: Iterable[Answer]) -> pa.Table:
    import pyarrow as pa

    from flowsleuth.schema.facts import FACT

    made = [
        {
            "observable": answer.observable,
            "observable_type": "ip",
            "fact": name if name == "ptr" else f"whois_{name}",
            "value": str(one),
            "source": answer.service,
            "as_of": answer.as_of,
        }
        for answer in found
        for name, value in answer.facts.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    return pa.Table.from_pylist(made, schema=FACT.arrow_schema())


def answer_dict(answer: Answer) -> dict[str, Any]:
    """An answer as one flat dict: its facts, then ``status``, ``reason``, ``source``, ``as_of``, ``from_cache``."""
    return {
        **answer.facts,
        "status": answer.status,
        "reason": answer.reason,
        "source": answer.service,
        "as_of": answer.as_of,
        "from_cache": answer.from_cache,
    }


def whois(lookups: OnlineLookups, observable: str, local: Mapping[str, Any]) -> dict[str, Any]:
    """See :meth:`flowsleuth.Workspace.whois`."""
    answers = [lookups.rdap([observable])[observable]]
    if local:
        answers.append(lookups.cymru([observable])[observable])
    told: dict[str, Any] = {"observable": observable}
    told |= {name: value for name, value in local.items() if value is not None and name not in ("source", "address")}
    sources = [local["source"]] if local.get("source") else []
    for answer in answers:
        if answer.status == said.OK:
            told = {**answer.facts, **told}
            sources.append(answer.service)
    good = [answer for answer in answers if answer.status == said.OK]
    worst = next((answer for answer in answers if answer.status not in said.WORTH_KEEPING), answers[0])
    status = said.OK if sources else worst.status
    reasons = [f"{answer.service}: {answer.reason or answer.status}" for answer in answers if answer.status != said.OK]
    return told | {
        "status": status,
        "reason": "; ".join(reasons),
        "source": ", ".join(sources) or None,
        "as_of": min((answer.as_of for answer in good), default=None),
        "from_cache": bool(good) and all(answer.from_cache for answer in good),
    }
