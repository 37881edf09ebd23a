"""Questions to others, against servers on loopback that answer as the real ones, slowly, wrongly, or not at all."""

from __future__ import annotations

import json
import time

import pandas as pd
import pytest

import flowsleuth
from flowsleuth.enrich.online.answers import Answer, KeptAnswers
from flowsleuth.enrich.online.cymru import ask_cymru, parse_line
from flowsleuth.enrich.online.rdap import RdapClient, domain_facts, network_facts, server_of
from flowsleuth.enrich.online.sendable import refusal
from flowsleuth.errors import OptionError
from flowsleuth.faces.cli import main
from flowsleuth.workspace.enrich_methods import EnrichMethods
from flowsleuth.workspace.online_lookups import OnlineLookups, OnlineServices
from tests.enrich.local_servers import http_server, line_server, udp_server

HEAD = b"Bulk mode; whois.cymru.com [2026-11-20 19:00:00 +0000]\n"
LINES = {
    "1.1.1.1": b"13335   | 1.1.1.1          | 1.1.1.0/24          | AU | apnic    | 2011-08-11 | CLOUDFLARENET, US\n",
    "8.8.8.8": b"15169   | 8.8.8.8          | 8.8.8.0/24          | US | arin     | 2023-12-28 | GOOGLE, US\n",
    "2606:4700::1": b"13335   | 2606:4700::1   | 2606:4700::/44   | US | arin     | 2011-11-01 | CLOUDFLARENET, US\n",
    "9.9.9.9": b"NA      | 9.9.9.9          | NA                  |    | other    |            | NA\n",
}
NETWORK = {
    "objectClassName": "ip network", "handle": "NET-1-1-1-0-1", "name": "APNIC-LABS", "startAddress": "1.1.1.0",
    "endAddress": "1.1.1.255", "country": "AU", "type": "ASSIGNED PORTABLE",
    "cidr0_cidrs": [{"v4prefix": "1.1.1.0", "length": 24}],
    "events": [{"eventAction": "last changed", "eventDate": "2023-04-26T22:57:58Z"},
               {"eventAction": "registration", "eventDate": "2011-08-10T23:12:35Z"}],
    "entities": [
        {"roles": ["registrant"], "vcardArray": ["vcard", [["version", {}, "text", "4.0"],
                                                           ["fn", {}, "text", "APNIC Research"]]],
         "entities": [{"roles": ["abuse"], "vcardArray": ["vcard", [["email", {}, "text", "abuse@apnic.net"]]]}]},
    ],
}  # fmt: skip
DOMAIN = {
    "objectClassName": "domain", "ldhName": "CLOUDFLARE.COM", "handle": "1542998887_DOMAIN_COM-VRSN",
    "status": ["client transfer prohibited"], "nameservers": [{"ldhName": "NS3.CLOUDFLARE.COM"}],
    "events": [{"eventAction": "registration", "eventDate": "2009-02-17T22:07:54Z"},
               {"eventAction": "expiration", "eventDate": "2033-02-17T22:07:54Z"}],
    "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Cloudflare, Inc."]]]}],
}  # fmt: skip


def cymru_answer(lines):
    assert lines[:2] == ["begin", "verbose"] and lines[-1] == "end"
    return HEAD + b"".join(LINES[address] for address in lines[2:-1] if address in LINES)


def rdap_routes(more=()):
    return {
        "/ip/1.1.1.1": json.dumps(NETWORK).encode(),
        "/domain/cloudflare.com": json.dumps(DOMAIN).encode(),
        **dict(more),
    }


def with_bootstrap(server, routes):
    for kind, keys in (("ipv4", ["1.0.0.0/8", "8.0.0.0/8"]), ("ipv6", ["2600::/12"]), ("dns", ["com"])):
        routes[f"/{kind}.json"] = json.dumps({"services": [[keys, [server.url + "/"]]]}).encode()
    return server.url + "/"


@pytest.mark.parametrize(
    ("observable", "why"),
    [
        ("10.0.0.1", "an address of type private"), ("100.64.0.1", "an address of type shared"),
        ("224.0.0.1", "an address of type multicast"), ("fe80::1", "an address of type link_local"),
        ("192.0.2.1", "an address of type documentation"), ("host", "no public name"), ("a.local", "no public name"),
        ("1.0.168.192.in-addr.arpa", "no public name"), ("db.corp", "no public name"), ("x y.com", "no public name"),
        ("a..com", "no public name"), ("", "no public name"), ("10.0.0.256", "no public name"),
        ("8.8.8.8", None), ("2606:4700::1", None), ("_dmarc.example.org", None), ("xn--bcher-kva.ch", None),
    ],
)  # fmt: skip
def test_what_may_be_sent(observable, why):
    assert refusal(observable) == why


def test_bulk_whois_in_one_connection():
    with line_server(cymru_answer) as server:
        host, port = server.server_address
        found = ask_cymru([*LINES, "8.8.4.4"], host=host, port=port, timeout_s=5)
        assert server.connections == 1
    assert found["2606:4700::1"].facts == {
        "asn": 13335, "prefix": "2606:4700::/44", "country_code": "US", "registry": "arin", "allocated": "2011-11-01",
        "as_name": "CLOUDFLARENET, US",
    }  # fmt: skip
    assert found["9.9.9.9"].status == "no data"
    assert (found["8.8.4.4"].status, found["8.8.4.4"].reason) == ("failed", "the answer ended early")


def test_bulk_whois_that_closes_stalls_or_is_not_there():
    with line_server(lambda _: None) as server:
        assert ask_cymru(["8.8.8.8"], host="127.0.0.1", port=server.server_address[1])["8.8.8.8"].status == "failed"
    gone = server.server_address[1]
    assert ask_cymru(["8.8.8.8"], host="127.0.0.1", port=gone)["8.8.8.8"].status == "failed"

    def stalls(lines):
        time.sleep(5)
        return b""

    with line_server(stalls) as server:
        begin = time.monotonic()
        found = ask_cymru(["8.8.8.8"], host="127.0.0.1", port=server.server_address[1], timeout_s=0.2)
        assert found["8.8.8.8"].status == "timed out" and time.monotonic() - begin < 4


@pytest.mark.parametrize("line", [b"", HEAD, b"AS | IP | BGP Prefix | CC | Registry | Allocated | AS Name", b"\xff|||"])
def test_what_is_no_line_of_an_answer(line):
    assert parse_line(line) is None


def test_what_registries_say():
    assert network_facts(NETWORK) == {
        "handle": "NET-1-1-1-0-1", "network": "APNIC-LABS", "start": "1.1.1.0", "end": "1.1.1.255",
        "cidr": "1.1.1.0/24", "country_code": "AU", "type": "ASSIGNED PORTABLE", "changed": "2023-04-26T22:57:58Z",
        "registered": "2011-08-10T23:12:35Z", "org": "APNIC Research", "abuse_email": "abuse@apnic.net",
    }  # fmt: skip
    assert domain_facts(DOMAIN) == {
        "handle": "1542998887_DOMAIN_COM-VRSN", "domain": "cloudflare.com", "registrar": "Cloudflare, Inc.",
        "registered": "2009-02-17T22:07:54Z", "expires": "2033-02-17T22:07:54Z", "status": "client transfer prohibited",
        "nameservers": "ns3.cloudflare.com",
    }  # fmt: skip
    assert (
        network_facts({"events": [None, {"eventAction": []}], "entities": "none", "cidr0_cidrs": [{}], "name": 7}) == {}
    )


def test_the_registry_with_the_longest_match_is_asked():
    services = [[["2000::/3"], ["https://a/"]], [["2600::/12", "rubbish"], ["http://b/", "https://b/"]]]
    assert server_of("2606::1", "ipv6", services) == ["https://b/", "http://b/"]
    assert server_of("example.co.uk", "dns", [[["uk"], ["https://u/"]], [["co.uk"], ["https://c/"]]]) == ["https://c/"]
    assert server_of("example.org", "dns", services) == []


def test_rdap_with_faults_and_one_question_for_a_network(tmp_path):
    routes = rdap_routes(
        {
            "/ip/8.8.8.8": {"status": 429, "headers": {"Retry-After": "0"}},
            "/ip/8.8.4.4": {"status": 404},
            "/ip/8.0.0.1": b"<html>",
            "/ip/8.0.0.2": {"body": b"{}", "delay_s": 4},
            "/ip/8.0.0.3": {"status": 302, "headers": {"Location": "/ip/1.1.1.1"}},
            "/ip/8.0.0.4": b"[1]",
            "/ip/2606:4700::1": [{"status": 500}, b'{"name": "V6"}'],
        }.items()
    )
    with http_server(routes) as server:
        kept = KeptAnswers(tmp_path)
        client = RdapClient(kept, with_bootstrap(server, routes), timeout_s=1.5)
        assert client.ask(["1.1.1.1"])["1.1.1.1"].facts["org"] == "APNIC Research"
        asked = ["1.1.1.7", "8.8.8.8", "8.8.4.4", "8.0.0.1", "8.0.0.2", "8.0.0.3", "8.0.0.4", "2606:4700::1", "9.9.9.9",
                 "cloudflare.com", "example.org"]  # fmt: skip
        found = client.ask(asked)
        assert server.asked["/ip/1.1.1.7"] == 0 and server.asked["/ipv4.json"] == 1
        again = RdapClient(kept, server.url + "/", timeout_s=1.5)
        assert again.ask(["1.1.1.1"])["1.1.1.1"].status == "ok" and server.asked["/ipv4.json"] == 1
    status = {one: (answer.status, answer.reason) for one, answer in found.items()}
    assert status == {
        "1.1.1.7": ("ok", ""), "8.8.8.8": ("failed", "the registry gave no answer: HTTP 429"),
        "8.8.4.4": ("no data", "the registry knows nothing of it"),
        "8.0.0.1": ("failed", "the registry's answer is no JSON object"), "8.0.0.2": ("timed out", ""),
        "8.0.0.3": ("ok", ""), "8.0.0.4": ("failed", "the registry's answer is no JSON object"),
        "2606:4700::1": ("ok", ""),
        "9.9.9.9": ("no data", "no registry is responsible"), "cloudflare.com": ("ok", ""),
        "example.org": ("no data", "no registry is responsible"),
    }  # fmt: skip
    assert found["1.1.1.7"].observable == "1.1.1.7" and found["1.1.1.7"].facts["network"] == "APNIC-LABS"


def test_a_bootstrap_that_cannot_be_read_is_said_once_for_each(tmp_path):
    with http_server({"/ipv4.json": b"{}"}) as server:
        found = RdapClient(None, server.url + "/").ask(["1.1.1.1", "8.8.8.8"])
        assert server.asked["/ipv4.json"] == 1
    assert {(a.status, a.reason) for a in found.values()} == {("failed", "the bootstrap cannot be read")}


def test_answers_are_kept_with_their_age_and_a_damaged_file_is_begun_anew(tmp_path):
    kept = KeptAnswers(tmp_path)
    kept.keep(
        [Answer("8.8.8.8", "s", facts={"a": 1}), Answer("9.9.9.9", "s", "timed out"), Answer("1.1.1.1", "s", "no data")]
    )
    found = kept.find("s", ["8.8.8.8", "9.9.9.9", "1.1.1.1"], 60)
    assert {one: (a.status, a.from_cache) for one, a in found.items()} == {
        "8.8.8.8": ("ok", True), "1.1.1.1": ("no data", True)}  # fmt: skip
    assert kept.find("s", ["8.8.8.8"], -1) == {} and kept.find("t", ["8.8.8.8"], 60) == {}
    (tmp_path / "answers.db").write_bytes(b"damaged" * 1000)
    assert kept.find("s", ["8.8.8.8"], 60) == {}
    kept.keep([Answer("8.8.8.8", "s", facts={"a": 2})])
    assert kept.find("s", ["8.8.8.8"], 60)["8.8.8.8"].facts == {"a": 2}


def test_private_kept_offline_and_asked(tmp_path):
    with line_server(cymru_answer) as server:
        services = OnlineServices("127.0.0.1", server.server_address[1])
        lookups = OnlineLookups(tmp_path, services)
        first = lookups.cymru(["10.0.0.1", "1.1.1.1", "1.1.1.1", "192.168.1.1"])
        assert {one: a.status for one, a in first.items()} == {
            "10.0.0.1": "not asked", "1.1.1.1": "ok", "192.168.1.1": "not asked"}  # fmt: skip
        assert lookups.cymru(["1.1.1.1"])["1.1.1.1"].from_cache and server.connections == 1
        assert lookups.cymru(["10.0.0.1"]) and server.connections == 1
        offline = OnlineLookups(tmp_path, services, offline=True).cymru(["1.1.1.1", "8.8.8.8"])
        assert server.connections == 1
    assert offline["1.1.1.1"].facts["asn"] == 13335
    assert offline["8.8.8.8"].reason == "offline, and not among the kept answers"


FLOWS = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n" + "".join(
    f"2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,{ip},443,4,900,1\n" for ip in ("1.1.1.1", "1.1.1.1", "8.8.8.8")
)


@pytest.fixture
def case(tmp_path):
    log = tmp_path / "flows.csv"
    log.write_text(FLOWS)
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        ws.ingest(log)
    return tmp_path / "case"


def test_a_workspace_asks_keeps_and_joins(case):
    with line_server(cymru_answer) as server, flowsleuth.open(case) as ws:
        ws.online_services = OnlineServices("127.0.0.1", server.server_address[1])
        report = ws.enrich(["whois"], limit=1)
        assert report.asked == {"whois": 1} and report.facts["whois_asn"] == 1
        assert report.notes == ["whois: 1 addresses with fewer flows were not asked about"]
        ws.enrich(["types"])
        assert ws.enrich(["types", "whois"]).addresses == 3
        with pytest.raises(OptionError, match="at least 1"):
            ws.enrich(["whois"], limit=0)
        assert server.connections == 2
        report = ws.enrich(["whois"], offline=True)
        assert server.connections == 2 and report.facts["whois_asn"] == 2 and report.notes == []
        flows = ws.store.arrow(ws.flows_with_facts()).to_pylist()
    assert {(row["dst_ip"], row["dst_asn"], row["dst_as_name"]) for row in flows} == {
        ("1.1.1.1", 13335, "CLOUDFLARENET, US"), ("8.8.8.8", 15169, "GOOGLE, US")}  # fmt: skip


def test_others_may_write_while_others_are_asked(case):
    def slowly(lines):
        with flowsleuth.open(case) as other, other.store.writing():
            return cymru_answer(lines)

    with line_server(slowly) as server, flowsleuth.open(case) as ws:
        ws.online_services = OnlineServices("127.0.0.1", server.server_address[1])
        assert ws.enrich(["types", "whois"]).facts["whois_asn"] == 2


def test_whois_local_first_then_the_registries(case):
    routes = rdap_routes()
    with http_server(routes) as server, line_server(cymru_answer) as lines, flowsleuth.open(case) as ws:
        bootstrap = with_bootstrap(server, routes)
        ws.online_services = OnlineServices("127.0.0.1", lines.server_address[1], bootstrap)
        local = ws.whois("1.1.1.1")
        assert (local["country_code"], local["status"], "asn" in local) == ("AU", "ok", False)
        assert sum(server.asked.values()) == lines.connections == 0
        online = ws.whois("1.1.1.1", online=True)
        assert (online["asn"], online["org"], online["prefix"]) == (13335, "APNIC Research", "1.1.1.0/24")
        assert online["source"] == "registries' countries 2025-09, RDAP, Team Cymru" and not online["from_cache"]
        kept = ws.whois("1.1.1.1")
        assert kept["from_cache"] and kept["asn"] == 13335 and kept["as_of"] == online["as_of"]
        assert ws.whois("Cloudflare.COM.", online=True)["registrar"] == "Cloudflare, Inc."
        neighbour = ws.whois("1.1.1.99")  # offline, and in a network that was told of
        assert (neighbour["org"], neighbour["from_cache"]) == ("APNIC Research", True)
        before = sum(server.asked.values())
        private = ws.whois("10.0.0.5", online=True)
        assert private["status"] == "not asked" and "type private" in private["reason"]
        assert sum(server.asked.values()) == before and lines.connections == 1


def dns_answer(records):
    """A DNS server: records by (name, type); silence for ``slow``, rubbish for ``broken``."""
    message = pytest.importorskip("dns.message")
    import dns.flags
    import dns.rcode
    import dns.rrset

    def answer(packet):
        question = message.from_wire(packet)
        name, kind = str(question.question[0].name).rstrip("."), question.question[0].rdtype.name
        if name.startswith("slow"):
            return None
        if name.startswith("broken"):
            return packet[:7]
        made = message.make_response(question)
        made.flags |= dns.flags.RA
        known = records.get((name, kind))
        if known is None and not any(one == name for one, _ in records):
            made.set_rcode(dns.rcode.NXDOMAIN)
        elif known is not None:
            made.answer.append(dns.rrset.from_text(name + ".", 60, "IN", kind, *known))
        return made.to_wire()

    return answer


RECORDS = {
    ("one.example.org", "A"): ["8.8.8.8", "8.8.4.4"],
    ("one.example.org", "AAAA"): ["2606:4700::1"],
    ("only4.example.org", "A"): ["9.9.9.9"],
    ("8.8.8.8.in-addr.arpa", "PTR"): ["dns.google."],
}


def test_names_forward_and_back(case):
    with udp_server(dns_answer(RECORDS)) as server, flowsleuth.open(case) as ws:
        ws.online_services = OnlineServices(
            nameservers=("127.0.0.1",), dns_port=server.server_address[1], timeout_s=1.5)  # fmt: skip
        one = ws.resolve("One.Example.org")
        assert (one["A"], one["AAAA"], one["status"]) == (["8.8.4.4", "8.8.8.8"], ["2606:4700::1"], "ok")
        assert ws.resolve("only4.example.org")["A"] == ["9.9.9.9"]
        assert ws.reverse("8.8.8.8")["ptr"] == ["dns.google"]
        asked = server.asked
        assert ws.reverse("8.8.8.8")["from_cache"] and ws.resolve("one.example.org")["from_cache"]
        assert ws.reverse("10.0.0.1")["status"] == "not asked" and ws.resolve("printer.local")["status"] == "not asked"
        assert server.asked == asked
        assert ws.reverse("9.9.9.9")["reason"] == "no such name"
        assert ws.resolve("none.example.org")["status"] == "no data"
        begin = time.monotonic()
        assert ws.resolve("slow.example.org")["status"] == "timed out" and time.monotonic() - begin < 8
        assert ws.resolve("broken.example.org")["status"] in ("failed", "timed out")
        assert ws.reverse("8.8.4.4", offline=True)["status"] == "not asked"
        with pytest.raises(OptionError):
            ws.reverse("example.org")
        report = ws.enrich(["ptr"])
        assert report.facts == {"ptr": 1} and report.asked == {"ptr": 2}
        assert ws.facts("8.8.8.8", "ptr").to_pandas()["value"].tolist() == ["dns.google"]


def test_many_names_are_asked_at_once(case):
    """50 addresses of 200 ms each: one after the other is 10 s."""
    slow = dns_answer({(f"{n}.0.8.8.in-addr.arpa", "PTR"): [f"n{n}.example.org."] for n in range(50)})

    def answer(packet):
        time.sleep(0.2)
        return slow(packet)

    with udp_server(answer) as server:
        services = OnlineServices(nameservers=("127.0.0.1",), dns_port=server.server_address[1])
        begin = time.monotonic()
        found = OnlineLookups(case / "cache", services).ptr([f"8.8.0.{n}" for n in range(50)])
        took = time.monotonic() - begin
    assert sum(answer.status == "ok" for answer in found.values()) == 50 and took < 5


def test_without_the_extra_the_error_names_it(case, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "dns", None)
    monkeypatch.setitem(sys.modules, "dns.resolver", None)
    with flowsleuth.open(case) as ws, pytest.raises(flowsleuth.errors.MissingExtraError, match=r"flowsleuth\[dns\]"):
        ws.resolve("example.org")


def test_the_command_line(case, capsys, monkeypatch):
    with line_server(cymru_answer) as server:
        services = OnlineServices("127.0.0.1", server.server_address[1], "http://127.0.0.1:1/")
        monkeypatch.setattr(EnrichMethods, "online_services", services)
        assert main(["whois", "1.1.1.1", "-w", str(case), "--online", "--format", "json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["asn"] == 13335 and "bootstrap" in told["reason"]
        assert main(["enrich", "-w", str(case), "--only", "whois", "--limit", "5"]) == 0
        assert "whois_asn" in capsys.readouterr().out
        assert main(["whois", "10.0.0.1", "-w", str(case)]) == 0
        assert "not asked" in capsys.readouterr().out
        assert main(["dns", "1.1.1.1", "-w", str(case)]) == 0


def test_a_column_of_addresses_is_asked_at_once(case):
    """20 networks, several at once, and one connection for all: never one after the other."""
    routes = {f"/ip/8.8.{n}.1": {"body": b'{"name": "N"}', "delay_s": 0.1} for n in range(20)}
    with http_server(routes) as server, line_server(cymru_answer) as lines, flowsleuth.open(case) as ws:
        bootstrap = with_bootstrap(server, routes)
        ws.online_services = OnlineServices("127.0.0.1", lines.server_address[1], bootstrap)
        frame = pd.DataFrame({"ip": [f"8.8.{n}.1" for n in range(20)] * 2})
        found = ws.pivot(frame, "IpAddress.whois", column="ip", online=True)
        assert (lines.connections, sum(server.asked.values()), server.most > 1) == (1, 21, True)
    assert len(found) == 40 and set(found["network"]) == {"N"}
    with flowsleuth.open(case) as ws:
        ws.online_services = OnlineServices("127.0.0.1", 1, "http://127.0.0.1:1/")
        assert ws.whois("8.8.99.1", online=True)["status"] == "ok"  # the country is known here
        assert "Connection refused" in ws.whois("8.8.99.1", online=True)["reason"]
