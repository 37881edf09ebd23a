"""Serve one workspace: bind, say where, run until told to stop."""

from __future__ import annotations

import socket
import sys
import webbrowser
from pathlib import Path

import uvicorn

from flowsleuth.errors import WorkspaceError
from flowsleuth.faces.serving import ServeOptions
from flowsleuth.faces.web.app import create_app

KEEP_ALIVE_S = 15
AT_ONCE = 256
"""Connections; more are told to come back."""
CLOSING_S = 10
BACKLOG = 128


def serve(
    folder: str | Path,
    options: ServeOptions,
    *,
    engine: str | None = None,
    case: str | None = None,
    is_opened: bool = False,
    logs_requests: bool = False,
) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    folder : path
    options : ServeOptions
    engine, case : str, optional
        As for :func:`flowsleuth.open`.
    is_opened : bool
        Open a browser.
    logs_requests : bool
        Write a line per request to standard error.

    Raises
    ------
    WorkspaceError
        The address cannot be listened on.
    """
    app = create_app(folder, options, engine=engine, case=case, is_warmed=True)
    listening = _listen(options)
    url = address_to_open(options, listening.getsockname()[1])
    config = uvicorn.Config(
        app,
        log_level="info" if logs_requests else "warning",
        access_log=logs_requests,
        server_header=False,
        proxy_headers=bool(options.behind_proxy),
        forwarded_allow_ips=options.behind_proxy,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSING_S,
        limit_concurrency=AT_ONCE,
        ws="none",
        lifespan="on",
    )
    who = "login is demanded" if options.needs_login else "without login: everyone on this machine may use it"
    print(f"serving {folder} at {url} ({who}); stop with Ctrl-C", file=sys.stderr, flush=True)
    if is_opened:
        webbrowser.open(url)
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def address_to_open(options: ServeOptions, port: int) -> str:
    """What to type into a browser."""
    if options.public_url:
        return f"{options.public_url}/"
    scheme = "https" if options.tls_cert else "http"
    host = options.host.strip("[]")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def _listen(options: ServeOptions) -> socket.socket:
    """A socket bound before anything is said, so that what is said is true."""
    host = options.host.strip("[]")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        hint = "another program may have it; choose with --port"
        raise WorkspaceError(
            f"cannot be listened on: {error.strerror}", where=f"{options.host}:{options.port}", hint=hint
        ) from None
    return listening
