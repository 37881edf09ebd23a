"""Team Cymru's bulk whois: AS number, prefix, registry and name of many addresses in one connection.

Protocol: https://www.team-cymru.com/ip-asn-mapping ("begin", "verbose", one address a line, "end"; TCP port 43).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any

from flowsleuth.enrich.online.answers import FAILED, NO_DATA, TIMED_OUT, Answer
from flowsleuth.enrich.online.at_once import ask_each

SERVICE = "Team Cymru"
HOST, PORT = "whois.cymru.com", 43
BATCH = 500
AT_ONCE = 2
TIMEOUT_S = 20.0
LARGEST_BYTES = 8 * 2**20


def ask_cymru(
    addresses: Sequence[str], *, host: str = HOST, port: int = PORT, timeout_s: float = TIMEOUT_S
) -> dict[str, Answer]:
    """Ask about public addresses, in a few connections at once.

    Parameters
    ----------
    addresses : sequence of str
        Canonical text; what must not leave was taken out before.
    timeout_s : float
        Of one connection, in all.

    Returns
    -------
    dict of str to Answer
        One for each address; facts ``asn``, ``as_name``, ``prefix``, ``country_code``, ``registry``, ``allocated``.
    """
    batches = [list(addresses[at : at + BATCH]) for at in range(0, len(addresses), BATCH)]
    done = ask_each(lambda batch: _ask(batch, host, port, timeout_s), batches, AT_ONCE)
    return {address: answer for part in done for address, answer in part.items()}


def _ask(batch: list[str], host: str, port: int, timeout_s: float) -> dict[str, Answer]:
    status, reason, said = FAILED, "the answer ended early", b""
    try:
        said = _exchange("\r\n".join(["begin", "verbose", *batch, "end", ""]).encode(), host, port, timeout_s)
    except TimeoutError as error:
        status, reason, said = TIMED_OUT, "", error.args[0] if error.args and isinstance(error.args[0], bytes) else b""
    except (OSError, ValueError) as error:
        reason = str(error)
    found = {answer.observable: answer for line in said.splitlines() if (answer := parse_line(line)) is not None}
    return {one: found.get(one) or Answer(one, SERVICE, status, reason=reason) for one in batch}


def _exchange(question: bytes, host: str, port: int, timeout_s: float) -> bytes:
    """Send and read to the end; a time-out carries what came so far."""
    ends = time.monotonic() + timeout_s
    pieces: list[bytes] = []
    size = 0
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.sendall(question)
            while piece := connection.recv(65_536):
                pieces.append(piece)
                size += len(piece)
                if size > LARGEST_BYTES:
                    raise ValueError("the answer is too long")
                left = ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                connection.settimeout(left)
    except TimeoutError:
        raise TimeoutError(b"".join(pieces)) from None
    return b"".join(pieces)


def parse_line(line: bytes) -> Answer | None:
    """One line of the answer; None when it is a comment or no answer.

    Examples
    --------
    >>> told = parse_line(b"13335   | 1.1.1.1   | 1.1.1.0/24   | AU | apnic    | 2011-08-11 | CLOUDFLARENET, US")
    >>> told.observable, told.facts["asn"], told.facts["prefix"], told.facts["as_name"]
    ('1.1.1.1', 13335, '1.1.1.0/24', 'CLOUDFLARENET, US')
    """
    fields = [field.strip() for field in line.decode("utf-8", "replace").split("|", 6)]
    if len(fields) != 7 or fields[1] == "IP":
        return None
    number, address, prefix, country, registry, allocated, name = fields
    told: dict[str, Any] = {
        "asn": int(number.split()[0]) if number.split() and number.split()[0].isdigit() else None,
        "prefix": prefix,
        "country_code": country,
        "registry": registry,
        "allocated": allocated,
        "as_name": name,
    }
    facts = {key: value for key, value in told.items() if value not in (None, "", "NA")}
    has_route = "asn" in facts
    return Answer(address, SERVICE, facts=facts) if has_route else Answer(address, SERVICE, NO_DATA)
