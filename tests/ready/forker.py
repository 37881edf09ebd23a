"""A process that has imported what commands need, and forks for each: what every start costs is paid once.

A command that is run so is the same but for that: its own process, arguments, folder, environment, standard streams and
exit code.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import pkgutil
import signal
import socket
import struct
import sys
import threading
import traceback
import types
from contextlib import suppress

LENGTH = struct.Struct("!q")


def serve(path: str) -> None:
    """Listen on a socket until killed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep(caller)
        caller.close()


def _keep(caller: socket.socket) -> None:
    """Read what is asked for, start it, tell its number and how it ended."""
    head, streams, _, _ = socket.recv_fds(caller, LENGTH.size, 3)
    size = LENGTH.unpack(head)[0]
    text = b""
    while len(text) < size:
        more = caller.recv(size - len(text))
        if not more:
            os._exit(1)  # who asked is gone
        text += more
    child = os.fork()
    if child == 0:
        caller.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _run(**json.loads(text))
    for stream in streams:
        os.close(stream)
    caller.sendall(LENGTH.pack(child))
    _, status = os.waitpid(child, 0)
    caller.sendall(LENGTH.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _run(arguments: list[str], folder: str, environment: dict[str, str], code: str | None) -> None:
    """Be the command, or the Python program; ends the process.

    DuckDB's default connection has threads since it was imported, which are not here, and would wait for them at the
    end of the interpreter; so what else is done at the end is done, and the process left.
    """
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    ended: object
    try:
        ended = _command(arguments) if code is None else _program(code)
    except SystemExit as stop:
        ended = stop.code
    except BaseException:
        traceback.print_exc()
        ended = 1
    if isinstance(ended, str):
        print(ended, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ended if isinstance(ended, int) else int(ended is not None))


def _command(arguments: list[str]) -> int:
    from flowsleuth.faces.cli import main

    sys.argv = arguments
    return main()


def _program(code: str) -> None:
    sys.path.insert(0, "")
    sys.argv = ["-c"]
    module = sys.modules["__main__"] = types.ModuleType("__main__")  # where what it defines is looked for
    exec(compile(code, "<string>", "exec"), vars(module))


def _import(name: str) -> None:
    """A module; all of a package's, if it ends so, but those that want what is not installed."""
    package = importlib.import_module(name.removesuffix(".*"))
    if name.endswith(".*"):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError):
                importlib.import_module(found.name)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        _import(name)
    serve(sys.argv[1])
