"""What a workspace is set to: home networks, time zone, engine. One frozen object, handed down by a face."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flowsleuth.errors import OptionError, WorkspaceError

FILE_NAME = "flowsleuth.toml"
CONTEXT = "context"
DEFAULT_HOME = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""RFC 1918 and the IPv6 unique local addresses of RFC 4193."""


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Read a CIDR, or refuse it by name.

    Raises
    ------
    OptionError
        The text is no network, or has host bits set.

    Examples
    --------
    >>> parse_network("10.0.0.0/8").num_addresses
    16777216
    """
    try:
        return ip_network(text)
    except ValueError as error:
        hint = "write it like 10.0.0.0/8 or 2001:db8::/32"
        raise OptionError(f"not a network: {error}", where=f"--home {text}", hint=hint) from None


def parse_zone(text: str) -> ZoneInfo:
    """Read an IANA time zone name.

    Raises
    ------
    OptionError
        There is no such zone.

    Examples
    --------
    >>> parse_zone("Europe/Prague").key
    'Europe/Prague'
    """
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise OptionError(
            "no such time zone", where=f"--tz {text}", hint="use a name like UTC or Europe/Prague"
        ) from None


def _paths(given: object, name: str, where: Path) -> tuple[str, ...]:
    """A list of paths; one alone may stand without brackets."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) for one in listed):
        raise WorkspaceError(f"{name} is a list of paths", where=str(where), hint=f'write {name} = ["FILE", "FILE"]')
    return tuple(listed)


@dataclass(frozen=True)
class Settings:
    """Settings of one workspace.

    Attributes
    ----------
    home : tuple of str
        Networks that are ours, as CIDR; they give a flow its direction.
    tz : str
        IANA zone of log times that name none.
    engine : str
        ``duckdb``, or the URL of a Spark (``sc://host:port``, ``spark://host:port``).
    case_url : str
        SQLAlchemy URL of the analyst database; empty for ``analyst.db`` in the workspace.
    context : str
        Folder of the context files (``networkcontext_1.csv``, ``iploc.csv``, ``ipranges.csv``), from the workspace.
    geography : tuple of str
        MMDB files and tables of networks that tell place and owner of addresses, from the workspace; the first that
        knows a fact is believed.
    lists : tuple of str
        Lists of addresses, networks and names of your own, from the workspace: MISP warning lists or plain text.
    intel : mapping
        The table ``[intel]`` as it is written, read by :mod:`flowsleuth.enrich.intel`; not shown, because
        keys of services may stand in it.
    query : mapping
        The table ``[query]`` as it is written, read by :mod:`flowsleuth.provider_settings`; not shown either.
    """

    home: tuple[str, ...] = DEFAULT_HOME
    tz: str = "UTC"
    engine: str = "duckdb"
    case_url: str = ""
    context: str = CONTEXT
    geography: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    intel: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    query: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for network in self.home:
            parse_network(network)
        parse_zone(self.tz)

    def to_toml(self) -> str:
        """The text of ``flowsleuth.toml``."""
        told: dict[str, Any] = {"home": list(self.home), "tz": self.tz, "engine": self.engine}
        if self.case_url:
            told["case_url"] = self.case_url
        if self.context != CONTEXT:
            told["context"] = self.context
        told |= {name: list(getattr(self, name)) for name in ("geography", "lists") if getattr(self, name)}
        # a JSON string is one of TOML too, but for a DEL
        lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in told.items())
        return "".join(lines).replace("\x7f", "\\u007f")

    @classmethod
    def load(cls, folder: Path) -> Settings:
        """Read ``flowsleuth.toml`` of a workspace folder.

        Raises
        ------
        WorkspaceError
            The folder has no such file, or the file is not readable as settings.
        """
        path = folder / FILE_NAME
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            hint = f"make one with: flowsleuth init {folder}"
            raise WorkspaceError("not a workspace", where=str(folder), hint=hint) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise WorkspaceError(f"cannot read the settings: {error}", where=str(path)) from None
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise WorkspaceError(f"unknown settings {unknown}", where=str(path), available=known)
        values["home"] = tuple(values.get("home", DEFAULT_HOME))
        for name in ("geography", "lists"):
            values[name] = _paths(values.get(name, ()), name, path)
        return cls(**values)
