"""Which accounts of the stored rows an asked one may mean, by source; and the rows of those that were chosen."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import FlowsleuthError, OptionError
from flowsleuth.investigate.asked_values import AccountNames
from flowsleuth.notebooklets.attributes import Found
from flowsleuth.notebooklets.host_identity import stored
from flowsleuth.schema.entities import Account

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Run

CLOUD, WINDOWS, LINUX, OTHER, ALERTS = "AzureActiveDirectory", "Windows", "Linux", "other", "alerts"
"""Sources, by msticnb's names."""
COUNTS = ("logons", "failed_logons", "processes", "alerts")


def find_accounts(run: Run) -> dict[str, Any]:
    """The accounts that match, and those that the run is about."""
    spelled = [*_spelled(run, "logon"), *_spelled(run, "process"), *_in_alerts(run)]
    spelled = _with_alerts_joined(spelled)
    matches = _matches(spelled)
    chosen = choose_from(matches, spelled, run.parameters.account)
    several = len({(row["account"], row["source"]) for row in chosen})
    note = ""
    if several > 1:
        note = f"{several:,} accounts match, all of them are told together: choose(name) tells one"
    return {
        "account_matches": Found(matches, note=note),
        "chosen": chosen,
        "account_entity": entity_of(run, chosen),
    }


def source_of(rows: ir.Table, table: str) -> ir.StringValue:
    """Where a row is from: what kind of system knows the account."""
    import ibis

    if table == "process":
        path = rows.path.fill_null("")
        is_windows = path.contains("\\")
        return ibis.cases((is_windows, WINDOWS), (path.startswith("/"), LINUX), else_=OTHER)
    kind = rows.event_type.fill_null("")
    return ibis.cases(
        ((rows.logon_type == "sign_in").fill_null(False), CLOUD),
        (kind.re_search("^[0-9]+$"), WINDOWS),
        ((rows.logon_type == "ssh").fill_null(False) | kind.startswith("USER_"), LINUX),
        else_=OTHER,
    )


def _spelled(run: Run, table: str) -> list[dict[str, Any]]:
    """Users with their domains that mean the asked account, as a table writes them."""
    import ibis

    if not stored(run, table):
        return []
    names = AccountNames([run.asked.text])
    rows = run.rows(table)
    rows = rows.filter(rows.user.lower().contains(Account(run.asked.text).name or ""))
    rows = rows.mutate(source=source_of(rows, table))
    none, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
    is_logon = table == "logon"
    failed = (~rows.is_success).fill_null(False).cast("int64") if is_logon else none
    rows = rows.select("start", "user", "domain", "user_id", "source", failed=failed, all=one)
    counted = rows.group_by("user", "domain", "source").aggregate(
        user_id=rows.user_id.max(), rows=rows["all"].sum(), failed=rows.failed.sum(), first_seen=rows.start.min(),
        last_seen=rows.start.max(),
    )  # fmt: skip
    found = run.arrow(counted.order_by(["user", "domain", "source"])).to_pylist()
    kept = [row for row in found if names.meant(row["user"], row["domain"])]
    return [{**row, "table": table, "account": qualified(row["user"], row["domain"])} for row in kept]


def qualified(user: str, domain: str | None) -> str:
    """An account as it is commonly written.

    Examples
    --------
    >>> qualified("Ana", "CORP"), qualified("Ana@Corp.example", None), qualified("root", None)
    ('corp\\\\ana', 'ana@corp.example', 'root')
    """
    return Account(user, NTDomain=domain).qualified


def _in_alerts(run: Run) -> list[dict[str, Any]]:
    """Accounts that alerts are about."""
    from flowsleuth.schema.entities import parse_entities

    if not stored(run, "alert"):
        return []
    names = AccountNames([run.asked.text])
    rows = run.ask("Account.alerts", limit=None)
    told: dict[str, list[Any]] = {}
    for start, text in zip(rows["start"].to_pylist(), rows["entities"].to_pylist(), strict=True):
        try:
            entities = parse_entities(text)
        except FlowsleuthError:
            continue
        found = (one.qualified for one in entities if isinstance(one, Account) and names.meant(one.qualified))
        for account in dict.fromkeys(found):
            told.setdefault(account, []).append(start)
    return [
        {"table": "alert", "account": account, "source": ALERTS, "user": None, "domain": None, "user_id": None,
         "rows": len(times), "failed": 0, "first_seen": min(times), "last_seen": max(times)}
        for account, times in told.items()
    ]  # fmt: skip


def _matches(spelled: Iterable[dict[str, Any]]) -> pa.Table:
    """``account source logons failed_logons processes alerts first_seen last_seen``; most rows first."""
    import pyarrow as pa

    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in spelled:
        blank = {"account": row["account"], "source": row["source"], "user_id": None, **dict.fromkeys(COUNTS, 0)}
        mine = found.setdefault((row["account"], row["source"]), blank)
        mine["failed_logons"] += row["failed"]
        mine[{"logon": "logons", "process": "processes", "alert": "alerts"}[row["table"]]] += (
            row["rows"] - row["failed"]
        )
        mine["user_id"] = mine["user_id"] or row["user_id"]
        mine["first_seen"] = min(mine.get("first_seen", row["first_seen"]), row["first_seen"])
        mine["last_seen"] = max(mine.get("last_seen", row["last_seen"]), row["last_seen"])
    text, moment = pa.string(), pa.timestamp("us", tz="UTC")
    kinds = {"account": text, "source": text, "user_id": text, **dict.fromkeys(COUNTS, pa.int64())}
    schema = pa.schema({**kinds, "first_seen": moment, "last_seen": moment})
    listed = sorted(found.values(), key=lambda row: (-sum(row[name] for name in COUNTS), row["account"], row["source"]))
    return pa.Table.from_pylist(listed, schema=schema)


def _with_alerts_joined(spelled: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with alerts counted for the account that logs know by the same name; of several, the first."""
    rows = list(spelled)
    known = {row["account"]: row["source"] for row in reversed(rows) if row["source"] != ALERTS}
    return [{**row, "source": known.get(row["account"], ALERTS)} if row["source"] == ALERTS else row for row in rows]


def label(account: str, source: str) -> str:
    """How an account is listed to choose from."""
    return f"{account} ({source})"


def check_names(matches: pa.Table, names: str) -> set[tuple[str, str]]:
    """Accounts by name, or by name and source: each as account and source.

    Raises
    ------
    OptionError
        One of them does not match.
    """
    listed = [(row["account"], row["source"]) for row in matches.select(["account", "source"]).to_pylist()]
    found: set[tuple[str, str]] = set()
    for name in filter(None, (one.strip() for one in names.split(","))):
        wanted = {name.casefold(), qualified(name, None)}
        mine = {one for one in listed if one[0] in wanted or label(*one).casefold() == name.casefold()}
        if not mine:
            raise OptionError("no such account matches", where=name, available=[label(*one) for one in listed])
        found |= mine
    return found


def choose_from(matches: pa.Table, spelled: Iterable[dict[str, Any]], names: str) -> list[dict[str, Any]]:
    """The spellings of some accounts, or of all that match."""
    wanted = check_names(matches, names)
    return [
        {name: row[name] for name in ("account", "source", "table", "user", "domain")}
        for row in spelled
        if not wanted or (row["account"], row["source"]) in wanted
    ]


def entity_of(run: Run, chosen: list[dict[str, Any]]) -> Account:
    """The account as an entity; of several, what was asked for."""
    names = {row["account"] for row in chosen}
    if isinstance(run.value, Account):
        return run.value
    return Account(names.pop() if len(names) == 1 else run.asked.text)


def rows_of_account(run: Run, table: str) -> ir.Table:
    """Rows of a table in the window whose user is one of the chosen, with the column ``source``."""
    import ibis

    rows = run.rows(table)
    rows = rows.mutate(source=source_of(rows, table))
    tests = []
    for one in run["chosen"]:
        if one["table"] == table:
            domain = rows.domain.isnull() if one["domain"] is None else rows.domain == one["domain"]
            tests.append((rows.user == one["user"]) & domain & (rows.source == one["source"]))
    return rows.filter(functools.reduce(operator.or_, tests, ibis.literal(False)).fill_null(False))
