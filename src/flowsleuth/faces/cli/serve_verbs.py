"""``flowsleuth serve`` and ``flowsleuth user``."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.serving import DEFAULT_PORT, OidcOptions, ServeOptions, load_served

if TYPE_CHECKING:
    import argparse

    from flowsleuth.workspace.accounts import Accounts

ROLES = ("viewer", "analyst", "admin")


def add_serve(verbs: Any) -> None:
    """The grammar of ``serve``."""
    parser = verbs.add_parser(
        "serve",
        help="open the application in a browser",
        description="Serve the application and its APIs. On this machine only, without login, unless told otherwise.",
    )
    parser.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
    parser.add_argument("--engine", metavar="URL", help="duckdb, sc://HOST:PORT or spark://HOST:PORT")
    parser.add_argument("--case", metavar="URL", help="analyst database instead of the workspace's own")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"(default: {DEFAULT_PORT}; 0 for any)")
    parser.add_argument("--open", action="store_true", help="open a browser")
    parser.add_argument("--login", action="store_true", help="demand login on this machine too")
    parser.add_argument("--tls-cert", metavar="FILE", type=Path, help="certificate chain, PEM")
    parser.add_argument("--tls-key", metavar="FILE", type=Path, help="its private key, PEM")
    parser.add_argument("--public-url", metavar="URL", help="what users type, such as https://flows.example.org")
    parser.add_argument(
        "--behind-proxy",
        metavar="ADDRESSES",
        nargs="?",
        const="127.0.0.1,::1",
        default="",
        help="a proxy at these addresses (default: this machine's) speaks TLS before it",
    )
    parser.add_argument("--insecure-http", action="store_true", help="let passwords cross the network in the clear")
    parser.add_argument("--oidc", metavar="FILE", type=Path, help="log in by an OpenID Connect provider (TOML file)")
    parser.add_argument("--workers", type=int, default=4, help="questions answered at the same time (default: 4)")
    parser.add_argument("--session-hours", type=float, default=12.0, help="longest login (default: 12)")
    parser.add_argument("--idle-hours", type=float, default=2.0, help="longest login without a request (default: 2)")
    parser.add_argument("--log-requests", action="store_true", help="a line per request on standard error")


def serve(parsed: argparse.Namespace) -> int:
    """``flowsleuth serve``."""
    options = ServeOptions(
        host=parsed.host,
        port=parsed.port,
        tls_cert=parsed.tls_cert,
        tls_key=parsed.tls_key,
        behind_proxy=parsed.behind_proxy,
        insecure_http=parsed.insecure_http,
        login=parsed.login,
        public_url=parsed.public_url,
        oidc=None if parsed.oidc is None else OidcOptions.load(parsed.oidc),
        workers=parsed.workers,
        session_hours=parsed.session_hours,
        idle_hours=min(parsed.idle_hours, parsed.session_hours),
    )
    load_served("web")(
        parsed.workspace,
        options,
        engine=parsed.engine,
        case=parsed.case,
        is_opened=parsed.open,
        logs_requests=parsed.log_requests,
    )
    return 0


def add_user(verbs: Any) -> None:
    """The grammar of ``user``."""
    parser = verbs.add_parser("user", help="who may log in", description="Accounts of the application.")
    deeds = parser.add_subparsers(dest="deed", metavar="DEED", required=True)
    for name, what in (
        ("add", "make an account"),
        ("list", "list the accounts"),
        ("remove", "close an account and end its sessions; what it did stays"),
        ("password", "change a password and end the sessions"),
        ("role", "change a role"),
    ):
        deed = deeds.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
        deed.add_argument("-w", "--workspace", metavar="DIR", default=".", help="the workspace folder (default: here)")
        deed.add_argument("--case", metavar="URL", help="analyst database instead of the workspace's own")
        if name == "list":
            deed.add_argument("--format", choices=("table", "json"), default="table")
            continue
        deed.add_argument("name", metavar="NAME")
        if name == "role":
            deed.add_argument("role", choices=ROLES)
        if name == "add":
            deed.add_argument("--role", choices=ROLES, default="analyst", help="(default: analyst)")
        if name in ("add", "password"):
            deed.add_argument(
                "--password-stdin", action="store_true", help="read it from standard input instead of asking for it"
            )


def user(parsed: argparse.Namespace) -> int:
    """``flowsleuth user``."""
    from flowsleuth.workspace.accounts import Accounts

    with flowsleuth.open(parsed.workspace, case=parsed.case) as ws:
        accounts = Accounts(ws.case)
        if parsed.deed == "list":
            _list(accounts, parsed.format)
        elif parsed.deed == "add":
            account = accounts.add(parsed.name, _password(parsed), parsed.role, by=ws.analyst)
            print(f"{account.name} may log in as {account.role.value}")
        elif parsed.deed == "password":
            accounts.set_password(parsed.name, _password(parsed), by=ws.analyst)
            print(f"{parsed.name} has a new password; sessions are ended")
        elif parsed.deed == "role":
            accounts.set_role(parsed.name, parsed.role, by=ws.analyst)
            print(f"{parsed.name} is {parsed.role}")
        else:
            accounts.remove(parsed.name, by=ws.analyst)
            print(f"{parsed.name} may not log in any more")
    return 0


def _list(accounts: Accounts, form: str) -> None:
    from flowsleuth.faces.cli.show import print_json, print_table

    found = accounts.list()
    columns = ("name", "role", "logs in by", "made", "is open")
    rows = [(a.name, a.role.value, a.way, f"{a.made:%Y-%m-%d %H:%M}", "yes" if a.is_open else "no") for a in found]
    if form == "json":
        print_json([{"name": a.name, "role": a.role.value, "way": a.way, "is_open": a.is_open} for a in found])
    else:
        print_table(rows, columns)


def _password(parsed: argparse.Namespace) -> str:
    """Never an argument: those are seen by everyone on the machine and kept in the shell's history."""
    if parsed.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise OptionError("there is no terminal to ask on", where="password", hint="give --password-stdin")
    first = getpass.getpass(f"password of {parsed.name}: ")
    if getpass.getpass("once more: ") != first:
        raise OptionError("the two are not the same", where="password")
    return first
