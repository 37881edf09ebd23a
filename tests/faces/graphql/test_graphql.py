"""GraphQL: Spot's queries and mutations by name, what was wrong with them, and the limits."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from graphql import GraphQLNonNull, get_named_type, parse
from tests.faces.web.conftest import HOSTILE, log_in
from tests.faces.web.conftest import case as case  # noqa: PLC0414
from tests.faces.web.conftest import case_with_people as case_with_people  # noqa: PLC0414
from tests.faces.web.conftest import guarded as guarded  # noqa: PLC0414
from tests.faces.web.conftest import local as local  # noqa: PLC0414
from tests.faces.web.conftest import scored_case as scored_case  # noqa: PLC0414

from flowsleuth.faces.graphql.schema import SCHEMA
from flowsleuth.workspace import Workspace

CORE = SCHEMA._schema

SPOT = {
    "NetflowSuspiciousType": "tstart srcIp dstIp srcPort dstPort protocol inPkts inBytes outPkts outBytes score rank "
    "srcIp_isInternal dstIp_isInternal srcIp_geoloc dstIp_geoloc srcIp_domain dstIp_domain srcIp_rep dstIp_rep",
    "NetflowEdgeDetailsType": "tstart srcIp dstIp srcPort dstPort protocol flags tos inBytes inPkts inIface outIface "
    "routerIp outBytes outPkts",
    "NetflowIpConnectionDetailsType": "srcIp dstIp inBytes inPkts",
    "NetflowScoredConnectionType": "tstart srcIp srcPort dstIp dstPort score",
    "NetflowCommentType": "ip title text",
    "NetflowThreatDetailsType": "firstSeen lastSeen srcIp dstIp srcPort dstPort connections maxPkts avgPkts maxBytes "
    "avgBytes",
    "NetflowIncidentProgressionNodeType": "name children impact",
    "NetflowImpactAnalysisNodeType": "name size children",
    "NetflowMapViewType": "srcIps dstIps",
    "NetflowMapViewGeometryType": "coordinates",
    "NetflowMapViewPropertiesType": "ip location type",
    "NetflowTimelineType": "tstart tend srcIp dstIp protocol srcPort dstPort pkts bytes",
    "NetflowIngestSummaryType": "datetime total",
    "NetflowQueryType": "suspicious edgeDetails ipDetails threats threat ingestSummary",
    "NetflowThreatsType": "list comments",
    "NetflowThreatInformation": "details incidentProgression impactAnalysis geoLocalization timeline",
    "NetflowMutationType": "score createStoryboard resetScoredConnections",
    "SpotOperationOutputType": "success",
    "NetflowScoreInputType": "date score srcIp dstIp srcPort dstPort",
    "NetflowCreateStoryboardInputType": "date ip title text threatDetails first",
    "NetflowThreatDetailsInputType": "firstSeen lastSeen srcIp dstIp srcPort dstPort connections maxPkts avgPkts "
    "maxBytes avgBytes",
}


def ask(client, query, variables=None, status=200):
    got = client.post("/graphql", json={"query": query, "variables": variables or {}})
    assert got.status_code == status, got.text
    return got.json()


def data(client, query, variables=None):
    got = ask(client, query, variables)
    assert "errors" not in got, got
    return got["data"]["flow"]


def test_every_name_of_spot_is_there():
    for name, fields in SPOT.items():
        have = set(CORE.type_map[name].fields)
        assert set(fields.split()) <= have, (name, set(fields.split()) - have)


def test_everything_is_described():
    """Introspection is the reference: types, fields, arguments."""
    for name, kind in CORE.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean"):
            continue
        assert kind.description, name
        for field_name, field in getattr(kind, "fields", {}).items():
            assert field.description, (name, field_name)
            for argument_name, argument in getattr(field, "args", {}).items():
                assert argument.description, (name, field_name, argument_name)


def test_no_counter_is_a_32_bit_int():
    """Spot: byte counts over 2^31 - 1 made the field an error."""
    counters = "inPkts inBytes outPkts outBytes connections maxPkts avgPkts maxBytes avgBytes pkts bytes size total"
    for kind in CORE.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            if name in counters.split():
                assert get_named_type(field.type).name == "BigInt", (kind, name)


def test_what_a_log_may_leave_out_is_nullable():
    """Spot's timeline was non-null throughout: one flow without ports failed the whole answer."""
    fields = CORE.type_map["NetflowTimelineType"].fields
    for name in ("tend", "protocol", "srcPort", "dstPort", "pkts", "bytes"):
        assert not isinstance(fields[name].type, GraphQLNonNull), name


SUSPICIOUS = """
query ($date: SpotDateType, $ip: SpotIpType, $page: Int! = 1, $size: Int! = 250, $sort: String! = "rank") {
  flow {
    suspicious(date: $date, ip: $ip, page: $page, size: $size, sort: $sort) {
      tstart srcIp dstIp srcPort dstPort protocol inPkts inBytes outPkts outBytes score rank
      srcIp_isInternal dstIp_isInternal srcIp_geoloc dstIp_geoloc srcIp_domain dstIp_domain srcIp_rep dstIp_rep
      reason flowId suspectId
    }
    suspiciousTotal(date: $date, ip: $ip)
  }
}
"""


def test_suspicious(local):
    found = data(local, SUSPICIOUS)
    first = found["suspicious"][0]
    assert (first["dstIp"], first["dstPort"], first["rank"]) == ("203.0.113.9", 4444, 1)
    assert (first["srcIp_isInternal"], first["dstIp_isInternal"]) == (True, False)
    assert first["inBytes"] == 3_100_000
    assert dt.datetime.strptime(first["tstart"], "%Y-%m-%d %H:%M:%S")
    assert first["srcIp_rep"] is None
    assert first["reason"]
    assert found["suspiciousTotal"] == local.get("/api/queue").json()["total"]
    one = data(local, SUSPICIOUS, {"ip": "203.0.113.9"})
    assert one["suspiciousTotal"] == 1


def test_pages_and_order(local):
    """Spot: 250 rows, always, in one order."""
    pages = [data(local, SUSPICIOUS, {"page": page, "size": 3})["suspicious"] for page in (1, 2)]
    assert [row["rank"] for rows in pages for row in rows] == [1, 2, 3, 4, 5, 6]
    by_score = data(local, SUSPICIOUS, {"sort": "score", "size": 50})["suspicious"]
    assert [row["score"] for row in by_score] == sorted(row["score"] for row in by_score)
    assert "1 to 1,000" in ask(local, SUSPICIOUS, {"size": 1_001})["errors"][0]["message"]
    assert "cannot be sorted" in ask(local, SUSPICIOUS, {"sort": "1; DROP TABLE flow"})["errors"][0]["message"]


def test_without_a_date_it_is_the_latest_scored_day(local, monkeypatch):
    """Spot asked for today, so the same question had another answer (none) tomorrow."""
    today = data(local, SUSPICIOUS)["suspiciousTotal"]
    assert today > 0
    latest = max(local.get("/api/queue").json()["dates"])
    assert data(local, SUSPICIOUS, {"date": latest})["suspiciousTotal"] == today
    assert data(local, SUSPICIOUS, {"date": "2001-01-01"})["suspiciousTotal"] == 0


@pytest.mark.parametrize(
    "value", ["x", "1.2.3", "1.2.3.4' OR '1'='1", "10.0.0.0/8", "", "::1%eth0; rm", 1, None, {"a": 1}, "1" * 100]
)
def test_addresses_are_checked_in_variables_too(local, value, monkeypatch):
    """Spot checked only those in the query's text, and wrote variables into SQL."""
    asked = []
    monkeypatch.setattr(Workspace, "chord", lambda *given: asked.append(given))
    query = "query ($ip: SpotIpType!) { flow { ipDetails(ip: $ip) { srcIp } } }"
    got = ask(local, query, {"ip": value}, status=400)
    assert got["errors"]
    assert asked == []


@pytest.mark.parametrize(
    ("kind", "argument", "value"),
    [
        ("SpotDateType", "date", "2021-6-6"),
        ("SpotDateType", "date", "2021-02-30"),
        ("SpotDateType", "date", "' OR 1=1"),
        ("SpotDateType", "date", 20210606),
    ],
)
def test_dates_are_checked_in_variables_and_text(local, kind, argument, value):
    query = f"query ($v: {kind}) {{ flow {{ suspicious({argument}: $v) {{ srcIp }} }} }}"
    assert ask(local, query, {"v": value}, status=400)["errors"]
    literal = value if isinstance(value, int) else f'"{value}"'
    query = f"{{ flow {{ suspicious({argument}: {literal}) {{ srcIp }} }} }}"
    assert ask(local, query, status=400)["errors"]


def test_details_of_a_suspect(local):
    first = data(local, SUSPICIOUS)["suspicious"][0]
    query = """query ($t: SpotDatetimeType!, $a: SpotIpType!, $b: SpotIpType!) {
      flow { edgeDetails(tstart: $t, srcIp: $a, dstIp: $b) {
        srcIp dstIp srcPort inBytes outPkts flags routerIp flowId } } }"""
    variables = {"t": first["tstart"], "a": first["dstIp"], "b": first["srcIp"]}
    found = data(local, query, variables)["edgeDetails"]
    assert first["flowId"] in [row["flowId"] for row in found]
    assert {row["srcIp"] for row in found} == {first["srcIp"]}
    bad = ask(local, query, variables | {"t": "2021-06-06T00:00:00Z"}, status=400)
    assert "not a time" in bad["errors"][0]["message"]


THREAT = """
query ($ip: SpotIpType!, $date: SpotDateType) {
  flow {
    ipDetails(ip: $ip, date: $date) { srcIp dstIp inBytes inPkts }
    threat {
      details(ip: $ip, date: $date) {
        firstSeen lastSeen srcIp dstIp srcPort dstPort connections maxPkts avgPkts maxBytes avgBytes totalBytes
      }
      incidentProgression(ip: $ip, date: $date) { name impact children { name impact children { name impact } } }
      impactAnalysis(ip: $ip, date: $date) { name size children { name size children { name size } } }
      geoLocalization(ip: $ip, date: $date) { srcIps { geometry { coordinates } properties { ip location type } } }
      timeline(ip: $ip, date: $date) { tstart tend srcIp dstIp protocol srcPort dstPort pkts bytes }
    }
  }
}
"""


def test_everything_about_an_address(local):
    found = data(local, THREAT, {"ip": "203.0.113.9"})
    threat = found["threat"]
    assert found["ipDetails"]
    assert sum(row["connections"] for row in threat["details"]) == 3
    assert {row["dstPort"] for row in threat["details"]} == {4444}
    assert {row["srcPort"] for row in threat["details"]} == {None}
    assert threat["incidentProgression"]["name"] == "203.0.113.9"
    assert threat["incidentProgression"]["impact"] >= 1
    bars = threat["impactAnalysis"]
    assert bars["size"] == sum(child["size"] for child in bars["children"])
    assert threat["geoLocalization"] is None
    assert len(threat["timeline"]) == 3
    assert threat["timeline"][0]["protocol"] == "tcp"


def test_geography(local, case):
    (case / "context").mkdir(exist_ok=True)
    rows = ['"3405803776","3405804031","CZ","Czechia","Prague","Prague","50.08","14.42","Example Ltd","example.net"']
    rows.append('"167772160","184549375","US","United States","","","38.0","-97.0","",""')
    (case / "context" / "iploc.csv").write_text("\n".join(reversed(rows)) + "\n")
    first = data(local, SUSPICIOUS)["suspicious"][0]
    assert "Prague" in first["dstIp_geoloc"]
    assert first["dstIp_domain"] == "example.net"
    query = """query ($ip: SpotIpType!) { flow { threat { geoLocalization(ip: $ip) {
      srcIps { geometry { coordinates } properties { ip location type } }
      dstIps { geometry { coordinates } properties { ip location type } } } } } }"""
    found = data(local, query, {"ip": "203.0.113.9"})["threat"]["geoLocalization"]
    assert len(found["srcIps"]) == len(found["dstIps"]) >= 1
    ends = {end["properties"]["ip"]: end["geometry"]["coordinates"] for end in found["srcIps"] + found["dstIps"]}
    assert ends["203.0.113.9"] == [14.42, 50.08]


def test_ingest_summary(local):
    days = local.get("/api/queue").json()["dates"]
    query = """query ($a: SpotDateType!, $b: SpotDateType!) {
      flow { ingestSummary(startDate: $a, endDate: $b) { datetime total seconds } } }"""
    found = data(local, query, {"a": days[0], "b": days[-1]})["ingestSummary"]
    assert sum(row["total"] for row in found) == 403
    assert {row["seconds"] for row in found} == {60}
    assert [row["datetime"] for row in found] == sorted(row["datetime"] for row in found)
    assert "1 to 31 days" in ask(local, query, {"a": "2000-01-01", "b": "2020-01-01"})["errors"][0]["message"]


SCORE = """mutation ($input: [NetflowScoreInputType!]!) {
  flow { score(input: $input) { success message id suspects flows } } }"""
BOARD = """mutation ($input: NetflowCreateStoryboardInputType!) {
  flow { createStoryboard(input: $input) { success message id } } }"""
RESET = "mutation ($date: SpotDateType!) { flow { resetScoredConnections(date: $date) { success message id } } }"
RATED = (
    "{ flow { threats { list { srcIp dstIp dstPort score ratingId } comments { ip title text storyId analyst } } } }"
)


def test_score_and_reset(local):
    done = data(local, SCORE, {"input": [{"score": 1, "dstPort": 4444}, {"score": 3, "srcIp": "198.51.100.99"}]})
    first, second = done["score"]
    assert (first["success"], first["suspects"], first["flows"]) == (True, 1, 3)
    assert second["success"] is False
    assert "no suspect" in second["message"]
    rated = data(local, RATED)["threats"]["list"]
    assert [(row["dstIp"], row["score"]) for row in rated] == [("203.0.113.9", 1)]
    date = local.get("/api/queue").json()["dates"][-1]
    assert data(local, RESET, {"date": date})["resetScoredConnections"]["success"] is True
    assert data(local, RATED)["threats"]["list"] == []


def test_scoring_hides_exactly_what_was_scored(local):
    """Spot hid every row that shared an address in the same role, on every day."""
    before = data(local, SUSPICIOUS, {"size": 1000})["suspicious"]
    chosen = before[5]
    criteria = {"score": 2, "srcIp": chosen["srcIp"], "dstIp": chosen["dstIp"], "dstPort": chosen["dstPort"]}
    outcome = data(local, SCORE, {"input": [criteria]})["score"][0]
    after = {row["suspectId"] for row in data(local, SUSPICIOUS, {"size": 1000})["suspicious"]}
    hidden = [row for row in before if row["suspectId"] not in after]
    assert len(hidden) == outcome["suspects"]
    for row in hidden:
        assert (row["srcIp"], row["dstIp"], row["dstPort"]) == (chosen["srcIp"], chosen["dstIp"], chosen["dstPort"])


def test_storyboard_with_hostile_words(local):
    story = {
        "ip": "203.0.113.9",
        "title": HOSTILE,
        "text": HOSTILE,
        "first": 5,
        "threatDetails": [{"srcIp": "10.0.0.1", "maxBytes": 2**40}],
    }
    for _ in range(2):
        assert data(local, BOARD, {"input": story})["createStoryboard"]["success"] is True
    comments = data(local, RATED)["threats"]["comments"]
    assert [(c["ip"], c["title"], c["text"]) for c in comments] == [("203.0.113.9", HOSTILE, HOSTILE)]
    bad = data(local, BOARD, {"input": story | {"title": " "}})["createStoryboard"]
    assert bad["success"] is False


def test_a_stranger_gets_nothing(guarded):
    """Spot asked nobody who they were."""
    for body in ({"query": "{ __typename }"}, {"query": "{ __schema { types { name } } }"}, {}):
        got = guarded.post("/graphql", json=body)
        assert got.status_code == 401
        assert "data" not in got.json()


def test_a_viewer_cannot_use_any_mutation(guarded):
    vera = log_in(guarded, "vera")
    mutations = CORE.mutation_type.fields["flow"].type.fields
    variables = {
        "score": (SCORE, {"input": [{"score": 1, "dstPort": 4444}]}),
        "createStoryboard": (BOARD, {"input": {"ip": "203.0.113.9", "title": "t", "text": "t"}}),
        "resetScoredConnections": (RESET, {"date": "2021-06-06"}),
    }
    assert set(mutations) == set(variables)
    for query, given in variables.values():
        got = ask(vera, query, given)
        assert got["data"] == {"flow": None}
        assert "needs the role" in got["errors"][0]["message"]
    assert data(vera, RATED)["threats"] == {"list": [], "comments": []}
    assert list(CORE.mutation_type.fields) == ["flow"]


def test_the_analyst_is_who_logged_in(guarded):
    ana = log_in(guarded, "ana")
    data(ana, SCORE, {"input": [{"score": 1, "dstPort": 4444}]})
    assert ana.get("/api/ratings").json()["rows"][0]["analyst"] == "ana"


def test_needs_the_token_like_every_write(guarded):
    ana = log_in(guarded, "ana")
    del ana.headers["X-CSRF-Token"]
    assert ana.post("/graphql", json={"query": "{ __typename }"}).status_code == 403


def test_no_get_no_forms_no_batches(local):
    assert local.get("/graphql?query={__typename}").status_code == 405
    form = local.post("/graphql", data={"query": "{__typename}"})
    assert form.status_code == 415
    plain = local.post("/graphql", content=b'{"query":"{__typename}"}', headers={"Content-Type": "text/plain"})
    assert plain.status_code == 415
    assert local.post("/graphql", json=[{"query": "{__typename}"}] * 2).status_code == 400
    for body in (b"", b"{", b"[" * 100_000, b'"x"', b'{"query": 1}'):
        got = local.post("/graphql", content=body, headers={"Content-Type": "application/json"})
        assert got.status_code == 400


def test_depth_is_limited(local):
    query = '{ flow { threat { incidentProgression(ip: "10.0.0.1") ' + "{ children " * 12 + "{ name }" + " }" * 12
    got = ask(local, query + " } } }", status=400)
    assert "depth" in got["errors"][0]["message"]


def test_tokens_and_aliases_are_limited(local):
    many = "{ flow { " + " ".join(f"a{at}: suspiciousTotal" for at in range(31)) + " } }"
    assert "aliases" in ask(local, many, status=400)["errors"][0]["message"]
    long = "{ flow { " + "suspiciousTotal " * 5_000 + " } }"
    assert "token" in ask(local, long, status=400)["errors"][0]["message"]


def test_cost_is_limited(local, monkeypatch):
    """Aliases and variables cannot get round it: it is counted when the work is asked for."""
    asked = []
    monkeypatch.setattr(Workspace, "investigate", lambda *given, **_: asked.append(given) or 1 / 0)
    many = " ".join(f'a{at}: details(ip: "10.0.0.{at}") {{ srcIp }}' for at in range(1, 20))
    got = ask(local, f"{{ flow {{ threat {{ {many} }} }} }}")
    assert any("costs more" in error["message"] for error in got["errors"])
    assert len(asked) < 9
    assert not any("division" in error["message"] for error in got["errors"])


def test_fragments_that_go_round_are_refused(local):
    query = "{ flow { ...A } } fragment A on NetflowQueryType { ...B } fragment B on NetflowQueryType { ...A }"
    assert ask(local, query, status=400)["errors"]


def test_fragments_that_multiply_are_looked_at_once(local):
    """200 fragments, each with the three after it: 3^200 ways through, and no time at all."""
    spreads = [" ".join(f"...F{j}" for j in range(i + 1, min(i + 4, 200))) or "__typename" for i in range(200)]
    fragments = " ".join(f"fragment F{i} on NetflowQueryType {{ {text} }}" for i, text in enumerate(spreads))
    began = time.process_time()
    ask(local, f"{{ flow {{ ...F0 }} }} {fragments}", status=400)
    assert time.process_time() - began < 5
    hidden = '{ flow { threat { incidentProgression(ip: "10.0.0.1") { ...A } } } } '
    nested = "{ children " * 9 + "{ name }" + " }" * 9
    got = ask(local, hidden + f"fragment A on NetflowIncidentProgressionNodeType {nested}", status=400)
    assert "depth" in got["errors"][0]["message"]


def test_introspection_that_multiplies_is_refused(local):
    query = "{ __schema { types " + "{ fields { type " * 6 + "{ name }" + " } }" * 6 + " } }"
    assert "introspection depth" in ask(local, query, status=400)["errors"][0]["message"]


def test_a_query_of_brackets_is_refused(local):
    for text in ("{ flow { suspicious(ip: " + "[" * 1900 + "]" * 1900 + ") { srcIp } } }", "{ a " * 1900):
        assert ask(local, text, status=400)["errors"]


def test_one_investigation_for_all_fields(local, monkeypatch):
    asked = []
    real = Workspace.investigate
    monkeypatch.setattr(Workspace, "investigate", lambda *a, **k: asked.append(a) or real(*a, **k))
    data(local, THREAT, {"ip": "203.0.113.9"})
    assert len(asked) == 1


def test_ipv6(local):
    """Spot knew IPv4 only."""
    found = data(local, THREAT, {"ip": "2001:DB8::0:7"})
    assert found["threat"]["details"] == []


def test_big_numbers_there_and_back():
    from flowsleuth.faces.graphql.scalars import big_value, parse_big

    assert big_value(2**31) == 2**31
    assert big_value(2**62) == str(2**62)
    assert parse_big(str(2**62)) == parse_big(2**62) == 2**62
    for bad in (True, 1.5, "x", 2**63, None, "1e5"):
        with pytest.raises(ValueError, match="whole number"):
            parse_big(bad)


def test_introspection_is_answered(local):
    from graphql import get_introspection_query

    got = ask(local, get_introspection_query())
    assert got["data"]["__schema"]["mutationType"]["name"] == "Mutation"
    assert parse(SCHEMA.as_str())
