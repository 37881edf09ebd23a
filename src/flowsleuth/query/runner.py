"""Parts of a query side by side: asked again when the other side is busy, put together in order, failures kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowsleuth.errors import QueryError, QueryLoginError, QueryThrottledError
from flowsleuth.query.drivers.contract import Answer, Driver, Request
from flowsleuth.query.ranges import part_texts
from flowsleuth.query.report import Part

if TYPE_CHECKING:
    import pyarrow as pa

TRIES = 4
BACK_OFF_S = 1.0
LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Patience:
    """How often a busy side is asked, and how long is waited in between (doubled each time, unless it says itself)."""

    tries: int = TRIES
    back_off_s: float = BACK_OFF_S
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Outcome:
    """What came of one part."""

    part: Part
    rows: pa.Table | None = None
    error: QueryError | None = None


def run_parts(driver: Driver, requests: Sequence[Request], patience: Patience, parallel: int) -> list[Outcome]:
    """Ask for every part; the order is that of the requests.

    Raises
    ------
    QueryError
        No part has answered. ``QueryLoginError`` as soon as one is refused.
    """
    if len(requests) == 1:
        outcomes = [_run(driver, requests[0], patience)]
    else:
        with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(requests)))) as pool:
            jobs = [pool.submit(_run, driver, request, patience) for request in requests]
            try:
                outcomes = [job.result() for job in jobs]
            except BaseException:
                for job in jobs:
                    job.cancel()
                raise
    errors = [one.error for one in outcomes if one.error is not None]
    if len(errors) == len(outcomes) and errors:
        raise errors[0]
    return outcomes


def _run(driver: Driver, request: Request, patience: Patience) -> Outcome:
    began = time.perf_counter()
    start, end = part_texts(request.start, request.end)
    try:
        answer = _ask(driver, request, patience)
    except QueryLoginError:
        raise
    except QueryError as error:
        seconds = time.perf_counter() - began
        return Outcome(Part(start, end, "failed", 0, seconds, str(error)), error=error)
    told = answer.warnings
    if request.most_rows is not None and answer.rows.num_rows >= request.most_rows:
        told = (*told, f"cut off at {request.most_rows:,} rows; give limit= for more")
    status, message = ("partial", "; ".join(told)) if told else ("complete", "")
    part = Part(start, end, status, answer.rows.num_rows, time.perf_counter() - began, message)  # type: ignore[arg-type]
    return Outcome(part, answer.rows)


def _ask(driver: Driver, request: Request, patience: Patience) -> Answer:
    for attempt in range(patience.tries):
        try:
            return driver.run(request)
        except QueryThrottledError as busy:
            if attempt == patience.tries - 1:
                raise QueryError(f"{busy.message}; asked {patience.tries} times", where=busy.where) from None
            wait = busy.retry_after_s
            if wait is None:
                wait = patience.back_off_s * 2**attempt * (0.75 + random.random() / 2)  # noqa: S311 - spread, no secret
            patience.sleep(min(wait, LONGEST_WAIT_S))
    raise AssertionError


def put_together(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of all parts: columns of any part, the wider type where they differ, text where none is wider.

    Examples
    --------
    >>> import pyarrow as pa
    >>> put_together([pa.table({"a": [1]}), pa.table({"a": ["x"], "b": [2]})]).to_pylist()
    [{'a': '1', 'b': None}, {'a': 'x', 'b': 2}]
    """
    import pyarrow as pa

    tables = [_plain_numbers(_with_names_of_their_own(table)) for table in tables]
    if len(tables) == 1:
        return tables[0]
    kept = [table for table in tables if table.num_columns] or list(tables[:1])
    try:
        return pa.concat_tables(kept, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.concat_tables([_as_text(table, _differing(kept)) for table in kept], promote_options="permissive")


def _with_names_of_their_own(table: pa.Table) -> pa.Table:
    """Columns of the same name get a number: ``n``, ``n_2``."""
    if len(set(table.column_names)) == len(table.column_names):
        return table
    names: list[str] = []
    for name in table.column_names:
        fresh, number = name, 2
        while fresh in names or (fresh != name and fresh in table.column_names):
            fresh, number = f"{name}_{number}", number + 1
        names.append(fresh)
    return table.rename_columns(names)


def _plain_numbers(table: pa.Table) -> pa.Table:
    """Sums of whole numbers come as decimals: int64 where it holds them, else float64."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if not pa.types.is_decimal(field.type):
            continue
        column = table.column(at)
        try:
            plain = column.cast(pa.int64() if field.type.scale == 0 else pa.float64())
        except pa.ArrowInvalid:
            plain = column.cast(pa.float64())
        table = table.set_column(at, field.name, plain)
    return table


def _differing(tables: Sequence[pa.Table]) -> set[str]:
    import pyarrow as pa

    kinds: dict[str, set[str]] = {}
    for table in tables:
        for field in table.schema:
            if not pa.types.is_null(field.type):
                kinds.setdefault(field.name, set()).add(str(field.type))
    return {name for name, found in kinds.items() if len(found) > 1}


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    import json

    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if field.name not in names or pa.types.is_null(field.type):
            continue
        if pa.types.is_nested(field.type):
            values = table.column(at).to_pylist()
            texts = pa.array([None if one is None else json.dumps(one, default=str) for one in values], pa.string())
        else:
            texts = table.column(at).cast(pa.string())
        table = table.set_column(at, field.name, texts)
    return table
