"""Needles: what one infected host did in a developer capture, to be hidden among other people's benign hours.

Each is cut out of a capture that flowsleuth's own readers read: the flows that the infected host began by TCP, UDP or
ICMP, which every sensor tells, to addresses of one receiver (no multicast, broadcast, link-local or address
assignment). Which of them are bad, who was infected and who commanded is said by the capture's labels, by its published
answers, or by a reading that is given with it.

What a needle is cut to (`most`) is the number of consecutive flows that a draw takes of it: quiet needles are tens of
flows out of captures of hundreds.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelled import CTU, PRIVATE, has_label, read

Bools = NDArray[np.bool_]
QUIET = 30
"""Flows of a quiet needle: tens, as the issue asks; the beacons among them keep their period."""
NOT_UNICAST = r"^(?:0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|24\d\.|25\d\.)|\.255$|:"
"""Addresses that no single host of another network can stand for; IPv6 is left out with them, no needle needs it."""
ASSIGNMENT_PORTS = (67, 68)


@dataclass(frozen=True)
class Needle:
    """What an infected host did.

    Attributes
    ----------
    name : str
    flows : pyarrow.Table
        Canonical flows with the infected host as source, in order of ``start``.
    is_bad : array of bool
        Which of them are the malware's, as far as that is known.
    host : str
        The infected host's address in the capture.
    peers : frozenset of str
        Who commanded it, or where it moved to: the pairs that an analyst should be led to. Empty where unknown.
    home : tuple of str
        Networks of the capture that are the victim's own.
    note : str
        What the label means.
    seen : frozenset of (str, str)
        Column and protocol of what the capture's records tell at all, :func:`seen_in` of the whole capture.
    most : int or None
        Consecutive flows that a draw takes; None for as many as fit in the hay's hours.
    """

    name: str
    flows: pa.Table
    is_bad: Bools
    host: str
    peers: frozenset[str]
    home: tuple[str, ...]
    note: str
    seen: frozenset[tuple[str, str]]
    most: int | None = None


def protocols(table: pa.Table) -> NDArray[np.object_]:
    """The protocol of each row; empty for what is neither TCP nor UDP nor ICMP."""
    known = pc.is_in(table["proto"], value_set=pa.array(["tcp", "udp", "icmp"]))
    texts: NDArray[np.object_] = pc.if_else(known, table["proto"], "").to_numpy(zero_copy_only=False)
    return texts


def seen_in(table: pa.Table, without: frozenset[str] = frozenset()) -> frozenset[tuple[str, str]]:
    """Which columns hold anything, by protocol."""
    found = set()
    for proto in set(protocols(table).tolist()):
        rows = table.filter(pa.array(protocols(table) == proto))
        found |= {(name, proto) for name in rows.column_names if rows[name].null_count < len(rows)}
    return frozenset(one for one in found if one[0] not in without)


def _from(
    table: pa.Table, host: str, peers: tuple[str, ...], *, name: str, home: tuple[str, ...], note: str = "",
    is_bad: Bools | None = None, without: tuple[str, ...] = (),
) -> Needle:  # fmt: skip
    """The host's own flows to single receivers; all bad unless said otherwise. `without`: columns not to be trusted."""
    port = _on_ports(table, *ASSIGNMENT_PORTS)
    odd = pc.or_(pc.match_substring_regex(table["dst_ip"], NOT_UNICAST), pa.array(protocols(table) == ""))
    keep = pc.and_(pc.equal(table["src_ip"], host), pc.invert(odd))
    kept = np.flatnonzero(np.asarray(keep.combine_chunks().to_numpy(zero_copy_only=False)) & ~port)
    start = table["start"].cast("int64").to_numpy()
    order = kept[np.argsort(start[kept], kind="stable")]
    flows = table.take(pa.array(order)).combine_chunks()
    bad = np.ones(order.size, dtype=bool) if is_bad is None else is_bad[order]
    return Needle(name, flows, bad, host, frozenset(peers), home, note, seen_in(table, frozenset(without)))


def _to(table: pa.Table, *addresses: str) -> Bools:
    found = pc.is_in(table["dst_ip"], value_set=pa.array(addresses)).combine_chunks()
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _only(needle: Needle, name: str, keep: Bools, note: str | None = None) -> Needle:
    """Part of a needle's flows."""
    flows, is_bad = needle.flows.filter(pa.array(keep)), needle.is_bad[keep]
    return replace(needle, name=name, flows=flows, is_bad=is_bad, note=needle.note if note is None else note)


def _quiet(needle: Needle, note: str) -> Needle:
    return replace(needle, name=f"{needle.name}, quiet", most=QUIET, note=note)


def _njrat(data: Path) -> list[Needle]:
    table = read([data / "labelled/zeek_njrat_230-1/labeled-conn.log"], PRIVATE)
    is_cc = has_label(table, "CC")
    note = "NjRAT: its label CC: calls of 41.108.179.197:1177 that get no answer, some 12 s apart"
    whole = _from(table, "192.168.1.115", ("41.108.179.197",), is_bad=is_cc, name="njrat", home=PRIVATE, note=note)
    calls = _only(whole, "njrat", _to(whole.flows, "41.108.179.197"))
    return [calls, _quiet(calls, "thirty consecutive calls of it")]


def _gh0st(data: Path) -> list[Needle]:
    folder = data / "labelled/zeek_malware_capture/Win7GhostRatDownload"
    table = read([folder / "conn.log.gz", folder / "dns.log", folder / "http.log"], PRIVATE)
    is_bad = np.asarray(pc.equal(table["proto"], "tcp").to_numpy(zero_copy_only=False))
    note = "Gh0stRAT: all TCP of an infected machine at rest; eight long sessions with 115.144.107.117:23667"
    found = _from(table, "10.0.2.107", ("115.144.107.117",), is_bad=is_bad, name="gh0st", home=PRIVATE, note=note)
    return [found]


def _cryptowall(data: Path) -> list[Needle]:
    folder = data / "labelled/zeek_malware_capture/cryptoWallBro"
    table = read([folder / name for name in ("conn.log", "dns.log", "http.log", "ssl.log")], PRIVATE)
    note = "CryptoWall: capture of an infection, all flows bad; some are of Tor; who commanded is not known"
    return [_from(table, "172.16.165.164", (), name="cryptowall", home=PRIVATE, note=note)]


def _apt29(data: Path) -> list[Needle]:
    home = ("10.0.0.0/8",)
    table = read([data / "labelled/apt29_day1_zeek/combined_zeek.log.gz"], home)
    c2 = ("192.168.0.4", "192.168.0.5")
    note = "APT29 replay: flows with 192.168.0.4 and .5 are bad, a reading of the capture"
    found = []
    for host in ("10.0.1.6", "10.0.1.4"):
        one = _from(table, host, c2, name=f"apt29 C2 of {host}", home=home, note=note)
        found.append(_only(one, one.name, _to(one.flows, *c2)))
    found.append(_quiet(found[0], "thirty consecutive flows of it"))
    lateral = _from(table, "10.0.1.4", ("10.0.1.6",), name="apt29 lateral", home=home)
    note = "APT29 replay: 10.0.1.4 to its neighbour by WinRM, SMB and RPC: a reading of the capture"
    found.append(_only(lateral, "apt29 lateral", _to(lateral.flows, "10.0.1.6"), note=note))
    return found


def _argus(data: Path) -> list[Needle]:
    folder = data / "labelled/argus_capture_level"
    note = "capture-level label: all flows of the host count as bad, those to popular services too"
    test2 = read([folder / "test2-malicious.binetflow.gz"], CTU)
    p2p = "P2P malware that looks for peers and scans Telnet; capture-level label: all flows of the host count as bad"
    test4 = _from(
        read([folder / "test4-malicious.binetflow"], CTU), "192.168.2.12", (), name="argus test4", home=CTU, note=p2p
    )
    return [
        _from(test2, "10.8.0.69", (), name="argus test2", home=CTU, note=note),
        test4,
        _quiet(test4, "thirty consecutive flows of it"),
        _from(
            read([folder / "test11-portscan.binetflow"], CTU), "10.8.0.69", (), name="argus portscan", home=CTU,
            note="scan: pings of a row of addresses, and ports of one",
        ),
    ]  # fmt: skip


def _ctu13(flows: pa.Table) -> list[Needle]:
    is_bot = has_label(flows, "Botnet")
    whole = _from(
        flows, "147.32.84.165", ("91.212.135.158",), is_bad=is_bot, name="ctu13 bot", home=CTU,
        note="label Botnet: command and control, spam attempts and names looked up, at most five minutes of it",
    )  # fmt: skip
    bot = _only(whole, "ctu13 bot", whole.is_bad)
    calls = _only(
        bot, "ctu13 C2", _to(bot.flows, "91.212.135.158"), note="label CC: 139 calls of 91.212.135.158:5678 only"
    )
    return [replace(bot, most=200), calls, _quiet(calls, "thirty consecutive calls of it")]


def _pcaps(data: Path) -> list[Needle]:
    found = []
    table = read([data / "pcap/slips_test7-malicious.pcap"], PRIVATE)
    is_bad = ~_on_ports(table, 53, 123)
    note = "camera that scans Telnet and looks for peers; all but its names and clock count as bad"
    iot = _from(table, "192.168.2.16", (), is_bad=is_bad, name="slips test7", home=PRIVATE, note=note)
    found += [iot, _quiet(iot, "thirty consecutive flows of it")]
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(data / "pcap/covenant_psremoting_command.zip").extractall(folder)
        table = read(sorted(Path(folder).rglob("*.cap")), PRIVATE)
    note = "Covenant moves by WinRM (5985/tcp) to its neighbour: three flows in half a minute"
    moved = _from(table, "172.18.39.5", ("172.18.39.6",), name="covenant psremoting", home=PRIVATE, note=note)
    return [*found, moved]


def _on_ports(table: pa.Table, *ports: int) -> Bools:
    found = pc.fill_null(pc.is_in(table["dst_port"], value_set=pa.array(ports, pa.int32())), False).combine_chunks()
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _otrf(data: Path) -> list[Needle]:
    source = data / "host/otrf/metasploit_logonpasswords_lsass_memory_dump_zeek_logs.zip"
    home = ("192.168.0.0/16",)
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(source).extractall(folder)
        wanted = [path for path in Path(folder).rglob("*.log") if path.stem in ("conn", "dns", "http", "ssl")]
        table = read(sorted(wanted), home)
    note = "Metasploit: ten flows to 10.0.5.13:80 and 8080, a reading; the sensor saw only what came back"
    found = _from(
        table, "192.168.1.41", ("10.0.5.13",), name="otrf lsass", home=home, note=note,
        without=("conn_state", "src_bytes", "src_packets", "history"),
    )  # fmt: skip
    return [_only(found, "otrf lsass", _to(found.flows, "10.0.5.13"))]


def _emotet(data: Path) -> list[Needle]:
    table = read(sorted((data / "zeek/isc_contest_2021-12_json").glob("*.gz")), PRIVATE)
    c2 = ("172.104.227.98", "91.207.181.106", "163.172.50.82")
    published = "SANS ISC contest of December 2021, published answer: Emotet on 10.12.3.66"
    is_mail = _on_ports(table, 25, 110, 143, 465, 587, 993, 995)
    whole = _from(
        table, "10.12.3.66", c2, is_bad=_to(table, *c2) | is_mail, name="emotet", home=PRIVATE,
        note=f"{published}; bad: TLS without a name to three addresses (a reading), and mail to hundreds of servers",
    )  # fmt: skip
    calls = _only(
        whole, "emotet C2", _to(whole.flows, *c2), note=f"{published}; only its TLS without a name, a reading"
    )
    return [whole, calls]


def load_needles(data: Path, ctu13: Callable[[], pa.Table]) -> list[Needle]:
    """All needles.

    Parameters
    ----------
    data : pathlib.Path
        Folder of the developer data, with ``labelled``, ``pcap``, ``host`` and ``zeek`` in it.
    ctu13 : callable
        Gives the flows of CTU-13's scenario 6, which the hay is made of too.
    """
    made = [*_njrat(data), *_gh0st(data), *_cryptowall(data), *_apt29(data), *_argus(data), *_ctu13(ctu13())]
    return [*made, *_pcaps(data), *_otrf(data), *_emotet(data)]
