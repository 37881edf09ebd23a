"""A workspace with scores, and the application over it, as a browser on this machine or a stranger sees it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.zeek_writer import conn_line, write_conn

import flowsleuth
from flowsleuth.faces.serving import ServeOptions
from flowsleuth.workspace.accounts import Accounts

pytest.importorskip("fastapi")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOSTILE = "<script>alert(1)</script>'; DROP TABLE rating; --"
PASSWORD = "correct horse battery"
PEOPLE = {"vera": "viewer", "ana": "analyst", "adam": "admin"}


@pytest.fixture(scope="session")
def scored_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 ordinary flows and a few odd ones, scored."""
    folder = tmp_path_factory.mktemp("web")
    log = write_conn(folder / "conn.log", 400)
    with log.open("a") as file:
        for at in range(3):
            odd = conn_line(400).split("\t")
            odd[0], odd[1] = f"{float(odd[0]) + 7 * at:.6f}", f"Codd{at}"
            odd[2], odd[4], odd[5], odd[14] = "10.0.0.77", "203.0.113.9", "4444", "3100000"
            file.write("\t".join(odd))
    with flowsleuth.open(folder / "case", create=True) as ws:
        ws.ingest(log)
        ws.score()
    return folder / "case"


@pytest.fixture
def case(scored_case: Path, tmp_path: Path) -> Path:
    """A copy that the test may write to."""
    return Path(shutil.copytree(scored_case, tmp_path / "case"))


def client_of(app: object, scheme: str = "http", **more: object) -> TestClient:
    """A browser on this machine."""
    return TestClient(app, base_url=f"{scheme}://127.0.0.1:8765", follow_redirects=False, **more)  # type: ignore[arg-type]


@pytest.fixture
def local(case: Path) -> Iterator[TestClient]:
    """No login: the owner of the machine, with the token for writes."""
    from flowsleuth.faces.web.app import create_app

    with client_of(create_app(case)) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client


@pytest.fixture(scope="session")
def case_with_people(scored_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace with accounts; their passwords take a while to hash."""
    case = Path(shutil.copytree(scored_case, tmp_path_factory.mktemp("people") / "case"))
    with flowsleuth.open(case) as ws:
        for name, role in PEOPLE.items():
            Accounts(ws.case).add(name, PASSWORD, role, by="test")
    return case


@pytest.fixture
def guarded(case: Path, case_with_people: Path) -> Iterator[TestClient]:
    """A server that demands login; nobody has logged in yet."""
    from flowsleuth.faces.web.app import create_app

    shutil.copytree(case_with_people, case, dirs_exist_ok=True)
    with client_of(create_app(case, ServeOptions(login=True))) as client:
        yield client


def log_in(client: TestClient, name: str) -> TestClient:
    """Another browser, in which this person has logged in."""
    other = client_of(client.app)
    other.portal = client.portal
    got = other.post("/api/login", json={"name": name, "password": PASSWORD})
    assert got.status_code == 200, got.text
    other.headers["X-CSRF-Token"] = other.get("/api/session").json()["csrf"]
    return other
