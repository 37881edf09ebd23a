"""Who gets in, and what an outsider can make a browser do."""

from __future__ import annotations

import pytest
from tests.faces.web.conftest import client_of, log_in

from flowsleuth.errors import OptionError
from flowsleuth.faces.serving import ServeOptions
from flowsleuth.faces.web.app import create_app
from flowsleuth.faces.web.gate import PUBLIC, READING
from flowsleuth.faces.web.hosts import HostRules

FILL = {"name": "app.js", "flow_id": "1"}


def all_routes(app):
    """Every (method, path) of the application, with the parameters of its path filled in."""
    found = set()
    todo = list(app.routes)
    while todo:
        route = todo.pop()
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        todo += inner or []
        path = getattr(route, "path", None)
        if path is None or not getattr(route, "methods", None):
            continue
        for part in path.split("/"):
            if part.startswith("{"):
                path = path.replace(part, FILL.get(part.strip("{}").partition(":")[0], "1"))
        found |= {(method, path) for method in route.methods}
    return sorted(found)


def test_every_route_is_found(guarded):
    routes = all_routes(guarded.app)
    assert ("GET", "/api/session") in routes
    assert ("POST", "/api/login") in routes
    assert ("GET", "/static/app.js") in routes
    assert len(routes) > 8


def test_a_stranger_gets_nothing_anywhere(guarded):
    """Every route, those of plug-ins too, and paths that do not exist: 401, whatever the method."""
    more = [("GET", "/nowhere"), ("POST", "/graphql"), ("GET", "/graphql"), ("GET", "/static/"), ("PUT", "/api/queue")]
    more += [
        ("GET", path) for path in ("/docs", "/redoc", "/openapi.json", "/api/openapi.json", "/login/", "/api/login/")
    ]
    for method, path in all_routes(guarded.app) + more:
        if path in PUBLIC:
            continue
        got = guarded.request(method, path)
        if path == "/" and method == "GET":
            assert (got.status_code, got.headers["location"], got.content) == (303, "/login", b"")
        else:
            assert got.status_code == 401, (method, path)
            assert method == "HEAD" or set(got.json()) == {"error"}, (method, path)


def test_what_strangers_see_tells_nothing(guarded, case):
    page = guarded.get("/login").text
    assert "Log in" in page
    assert str(case) not in page
    assert "0.1.0" not in page
    assert guarded.get("/login/style.css").headers["content-type"].startswith("text/css")


def test_a_viewer_cannot_write(guarded):
    """Every route that is not GET, whatever it is: refused before it runs, unless it is known to change nothing."""
    vera = log_in(guarded, "vera")
    refused = 0
    for method, path in all_routes(guarded.app):
        if method in ("GET", "HEAD") or path in PUBLIC or READING.fullmatch(f"{method} {path}"):
            continue
        got = vera.request(method, path, json={})
        assert got.status_code == 403, (method, path)
        refused += 1
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert vera.request(method, "/api/whatever-comes-later").status_code == 403
    assert vera.get("/api/info").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "[::1", "a b"]
)
def test_other_names_are_refused(local, host):
    """DNS rebinding: the browser says the attacker's name in Host."""
    got = local.get("/api/info", headers={"Host": host})
    assert got.status_code == 421
    assert "tables" not in got.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1:8765", "[::1]:8765", "127.0.0.2"])
def test_this_machine_is_answered(local, host):
    assert local.get("/api/info", headers={"Host": host}).status_code == 200


def test_names_of_a_server_on_the_network():
    rules = HostRules("0.0.0.0", "https://flows.example.org")
    assert rules.allows("flows.example.org")
    assert rules.allows("192.0.2.7:8765")
    assert not rules.allows("evil.example")
    one = HostRules("192.0.2.7")
    assert one.allows("192.0.2.7:8765")
    assert not one.allows("192.0.2.8")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_writes_by_other_sites_are_refused(local, headers):
    """Even with the token."""
    got = local.post("/api/logout", headers=headers)
    assert got.status_code == 403
    assert "another site" in got.json()["error"]["message"]


def test_reads_by_other_sites_are_refused(local):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
    assert local.get("/api/info", headers=headers).status_code == 403
    assert local.get("/static/app.js", headers=headers).status_code == 403
    assert local.get("/", headers=headers).status_code == 403
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert local.get("/", headers=visit).status_code != 403
    assert local.get("/", headers=visit | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert local.get("/api/info", headers=visit).status_code == 403


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_write_without_the_token_is_refused(local, token):
    del local.headers["X-CSRF-Token"]
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    got = local.post("/graphql", json={"query": "{__typename}"}, headers=headers)
    assert got.status_code == 403
    assert "token" in got.json()["error"]["message"]


def test_the_token_of_another_session_is_refused(guarded):
    ana, adam = log_in(guarded, "ana"), log_in(guarded, "adam")
    got = ana.post("/api/logout", headers={"X-CSRF-Token": adam.headers["X-CSRF-Token"]})
    assert got.status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"])
def test_a_server_without_login_is_not_published_by_a_proxy(local, header):
    got = local.get("/api/info", headers={header: "192.0.2.1"})
    assert got.status_code == 403
    assert "--behind-proxy" in got.json()["error"]["hint"]


def test_headers_on_every_answer(guarded, local):
    answers = [
        guarded.get("/login"),
        guarded.get("/api/info"),
        guarded.get("/"),
        guarded.get("/", headers={"Host": "x"}),
    ]
    answers += [local.get("/api/info"), local.get("/nowhere"), local.post("/api/login", content=b"x" * 2_000_000)]
    for got in answers:
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Referrer-Policy"] == "same-origin"
        assert "no-store" in got.headers["Cache-Control"] or "private" in got.headers["Cache-Control"]


def test_an_error_of_ours_tells_nothing_of_the_inside(local, monkeypatch):
    from flowsleuth.workspace import Workspace

    monkeypatch.setattr(Workspace, "info", lambda self: 1 / 0)
    got = local.get("/api/info")
    assert got.status_code == 500
    assert "division" not in got.text
    assert got.headers["X-Content-Type-Options"] == "nosniff"


def test_a_large_body_is_refused(local):
    assert local.post("/graphql", content=b" " * 1_000_001).status_code == 413


def test_a_server_that_nobody_could_log_in_to_does_not_start(case):
    with pytest.raises(OptionError, match="flowsleuth user add"):
        create_app(case, ServeOptions(login=True))
    with pytest.raises(OptionError, match="nobody has an account"):
        create_app(case, ServeOptions(host="0.0.0.0", insecure_http=True))


def test_no_passwords_in_the_clear_unless_said():
    with pytest.raises(OptionError, match="in the clear"):
        ServeOptions(host="0.0.0.0")
    assert ServeOptions(host="0.0.0.0", insecure_http=True).needs_login
    assert ServeOptions(host="0.0.0.0", behind_proxy="127.0.0.1").is_https
    assert ServeOptions(behind_proxy="127.0.0.1").needs_login
    assert not ServeOptions().needs_login


def test_websockets_are_not_served(local):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), client_of(local.app).websocket_connect("/graphql"):
        pass
