"""Every address and name of every table is enriched: compared with a plain loop over the stored rows."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path

import pytest

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.workspace.observed import ROWS

SAMPLES = ("zeek", "suricata", "sentinel", "auditd", "syslog", "windows", "azure", "paloalto")
HOSTS = ("server_name", "query", "host", "src_host", "dst_host", "host_ip")
TEXTS = ("command_line", "parent_command_line", "entities")


DATA = Path(__file__).resolve().parents[1] / "data"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("observed") / "case"
    with flowsleuth.open(folder, create=True) as ws:
        ws.ingest(*(DATA / name for name in SAMPLES))
    return folder


def address_of(text):
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def without_port(text):
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if re.fullmatch(r"[^:]+:[0-9]+", text) else text


def by_a_loop(rows):
    """What one row after another holds."""
    addresses, names = set(), set()

    def host(text):
        bare = without_port(text)
        if address := address_of(bare):
            addresses.add(address)
        elif "." in (name := bare.lower().rstrip(".")) and not re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name):
            names.add(name)

    for row in rows:
        for column in ("src_ip", "dst_ip"):
            if row.get(column):
                addresses.add(row[column])
        for column in HOSTS:
            if row.get(column):
                host(row[column])
        for text in json.loads(row.get("answers") or "[]"):
            if not re.search(r"\s", text):
                host(text)
        for column in TEXTS:
            text = row.get(column) or ""
            for found in re.finditer(r"://(?:[^/?#\s@]*@)?([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])", text):
                host(found[1])
            for found in re.finditer(r"(?<![\w.-])[.-]*([0-9]{1,3}(?:\.[0-9]{1,3}){3})[.-]*(?![\w.-])", text):
                host(found[1])
    return addresses, names


def test_nothing_that_is_stored_is_left_out(case):
    with flowsleuth.open(case) as ws:
        stored = {one.name: ws.store.arrow(ws.store.table(one.name)).to_pylist() for one in ROWS}
        addresses, names = by_a_loop(row for rows in stored.values() for row in rows)
        report = ws.enrich()
        facts = ws.facts().to_arrow().to_pylist()
    assert sorted(table for table, rows in stored.items() if not rows) == []  # every table has its sample
    typed = [row["observable"] for row in facts if row["fact"] == "address_type"]
    assert sorted(typed) == sorted(addresses)  # each once
    assert (report.addresses, report.names) == (len(addresses), len(names))
    assert len(set(map(str, facts))) == len(facts)
    flows = {row[end] for row in stored["flow"] for end in ("src_ip", "dst_ip")}
    assert len(addresses - flows) > 20


def test_rows_of_other_tables_join_facts(case):
    with flowsleuth.open(case) as ws:
        ws.enrich()
        for table in ("dns", "logon", "alert"):
            joined = ws.rows_with_facts(table)
            assert joined.count().execute() == ws.store.table(table).count().execute()
            known = joined.filter(joined.src_ip.notnull())
            assert known.filter(known.src_address_type.isnull()).count().execute() == 0
        with pytest.raises(OptionError, match="no table with addresses"):
            ws.rows_with_facts("process")
