"""The conformance kit of query drivers: what every driver, ours or a plug-in, must satisfy."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from flowsleuth.errors import QueryError
from flowsleuth.query.definitions import QueryDefinition
from flowsleuth.query.drivers.contract import Answer, Driver, Request
from flowsleuth.query.languages import LANGUAGES, renderer
from flowsleuth.query.languages.values import Value

if TYPE_CHECKING:
    import pyarrow as pa

HOSTILE = (
    "x' OR '1'='1",
    'x" or 1 == 1 //',
    'x" OR *:*',
    'x"}} , "match_all": {} ',
    "x\\",
    "x\n| take 1",
    "x' UNION SELECT 1 --",
    "{value}",
)
"""Values that find nothing, unless they become part of the query."""


def check_driver(
    driver: Driver,
    question: QueryDefinition,
    *,
    value: str,
    expect_rows: int,
    wrong: QueryDefinition | None = None,
    secrets: Iterable[str] = (),
) -> pa.Table:
    """Assert that a driver keeps every promise.

    It says what it is; asks only when told; gives Arrow with times in UTC and the same rows each time, from several
    threads as well; takes hostile values as values; raises errors of one family, without secrets; prints nothing; can
    be closed twice and connected again.

    Parameters
    ----------
    driver : Driver
        Made, not connected.
    question : QueryDefinition
        A query of its language with one parameter, ``value``, that rows are compared with.
    value : str
        One that finds rows.
    expect_rows : int
        How many.
    wrong : QueryDefinition, optional
        A query without parameters that the other side refuses.
    secrets : iterable of str
        Texts that must never be shown.

    Returns
    -------
    pyarrow.Table
        The rows found, for further assertions.

    Raises
    ------
    AssertionError
        A promise is broken; the message says which one.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from flowsleuth.query.definitions import Parameter
    >>> from flowsleuth.query.drivers.local_files import LocalFiles
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "flows.csv").write_text("src_ip\\n10.0.0.1\\n")
    >>> text = "SELECT * FROM flows WHERE src_ip = {value}"
    >>> question = QueryDefinition("q", (), (), text, {"value": Parameter("value")})
    >>> check_driver(LocalFiles(folder), question, value="10.0.0.1", expect_rows=1).to_pylist()
    [{'src_ip': '10.0.0.1'}]
    """
    hidden = [secret for secret in secrets if secret]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        _check_description(driver)
        driver.connect()
        driver.connect()
        rows = _check_rows(driver, question, value, expect_rows)
        _check_threads(driver, question, value, rows)
        _check_hostile(driver, question, expect_rows)
        if wrong is not None:
            _check_wrong(driver, wrong, hidden)
        _check_closing(driver, question, value, expect_rows)
    assert not said.getvalue(), f"it prints: {said.getvalue()[:200]!r}"
    assert not any(secret in repr(driver) for secret in hidden), "its repr shows a secret"
    return rows


def _check_description(driver: Driver) -> None:
    assert isinstance(driver, Driver), "it has not all methods of a driver"
    assert driver.environment.isidentifier(), f"its environment is no name: {driver.environment!r}"
    assert driver.language in LANGUAGES.names(), f"no such language: {driver.language}"
    assert len(driver.summary.splitlines()) == 1, "its summary is not one line"
    assert isinstance(driver.is_local, bool), "is_local is no truth value"
    assert driver.parallel >= 1, "parallel is less than one"


def _ask(driver: Driver, question: QueryDefinition, value: str | None) -> pa.Table:
    values = {} if value is None else {"value": Value(value)}
    answer = driver.run(Request(renderer(driver.language)(question, values)))
    assert isinstance(answer, Answer), f"it gives a {type(answer).__name__}, not an Answer"
    assert not answer.warnings, f"a whole result has warnings: {answer.warnings}"
    return answer.rows


def _check_rows(driver: Driver, question: QueryDefinition, value: str, expected: int) -> pa.Table:
    import pyarrow as pa

    rows = _ask(driver, question, value)
    assert isinstance(rows, pa.Table), f"its rows are a {type(rows).__name__}, not an Arrow table"
    assert rows.num_rows == expected, f"{rows.num_rows} rows instead of {expected}"
    for field in rows.schema:
        if pa.types.is_timestamp(field.type):
            assert field.type.tz == "UTC", f"{field.name} is not in UTC: {field.type}"
    assert _ask(driver, question, value).equals(rows), "the same question gives other rows the second time"
    return rows


def _check_threads(driver: Driver, question: QueryDefinition, value: str, rows: pa.Table) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: _ask(driver, question, value), range(4)))
    assert all(one.equals(rows) for one in found), "several threads get other rows"


def _check_hostile(driver: Driver, question: QueryDefinition, expected: int) -> None:
    for value in HOSTILE:
        found = _ask(driver, question, value).num_rows
        assert found == 0, f"{value!r} finds {found} of {expected} rows: it became part of the query"


def _check_wrong(driver: Driver, wrong: QueryDefinition, secrets: list[str]) -> None:
    try:
        _ask(driver, wrong, None)
    except QueryError as error:
        said = str(error)
    except Exception as error:
        raise AssertionError(f"an error outside the family: {type(error).__name__}: {error}") from error
    else:
        raise AssertionError("a wrong query gives no error")
    assert said, "an error says nothing"
    assert not any(secret in said for secret in secrets), "an error shows a secret"


def _check_closing(driver: Driver, question: QueryDefinition, value: str, expected: int) -> None:
    driver.close()
    driver.close()
    driver.connect()
    assert _ask(driver, question, value).num_rows == expected, "other rows after it was closed and connected again"
    driver.close()
