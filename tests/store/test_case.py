"""The analyst database: all or nothing, 64 bits, hostile text, append-only audit, one writer at a time."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from flowsleuth.errors import CatalogueError, StoreError
from flowsleuth.store.case import CaseDatabase, now

NOON = dt.datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def db(tmp_path: Path):
    opened = CaseDatabase.open(tmp_path)
    yield opened
    opened.close()


def _suppression(value: str, **more: object) -> dict[str, object]:
    return {"kind": "port", "value": value, "reason": "known", "analyst": "ana", "made": NOON} | more


def test_a_row_comes_back_as_it_was(db: CaseDatabase) -> None:
    criteria = {"src_ip": "10.0.0.5", "flows": [2**53 - 1], "text": "\x00é\ud800"}
    with db.transaction("ana") as case:
        rating = case.insert(
            "rating",
            {
                "made": NOON, "analyst": "ana", "severity": 1, "origin": "criteria", "criteria": criteria,
                "comment": "NUL \x00, half \ud800, '; DROP TABLE rating; --", "suspects": 1, "flows": 2**60,
            },
        )  # fmt: skip
    (row,) = db.rows("rating")
    assert row["rating_id"] == rating == 1
    assert row["made"] == NOON
    assert row["flows"] == 2**60
    assert row["criteria"] == criteria
    assert row["comment"] == "NUL \ufffd, half ?, '; DROP TABLE rating; --"
    assert row["undone"] is None
    table = db.arrow("rating")
    assert table["made"].to_pylist() == [NOON]
    assert table["criteria"].to_pylist()[0].startswith('{"flows": [9007199254740991]')


def test_all_or_nothing(db: CaseDatabase) -> None:
    def fail() -> None:
        with db.transaction("ana") as case:
            case.insert("suppression", _suppression("53"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert db.count("suppression") == 0


def test_conditions(db: CaseDatabase) -> None:
    with db.transaction("ana") as case:
        case.insert_many(
            "suppression", [_suppression(v, until=u) for v, u in (("53", None), ("80", NOON), ("443", None))]
        )
        assert case.update("suppression", {"lifted": NOON, "lifted_by": "bo"}, {"value": "443"}) == 1
    assert [r["value"] for r in db.rows("suppression", {"lifted": None})] == ["53", "80"]
    assert [r["value"] for r in db.rows("suppression", {"lifted": ("!=", None)})] == ["443"]
    assert [r["value"] for r in db.rows("suppression", {"value": ["53", "443"]}, order=["-value"])] == ["53", "443"]
    assert [r["value"] for r in db.rows("suppression", {"until": ("<=", NOON)})] == ["80"]
    assert [r["value"] for r in db.rows("suppression", limit=1, offset=1, columns=["value"])] == ["80"]
    assert db.count("suppression", {"suppression_id": (">", 1), "lifted": None}) == 1


def test_what_is_not_there_is_named(db: CaseDatabase) -> None:
    with pytest.raises(CatalogueError, match="no such table of the analyst database"):
        db.rows("nothing")
    with pytest.raises(CatalogueError, match="no such column"):
        db.rows("rating", {"1=1; --": 1})
    with pytest.raises(CatalogueError, match="no such column"), db.transaction("ana") as case:
        case.insert("rating", {"sev": 1})


def test_the_audit_trail_only_grows(db: CaseDatabase) -> None:
    with db.transaction("ana") as case:
        case.audit("rate", "rating", 7, {"severity": 1})
    with pytest.raises(StoreError, match="never changed"), db.transaction("eve") as case:
        case.update("audit", {"analyst": "bo"}, {"audit_id": 1})
    with pytest.raises(StoreError, match="never deleted"), db.transaction("eve") as case:
        case.delete("audit", {})
    import sqlite3

    with sqlite3.connect(db.where.removeprefix("sqlite:///")) as raw:
        for statement in ("UPDATE audit SET analyst = 'bo'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    (row,) = db.rows("audit")
    assert (row["analyst"], row["verb"], row["object_id"], row["detail"]) == ("ana", "rate", "7", {"severity": 1})


def test_put_sets_or_changes(db: CaseDatabase) -> None:
    for value in ([1], [1, 2]):
        with db.transaction("ana") as case:
            case.put("setting", "heuristics", {"value": value})
    assert db.rows("setting", {"name": "heuristics"})[0]["value"] == [1, 2]


def test_writers_wait_for_one_another_and_readers_for_nobody(db: CaseDatabase) -> None:
    def write(name: str) -> None:
        for _ in range(25):
            with db.transaction(name) as case:
                before = len(case.rows("suppression", {"analyst": name}))
                case.insert("suppression", _suppression(str(before), analyst=name))

    threads = [threading.Thread(target=write, args=(f"analyst-{n}",)) for n in range(4)]
    with db.transaction("slow") as case:
        case.insert("suppression", _suppression("held", analyst="slow"))
        for thread in threads:
            thread.start()
        assert db.count("suppression") == 0
    for thread in threads:
        thread.join()
    assert db.count("suppression") == 101
    for n in range(4):
        values = [row["value"] for row in db.rows("suppression", {"analyst": f"analyst-{n}"})]
        assert values == [str(k) for k in range(25)]


def test_opened_again_it_is_the_same(tmp_path: Path) -> None:
    first = CaseDatabase.open(tmp_path)
    with first.transaction("ana") as case:
        case.insert("suppression", _suppression("53"))
    first.close()
    second = CaseDatabase.open(tmp_path)
    assert second.count("suppression") == 1
    with second.transaction("ana") as case:
        case.put("setting", "format", {"value": 99})
    second.close()
    with pytest.raises(StoreError, match="newer flowsleuth"):
        CaseDatabase.open(tmp_path)


def test_what_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "analyst.db").write_text("no database, " * 100)
    with pytest.raises(StoreError, match="not a database"):
        CaseDatabase.open(tmp_path)
    with pytest.raises(StoreError, match="case_url"):
        CaseDatabase.open(tmp_path, "nonsense")
    with pytest.raises(StoreError) as told:
        CaseDatabase.open(tmp_path, "postgresql+psycopg://ana:secret@127.0.0.1:1/case")
    assert "secret" not in str(told.value)


def test_moments_are_utc_microseconds(db: CaseDatabase) -> None:
    there = dt.timezone(dt.timedelta(hours=2))
    with db.transaction("ana") as case:
        case.insert("suppression", _suppression("53", until=NOON.astimezone(there)))
    assert db.rows("suppression")[0]["until"] == NOON
    assert now().tzinfo is dt.UTC
