"""DNS questions, many at once: addresses of names, names of addresses. Needs the extra ``dns`` (dnspython)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.online.answers import FAILED, NO_DATA, TIMED_OUT, Answer
from flowsleuth.enrich.online.at_once import ask_each
from flowsleuth.errors import MissingExtraError

if TYPE_CHECKING:
    import dns.resolver

SERVICE_FORWARD, SERVICE_REVERSE = "DNS", "DNS PTR"
AT_ONCE = 32
TIMEOUT_S = 4.0


def make_resolver(
    nameservers: Sequence[str] | None = None, port: int = 53, timeout_s: float = TIMEOUT_S
) -> dns.resolver.Resolver:
    """A resolver that asks the system's name servers, or those given.

    Raises
    ------
    MissingExtraError
        The extra ``dns`` is not installed.
    """
    try:
        import dns.resolver
    except ModuleNotFoundError:
        raise MissingExtraError("dns", "dnspython") from None
    resolver = dns.resolver.Resolver(configure=nameservers is None)
    if nameservers is not None:
        resolver.nameservers = list(nameservers)
        resolver.port = port
    resolver.timeout, resolver.lifetime = timeout_s / 2, timeout_s
    return resolver


def resolve_names(
    names: Sequence[str], resolver: dns.resolver.Resolver, types: Sequence[str] = ("A", "AAAA")
) -> dict[str, Answer]:
    """The addresses (or other records) of public names.

    Returns
    -------
    dict of str to Answer
        Facts by record type, lists of text.
    """
    asked = [(name, kind) for name in names for kind in types]
    done = dict(zip(asked, ask_each(lambda one: _ask(resolver, *one), asked, AT_ONCE), strict=True))
    return {name: _joined(name, {kind: done[name, kind] for kind in types}) for name in names}


def reverse_addresses(addresses: Sequence[str], resolver: dns.resolver.Resolver) -> dict[str, Answer]:
    """The names that public addresses have by PTR.

    Returns
    -------
    dict of str to Answer
        Fact ``ptr``, a list of names.
    """
    import dns.reversename

    def one(address: str) -> Answer:
        status, records, reason = _ask(resolver, str(dns.reversename.from_address(address)), "PTR")
        return Answer(address, SERVICE_REVERSE, status, {"ptr": records} if records else {}, reason)

    return dict(zip(addresses, ask_each(one, addresses, AT_ONCE), strict=True))


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> tuple[str, list[str], str]:
    """Status, records, reason."""
    import dns.exception
    import dns.resolver

    try:
        answer = resolver.resolve(name, kind, search=False)
    except dns.resolver.NXDOMAIN:
        return NO_DATA, [], "no such name"
    except dns.resolver.NoAnswer:
        return NO_DATA, [], "no record of this type"
    except dns.exception.Timeout:
        return TIMED_OUT, [], ""
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return FAILED, [], f"{type(error).__name__}: {error}"[:300]
    return "ok", sorted(str(record).rstrip(".") for record in answer), ""


def _joined(name: str, by_type: dict[str, tuple[str, list[str], str]]) -> Answer:
    """The answers of all types as one: ``ok`` when any is, else the worst."""
    facts: dict[str, Any] = {kind: records for kind, (_, records, _) in by_type.items() if records}
    if facts:
        return Answer(name, SERVICE_FORWARD, facts=facts)
    for worst in (FAILED, TIMED_OUT, NO_DATA):
        for status, _, reason in by_type.values():
            if status == worst:
                return Answer(name, SERVICE_FORWARD, status, reason=reason)
    return Answer(name, SERVICE_FORWARD, NO_DATA)
