"""How the flows were recorded: sampling, one-way records, columns that are missing, names that are hidden, clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flowsleuth.detect.wording import duration, share
from flowsleuth.investigate.blind_spots.silence import BIN_S
from flowsleuth.investigate.blind_spots.spot import MOST, BlindSpot, listed, sensor_place
from flowsleuth.store.portable import epoch_micros, time_bin

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.store import Store

Row = dict[str, Any]

TLS_PORT, DOT_PORT = 443, 853
RESOLVERS = ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112", "208.67.222.222", "94.140.14.14")
"""Public resolvers that answer over HTTPS at these very addresses; nothing else is served there on port 443."""
RESOLVER_NAMES = (
    "dns.google", "cloudflare-dns.com", "mozilla.cloudflare-dns.com", "chrome.cloudflare-dns.com", "one.one.one.one",
    "dns.quad9.net", "doh.opendns.com", "dns.adguard.com", "dns.adguard-dns.com", "dns.nextdns.io", "doh.dns.sb",
    "doh.cleanbrowsing.org", "dns.alidns.com", "doh.pub", "doh.xfinity.com", "doh.cox.net", "dns0.eu",
)  # fmt: skip
"""Names of resolvers over HTTPS that browsers and systems offer."""
LEAST = 100
"""Flows below which shares of a sensor say nothing."""
MANY = 0.5
"""A lack is told when it concerns half of the flows, or more."""
HIDDEN = 0.2
"""Names are told as hidden when a fifth of the encrypted flows have none."""
LEAST_SCALE = 10
"""A smallest packet count below this is met by chance."""
MULTIPLES = 0.99
"""So many packet counts are multiples of the smallest when they were multiplied by it."""
OLDEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
"""NetFlow is younger; earlier times are counted from the beginning of a capture."""
OFFSET_S = 2.0
"""Clocks that keep NTP differ by far less."""
LEAST_TWINS = 20
"""Connections that two sensors must share to tell their clocks apart."""
TWIN_SHARE = 16
"""One of so many ports is looked at for connections that two records share."""


def by_minutes(store: Store, flows: ir.Table, now: dt.datetime) -> pa.Table:
    """One pass over the flows: what each sensor fills in each bin of :data:`BIN_S`, and what is odd, as counts."""
    import ibis

    def number(condition: ir.BooleanValue) -> ir.IntegerScalar:
        return flows.count(where=condition)

    is_tcp = flows.proto == "tcp"
    quiet = (flows.dst_packets == 0).fill_null(False) | (flows.dst_packets.isnull() & (flows.dst_bytes == 0))
    counted = flows.group_by("sensor", bin=time_bin(flows.start, BIN_S)).aggregate(
        flows=flows.count(), first=flows.start.min(), last=flows.start.max(),
        sampled=number(flows.sampling_rate > 1), rate=flows.sampling_rate.max(),
        least_packets=flows.src_packets.nullif(0).min(), src_bytes=flows.src_bytes.count(),
        dst_told=number(flows.dst_bytes.notnull() | flows.dst_packets.notnull()),
        tcp=number(is_tcp), tcp_quiet=number(is_tcp & quiet),
        outcome=number(flows.conn_state.notnull() | flows.tcp_flags.notnull() | flows.dst_packets.notnull()),
        direction=number(flows.direction.notnull() & (flows.direction != "external")),
        future=number(flows.start > ibis.literal(now)), old=number(flows.start < ibis.literal(OLDEST)),
    )  # fmt: skip
    return store.arrow(counted)


def by_sensor(store: Store, flows: ir.Table, counted: pa.Table) -> list[Row]:
    """The same for each sensor, with its encrypted connections; most flows first."""
    folds = {"first": "min", "last": "max", "rate": "max", "least_packets": "min"}
    asked = [(name, folds.get(name, "sum")) for name in counted.column_names if name not in ("sensor", "bin")]
    whole = counted.group_by("sensor").aggregate(asked)
    whole = whole.rename_columns([name.rsplit("_", 1)[0] if name != "sensor" else name for name in whole.column_names])
    web = flows.filter(flows.dst_port.isin([TLS_PORT, DOT_PORT]))
    is_tls, is_tcp = web.dst_port == TLS_PORT, web.proto == "tcp"
    is_doh = is_tls & (web.server_name.lower().isin(RESOLVER_NAMES) | web.dst_ip.isin(RESOLVERS))
    names = web.group_by("sensor").aggregate(
        tls=web.count(where=is_tls), dot=web.count(where=~is_tls & is_tcp), doh=web.count(where=is_doh),
        tls_unnamed=web.count(where=is_tls & (web.server_name.isnull() | (web.server_name == ""))),
    )  # fmt: skip
    encrypted = {row["sensor"]: row for row in store.arrow(names).to_pylist()}
    none = dict.fromkeys(("tls", "dot", "doh", "tls_unnamed"), 0)
    rows = [row | (encrypted.get(row["sensor"]) or none) for row in whole.to_pylist()]
    return sorted(rows, key=lambda row: (-row["flows"], row["sensor"] or ""))


def sampling(store: Store, flows: ir.Table, sensors: list[Row]) -> Iterator[BlindSpot]:
    """Packets of which only some were looked at, whether the records say so or not."""
    found = []
    for row in sensors:
        if row["sampled"]:
            found.append(_sampled(row, f"1 of {row['rate']:,} packets in {_part(row, 'sampled')} of the flows"))
        elif row["flows"] >= LEAST and (row["least_packets"] or 0) >= LEAST_SCALE:
            least, mine = row["least_packets"], _of_sensor(flows, row["sensor"])
            multiple = (mine.src_packets % least == 0).fill_null(False).cast("int64").sum()
            counted = store.arrow(mine.aggregate(multiples=multiple, told=mine.src_packets.count())).to_pylist()[0]
            part = counted["multiples"] / counted["told"]
            text = f"no flow of fewer than {least:,} packets: sampled and scaled, or short flows left out"
            if part >= MULTIPLES:
                text = f"{share(part)} of the packet counts are multiples of {least:,}, though no sampling is told"
            found.append(_sampled(row, text))
    yield from listed(found)


def _of_sensor(flows: ir.Table, sensor: str | None) -> ir.Table:
    """Flows of one sensor, or those that name none."""
    return flows.filter(flows.sensor.isnull() if sensor is None else flows.sensor == sensor)


def _sampled(row: Row, how_much: str) -> BlindSpot:
    return BlindSpot(
        "sampling", sensor_place(row["sensor"]), how_much, row["sampled"] / row["flows"] if row["sampled"] else None,
        row["first"], row["last"],
        "short connections: most beats of a beacon, most probes of a scan, most questions of a tunnel",
        ("timing", "reach", "newness", "names", "access"),
        "export unsampled flows at least at the edge; do not take silence for calm",
    )  # fmt: skip


def one_way(store: Store, flows: ir.Table, sensors: list[Row]) -> Iterator[BlindSpot]:
    """Records of one direction, and sensors that hear only one."""
    found: list[BlindSpot] = []
    for row in sensors:
        untold = row["flows"] - row["dst_told"]
        if untold >= MANY * row["flows"]:
            twins = _opposite_share(store, flows, row["sensor"]) if len(found) < MOST else None
            has = "" if twins is None else f"; for {share(twins)} of them the other direction is a row of its own"
            found.append(_one_way(row, untold / row["flows"], f"{_part(row, untold)} of the flows do not say what "
                                  f"came back{has}", "flowsleuth stitch -w DIR joins the two directions"))  # fmt: skip
        elif row["tcp"] >= LEAST and row["tcp_quiet"] >= 0.9 * row["tcp"]:
            part = row["tcp_quiet"] / row["tcp"]
            text = f"{share(part)} of the TCP flows got nothing back: the sensor hears one direction, or all are probes"
            found.append(_one_way(row, part, text, "check the mirror port and asymmetric routes"))
    yield from listed(found)


def _one_way(row: Row, part: float, how_much: str, advice: str) -> BlindSpot:
    return BlindSpot(
        "one way", sensor_place(row["sensor"]), how_much, part, row["first"], row["last"],
        "whether a connection succeeded, who began it, and how much went out against what came in",
        ("volume", "reach", "access"), advice,
    )  # fmt: skip


def _opposite_share(store: Store, flows: ir.Table, sensor: str | None) -> float | None:
    """Of flows of a sample of port pairs: for how many there is one the other way; None without ports."""
    mine = _of_sensor(flows, sensor)
    # The sum of the ports is the same in both directions, so both are in the sample or neither.
    some = mine.filter((mine.src_port.cast("int64") + mine.dst_port) % TWIN_SHARE == 3)
    keys = ("src_ip", "dst_ip", "src_port", "dst_port", "proto")
    ends = some.group_by(*keys).aggregate(flows=some.count())
    back = ends.select(src_ip=ends.dst_ip, dst_ip=ends.src_ip, src_port=ends.dst_port, dst_port=ends.src_port,
                       proto=ends.proto)  # fmt: skip
    twins = ends.semi_join(back, list(keys))
    told = [store.arrow(one.aggregate(n=one.flows.sum()))["n"][0].as_py() or 0 for one in (ends, twins)]
    return told[1] / told[0] if told[0] else None


def missing_columns(sensors: list[Row]) -> Iterator[BlindSpot]:
    """What a sensor does not tell at all."""
    asked: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
        ("src_bytes", "bytes sent", ("volume",), "exfiltration, padding of beacons, uploads",
         "add byte counters to the export"),
        ("outcome", "how a connection ended (conn_state, TCP flags, packets of the other side)", ("reach", "access"),
         "scans, failed logins, denied bursts", "add TCP flags or a state to the export"),
        ("direction", "which end is ours", ("volume", "reach", "newness", "access"),
         "what is outbound and what is lateral", "name your networks: home in flowsleuth.toml, then ingest anew"),
    )  # fmt: skip
    for column, what, families, hides, advice in asked:
        spots = []
        for row in sensors:
            lack = row["flows"] - row[column]
            if lack >= MANY * row["flows"]:
                spots.append(BlindSpot(
                    "missing column", sensor_place(row["sensor"]),
                    f"{what}: not told by {_part(row, lack)} of the flows", lack / row["flows"],
                    row["first"], row["last"], hides, families, advice,
                ))  # fmt: skip
        yield from listed(spots)


def hidden_names(sensors: list[Row]) -> Iterator[BlindSpot]:
    """Encrypted connections without a server name, and names that are asked in secret."""
    spots = []
    for row in sensors:
        if row["tls"] >= LEAST and row["tls_unnamed"] >= HIDDEN * row["tls"]:
            part = row["tls_unnamed"] / row["tls"]
            spots.append(BlindSpot(
                "hidden names", sensor_place(row["sensor"]),
                f"{share(part)} of {row['tls']:,} flows to port {TLS_PORT} have no server name", part,
                row["first"], row["last"], "which service of a shared address (CDN, cloud) was used",
                ("newness", "names", "rarity", "intelligence"),
                "ingest TLS logs of the same sensor, or DNS logs; Encrypted Client Hello hides the name for good",
            ))  # fmt: skip
    yield from listed(spots)
    flows, dot, doh = (sum(row[key] for row in sensors) for key in ("flows", "dot", "doh"))
    if dot + doh:
        yield BlindSpot(
            "encrypted DNS", f"port {DOT_PORT} and known resolvers over HTTPS",
            f"{dot:,} flows of DNS over TLS, {doh:,} to known resolvers over HTTPS", (dot + doh) / flows,
            min(row["first"] for row in sensors), max(row["last"] for row in sensors),
            "names that were asked there: tunnels, generated names, what an address was looked up as",
            ("names", "newness"), "let clients ask your own resolver, and log there; block or allow these by name",
        )  # fmt: skip


def clocks(store: Store, flows: ir.Table, sensors: list[Row], now: dt.datetime) -> Iterator[BlindSpot]:
    """Times that cannot be, and sensors whose clocks differ."""
    spots = []
    for row in sensors:
        for column, what in (("future", f"after {now:%Y-%m-%d %H:%M} UTC (now)"), ("old", f"before {OLDEST:%Y}")):
            if row[column]:
                spots.append(_clock(row, f"{row[column]:,} flows {what}", row[column] / row["flows"]))
    yield from listed(spots)
    yield from listed([
        BlindSpot(
            "clock", f"sensors {row['one']} and {row['other']}",
            f"the second is {duration(abs(row['offset_s']))} {'later' if row['offset_s'] > 0 else 'earlier'} "
            f"(median of {row['twins']:,} connections that both saw)",
            None, row["first"], row["last"], "what came first, across these sensors; one connection counts as two",
            ("timing", "access"), "set both clocks by NTP",
        )
        for row in _offsets(store, flows, sensors)
    ])  # fmt: skip


def _clock(row: Row, how_much: str, part: float) -> BlindSpot:
    return BlindSpot(
        "clock", sensor_place(row["sensor"]), how_much, part, row["first"], row["last"],
        "the order of events; days that these flows should be scored with", ("timing", "newness"),
        "set the sensor's clock by NTP; give a capture with relative times its beginning",
    )  # fmt: skip


def _offsets(store: Store, flows: ir.Table, sensors: list[Row]) -> list[Row]:
    """Pairs of sensors that saw the same connections at different times: medians of a sample."""
    if len([row for row in sensors if row["sensor"] is not None]) <= 1:
        return []
    some = flows.filter(flows.sensor.notnull() & (flows.src_port % TWIN_SHARE == 3))
    keys = ["src_ip", "dst_ip", "src_port", "dst_port", "proto", "day"]
    dated = some.mutate(day=time_bin(some.start, 86_400), at_s=epoch_micros(some.start).cast("float64") / 1e6)
    # A connection that a sensor saw once a day is the same for another that saw it once.
    seen = dated.group_by(*keys, "sensor").aggregate(at_s=dated.at_s.max(), n=dated.count(), start=dated.start.min())
    once = seen.filter(seen.n == 1).drop("n")
    other = once.rename(other="sensor", other_s="at_s").drop("start")
    both = once.join(other, keys)
    both = both.filter(both.sensor < both.other)
    told = both.group_by("sensor", "other").aggregate(
        offset_s=(both.other_s - both.at_s).median(), twins=both.count(), first=both.start.min(), last=both.start.max()
    )
    rows = store.arrow(told.rename(one="sensor")).to_pylist()
    is_off = [row for row in rows if row["twins"] >= LEAST_TWINS and abs(row["offset_s"]) >= OFFSET_S]
    return sorted(is_off, key=lambda row: (-abs(row["offset_s"]), row["one"], row["other"]))


def _part(row: Row, count: str | int) -> str:
    return share((row[count] if isinstance(count, str) else count) / row["flows"])
