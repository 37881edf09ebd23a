"""Login by OpenID Connect against a provider on loopback, and everything that can be forged on the way."""

from __future__ import annotations

import time

import pytest
from tests.faces.web.conftest import client_of
from tests.faces.web.fake_oidc import CLIENT, SECRET, FakeProvider

import flowsleuth
from flowsleuth.errors import OptionError
from flowsleuth.faces.serving import OidcOptions, ServeOptions
from flowsleuth.faces.web.app import create_app
from flowsleuth.workspace.accounts import Accounts

ROLES = {"admin": ["bosses"], "analyst": ["soc"], "viewer": ["guests"]}


@pytest.fixture
def provider():
    made = FakeProvider()
    yield made
    made.close()


@pytest.fixture
def config(tmp_path, provider):
    """The file a user writes."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    path = tmp_path / "oidc.toml"
    path.write_text(
        f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nclient_secret_file = "secret"\n'
        'role_claim = "groups"\nlabel = "Example <b>"\n'
        '[roles]\nadmin = ["bosses"]\nanalyst = ["soc"]\nviewer = ["guests"]\n'
    )
    return path


@pytest.fixture
def browser(case, config):
    options = ServeOptions(public_url="http://127.0.0.1:8765", oidc=OidcOptions.load(config))
    with client_of(create_app(case, options)) as client:
        yield client


def come_back(browser, provider):
    away = browser.get("/login/oidc")
    assert away.status_code == 303
    return browser.get(f"/login/oidc/callback?{provider.authorize(away.headers['location'])}")


def test_the_way_there_and_back(browser, provider, case):
    assert "Example &lt;b&gt;" in browser.get("/login").text
    away = browser.get("/login/oidc")
    assert "SameSite=lax" in away.headers["set-cookie"]
    got = browser.get(f"/login/oidc/callback?{provider.authorize(away.headers['location'])}")
    assert got.status_code == 200
    assert 'http-equiv="refresh"' in got.text
    assert "SameSite=strict" in got.headers["set-cookie"]
    told = browser.get("/api/session").json()
    assert (told["analyst"], told["role"], told["needs_login"]) == ("ana", "analyst", True)
    assert len(provider.asked[0]["code_verifier"]) >= 43
    with flowsleuth.open(case) as ws:
        assert ws.case.rows("account")[0]["subject"] == f"{provider.issuer}|4711"
        assert ws.case.rows("audit")[-1]["detail"]["way"] == "oidc"


def test_the_role_follows_the_claims_at_every_login(browser, provider):
    come_back(browser, provider)
    provider.claims = {"groups": "bosses"}
    come_back(browser, provider)
    assert browser.get("/api/session").json()["role"] == "admin"
    provider.claims = {"groups": ["guests"], "preferred_username": "renamed"}
    come_back(browser, provider)
    told = browser.get("/api/session").json()
    assert (told["analyst"], told["role"]) == ("ana", "viewer")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "someone else"},
        {"aud": None},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3_600},
        {"exp": None},
        {"iat": int(time.time()) + 3_600},
        {"sub": None},
        {"groups": ["staff"]},
        {"groups": None},
        {"preferred_username": None},
        {"preferred_username": "<script>"},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    ],
    ids=" ".join,
)
def test_claims_that_do_not_hold(browser, provider, claims):
    provider.claims = claims
    got = come_back(browser, provider)
    assert got.status_code == 403
    assert "flowsleuth=" not in got.headers["set-cookie"].replace("flowsleuth-oidc=", "")
    assert "<script>" not in got.text
    assert browser.get("/api/session").status_code == 401


def test_signatures_that_do_not_hold(browser, provider):
    rightful = (provider.header, provider.signs_with)
    provider.public_key_as_secret()
    assert come_back(browser, provider).status_code == 403
    provider.header, provider.signs_with = {"alg": "none"}, None
    assert come_back(browser, provider).status_code == 403
    other = FakeProvider()
    provider.header, provider.signs_with = rightful[0], other.key
    assert come_back(browser, provider).status_code == 403
    other.close()
    provider.header, provider.signs_with = rightful
    assert come_back(browser, provider).status_code == 200


def test_a_provider_may_change_its_key(browser, provider):
    assert come_back(browser, provider).status_code == 200
    provider.new_key("2")
    assert come_back(browser, provider).status_code == 200


def test_a_login_begun_elsewhere_is_refused(browser, provider):
    """Login CSRF: the victim's browser is sent back with the attacker's code."""
    attacker = client_of(browser.app)
    query = provider.authorize(attacker.get("/login/oidc").headers["location"])
    assert browser.get(f"/login/oidc/callback?{query}").status_code == 403
    browser.get("/login/oidc")
    assert browser.get(f"/login/oidc/callback?{query}").status_code == 403
    assert browser.get("/login/oidc/callback").status_code == 403
    assert browser.get("/login/oidc/callback", headers={"Cookie": "flowsleuth-oidc=e30=.forged"}).status_code == 403


def test_a_code_is_good_once(browser, provider):
    away = browser.get("/login/oidc")
    query = provider.authorize(away.headers["location"])
    cookie = browser.cookies["flowsleuth-oidc"]
    assert browser.get(f"/login/oidc/callback?{query}").status_code == 200
    again = client_of(browser.app, cookies={"flowsleuth-oidc": cookie})
    assert again.get(f"/login/oidc/callback?{query}").status_code == 403


def test_the_provider_refuses(browser):
    location = browser.get("/login/oidc").headers["location"]
    state = location.partition("state=")[2].partition("&")[0]
    got = browser.get(f"/login/oidc/callback?error=<script>alert(1)</script>&state={state}")
    assert got.status_code == 403
    assert "<script>" not in got.text


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_provider_that_lies_about_itself(browser, provider, metadata):
    provider.metadata = metadata
    assert browser.get("/login/oidc").status_code == 403


def test_a_provider_that_is_down(browser, provider):
    provider.close()
    got = browser.get("/login/oidc")
    assert got.status_code == 403
    assert "did not let you in" in got.text


def test_a_name_that_a_local_account_has(browser, provider, case):
    with flowsleuth.open(case) as ws:
        Accounts(ws.case).add("ana", "correct horse battery", "admin", by="test")
    assert come_back(browser, provider).status_code == 403


@pytest.mark.parametrize(
    ("issuer", "roles", "told"),
    [
        ("http://idp.example", ROLES, "https"),
        ("ftp://idp.example", ROLES, "not a URL"),
        ("https://idp.example", {}, "nobody"),
        ("https://idp.example", {"root": ["x"]}, "no such role"),
    ],
)
def test_bad_settings(issuer, roles, told):
    with pytest.raises(OptionError, match=told):
        OidcOptions(issuer, CLIENT, roles=roles)


def test_it_needs_to_know_its_own_address():
    with pytest.raises(OptionError, match="public-url"):
        ServeOptions(oidc=OidcOptions("https://idp.example", CLIENT, roles=ROLES))
