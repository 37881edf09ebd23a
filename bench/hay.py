"""Hay: busy benign hours to hide needles in, all of it without a known attack.

CTU-13's scenario 6 without its bot (a university, an hour at random; its background was looked at by nobody, so a few
real attacks may lie in it), normal captures put together as a small office, and a made-up site of several days, whose
earlier days are the past that a real site would have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowsleuth.schema import FLOW
from labelled import CTU, PRIVATE, has_end, has_label, read
from traffic import DAY_START_S, Flows, Site

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
BOT = "147.32.84.165"
OFFICE_DAY = dt.datetime(2024, 4, 29, tzinfo=dt.UTC)
SITE_DAYS, SITE_FLOWS, SITE_HOSTS = 4, 60_000, 300
SITE_SERVERS = 60_000
"""So many that a third of a day's servers are new to the site, and every other host is the first to speak to three."""
SEEN = (
    "start", "end", "duration_s", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "service", "src_bytes",
    "dst_bytes", "src_packets", "dst_packets", "conn_state", "history", "icmp_type", "icmp_code", "direction",
    "server_name",
)  # fmt: skip
"""Columns that a mixture keeps; all others tell which sensor wrote a record, and are null on both sides."""


@dataclass(frozen=True)
class Hay:
    """Benign flows of one site.

    Attributes
    ----------
    name : str
    day : pyarrow.Table
        Columns :data:`SEEN` of the day that is looked at, in order of ``start``.
    past : tuple of pyarrow.Table
        Earlier days, oldest first.
    home : tuple of str
    note : str
    """

    name: str
    day: pa.Table
    home: tuple[str, ...]
    note: str
    past: tuple[pa.Table, ...] = ()


def of_day(table: pa.Table) -> pa.Table:
    """The kept columns, in order of ``start``."""
    return table.select(SEEN).sort_by("start").combine_chunks()


def load_ctu13(data: Path) -> pa.Table:
    """Flows of scenario 6, with the bot."""
    file = data / "labelled/ctu13_scenario6/capture20110816.part1_1001-1129.binetflow.gz"
    return read([file], CTU, "Europe/Prague")


def ctu13_hours(flows: pa.Table, seed: int) -> list[Hay]:
    """Two hours at random of the scenario without its bot and without anything labelled as its doing.

    The first has no past. The second has what came before it in the capture, half an hour or less, as its yesterday.
    """
    clean = of_day(flows.filter(pa.array(~has_label(flows, "Botnet") & ~has_end(flows, BOT))))
    start = clean["start"].cast("int64").to_numpy()
    rng = np.random.default_rng(seed)
    found = []
    for number in (1, 2):
        low = int(rng.integers((start[0] + start[-1] - HOUR_US) // 2, start[-1] - HOUR_US))
        inside = clean.filter(pa.array((start >= low) & (start < low + HOUR_US)))
        note = "CTU-13 scenario 6 without its bot: a university, one hour"
        if number == 1:
            found.append(Hay("ctu13 hour 1", inside, CTU, note))
        else:
            before = clean.filter(pa.array(start < low))
            before = moved(before, before["start"].cast("int64").to_numpy() - DAY_US)
            found.append(Hay("ctu13 hour 2, with a past", inside, CTU, f"{note}, and minutes before it", (before,)))
    return found


def office(data: Path, *, all_records: bool = False) -> Hay:
    """Normal captures on one day, each at its own time of day.

    With `all_records` also two whose records say less (an Argus file without bytes, a firewall's without states).
    """
    folder = data / "labelled"
    tables = []
    for name in ("zeek_ctu_normal40_day1", "zeek_ctu_normal42_day2"):
        rows = read(sorted((folder / name).glob("*.labeled*")), CTU)
        tables.append(rows.filter(pa.array(~has_label(rows, "Malicious"))))
    tables.append(read(sorted((folder / "zeek_ctu_sme11_ubuntu_benign").glob("*.gz")), PRIVATE))
    tables.append(read(sorted((data / "zeek/rita_proxy_rolling_gz").glob("*.gz")), PRIVATE))
    if all_records:
        tables.append(read([folder / "argus_capture_level/2013-10-21_capture-1.normal.binetflow"], CTU))
        tables.append(read([data / "paloalto/pan_traffic_2017-05-31.csv.gz"], PRIVATE))
    day = of_day(pa.concat_tables([_on(OFFICE_DAY, table.select(SEEN)) for table in tables]))
    note = "normal captures put together as a small office" + (", all kinds of records" if all_records else "")
    return Hay("office, all records" if all_records else "office", day, CTU, note)


def _on(day: dt.datetime, table: pa.Table) -> pa.Table:
    """The same flows at their times of day on another day."""
    start = table["start"].cast("int64").to_numpy()
    return moved(table, int(day.timestamp()) * 1_000_000 + start % DAY_US)


def moved(table: pa.Table, start_us: np.ndarray) -> pa.Table:
    """The same flows at other times."""
    span = table["duration_s"].combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)
    clock = pa.timestamp("us", "UTC")
    for name, values in (("start", start_us), ("end", start_us + np.round(span * 1e6).astype(np.int64))):
        table = table.set_column(table.column_names.index(name), name, pa.array(values).cast(clock))
    return table


def site_days(made: Site, days: int, rows: int) -> Iterator[pa.Table]:
    """Flows of a made-up site, day after day, so many rows each."""
    for day in range(days):
        yield of_day(pa.concat_tables([_canonical(part, made) for part in made.chunks(rows, day)]))


def site(seed: int) -> Hay:
    """A made-up site: three days of past, and the day that is looked at."""
    made = Site(seed, ipv6_share=0.0, hosts=SITE_HOSTS, servers=SITE_SERVERS)
    days = list(site_days(made, SITE_DAYS, SITE_FLOWS))
    note = f"generated: {SITE_HOSTS} hosts, {SITE_FLOWS:,} flows a day, {SITE_DAYS - 1} days of past"
    return Hay(f"site {seed}", _within(days[-1], SITE_DAYS - 1), PRIVATE, note, tuple(days[:-1]))


def _within(table: pa.Table, day: int) -> pa.Table:
    """Flows that begin on the day (a long one that ends on it may begin before)."""
    start = table["start"].cast("int64").to_numpy()
    return table.filter(pa.array(start >= DAY_START_S * 1_000_000 + day * DAY_US))


def _canonical(flows: Flows, made: Site) -> pa.Table:
    """Rows of the flow table."""
    half = len(made.addresses) // 2
    source, target = (np.asarray(ends) % half < made.hosts for ends in (flows.src, flows.dst))
    direction = np.select([source & target, source, target], ["internal", "outbound", "inbound"], "external")
    size = len(flows)
    clock = pa.timestamp("us", "UTC")
    is_icmp = np.asarray(pc.equal(flows.proto, "icmp").to_numpy(zero_copy_only=False))
    columns = {
        "start": pa.array(flows.start_us).cast(clock),
        "end": pa.array(flows.start_us + flows.duration_us).cast(clock),
        "duration_s": pa.array(flows.duration_us / 1e6),
        "src_ip": made.addresses.take(pa.array(flows.src)),
        "src_port": pa.array(flows.src_port, mask=is_icmp),
        "dst_ip": made.addresses.take(pa.array(flows.dst)),
        "dst_port": pa.array(flows.dst_port, mask=is_icmp),
        "proto": flows.proto,
        "service": flows.service_text,
        "src_bytes": pa.array(flows.src_ip_bytes),
        "dst_bytes": pa.array(flows.dst_ip_bytes),
        "src_packets": pa.array(flows.src_packets),
        "dst_packets": pa.array(flows.dst_packets),
        "conn_state": flows.state_text,
        "history": flows.history_text,
        "icmp_type": pa.array(flows.src_port, mask=~is_icmp),
        "icmp_code": pa.array(np.zeros(size, dtype=np.int64), mask=~is_icmp),
        "direction": pa.array(direction),
        "server_name": pa.nulls(size),
    }
    return pa.table({name: columns[name].cast(FLOW[name].arrow_type()) for name in SEEN})


def sites(data: Path, ctu13: Callable[[], pa.Table], seed: int) -> dict[str, Callable[[], list[Hay]]]:
    """Who makes the hay of each site; hours of one site take turns."""
    return {
        "ctu13": lambda: ctu13_hours(ctu13(), seed),
        "office": lambda: [office(data)],
        "office, all records": lambda: [office(data, all_records=True)],
        "site": lambda: [site(seed)],
    }
