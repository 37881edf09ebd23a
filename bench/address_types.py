"""Types of 100,000 addresses of a log, of as many different ones, of 25 hard ones, beside msticpy's ``get_ip_type``.

Its logging is off: else every text that is no address writes a traceback.

``MSTICPY_PYTHON`` may name another Python that has msticpy. A word is right when it is one of those that the IANA
registries allow for the address (``WORDS``); msticpy's ``Private`` counts for what is not forwarded, such as a
documentation address, and ours for nothing that it does not mean.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from measure import Finding, Plan
from msticpy_child import msticpy_python, told_by
from weighed import weighed

ADDRESSES = 100_000
IN_A_LOG = 5_000
AT_LEAST = 50
PASSES = 3
WORDS: dict[str, set[str]] = {
    "8.8.8.8": {"Public"},
    "172.32.0.1": {"Public"},
    "2001:4860:4860::8888": {"Public"},
    "192.0.0.9": {"Public"},
    "10.1.2.3": {"Private"},
    "172.31.255.254": {"Private"},
    "192.168.1.1": {"Private"},
    "fd12:3456::1": {"Private"},
    "127.0.0.53": {"Loopback"},
    "::1": {"Loopback"},
    "169.254.169.254": {"Link Local"},
    "fe80::1": {"Link Local"},
    "0.0.0.0": {"Unspecified"},
    "::": {"Unspecified"},
    "224.0.0.251": {"Multicast"},
    "ff02::fb": {"Multicast"},
    "203.0.113.9": {"Documentation", "Private", "Reserved"},
    "2001:db8::1": {"Documentation", "Private", "Reserved"},
    "240.0.0.1": {"Reserved"},
    "255.255.255.255": {"Broadcast", "Reserved"},
    "100.64.0.9": {"Shared"},
    "fec0::1": {"Reserved", "Site Local", "Private"},
    "10.0.0.256": {"Invalid"},
    "web1.example.org": {"Invalid"},
    "10.0.0": {"Invalid"},
}
"""The hard cases, and which words are right."""


def generate(count: int, seed: int) -> list[str]:
    """So many addresses of a site's logs: Internet, home, IPv6, multicast, and text that is none."""
    rng = random.Random(seed)
    makers: tuple[Callable[[], str], ...] = (
        lambda: str(IPv4Address(rng.getrandbits(32))),
        lambda: f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}",
        lambda: f"192.168.{rng.randrange(256)}.{rng.randrange(256)}",
        lambda: str(IPv6Address(rng.getrandbits(128))),
        lambda: f"2001:db8::{rng.randrange(65536):x}",
        lambda: f"224.0.0.{rng.randrange(256)}",
        lambda: f"host{rng.randrange(1000)}",
    )
    weights = (60, 15, 10, 8, 2, 3, 2)
    return [rng.choices(makers, weights)[0]() for _ in range(count)]


def of_a_log(different: list[str], count: int, seed: int) -> list[str]:
    """So many of the first few thousand, the earlier the more often (Zipf), as the addresses of a log are."""
    rng = random.Random(seed)
    few = different[:IN_A_LOG]
    return rng.choices(few, [1 / rank for rank in range(1, len(few) + 1)], k=count)


def measure(plan: Plan) -> Iterator[Finding]:
    """Both in processes of their own, in turn."""
    python = msticpy_python()
    different = generate(ADDRESSES, plan.seed)
    cases = {"of a log": of_a_log(different, ADDRESSES, plan.seed), "all different": different}
    for name, addresses in cases.items():
        file = plan.scratch / "addresses.json"
        file.write_text(json.dumps(addresses))
        mine, other = _race(python, file, plan.rounds)
        ratio = None if other is None else other["cpu_s"] / mine["cpu_s"]
        yield Finding(
            f"types of {ADDRESSES:,} addresses, {name}",
            "msticpy is not installed" if other is None else f"msticpy {other['cpu_s'] * 1e3:.0f} ms CPU",
            f"{mine['cpu_s'] * 1e3:.1f} ms CPU",
            ratio,
            f"{AT_LEAST} x less",
            None if ratio is None else ratio >= AT_LEAST,
        )
    yield Finding(
        f"{len(WORDS)} hard addresses",
        "" if other is None else f"msticpy {other['right']} right",
        f"{mine['right']} right" + (f"; wrong: {', '.join(mine['wrong'])}" if mine["wrong"] else ""),
        None,
        "all right",
        mine["right"] == len(WORDS),
    )


def _race(python: str | None, file: Path, rounds: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The best run of each."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(told_by([sys.executable, __file__, "ours", file]))
        theirs += [] if python is None else [told_by([python, __file__, "msticpy", file])]
    best = [min(runs, key=lambda run: run["cpu_s"], default=None) for runs in (ours, theirs)]
    assert best[0] is not None
    return best[0], best[1]


def child(who: str, file: str) -> None:
    """One way, in this process: ours of a pandas column, msticpy's of each text; modules and tables are loaded then."""
    addresses = json.loads(Path(file).read_text())
    if who == "ours":
        import pandas as pd

        from flowsleuth.enrich.ip_types import get_ip_type

        def asked(texts: Any) -> list[str]:
            return get_ip_type(texts)

        column: Any = pd.Series(addresses)
    else:
        from msticpy.context.ip_utils import get_ip_type as theirs

        logging.disable(logging.CRITICAL)

        def asked(texts: Any) -> list[str]:
            return [theirs(text) for text in texts]

        column = addresses
    asked(column[:1_000])
    took = [weighed(lambda: asked(column))[1]["cpu_s"] for _ in range(PASSES)]
    words = dict(zip(WORDS, asked(list(WORDS)), strict=True))
    wrong = [f"{text} {word}" for text, word in words.items() if word not in WORDS[text]]
    print(json.dumps({"cpu_s": min(took), "right": len(WORDS) - len(wrong), "wrong": wrong}))


if __name__ == "__main__":
    child(*sys.argv[1:])
