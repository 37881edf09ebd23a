"""Labelled captures as canonical flows: which files, which of their flows are bad, and who is infected.

Every capture is read by flowsleuth's own readers. What a label means, and what it does not, is said with each.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import flowsleuth
from flowsleuth.workspace import init

Bools = NDArray[np.bool_]
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
CTU = ("147.32.0.0/16", *PRIVATE)
APT29_C2 = ("192.168.0.4", "192.168.0.5")


@dataclass(frozen=True)
class Capture:
    """Flows with truth.

    Attributes
    ----------
    name : str
    flows : pyarrow.Table
        Canonical rows, any number of days.
    is_bad : array of bool, shape (n,)
    infected : str or None
        The internal host that an analyst should be led to; None where the attack comes from outside.
    note : str
        What the label means.
    """

    name: str
    flows: pa.Table
    is_bad: Bools
    infected: str | None
    note: str


def read(paths: list[Path], home: tuple[str, ...], tz: str = "UTC") -> pa.Table:
    """Flows of some files, in order of ``flow_id``."""
    with tempfile.TemporaryDirectory() as folder:
        init(f"{folder}/case", home=home, tz=tz)
        with flowsleuth.open(f"{folder}/case") as ws:
            ws.ingest(*paths)
            return ws.store.arrow(ws.table("flow")).sort_by("flow_id").combine_chunks()


def _label(flows: pa.Table) -> NDArray[np.object_]:
    """All label fields of the raw records, in one text."""
    found = []
    for text in flows["extra"].to_pylist():
        extra = json.loads(text) if text else {}
        found.append(" ".join(str(v) for k, v in extra.items() if "label" in k.lower() and v))
    return np.array(found, dtype=object)


def has_label(flows: pa.Table, word: str) -> Bools:
    """Flows with a word in a label of theirs."""
    return np.array([word in label for label in _label(flows)], dtype=bool)


def has_end(flows: pa.Table, *addresses: str) -> Bools:
    """Flows from or to one of some addresses."""
    wanted = pa.array(addresses)
    either = pc.or_(pc.is_in(flows["src_ip"], value_set=wanted), pc.is_in(flows["dst_ip"], value_set=wanted))
    return np.asarray(either.combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)


def _labelled(
    data: Path,
    folder: str,
    file: str,
    home: tuple[str, ...],
    word: str,
    infected: str | None,
    note: str,
    tz: str = "UTC",
) -> Capture:
    flows = read([data / folder / file], home, tz)
    return Capture(folder, flows, has_label(flows, word), infected, note)


def _hidden(data: Path, file: str, host: str, name: str) -> Capture:
    """A malicious capture's host among the flows of the normal capture: first flows aligned, then one table.

    A mixture made here, not a recording: the two networks never met, so addresses differ, and the host stands out a
    little more than it would at home. The normal file does not say who sent how much, so byte and packet counts are
    taken from all flows: their mere presence would give the host away.
    """
    folder = data / "argus_capture_level"
    home = (*CTU,)
    normal = read([folder / "2013-10-21_capture-1.normal.binetflow"], home)
    bad = read([folder / file], home)
    begin = [pc.min(table["start"]).as_py() for table in (normal, bad)]
    shift = pa.scalar(begin[0] - begin[1], pa.duration("us"))
    ids = pc.add(bad["flow_id"], pa.scalar(1 + pc.max(normal["flow_id"]).as_py(), pa.int64()))
    moved = bad.set_column(bad.column_names.index("start"), "start", pc.add(bad["start"], shift))
    moved = moved.set_column(moved.column_names.index("flow_id"), "flow_id", ids)
    flows = pa.concat_tables([normal, moved]).combine_chunks()
    for column in ("src_bytes", "dst_bytes", "src_packets", "dst_packets"):
        place = flows.column_names.index(column)
        flows = flows.set_column(place, column, pa.nulls(len(flows), flows.schema.field(column).type))
    is_bad = np.concatenate([np.zeros(len(normal), dtype=bool), has_end(moved, host)])
    return Capture(name, flows, is_bad, host, "all flows of the malicious capture's host, hidden in a normal capture")


def load_all(data: Path) -> list[Capture]:
    """Every capture with bad flows."""
    inbound = "malicious = attacks from outside on a clean workstation: two thirds of all flows"
    captures: list[Callable[[], Capture]] = [
        lambda: _labelled(
            data, "ctu13_scenario6", "capture20110816.part1_1001-1129.binetflow.gz", CTU, "Botnet", "147.32.84.165",
            "Botnet = bad; Background, which nobody looked at, counts as good", "Europe/Prague",
        ),
        lambda: _labelled(data, "zeek_ctu_normal40_day1", "conn.log.labeled.gz", CTU, "Malicious", None, inbound),
        lambda: _labelled(data, "zeek_ctu_normal42_day2", "conn.log.labeled.gz", CTU, "Malicious", None, inbound),
        lambda: _labelled(
            data, "zeek_njrat_230-1", "labeled-conn.log", PRIVATE, "CC", "192.168.1.115",
            "command and control that mostly gets no answer = bad",
        ),
        lambda: _apt29(data),
        lambda: _gh0st(data),
        lambda: _hidden(data, "test2-malicious.binetflow.gz", "10.8.0.69", "argus_test2_hidden"),
        lambda: _hidden(data, "test4-malicious.binetflow", "192.168.2.12", "argus_test4_hidden"),
        lambda: _hidden(data, "test11-portscan.binetflow", "10.8.0.69", "argus_portscan_hidden"),
    ]  # fmt: skip
    return [load() for load in captures]


def _apt29(data: Path) -> Capture:
    flows = read([data / "apt29_day1_zeek" / "combined_zeek.log.gz"], ("10.0.0.0/8",))
    note = "flows with 192.168.0.4 and .5 = bad: a reading of the capture, not a label; three hosts in all"
    return Capture("apt29_day1_zeek", flows, has_end(flows, *APT29_C2), "10.0.1.6", note)


def _gh0st(data: Path) -> Capture:
    flows = read([data / "zeek_malware_capture" / "Win7GhostRatDownload" / "conn.log.gz"], PRIVATE)
    note = "8 flows to 115.144.107.117:23667 = bad; other downloads of malware count as good; one host"
    return Capture("gh0st_win7", flows, has_end(flows, "115.144.107.117"), "10.0.2.107", note)


def load_benign(data: Path) -> pa.Table:
    """CTU-SME-11, an Ubuntu host for a day: no bad flows."""
    return read([data / "zeek_ctu_sme11_ubuntu_benign" / "conn.log.labeled.gz"], PRIVATE)


def as_frame(flows: pa.Table) -> pd.DataFrame:
    """What the simple rankers need, as pandas."""
    names = [
        "start", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "src_bytes", "dst_bytes", "src_packets",
        "dst_packets", "duration_s", "conn_state", "icmp_type", "direction",
    ]  # fmt: skip
    return flows.select(names).to_pandas()
