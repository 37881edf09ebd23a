"""Sessions by how rare they are, each with the rarest part of it and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowsleuth.analyze.sessions.events import SessionEvents, session_events
from flowsleuth.analyze.sessions.model import SessionModel, SessionOptions, Steps
from flowsleuth.analyze.sessions.reasons import Reasons
from flowsleuth.schema.tabular import like, row_labels, text_column

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

ARROW = " → "
END = "(end)"
ALIKE = 1e-7
"""Logarithms that differ by less are the same: sums of millions of them are rounded."""


def rare_sessions(
    data: Any,
    session: str | Sequence[str],
    command: str,
    *,
    parameters: str | None = None,
    time_column: str | None = None,
    model: SessionModel | None = None,
    options: SessionOptions | None = None,
) -> Any:
    """Which sessions run commands in an order, or with parameters or values, that is rare among all of them.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table
        A row for each event. It is not changed.
    session : str or sequence of str
        Columns that together name the session.
    command : str
        Of commands: the operation, the program, or :func:`~flowsleuth.extract.skeletons.skeletons` of command lines.
    parameters : str, optional
        A column of mappings (``{"Identity": "bob"}``), of lists of names, or either as JSON.
    time_column : str, optional
        Events are in its order; in that of the rows without it.
    model : SessionModel, optional
        Learned from other sessions; these are learned from when it is not given.
    options : SessionOptions, optional
        Those of the model, if one is given. The level is ``values`` where parameters are given, else ``commands``.

    Returns
    -------
    table of the same make
        A row for each session, the rarest first: the columns of ``session``, ``events``, ``score`` (1 for the rarest, 0
        for the most usual: its share of the sessions that are more likely), ``likelihood`` (the geometric mean of the
        probabilities of its steps, so that long and short sessions compare), ``log_likelihood`` (their sum),
        ``rarest`` (the least likely window, in words), ``rarest_likelihood``, ``rarest_row`` (label of its first row)
        and ``reason`` (what is rarest in it, with counts).

    Raises
    ------
    OptionError
        No such column; an option out of bounds.

    Notes
    -----
    What is rare is not wrong for it, and what an intruder does often enough is not rare. The time is linear in the
    events but for their being sorted.

    Examples
    --------
    >>> import pandas
    >>> usual = [(f"s{n}", command) for n in range(50) for command in ("login", "list", "read", "logout")]
    >>> odd = [("odd", command) for command in ("login", "delete", "delete", "logout")]
    >>> found = rare_sessions(pandas.DataFrame(usual + odd, columns=["session", "command"]), "session", "command")
    >>> found[["session", "rarest", "reason"]].iloc[0].tolist()
    ['odd', 'delete → delete → logout', 'delete after login: 1 of 51 times']
    """
    chosen = options or (model.options if model else SessionOptions("values" if parameters else "commands"))
    events = session_events(data, session, command, parameters, time_column)
    groups = [session] if isinstance(session, str) else list(session)
    return like(_told(data, groups, events, model or SessionModel(events, chosen)), data)


def _told(data: Any, groups: list[str], events: SessionEvents, model: SessionModel) -> pa.Table:
    import pyarrow as pa

    known = model.known(events)
    steps = model.steps(known)
    starts = events.starts
    lengths = np.diff(np.concatenate([starts, [len(events.command)]]))
    chain, ends = _chained(steps, starts, lengths)
    total = np.add.reduceat(chain, ends - lengths) if len(starts) else np.zeros(0)
    at, mean = _rarest(chain, ends - lengths, lengths + 1, model.options.window)
    reasons, window = Reasons(model, events, known, steps), model.options.window
    words = [
        _words(reasons, int(first), int(last), chain[place : place + window])
        for place, first, last in zip(at, starts + at - (ends - lengths), starts + lengths, strict=True)
    ]
    likelihood = np.exp(total / (lengths + 1))
    order = np.argsort(total / (lengths + 1), kind="stable")
    first = pa.array(events.rows[starts], pa.int64())
    rarest = events.rows[np.minimum(starts + at - (ends - lengths), starts + lengths - 1)] if len(starts) else starts
    table = pa.table(
        {
            **{name: text_column(data, name).take(first) for name in groups},
            "events": pa.array(lengths, pa.int64()),
            "score": pa.array(_scores(total / (lengths + 1)), pa.float64()),
            "likelihood": pa.array(likelihood, pa.float64()),
            "log_likelihood": pa.array(total, pa.float64()),
            "rarest": pa.array([told for told, _ in words], pa.string()),
            "rarest_likelihood": pa.array(np.exp(mean), pa.float64()),
            "rarest_row": row_labels(data).take(pa.array(rarest, pa.int64())),
            "reason": pa.array([why for _, why in words], pa.string()),
        }
    )
    return table.take(pa.array(order, pa.int64()))


def _chained(
    steps: Steps, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """All steps in order, each session's end after its events; and where the ends are."""
    chain = np.insert(steps.total, starts + lengths, steps.end)
    return chain, starts + lengths + np.arange(len(starts))


def _rarest(
    chain: npt.NDArray[np.float64], begins: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], window: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Where in the chain the least likely window of each session begins, and its mean; the whole of short ones."""
    sums = np.concatenate([[0.0], np.cumsum(chain)])
    session = np.repeat(np.arange(len(begins)), lengths)
    place = np.arange(len(chain))
    size = np.minimum(window, lengths)[session]
    is_whole = place + size <= (begins + lengths)[session]
    mean = np.where(is_whole, (sums[np.minimum(place + size, len(chain))] - sums[place]) / size, np.inf)
    if not len(begins):
        return begins, mean
    least = np.minimum.reduceat(mean, begins)
    hits = np.flatnonzero(mean <= least[session] + ALIKE)
    first = hits[np.searchsorted(session[hits], np.arange(len(begins)))]
    return first.astype(np.int64), least


def _words(reasons: Reasons, first: int, last: int, logs: npt.NDArray[np.float64]) -> tuple[str, str]:
    """A window in words, and why it is rare: ``first`` to ``last`` are the session's events from the window on."""
    places = list(range(first, first + len(logs)))[: last - first + 1]
    told = [reasons.command(at) if at < last else END for at in places]
    rarest = int(np.argmin(logs[: len(places)]))
    at = places[rarest]
    return ARROW.join(told), reasons.of_event(at) if at < last else reasons.of_end(at - 1)


def _scores(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The share of the others that are more likely."""
    if len(values) < 2:
        return np.zeros(len(values))
    in_order = np.sort(values)
    return (len(values) - np.searchsorted(in_order, values, "right")) / (len(values) - 1)
