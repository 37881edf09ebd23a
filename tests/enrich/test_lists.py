"""Lists: what is on them, in every shape they come in, and fetched from a server with faults."""

from __future__ import annotations

import gzip
import ipaddress
import json

import pyarrow as pa
import pytest

import flowsleuth
from flowsleuth.enrich.fact_rows import list_rows, with_operators
from flowsleuth.enrich.lists import ListFacts, bundled_lists, load_lists, parse_list, read_list
from flowsleuth.enrich.online.fetch import fetch
from flowsleuth.enrich.online.list_updates import update_lists
from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.faces.cli import main
from tests.enrich.local_servers import http_server

SIZES = {
    "amazon-aws": 3847, "censys-scanning": 13, "cloudflare": 22, "google-gcp": 471, "microsoft-azure": 2683,
    "oracle-oci": 793, "public-dns-v4": 62745, "shodan-scanning": 42, "sinkholes": 107, "tor-exit-nodes": 1746,
    "vpn-ipv4": 42426,
}  # fmt: skip


def on(one, *observables, kind="ip"):
    rows = list(list_rows(pa.array(observables), kind, [one]))
    return {row["observable"]: json.loads(row["detail"])["entry"] for table in rows for row in table.to_pylist()}


def test_the_packages_lists_are_whole():
    assert {one.name: one.size for one in bundled_lists()} == SIZES
    assert [one.name for one in bundled_lists() if one.passed_by or len(one.names)] == []
    assert all(one.kind for one in bundled_lists())


def test_every_entry_of_a_list_matches_itself_at_both_ends():
    for one in bundled_lists():
        networks = [ipaddress.ip_network(entry, strict=False) for entry in one.entries.to_pylist()[::50]]
        for end in (0, -1):
            assert len(on(one, *{str(network[end]) for network in networks})) == len({str(n[end]) for n in networks})


def test_one_row_in_full():
    (cloudflare,) = [one for one in bundled_lists() if one.name == "cloudflare"]
    found = list_rows(pa.array(["104.16.0.1", "192.0.2.1", "2606:4700::6810:1"]), "ip", [cloudflare])
    rows, operators = with_operators(found)
    told = ("104.16.0.1", "operator", "Cloudflare", "list cloudflare", rows["as_of"][0].as_py())
    names = ("observable", "fact", "value", "source", "as_of")
    assert tuple(operators[name][0].as_py() for name in names) == told
    first, second = rows.to_pylist()
    assert first | {"as_of": str(first["as_of"]), "detail": json.loads(first["detail"])} == {
        "observable": "104.16.0.1",
        "observable_type": "ip",
        "fact": "list",
        "value": "cloudflare",
        "source": "package",
        "as_of": "2026-08-11 00:00:00+00:00",
        "detail": {
            "entry": "104.16.0.0/13",
            "kind": "cloud",
            "title": "List of known Cloudflare IP ranges",
            "version": "20260811",
        },
    }
    assert json.loads(second["detail"])["entry"] == "2606:4700::/32"


def test_an_address_on_several_lists():
    told = (
        ListFacts(bundled_lists()).look_up(pa.array(["1.1.1.1", "10.0.0.1", "23.129.64.1", None]))["lists"].to_pylist()
    )
    assert told[:2] == ["public-dns-v4", None] and told[3] is None


def test_plain_text_with_comments_counts_and_names(tmp_path):
    path = tmp_path / "ours.txt.gz"
    text = "# comment\n; another\n\n192.0.2.1\t3\n198.51.100.0/24,why\n*.Evil.example.\nbad.test # inline\n"
    text += "single\n2001:db8::/32\n"
    path.write_bytes(gzip.compress(text.encode()))
    one = read_list(path)
    assert (one.name, one.size, one.passed_by, one.names.to_pylist()) == ("ours", 6, 1, ["evil.example", "bad.test"])
    assert on(one, "192.0.2.1", "198.51.100.9", "2001:db8::1", "192.0.2.2") == {
        "192.0.2.1": "192.0.2.1", "198.51.100.9": "198.51.100.0/24", "2001:db8::1": "2001:db8::/32"}  # fmt: skip
    names = ("evil.example", "a.b.evil.example", "notevil.example", "bad.test", "test")
    assert on(one, *names, kind="domain") == {
        "evil.example": "evil.example", "a.b.evil.example": "evil.example", "bad.test": "bad.test"}  # fmt: skip


@pytest.mark.parametrize(("kind", "subdomain"), [("hostname", True), ("string", False)])
def test_misp_names_with_and_without_subdomains(kind, subdomain, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"name": "X", "type": kind, "version": 4, "list": [".Example.ORG", "192.0.2.7"]}))
    one = read_list(path)
    assert (
        list(on(one, "example.org", "www.example.org", kind="domain"))
        == ["example.org", "www.example.org"][: 1 + subdomain]
    )
    assert on(one, "192.0.2.7") == {"192.0.2.7": "192.0.2.7"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8bdamaged",
        b"{",
        b'{"list": [1]}',
        b'{"list": []}',
        b"<html>no list</html>",
        b'{"type": "regex", "list": ["a+"]}',
    ],
)
def test_what_is_no_list_is_refused(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(FlowsleuthError, match=r"x\.json"):
        read_list(path)
    lists, notes = load_lists([path, tmp_path / "none.txt"])
    assert len(lists) == len(SIZES) and len(notes) == 2


MISP = json.dumps({"name": "New", "type": "cidr", "version": 20261101, "list": ["192.0.2.0/24"]}).encode()


def test_lists_are_fetched_and_only_what_reads_takes_the_place(tmp_path):
    routes = {
        "/good": MISP,
        "/busy": [{"status": 503, "headers": {"Retry-After": "0"}}, b"198.51.100.1\n198.51.100.2\n"],
        "/gone": {"status": 404},
        "/html": b"<html>sign in</html>",
        "/cut": {"body": MISP, "cut": 20},
        "/slow": {"body": MISP, "delay_s": 4},
        "/closed": {"close": True},
        "/away": {"status": 302, "headers": {"Location": "file:///etc/passwd"}},
    }
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "html.json").write_bytes(MISP)
    with http_server(routes) as server:
        sources = {name[1:]: server.url + name for name in routes}
        done = {one.name: one for one in update_lists(folder, None, sources, timeout_s=1.5)}
        assert server.asked["/busy"] == 2 and server.asked["/gone"] == 1 and server.asked["/closed"] == 3
    assert (done["good"].entries, done["good"].version, done["good"].error) == (1, "20261101", None)
    assert (done["busy"].entries, done["busy"].error) == (2, None)
    assert done["gone"].error == "HTTP 404"
    assert done["html"].error == "no entry is an address, a network or a name"
    assert done["slow"].error == "timed out"
    assert all(done[name].error for name in ("cut", "closed", "away"))
    assert sorted(path.name for path in folder.iterdir()) == ["busy.txt", "good.json", "html.json"]
    with pytest.raises(OptionError, match="no such list"):
        update_lists(folder, ["nothing"])


def test_an_endless_or_dripping_body_ends():
    with http_server({"/long": {"body": b"x" * 100_000}, "/drip": {"body": b"x" * 10, "cut": 5}}) as server:
        assert "more than 1,000 bytes" in (fetch(server.url + "/long", largest_bytes=1_000, retries=0).error or "")
        assert fetch(server.url + "/drip", timeout_s=0.5, retries=0).error


def test_a_workspace_uses_fetched_lists_and_its_own(tmp_path):
    case = flowsleuth.open(tmp_path / "case", create=True).folder
    (case / "lists").mkdir()
    (case / "lists" / "cloudflare.json").write_bytes(MISP)
    (tmp_path / "bad.txt").write_text("203.0.113.5\n")
    with (case / "flowsleuth.toml").open("a") as file:
        file.write('lists = "../bad.txt"\n')
    with flowsleuth.open(case) as ws:
        assert len(ws.lists()) == len(SIZES) + 1
        assert ws.lists_of("104.16.0.1").to_pandas()["value"].tolist() == []
        assert ws.lists_of("192.0.2.9").to_pandas()["value"].tolist() == ["cloudflare"]
        assert ws.lists_of("203.0.113.5").to_pandas()["value"].tolist() == ["bad"]


def test_names_and_versions():
    one = parse_list("n", MISP, "here", bundled_lists()[0].as_of)
    assert (one.title, str(one.as_of.date())) == ("New", "2026-11-01")


def test_the_command_line_updates(tmp_path, capsys, monkeypatch):
    case = flowsleuth.open(tmp_path / "case", create=True).folder
    with http_server({"/a": MISP}) as server:
        sources = {"cloudflare": server.url + "/a", "sinkholes": server.url + "/none"}
        monkeypatch.setattr("flowsleuth.enrich.online.list_updates.SOURCES", sources)
        assert main(["lists", "update", "cloudflare", "-w", str(case)]) == 0
        assert "fetched" in capsys.readouterr().out
        assert main(["lists", "update", "-w", str(case), "--format", "json"]) == 1
        told = {one["name"]: one["error"] for one in json.loads(capsys.readouterr().out)}
    assert told == {"cloudflare": None, "sinkholes": "HTTP 404"}
    assert main(["lists", "show", "192.0.2.1", "-w", str(case)]) == 0
    assert "cloudflare" in capsys.readouterr().out


@pytest.mark.real
def test_real_lists_load_and_match(shared_data):
    intel = shared_data / "intel"
    sizes = {"ipsum_ge3.txt.gz": 14_217, "tor-exit-nodes.lst": 1_746}
    for path in sorted((intel / "misp_warninglists").iterdir()):
        if path.name not in ("common-ioc-false-positive.json", "tlds.json"):  # hashes; names without a dot
            sizes[f"misp_warninglists/{path.name}"] = SIZES.get(path.name.split(".")[0], 15)
    for name, size in sizes.items():
        one = read_list(intel / name)
        assert (one.size, one.passed_by) == (size, 0), name
        first = one.entries[0].as_py().split("/")[0]
        assert on(one, first, "10.255.255.254").get(first), name
    for name in ("common-ioc-false-positive.json", "tlds.json"):
        with pytest.raises(FlowsleuthError, match="no entry is an address, a network or a name"):
            read_list(intel / "misp_warninglists" / name)
