"""Who may log in: names, roles, passwords; every change and every login in the audit trail."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import CatalogueError, OptionError, RefusedError
from flowsleuth.store.case import now
from flowsleuth.workspace.passwords import hash_password, is_outdated, is_password, keep_password

if TYPE_CHECKING:
    import datetime as dt

    from flowsleuth.store.case import CaseDatabase

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


class Role(StrEnum):
    """What someone may do: a viewer reads, an analyst rates and writes, an admin also sees logins and all jobs."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Whether this one may do all that the other may.

        Examples
        --------
        >>> Role.ADMIN.includes(Role.ANALYST), Role.VIEWER.includes(Role.ANALYST)
        (True, False)
        """
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Identity:
    """Who asks."""

    name: str
    role: Role


@dataclass(frozen=True)
class Account:
    """One person who may log in.

    Attributes
    ----------
    name : str
    role : Role
    way : str
        ``password`` or ``oidc``.
    made : datetime
    is_open : bool
    """

    name: str
    role: Role
    way: str
    made: dt.datetime
    is_open: bool


class Accounts:
    """The accounts of one analyst database.

    Parameters
    ----------
    case : CaseDatabase
    """

    def __init__(self, case: CaseDatabase) -> None:
        self._case = case
        self._admitting = threading.Lock()

    def list(self) -> list[Account]:
        """All of them, closed ones too, by name."""
        return [_account(row) for row in self._case.rows("account", order=["name"])]

    def has_any(self) -> bool:
        """Whether someone can log in."""
        return self._case.count("account", {"disabled": None}) > 0

    def add(self, name: str, password: str, role: str, *, by: str) -> Account:
        """Make an account, or open a closed one again.

        Raises
        ------
        OptionError
            There is one of that name, or name, password or role cannot be used.
        """
        name, kind = account_name(name), role_of(role)
        kept = hash_password(password, name)
        values: dict[str, Any] = {"role": kind.value, "password_hash": kept, "subject": None, "disabled": None}
        with self._case.transaction(by) as case:
            found = case.rows("account", {"name": name})
            if found and found[0]["disabled"] is None:
                hint = f"flowsleuth user password {name}; flowsleuth user role {name} ROLE"
                raise OptionError("there is an account of that name", where=name, hint=hint)
            case.put("account", name, values | {"made": now()})
            case.audit("add-account", "account", name, {"role": kind.value})
        return self._get(name)

    def remove(self, name: str, *, by: str) -> None:
        """Close an account and end its sessions; what it did stays.

        Raises
        ------
        CatalogueError
            Nobody has that name.
        """
        with self._case.transaction(by) as case:
            if not case.update("account", {"disabled": now()}, {"name": name.casefold(), "disabled": None}):
                raise self._nobody(name)
            case.delete("session", {"account": name.casefold()})
            case.audit("remove-account", "account", name.casefold())

    def set_password(self, name: str, password: str, *, by: str) -> None:
        """Change a password and end the sessions opened with the old one.

        Raises
        ------
        CatalogueError
            Nobody has that name.
        OptionError
            The password cannot be used, or the account logs in by OIDC.
        """
        account = self._get(name)
        if account.way != "password":
            raise OptionError("logs in by OIDC", where=account.name)
        kept = hash_password(password, account.name)
        with self._case.transaction(by) as case:
            case.update("account", {"password_hash": kept}, {"name": account.name})
            case.delete("session", {"account": account.name})
            case.audit("set-password", "account", account.name)

    def set_role(self, name: str, role: str, *, by: str) -> None:
        """Change a role; it is in force with the next request.

        Raises
        ------
        CatalogueError
            Nobody has that name.
        OptionError
            There is no such role.
        """
        kind = role_of(role)
        with self._case.transaction(by) as case:
            if not case.update("account", {"role": kind.value}, {"name": name.casefold(), "disabled": None}):
                raise self._nobody(name)
            case.audit("set-role", "account", name.casefold(), {"role": kind.value})

    def check(self, name: str, password: str) -> Identity | None:
        """Who this is, or None; takes as long for a name that nobody has."""
        found = self._case.rows("account", {"name": name.casefold()[:64], "disabled": None})
        row = found[0] if found else None
        kept = row["password_hash"] if row else None
        if not is_password(password, kept) or row is None or kept is None:
            return None
        if is_outdated(kept):
            fresh = keep_password(password)
            with self._case.transaction(row["name"]) as case:
                case.update("account", {"password_hash": fresh}, {"name": row["name"]})
        return Identity(row["name"], Role(row["role"]))

    def admit(self, subject: str, name: str, role: Role) -> Identity:
        """Who an OIDC provider says this is; the account is made at the first login, the role renewed at each.

        Raises
        ------
        RefusedError
            The account is closed, or the name belongs to someone else.
        """
        name = account_name(name)
        with self._admitting, self._case.transaction(name) as case:
            known = case.rows("account", {"subject": subject})
            if known:
                if known[0]["disabled"] is not None:
                    raise RefusedError("this account is closed")
                name = known[0]["name"]
                if known[0]["role"] != role.value:
                    case.update("account", {"role": role.value}, {"name": name})
                    case.audit("set-role", "account", name, {"role": role.value, "by": "oidc"})
                return Identity(name, role)
            if case.rows("account", {"name": name}):
                raise RefusedError("an account of that name is someone else's", where=name)
            row = {"name": name, "role": role.value, "password_hash": None, "subject": subject, "made": now()}
            case.insert("account", row)
            case.audit("add-account", "account", name, {"role": role.value, "by": "oidc"})
        return Identity(name, role)

    def note(self, verb: str, name: str, detail: dict[str, Any]) -> None:
        """Put a login, a failed one or a logout in the audit trail."""
        known = name.casefold()[:64]
        with self._case.transaction(known) as case:
            case.audit(verb, "account", known, detail)

    def _get(self, name: str) -> Account:
        found = self._case.rows("account", {"name": name.casefold(), "disabled": None})
        if not found:
            raise self._nobody(name)
        return _account(found[0])

    def _nobody(self, name: str) -> CatalogueError:
        return CatalogueError("nobody has that name", where=name, hint="see: flowsleuth user list")


def account_name(text: str) -> str:
    """The one spelling of a name.

    Raises
    ------
    OptionError
        It has other characters than letters, digits and ``._@+-``.

    Examples
    --------
    >>> account_name("Ana")
    'ana'
    """
    name = text.strip().casefold()
    if not _NAME.fullmatch(name):
        hint = "letters a to z, digits and ._@+-, at most 64"
        raise OptionError("not a name for an account", where=text[:80], hint=hint)
    return name


def role_of(text: str) -> Role:
    """A role by its name.

    Raises
    ------
    OptionError
        There is no such role.
    """
    try:
        return Role(text)
    except ValueError:
        raise OptionError("no such role", where=text, available=[role.value for role in Role]) from None


def _account(row: dict[str, Any]) -> Account:
    way = "oidc" if row["subject"] else "password"
    return Account(row["name"], Role(row["role"]), way, row["made"], row["disabled"] is None)
