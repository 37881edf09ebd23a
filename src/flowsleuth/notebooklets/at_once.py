"""Questions put to others, some at a time and each for itself, and their answers put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from flowsleuth.errors import CatalogueError, FlowsleuthError
from flowsleuth.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.notebooklets.run import Question

T = TypeVar("T")
AT_ONCE = 4


def ask_at_once(asks: Sequence[Callable[[], T]], question: Question) -> list[T | Exception | None]:
    """What each answered, or its error; None for those that a cancelled run no longer asked."""

    def ask(one: Callable[[], T]) -> T | Exception | None:
        return None if question.cancelled.is_set() else caught(one)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, asks))


def caught(ask: Callable[[], T]) -> T | Exception:
    """What was answered, or the error: a query is asked at a border where anything may go wrong.

    Examples
    --------
    >>> caught(lambda: 1 / 0)
    ZeroDivisionError('division by zero')
    """
    try:
        return ask()
    except Exception as error:
        return error


def reason(error: Exception) -> str:
    """Why it failed, in words; errors that are not ours with their kind.

    Examples
    --------
    >>> reason(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero'
    """
    return str(error) if isinstance(error, FlowsleuthError) else f"{type(error).__name__}: {error}"


def library_query(provider: Any, name: str) -> tuple[Any, Callable[..., pa.Table]] | None:
    """A query of the provider's library and the call that asks it for Arrow rows; None where it has none."""
    try:
        return provider.definition(name), provider.query(name).arrow
    except CatalogueError:
        return None


def window_of(question: Question) -> dict[str, Any]:
    """The time asked about, as a query's parameters."""
    start, end = question.time
    return {name: moment for name, moment in (("start", start), ("end", end)) if moment is not None}


def one_table(name: str, parts: Iterable[pa.Table]) -> pa.Table:
    """Rows of one of our tables from several answers, with ids that no two share.

    Examples
    --------
    >>> import pyarrow as pa
    >>> answer = pa.table({"flow_id": [7], "src_ip": ["192.0.2.1"]})
    >>> one_table("flow", [answer, answer])["flow_id"].to_pylist()
    [1, 2]
    """
    import pyarrow as pa

    some = list(parts)
    if len(some) == 1:
        return some[0]
    whole = pa.concat_tables(some, promote_options="permissive")
    column = TABLES[name].id_column
    if column is None or column not in whole.column_names:
        return whole
    ids = pa.array(range(1, len(whole) + 1), pa.int64())
    return whole.set_column(whole.column_names.index(column), column, ids)
