"""Logging in: what the browser gets, what is kept, how guessing is slowed, what the audit trail tells."""

from __future__ import annotations

import datetime as dt
import statistics
import time

import pytest
from tests.faces.web.conftest import PASSWORD, client_of, log_in

import flowsleuth
from flowsleuth.errors import CatalogueError, OptionError, RefusedError
from flowsleuth.faces.serving import ServeOptions
from flowsleuth.faces.web.app import create_app
from flowsleuth.faces.web.throttle import LIMITS, Throttle
from flowsleuth.workspace.accounts import Accounts, Identity, Role
from flowsleuth.workspace.sessions import Sessions


@pytest.fixture
def accounts(tmp_path):
    with flowsleuth.open(tmp_path / "case", create=True) as ws:
        yield Accounts(ws.case)


def test_login_by_the_form(guarded):
    got = guarded.post(
        "/login", data={"name": "Ana", "password": PASSWORD}, headers={"Origin": "http://127.0.0.1:8765"}
    )
    assert (got.status_code, got.headers["location"]) == (303, "/")
    cookie = got.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert word in cookie
    assert "Secure" not in cookie
    assert guarded.get("/api/session").json()["analyst"] == "ana"
    assert guarded.get("/login").headers["location"] == "/"


def test_the_form_of_another_site_is_refused(guarded):
    for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        got = guarded.post("/login", data={"name": "ana", "password": PASSWORD}, headers=headers)
        assert got.status_code == 403
        assert "set-cookie" not in got.headers


def test_with_tls_the_cookie_is_for_tls_and_this_host_only(case):
    with flowsleuth.open(case) as ws:
        Accounts(ws.case).add("ana", PASSWORD, "analyst", by="test")
    with client_of(create_app(case, ServeOptions(behind_proxy="127.0.0.1")), "https") as client:
        got = client.post("/api/login", json={"name": "ana", "password": PASSWORD})
        cookie = got.headers["set-cookie"]
        assert cookie.startswith("__Host-flowsleuth=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert got.headers["Strict-Transport-Security"]
        plain = client_of(client.app).get("/login")
        assert plain.status_code == 403
        assert "by TLS only" in plain.text
        crossed = client.post("/api/login", json={}, headers={"Origin": "http://127.0.0.1:8765"})
        assert crossed.status_code == 403


def test_wrong_name_and_wrong_password_sound_the_same(guarded):
    one = guarded.post("/api/login", json={"name": "ana", "password": "wrong"})
    other = guarded.post("/api/login", json={"name": "nobody", "password": "wrong"})
    assert one.status_code == other.status_code == 401
    assert one.json() == other.json()
    assert "set-cookie" not in one.headers


def test_an_unknown_name_takes_as_long_as_a_known_one(accounts):
    accounts.add("ana", PASSWORD, "analyst", by="test")
    accounts.check("nobody", "x")
    seconds: dict[str, list[float]] = {"ana": [], "nobody": []}
    for _ in range(4):
        for name, taken in seconds.items():
            begin = time.perf_counter()
            assert accounts.check(name, "wrong") is None
            taken.append(time.perf_counter() - begin)
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert unknown > known / 3


def test_the_audit_trail_tells_of_logins_but_of_no_secret(guarded, case):
    guarded.post("/api/login", json={"name": "ana", "password": "wrong secret"})
    ana = log_in(guarded, "ana")
    ana.post("/api/logout")
    with flowsleuth.open(case) as ws:
        rows = ws.case.rows("audit", {"object": "account"}, order=["audit_id"])
        database = (case / "analyst.db").read_bytes() + (case / "analyst.db-wal").read_bytes()
    assert [row["verb"] for row in rows][-3:] == ["login-failed", "login", "logout"]
    assert rows[-1]["detail"]["address"] == "testclient"
    for secret in (PASSWORD, "wrong secret", ana.headers["X-CSRF-Token"][:0] or PASSWORD):
        assert secret.encode() not in database


def test_the_session_token_is_kept_hashed_only(guarded, case):
    ana = log_in(guarded, "ana")
    token = ana.cookies["flowsleuth"]
    assert len(token) >= 43
    with flowsleuth.open(case) as ws:
        row = ws.case.rows("session")[0]
    assert token not in str(row)
    assert len(row["token_hash"]) == 64


def test_logging_out_ends_the_session_on_the_server(guarded):
    ana = log_in(guarded, "ana")
    token = ana.cookies["flowsleuth"]
    assert ana.post("/api/logout").status_code == 200
    thief = client_of(guarded.app, cookies={"flowsleuth": token})
    assert thief.get("/api/session").status_code == 401


def test_a_removed_account_and_a_new_password_end_sessions(guarded, case):
    ana, vera = log_in(guarded, "ana"), log_in(guarded, "vera")
    with flowsleuth.open(case) as ws:
        Accounts(ws.case).remove("ana", by="adam")
        Accounts(ws.case).set_password("vera", "another long password", by="adam")
    assert ana.get("/api/session").status_code == 401
    assert vera.get("/api/session").status_code == 401
    assert guarded.post("/api/login", json={"name": "ana", "password": PASSWORD}).status_code == 401


def test_a_new_role_is_in_force_at_once(guarded, case):
    vera = log_in(guarded, "vera")
    assert vera.post("/api/later").status_code == 403
    with flowsleuth.open(case) as ws:
        Accounts(ws.case).set_role("vera", "analyst", by="adam")
    assert vera.post("/api/later").status_code == 404


def test_sessions_end_by_themselves(accounts, tmp_path, monkeypatch):
    accounts.add("ana", PASSWORD, "analyst", by="test")
    with flowsleuth.open(tmp_path / "case") as ws:
        sessions = Sessions(ws.case, dt.timedelta(hours=3), dt.timedelta(hours=1))
        token = sessions.open(Identity("ana", Role.ANALYST))
        begin = dt.datetime.now(dt.UTC)
        for minutes, is_there in ((50, True), (100, True), (150, True), (179, True), (181, False)):
            moment = begin + dt.timedelta(minutes=minutes)
            monkeypatch.setattr("flowsleuth.workspace.sessions.now", lambda moment=moment: moment)
            assert (sessions.find(token) is not None) is is_there, minutes
        monkeypatch.undo()
        lazy = sessions.open(Identity("ana", Role.ANALYST))
        later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=61)
        monkeypatch.setattr("flowsleuth.workspace.sessions.now", lambda: later)
        assert sessions.find(lazy) is None
        sessions.open(Identity("ana", Role.ANALYST))
        assert ws.case.count("session") < 3
    assert sessions is not None


def test_guessing_is_slowed(guarded):
    guesses = [{"name": "ana", "password": f"guess {at}"} for at in range(12)]
    codes = [guarded.post("/api/login", json=guess).status_code for guess in guesses]
    assert codes[:5] == [401] * 5
    assert codes[-1] == 429
    got = guarded.post("/api/login", json={"name": "ana", "password": PASSWORD})
    assert got.status_code == 429
    assert int(got.headers["Retry-After"]) >= 1


def test_the_wait_grows_exponentially_and_is_forgiven():
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    waits = []
    for _ in range(30):
        wait = throttle.begin("ana", "192.0.2.1")
        if wait:
            waits.append(wait)
            clock[0] += wait
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) <= LIMITS["both"].longest_s
    assert throttle.begin("ana", "192.0.2.1") == 0
    assert throttle.begin("ben", "192.0.2.1") > 0  # from the same address
    assert throttle.begin("ben", "192.0.2.2") == 0
    clock[0] += 4_000
    assert throttle.begin("ana", "192.0.2.1") == 0


def test_a_name_is_not_locked_by_strangers_for_long():
    """Guesses from many addresses slow a name down, but its owner gets in within half a minute."""
    clock = [0.0]
    throttle = Throttle(lambda: clock[0])
    for at in range(200):
        throttle.begin("ana", f"2001:db8:{at:x}::1")
    assert 0 < throttle.begin("ana", "192.0.2.99") <= LIMITS["name"].longest_s


def test_an_ipv6_network_is_one_address():
    throttle = Throttle(lambda: 0.0)
    for at in range(5):
        assert throttle.begin("ana", f"2001:db8::{at}") == 0
    assert throttle.begin("ana", "2001:db8::ffff") == 1


def test_success_forgives():
    throttle = Throttle(lambda: 0.0)
    for _ in range(20):
        assert throttle.begin("ana", "192.0.2.1") == 0
        throttle.succeeded("ana", "192.0.2.1")


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "ana-ana-ana", "x" * 257, ""])
def test_bad_passwords_are_refused(accounts, password):
    with pytest.raises(OptionError):
        accounts.add("ana", password, "analyst", by="test")


@pytest.mark.parametrize("name", ["", "ana ben", "<b>", "a" * 65, "-x", "ana\n"])
def test_bad_names_are_refused(accounts, name):
    if name == "ana\n":
        assert accounts.add(name, PASSWORD, "analyst", by="test").name == "ana"
        return
    with pytest.raises(OptionError):
        accounts.add(name, PASSWORD, "analyst", by="test")


def test_accounts_are_closed_and_opened_again(accounts):
    accounts.add("Ana", PASSWORD, "viewer", by="test")
    with pytest.raises(OptionError, match="there is an account"):
        accounts.add("ana", PASSWORD, "viewer", by="test")
    accounts.remove("ANA", by="test")
    assert not accounts.has_any()
    with pytest.raises(CatalogueError):
        accounts.set_role("ana", "admin", by="test")
    assert accounts.add("ana", PASSWORD, "admin", by="test").role is Role.ADMIN
    assert [(a.name, a.is_open) for a in accounts.list()] == [("ana", True)]


def test_the_same_password_typed_on_another_keyboard(accounts):
    accounts.add("ana", "pässwörter sind lang", "viewer", by="test")
    assert accounts.check("ana", "pa\u0308sswo\u0308rter sind lang") == Identity("ana", Role.VIEWER)


def test_an_oidc_account_cannot_take_a_name(accounts):
    accounts.add("ana", PASSWORD, "viewer", by="test")
    with pytest.raises(RefusedError, match="someone else"):
        accounts.admit("https://idp.example|1", "ana", Role.ADMIN)
    assert accounts.admit("https://idp.example|2", "Ben", Role.VIEWER) == Identity("ben", Role.VIEWER)
    assert accounts.admit("https://idp.example|2", "renamed", Role.ADMIN) == Identity("ben", Role.ADMIN)
    assert accounts.check("ben", "") is None
    accounts.remove("ben", by="test")
    with pytest.raises(RefusedError, match="closed"):
        accounts.admit("https://idp.example|2", "ben", Role.ADMIN)
