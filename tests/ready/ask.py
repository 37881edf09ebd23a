"""What stands in for a command: asks the forker for it, passes signals on, and ends as it ended.

    ask.py SOCKET [ARGUMENT ...]

Imports next to nothing, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import sys

LENGTH = struct.Struct("!q")


def ask(path: str, arguments: list[str], code: str | None = None) -> int:
    """Run a command, or a Python program, with the streams of this process; its exit code."""
    wanted = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ), "code": code}
    text = json.dumps(wanted).encode()
    forker = socket.socket(socket.AF_UNIX)
    forker.connect(path)
    socket.send_fds(forker, [LENGTH.pack(len(text))], [0, 1, 2])
    forker.sendall(text)
    child = _number(forker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda which, _: os.kill(child, which))
    code_or_signal = _number(forker)
    if code_or_signal < 0:
        signal.signal(-code_or_signal, signal.SIG_DFL)
        os.kill(os.getpid(), -code_or_signal)
    return code_or_signal


def _number(forker: socket.socket) -> int:
    text = b""
    while len(text) < LENGTH.size:
        more = forker.recv(LENGTH.size - len(text))
        if not more:
            raise SystemExit("the process that was asked is gone")
        text += more
    return int(LENGTH.unpack(text)[0])


if __name__ == "__main__":
    if sys.argv[2:3] == ["-c"]:
        raise SystemExit(ask(sys.argv[1], [], sys.argv[3]))
    raise SystemExit(ask(sys.argv[1], ["flowsleuth", *sys.argv[2:]]))
