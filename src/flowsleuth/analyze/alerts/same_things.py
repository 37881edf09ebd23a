"""Which entities of many alerts are the same thing: names with and without their domain, whatever their case.

Two that both have a strong identifier are the same when it is; one that has only a bare name (``web1``) is the one
qualified thing of that name (``web1.example.org``) if there is just one. Built-in accounts are things of their host.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

from flowsleuth.schema.entities import Account, Entity, Host, IpAddress, Process

Key = tuple[Hashable, ...]
WELL_KNOWN_SIDS = ("S-1-5-18", "S-1-5-19", "S-1-5-20", "S-1-5-7")
WELL_KNOWN = frozenset(
    {"system", "local service", "network service", "anonymous logon", "localsystem", "iusr", "root", "nobody"}
)
"""Accounts that every machine has; SIDs after Microsoft's list of well-known identifiers."""
Known = TypeVar("Known", bound=Entity)


def same_things(entities: Iterable[Known]) -> dict[Known, Key]:
    """A key for each different entity; those with one key are the same thing.

    Examples
    --------
    >>> bare, full, other = Host("WEB1"), Host("web1.example.org"), Host("web2")
    >>> keys = same_things([bare, full, other])
    >>> keys[bare] == keys[full], keys[bare] == keys[other]
    (True, False)
    >>> keys = same_things([bare, full, Host("web1.example.com")])
    >>> len(set(keys.values()))
    3
    """
    buckets: dict[Key, dict[Known, None]] = {}
    for one in entities:
        buckets.setdefault(bucket_of(one), {})[one] = None
    keys: dict[Known, Key] = {}
    for bucket, members in buckets.items():
        keys |= _keys_within(bucket, list(members))
    return keys


def may_be_same(one: Entity, other: Entity) -> bool:
    """Whether two may be the same thing: by the strongest identifier that both have.

    Examples
    --------
    >>> may_be_same(Host("WEB1"), Host("web1.example.org")), may_be_same(Host("web1.a.org"), Host("web1.b.org"))
    (True, False)
    """
    return bucket_of(one) == bucket_of(other) and (one == other or one.matches(other))


def _keys_within(bucket: Key, members: list[Known]) -> dict[Known, Key]:
    """Keys of the entities that have one name: the strong ones first, the weak ones by what they may be."""
    if len(members) == 1:
        return {members[0]: (*bucket, 0)}
    ordered = sorted(members, key=_strength)
    groups: list[Known] = []
    found: dict[Known, Key] = {}
    for one in ordered:
        like = [at for at, first in enumerate(groups) if first.matches(one)]
        if len(like) == 1:
            found[one] = (*bucket, like[0])
        else:
            found[one] = (*bucket, len(groups))
            groups.append(one)
    return found


def _strength(entity: Entity) -> tuple[int, str]:
    """Place of the strongest identifier that it has; the text makes the order always the same."""
    names = ["+".join(identifier) for identifier in entity.identifiers]
    own = str(entity.identity[1])
    return (names.index(own) if own in names else len(names), repr(entity.identity[2:]))


def bucket_of(entity: Entity) -> Key:
    """What two entities have in common at least when they are the same thing.

    Examples
    --------
    >>> bucket_of(Host("WEB1.example.org")), bucket_of(Host("web1"))
    (('host', 'web1'), ('host', 'web1'))
    """
    if isinstance(entity, Host) and entity.name:
        return ("host", entity.name)
    if isinstance(entity, Account) and entity.name:
        if is_built_in(entity):
            return ("account", entity.name, entity.Host.name if entity.Host else None)
        return ("account", entity.name)
    if isinstance(entity, IpAddress) and entity.canonical:
        return ("ip", entity.canonical)
    return entity.identity


def is_built_in(account: Account) -> bool:
    """Whether every machine has an account like it, so that it is none without its host.

    Examples
    --------
    >>> is_built_in(Account("SYSTEM", NTDomain="NT AUTHORITY")), is_built_in(Account("ana"))
    (True, False)
    """
    return account.name in WELL_KNOWN or (account.Sid or "").strip().upper() in WELL_KNOWN_SIDS


def program_of(process: Process) -> str | None:
    """The program that a process runs, as it is compared: its path, else its name, else the first word of its command.

    Examples
    --------
    >>> from flowsleuth.schema.entities import File
    >>> program_of(Process(ImageFile=File("CMD.exe", "C:\\\\Windows"))), program_of(Process(CommandLine="wget -q x"))
    ('c:\\\\windows\\\\cmd.exe', 'wget')
    """
    image = process.ImageFile
    if image is not None and (image.path or image.Name):
        return image.path or (image.Name or "").strip().casefold()
    words = (process.CommandLine or "").split(maxsplit=1)
    return words[0].strip('"').casefold() or None if words else None
