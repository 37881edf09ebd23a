"""Values that pivots are asked about: text or entities, made canonical; and which spellings in a table mean them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flowsleuth.errors import CatalogueError, OptionError
from flowsleuth.schema.addresses import canonical_address
from flowsleuth.schema.entities import Account, Dns, Entity, File, FileHash, Host, Url, entity_class
from flowsleuth.schema.entities.kinds import find_kind

KINDS = ("IpAddress", "Host", "Account", "Url", "Dns", "File")
"""Kinds of entities that have pivots."""
_HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})", re.I)


def canonical_value(kind: str, value: Any) -> str:
    """A value as pivots compare it.

    Parameters
    ----------
    kind : str
        ``IpAddress`` (also a CIDR), ``Host``, ``Account``, ``Url``, ``Dns``, ``File`` (a path, a name or a hash).
    value : str or Entity

    Raises
    ------
    OptionError
        It is none of this kind.

    Examples
    --------
    >>> canonical_value("IpAddress", "2001:DB8::0:1"), canonical_value("Host", "WEB1.Example.org")
    ('2001:db8::1', 'web1.example.org')
    """
    if isinstance(value, Entity):
        value = _of_entity(kind, value)
    if not isinstance(value, str) or not value.strip():
        raise OptionError(f"no {kind}", where=repr(value), hint="give text, or an entity")
    found = _CANONICAL[_kind(kind)](value.strip())
    if not found:
        raise OptionError(f"no {kind}", where=repr(value))
    return found


def canonical_or_none(kind: str, value: Any) -> str | None:
    """The same for cells of a table; None for what is none of this kind, such as numbers."""
    try:
        return canonical_value(kind, value)
    except OptionError:
        return None


def _kind(name: str) -> str:
    if name not in _CANONICAL:
        raise CatalogueError("this kind of entity has no pivots", where=name, available=KINDS)
    return name


def entity_of(kind: str, value: str | Entity) -> Entity:
    """The entity that a value names."""
    if isinstance(value, Entity):
        return value
    if kind == "File" and _HASH.fullmatch(value.strip()):
        return File(FileHashes=(FileHash(Value=value.strip()),))
    made = entity_class(kind)
    return made.from_json({"Type": made.kind, made.field_names()[0]: value})


def _of_entity(kind: str, entity: Entity) -> str | None:
    """What is asked about an entity of a kind."""
    if isinstance(entity, FileHash) and kind == "File":
        return entity.Value
    if find_kind(kind) is not type(entity):
        raise OptionError(f"this is no {kind}", where=str(entity))
    if isinstance(entity, Host):
        return entity.fqdn or entity.name
    if isinstance(entity, Account):
        return entity.qualified
    if isinstance(entity, File):
        return next((one.Value for one in entity.FileHashes), None) or entity.full_path
    return str(getattr(entity, entity.field_names()[0]) or "")


def _ip(text: str) -> str:
    from flowsleuth.investigate.target import Target

    return Target.parse(text).text


def _host(text: str) -> str | None:
    try:
        return canonical_address(text)
    except ValueError:
        host = Host(text)
        return host.fqdn or host.name


def _url(text: str) -> str | None:
    has_host = "://" in text and Url(text).host is not None and not any(letter.isspace() for letter in text)
    return Url(text).canonical if has_host else None


_NAME = re.compile(r"[^\s/\\@]+")


def _dns(text: str) -> str | None:
    return Dns(text).canonical if _NAME.fullmatch(text) else None


def _file(text: str) -> str | None:
    return text.casefold() if _HASH.fullmatch(text) else File(text).path or text.casefold()


_CANONICAL: dict[str, Callable[[str], str | None]] = {
    "IpAddress": _ip,
    "Host": _host,
    "Account": lambda text: Account(text).qualified,
    "Url": _url,
    "Dns": _dns,
    "File": _file,
}


def is_hash(text: str) -> bool:
    """Whether a file is asked for by its hash."""
    return _HASH.fullmatch(text) is not None


# which spellings mean a value ---------------------------------------------------------------------------------------


class HostNames:
    """Finds the asked hosts that a stored name may mean.

    A short name means every host of that name whatever its domain; a full name means itself, and the short name where
    no domain is written. ``group/vm``, as Azure writes machines, means ``vm``.

    Examples
    --------
    >>> HostNames(["web1", "web2.example.org"]).meant("RG/WEB1.example.org")
    ['web1']
    """

    def __init__(self, asked: Iterable[str]) -> None:
        self._by_name: dict[str, list[tuple[str, str]]] = {}
        for one in asked:
            name, _, domain = (one, "", "") if _is_address(one) else one.partition(".")
            self._by_name.setdefault(name, []).append((domain, one))

    def meant(self, spelled: str) -> list[str]:
        """Which of the asked."""
        text = spelled.strip().rstrip(".").casefold().rpartition("/")[2]
        name, _, domain = (text, "", "") if _is_address(text) else text.partition(".")
        return [one for asked, one in self._by_name.get(name, ()) if not asked or not domain or asked == domain]


class DomainNames:
    """Finds the asked domains that a stored name is, or is below.

    Examples
    --------
    >>> DomainNames(["example.org"]).meant("WWW.Example.org."), DomainNames(["example.org"]).meant("badexample.org")
    (['example.org'], [])
    """

    def __init__(self, asked: Iterable[str]) -> None:
        self._asked = set(asked)

    def meant(self, spelled: str) -> list[str]:
        """Which of the asked."""
        labels = spelled.strip().rstrip(".").casefold().split(".")
        above = (".".join(labels[place:]) for place in range(len(labels)))
        return [name for name in above if name in self._asked]


class AccountNames:
    """Finds the asked accounts that a stored user with its domain may mean; without a domain any domain will do.

    Examples
    --------
    >>> accounts = AccountNames(["ana", "contoso\\\\bob"])
    >>> accounts.meant("CONTOSO\\\\Ana"), accounts.meant("bob", "X")
    (['ana'], [])
    """

    def __init__(self, asked: Iterable[str]) -> None:
        self._by_name: dict[str, list[tuple[str, str]]] = {}
        for one in asked:
            account = Account(one)
            self._by_name.setdefault(account.name or "", []).append((_domain(account), one))

    def meant(self, spelled: str, domain: str | None = None) -> list[str]:
        """Which of the asked."""
        account = Account(spelled, NTDomain=domain)
        known = _domain(account)
        return [one for asked, one in self._by_name.get(account.name or "", ()) if _agree(asked, known)]


def _domain(account: Account) -> str:
    return account.qualified.rpartition("@")[2] if "@" in account.qualified else account.qualified.rpartition("\\")[0]


def _agree(one: str, other: str) -> bool:
    """Domains that may be one: ``contoso`` and ``contoso.com`` are."""
    return not one or not other or one == other or one.partition(".")[0] == other.partition(".")[0]


def _is_address(text: str) -> bool:
    try:
        return bool(canonical_address(text))
    except ValueError:
        return False
