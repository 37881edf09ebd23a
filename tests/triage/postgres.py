"""A real PostgreSQL of one's own on loopback: made, started and stopped by the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql/bin")
UNPRIVILEGED = ("postgres", "nobody")
"""PostgreSQL refuses to run as root, so root runs it as one of these."""


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is; Debian keeps them out of the path."""
    found = sorted(Path(PLACES[0]).glob(f"*/bin/{name}"), reverse=True)
    return str(found[0]) if found else shutil.which(name)


def is_there() -> bool:
    """Whether the server is installed."""
    return program("initdb") is not None and program("postgres") is not None


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _as_user(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={_user()}", f"--regid={_group()}", "--clear-groups", *command]


def _user() -> str:
    import pwd

    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return str(pwd.getpwnam(name).pw_uid)
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


def _group() -> str:
    import pwd

    return str(pwd.getpwuid(int(_user())).pw_gid)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server with its data in a folder (of a short path that others may enter); the URL of its database."""
    data, sockets = folder / "data", folder / "run"
    for one in (data, sockets):
        one.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(one, int(_user()), int(_group()))
        one.chmod(0o700)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}

    def run(name: str, *arguments: str) -> None:
        command = _as_user([str(program(name)), *arguments])
        done = subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"

    run("initdb", "-D", str(data), "-U", "ana", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
    port = free_port()
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {sockets} -c max_connections=60"
    run("pg_ctl", "-D", str(data), "-w", "-t", "60", "-l", str(data / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://ana@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
