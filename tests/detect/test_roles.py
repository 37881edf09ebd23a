"""What hosts are, by their flows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.days.role_ports import ROLES
from flowsleuth.detect.days.roles import infer_roles
from flowsleuth.testing.detectors import MemoryDay, make_flows


def flow(source: str, peer: str, port: int, proto: str = "tcp", **other: Any) -> dict[str, Any]:
    return {"src_ip": source, "dst_ip": peer, "dst_port": port, "proto": proto, "direction": "internal",
            "src_bytes": 60, "dst_bytes": 60, **other}  # fmt: skip


def clients(peer: str, port: int, proto: str = "tcp", number: int = 5) -> list[dict[str, Any]]:
    return [flow(f"10.0.1.{n + 1}", peer, port, proto) for n in range(number)]


def told(flows: pa.Table) -> dict[str, tuple[str, float, str]]:
    with MemoryDay(flows) as memory:
        day = NetworkDay(memory)
        roles = infer_roles(day)
        columns = (day.addresses.texts, roles.names(), pa.array(roles.confidence), roles.reasons())
        rows = list(zip(*(column.to_pylist() for column in columns), strict=True))
        assert roles.by_address(day) == {ip: role for ip, role, *_ in rows if role}
        return {ip: (role, confidence, why) for ip, role, confidence, why in rows}


@pytest.mark.parametrize(
    ("port", "proto", "role"),
    [(53, "udp", "resolver"), (445, "tcp", "file"), (25, "tcp", "mail"), (443, "tcp", "web"), (3128, "tcp", "proxy"),
     (9100, "tcp", "print"), (3306, "tcp", "database"), (123, "udp", "time"), (514, "udp", "logging"),
     (22, "tcp", "terminal"), (9102, "tcp", "backup")],
)  # fmt: skip
def test_a_host_is_what_it_offers_to_several(port: int, proto: str, role: str) -> None:
    found = told(make_flows(clients("10.0.0.9", port, proto)))
    assert found["10.0.0.9"] == (role, 5 / 8, f"offers {role} services to 5 peers")
    assert found["10.0.1.1"] == ("client", 1 / 4, "asks 1 peer")


def test_two_clients_are_too_few_but_three_services_of_a_directory_are_not() -> None:
    assert told(make_flows(clients("10.0.0.9", 445, number=2)))["10.0.0.9"][0] is None
    few = [flow("10.0.1.1", "10.0.0.9", port) for port in (88, 389, 3268, 445)]
    assert told(make_flows(few))["10.0.0.9"] == ("directory", 1 / 4, "offers directory services to 1 peer")


def test_a_directory_offers_names_files_and_time_as_well() -> None:
    many = [*clients("10.0.0.9", 53, "udp", 9), *clients("10.0.0.9", 445, "tcp", 8), *clients("10.0.0.9", 88)]
    assert told(make_flows(many))["10.0.0.9"] == ("directory", 5 / 8, "offers directory services to 5 peers")


def test_what_a_role_does_not_explain_lowers_the_confidence() -> None:
    both = [*clients("10.0.0.9", 53, "udp", 9), *clients("10.0.0.9", 9100, "tcp", 4)]
    assert told(make_flows(both))["10.0.0.9"][:2] == ("resolver", 9 / 16)


def test_failures_and_groups_make_no_server() -> None:
    vain = [{**row, "conn_state": "S0"} for row in clients("10.0.0.9", 445)]
    group = clients("239.255.255.250", 53, "udp")
    found = told(make_flows([*vain, *group]))
    assert found["10.0.0.9"][0] is None
    assert found["239.255.255.250"][0] is None


def test_a_scanner_is_no_client_and_a_sweep_makes_no_servers() -> None:
    sweep = [flow("10.0.0.66", f"10.0.2.{n}", 445, conn_state="S0" if n > 10 else "SF") for n in range(1, 101)]
    found = told(make_flows(sweep))
    assert found["10.0.0.66"] == ("scanner", 90 / 103, "tries in vain 90 peers")
    assert found["10.0.2.5"][0] is None


def test_a_phone_and_a_device_that_never_sleeps() -> None:
    midnight = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    hourly = [flow("10.0.0.80", "10.0.9.1", 1883, start=midnight + dt.timedelta(hours=n)) for n in range(24)]
    found = told(make_flows([*hourly, flow("10.0.0.81", "10.0.9.2", 5060, "udp")]))
    assert found["10.0.0.80"][0] == "device"
    assert found["10.0.0.81"] == ("phone", 1 / 4, "asks for calls from 1 peer")


def test_hosts_outside_have_no_role() -> None:
    out = [{**row, "direction": "outbound"} for row in clients("203.0.113.9", 443)]
    found = told(make_flows(out))
    assert found["203.0.113.9"] == (None, 0.0, None)
    assert found["10.0.1.1"][0] == "client"


def test_no_flows_and_any_order() -> None:
    assert told(make_flows([])) == {}
    rows = make_flows([*clients("10.0.0.9", 53, "udp"), *clients("10.0.0.8", 25)])
    assert told(rows) == told(rows.take(np.random.default_rng(1).permutation(len(rows))))
    assert len(set(ROLES)) == len(ROLES)
