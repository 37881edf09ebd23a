"""Logins that are open. The token is told to the browser once and kept only as its SHA-256."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.store.case import now
from flowsleuth.workspace.accounts import Identity, Role

if TYPE_CHECKING:
    from flowsleuth.store.case import CaseDatabase

TOKEN_BYTES = 32
RENEW_AFTER = dt.timedelta(minutes=5)
"""A session's end is moved on, and so written, no more often than this."""


@dataclass(frozen=True)
class Session:
    """Someone who is logged in.

    Attributes
    ----------
    identity : Identity
    csrf : str
        What every write must carry.
    """

    identity: Identity
    csrf: str


class Sessions:
    """The sessions of one analyst database.

    Parameters
    ----------
    case : CaseDatabase
    longest : timedelta
        A session ends after this long whatever happens.
    idle : timedelta
        It ends after this long without a request.
    """

    def __init__(self, case: CaseDatabase, longest: dt.timedelta, idle: dt.timedelta) -> None:
        self._case = case
        self._longest = longest
        self._idle = idle

    def open(self, identity: Identity) -> str:
        """Begin a session; its token. Sessions that have ended are cleared away."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        made = now()
        row = {
            "token_hash": _hash(token),
            "account": identity.name,
            "csrf": secrets.token_urlsafe(TOKEN_BYTES),
            "made": made,
            "expires": made + min(self._idle, self._longest),
        }
        with self._case.transaction(identity.name) as case:
            case.delete("session", {"expires": ("<", made)})
            case.insert("session", row)
        return token

    def find(self, token: str) -> Session | None:
        """Whose session it is, with the role the account has now; None when it has ended or never was."""
        found = self._case.rows("session", {"token_hash": _hash(token)})
        moment = now()
        if not found or found[0]["expires"] <= moment:
            return None
        row = found[0]
        accounts = self._case.rows("account", {"name": row["account"], "disabled": None})
        if not accounts:
            return None
        later = min(moment + self._idle, row["made"] + self._longest)
        if later - row["expires"] >= RENEW_AFTER:
            with self._case.transaction(row["account"]) as case:
                case.update("session", {"expires": later}, {"token_hash": row["token_hash"]})
        return Session(Identity(row["account"], Role(accounts[0]["role"])), row["csrf"])

    def close(self, token: str) -> None:
        """End a session."""
        with self._case.transaction("") as case:
            case.delete("session", {"token_hash": _hash(token)})


def _hash(token: str) -> str:
    """A token is 256 random bits, so a fast hash keeps it as well as a slow one."""
    return hashlib.sha256(token.encode()).hexdigest()
