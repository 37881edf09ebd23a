"""``flowsleuth suspects --by host|pair`` on a terminal: a line of facts, and under it why, and what would be normal."""

from __future__ import annotations

from typing import Any

from flowsleuth.faces.cli.show import SEVERITY_WORDS, console, rows_of_words, say
from flowsleuth.schema.printable import printable_text

INDENT = 6
_TIME = "%Y-%m-%d %H:%M:%S"
_HEAD = ("rank", "score", "q", "rated", "host", "peer", "service", "flows", "first seen (UTC)", "last seen (UTC)")
_RIGHT = ("rank", "score", "q", "flows")
LEAST_Q = 0.001


def show_leads(rows: list[dict[str, Any]]) -> None:
    """Print leads in the order given: who, with whom, how sure, why, and what would make it normal.

    Parameters
    ----------
    rows : list of dict
        Rows of ``schema.LEAD``; with ``severity``, ``moved_why`` and ``is_hidden`` where they stand as rated.
    """
    page = console()
    head: tuple[str, ...] = (*_HEAD, "lead_id")
    lines = [[printable_text(cell) for cell in _cells(row)] for row in rows]
    told = [at for at, name in enumerate(head) if name not in ("rated", "peer", "service") or _any(lines, at)]
    lines = [[line[at] for at in told] for line in lines]
    head = tuple(head[at] for at in told)
    text, *texts = rows_of_words([list(head), *lines], [at for at, name in enumerate(head) if name in _RIGHT])
    page.print(text, style="bold", soft_wrap=True)
    for line, row in zip(texts, rows, strict=True):
        page.print(line, soft_wrap=True)
        for said in _says(row):
            say(said, " " * INDENT)


def _any(lines: list[list[str]], at: int) -> bool:
    return any(line[at] for line in lines)


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    severity = SEVERITY_WORDS[row.get("severity")]
    return (
        row["rank"],
        f"{row['score']:.6f}",
        f"< {LEAST_Q}" if row["q_value"] < LEAST_Q else f"{row['q_value']:.3f}",
        f"{severity} (hidden)".strip() if row.get("is_hidden") else severity,
        f"{row['host']} ({row['role']})" if row["role"] else row["host"],
        peer_text(row),
        service_text(row),
        f"{row['flows']:,}",
        row["first_seen"].strftime(_TIME),
        row["last_seen"].strftime(_TIME),
        row["lead_id"],
    )


def peer_text(row: dict[str, Any]) -> str:
    """The other end of a lead or finding, its name first; whoever the host is.

    Examples
    --------
    >>> peer_text({"host": "10.0.0.5", "src_ip": "10.0.0.5", "dst_ip": "192.0.2.7", "server_name": "a.example"})
    'a.example (192.0.2.7)'
    >>> peer_text({"host": "10.0.0.5", "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5", "server_name": None})
    'from 192.0.2.7'
    """
    from flowsleuth.detect.one_list.lead_words import is_called

    if is_called(row):
        return f"from {row['src_ip']}" if row["src_ip"] else ""
    name, address = row["server_name"], row["dst_ip"]
    if name and address and name != address:
        return f"{name} ({address})"
    return str(name or address or "")


def service_text(row: dict[str, Any]) -> str:
    """Port and protocol.

    Examples
    --------
    >>> service_text({"service_port": 443, "proto": "tcp"}), service_text({"service_port": None, "proto": "icmp"})
    ('443/tcp', 'icmp')
    """
    words = [str(word) for word in (row["service_port"], row["proto"]) if word is not None]
    return "/".join(words)


def _says(row: dict[str, Any]) -> list[str]:
    untold = [name for name in row["detectors"].split(", ") if name not in row["reason"]]
    found = " · ".join(text for text in (row["technique"], f"also {', '.join(untold)}" if untold else "") if text)
    said = [f"[{found}] {row['reason']}" if found else row["reason"]]
    if row["normal_if"]:
        said.append(row["normal_if"])
    if row.get("moved_why"):
        said.append(f"[{row['moved_why']}]")
    return said


def expected_false(listed: int, days: int, down_to: int, wrong: float) -> str:
    """How many of the leads that are shown are to be expected to be false, in words.

    A q-value tells of the list from its first to that rank, so where only some of these are shown (one address, one
    detector), it is told of the whole list.

    Parameters
    ----------
    listed : int
        Leads that are shown, and not set aside.
    days : int
        Of how many days they are.
    down_to : int
        Leads of these days down to the last that is shown.
    wrong : float
        How many of these are expected to be false.

    Examples
    --------
    >>> expected_false(2, 1, 2, 0.4)
    '2 leads; some 0.4 of them are expected to be false (q 0.200)'
    >>> expected_false(1, 1, 5, 1.0)
    '1 lead; of the 5 down to rank 5 some 1.0 are expected to be false (q 0.200)'
    """
    share = f"(q {wrong / down_to:.3f})" if down_to else ""
    much = f"{listed:,} lead{'' if listed == 1 else 's'}"
    if down_to == listed:
        return f"{much}; some {wrong:,.1f} of them are expected to be false {share}".rstrip()
    down = f"down to rank {down_to:,}" if days == 1 else f"of {days} days down to the last of these"
    return f"{much}; of the {down_to:,} {down} some {wrong:,.1f} are expected to be false {share}"
