"""Labels as observations: later ones replace earlier ones, one suspect has one vote, old ones fade."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

KEY = ("src_ip", "dst_ip", "proto", "service_port", "server_name")
"""What makes a thing the same on another day."""
COLUMNS = (*KEY, "surprise", "severity", "flows", "made")
"""What a label must have."""
BAD, MEDIUM, FINE = 1, 2, 3
MEDIUM_WEIGHT = 0.5
"""An analyst who says medium is half as sure."""
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Things:
    """Rated things, each once, in an order of their own.

    Attributes
    ----------
    rows : pyarrow.Table
        :data:`KEY` of each.
    outcome : array of float64, shape (n,)
        1 bad, 0 fine; between where suspects of one day that differ in nothing that is shared were rated unlike.
    weight : array of float64, shape (n,)
    surprise : array of float64, shape (n,)
        Nats above the mean of what was rated on the same detector's queue.
    is_medium : array of bool, shape (n,)
    """

    rows: pa.Table
    outcome: Floats
    weight: Floats
    surprise: Floats
    is_medium: Bools

    def __len__(self) -> int:
        return int(self.outcome.size)

    def digest(self) -> str:
        """A hash of all of it: the same for the same ratings, whatever their order."""
        total = hashlib.sha256(repr(self.rows.to_pydict()).encode())
        for array in (self.outcome, self.weight, self.surprise, self.is_medium):
            total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()


def rated_things(labels: pa.Table, half_life_days: float) -> Things:
    """Observations from labels.

    - Labels with ``is_live`` false, or a severity that is none, are left out.
    - Of several labels for one suspect (``suspect_id`` and ``detector``) or one flow of it (``flow_id``) the latest
      holds; one for the whole suspect replaces earlier ones for its flows, later ones for flows take these from it.
    - A suspect has one vote, whatever its flows; rated in parts that differ in :data:`KEY` it is shared out.
    - Of one thing (same :data:`KEY`) the ``date`` that was rated last holds; several suspects of that day are averaged.
    - A vote halves every `half_life_days` before the newest label.

    Parameters
    ----------
    labels : pyarrow.Table
    half_life_days : float

    Returns
    -------
    Things
    """
    labels = latest_labels(labels)
    if not len(labels):
        nothing = np.zeros(0)
        return Things(labels.select(KEY), nothing, nothing, nothing, np.zeros(0, dtype=bool))
    return _vote(labels, half_life_days)


def latest_labels(labels: pa.Table) -> pa.Table:
    """The labels that hold, in order of time, with ``flows`` less those that later labels for single flows took.

    See :func:`rated_things`: the first two of its rules.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    keep = pc.is_in(labels["severity"], value_set=pa.array([BAD, MEDIUM, FINE], labels["severity"].type))
    if "is_live" in labels.column_names:
        keep = pc.and_(keep, pc.fill_null(labels["is_live"], False))
    labels = labels.filter(keep)
    if not len(labels):
        return labels
    keys = [(name, "ascending") for name in ("made", "label_id") if name in labels.column_names]
    return _latest(labels.sort_by(keys).combine_chunks())


def _latest(labels: pa.Table) -> pa.Table:
    import pyarrow as pa

    size = len(labels)
    suspect = _suspects(labels)
    flow = (
        whole_numbers(labels["flow_id"], -1) if "flow_id" in labels.column_names else np.full(size, -1, dtype=np.int64)
    )
    time = np.arange(size)
    thing = _ids(suspect, flow)
    last = np.zeros(thing.max() + 1, dtype=np.int64)
    np.maximum.at(last, thing, time)
    whole = np.full(suspect.max() + 1, -1, dtype=np.int64)
    np.maximum.at(whole, suspect[flow < 0], time[flow < 0])
    holds = (last[thing] == time) & ((flow < 0) | (time > whole[suspect]))
    parts = np.bincount(suspect[holds & (flow >= 0)], minlength=whole.size)
    flows = np.maximum(whole_numbers(labels["flows"], 1), 1)
    flows = np.where(flow < 0, np.maximum(flows - parts[suspect], 1), 1)
    at = np.flatnonzero(holds)
    labels = labels.set_column(labels.column_names.index("flows"), "flows", pa.array(flows))
    return labels.take(pa.array(at))


def _suspects(labels: pa.Table) -> Ints:
    """Which suspect each label is about; without ``suspect_id`` (or where it is null) the thing itself."""
    names = labels.column_names
    key = _ids(*(_codes(labels[name]) for name in KEY))
    if "suspect_id" not in names:
        return key
    has_id = np.asarray(labels["suspect_id"].is_valid().combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)
    detector = _codes(labels["detector"]) if "detector" in names else np.zeros(len(labels), dtype=np.int64)
    return _ids(has_id, np.where(has_id, _codes(labels["suspect_id"]), key), np.where(has_id, detector, 0))


def _vote(labels: pa.Table, half_life_days: float) -> Things:
    import pyarrow as pa

    key = _ids(*(_codes(labels[name]) for name in KEY))
    suspect = _suspects(labels)
    made = whole_numbers(labels["made"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), 0)
    severity = whole_numbers(labels["severity"], FINE)
    date = _codes(labels["date"]) if "date" in labels.column_names else np.zeros(len(labels), dtype=np.int64)
    latest = _last_of(key, made)
    # the date of the label that came last for the thing; ties by time are of one act, whose first in order is taken
    holds = date == date[latest][key]
    at = np.flatnonzero(holds)
    key, suspect, made, severity = key[at], suspect[at], made[at], severity[at]
    flows = labels["flows"].to_numpy()[at].astype(float)
    part = _ids(key, suspect)
    votes = _mean(part, np.where(severity == FINE, 0.0, 1.0), flows)
    sure = _mean(part, np.where(severity == MEDIUM, MEDIUM_WEIGHT, 1.0), flows)
    newest = made.max()
    first = _first_of(part)
    parts_of = np.bincount(_ids(suspect[first]))[_ids(suspect[first])]
    fade = 0.5 ** ((newest - _largest(part, made)) / (half_life_days * DAY_US))
    weight = sure * fade / parts_of
    of_thing = key[first]
    thing = _first_of(_ids(of_thing))
    group = _ids(of_thing)
    outcome = _mean(group, votes, weight)
    surprise = _mean(group, _above_usual(labels, at, part), weight)
    medium = _largest(group, _largest(part, (severity == MEDIUM).astype(np.int64)))
    rows = labels.select(KEY).take(pa.array(at[first][thing]))
    return _in_order(Things(rows, outcome, _largest_float(group, weight), surprise, medium > 0))


def _above_usual(labels: pa.Table, at: Ints, part: Ints) -> Floats:
    """Surprise of each part, less the mean of all that were rated on its detector's queue; 0 where it is not known."""
    import pyarrow as pa

    raw = labels["surprise"].cast(pa.float64()).fill_null(float("nan")).combine_chunks().to_numpy(zero_copy_only=False)
    raw = np.where(np.isfinite(raw), raw, np.nan)[at]
    detector = _codes(labels["detector"])[at] if "detector" in labels.column_names else np.zeros(at.size, np.int64)
    is_known = ~np.isnan(raw)
    count = np.bincount(detector[is_known], minlength=detector.max() + 1)
    total = np.bincount(detector[is_known], weights=raw[is_known], minlength=detector.max() + 1)
    centred = np.where(is_known, raw - (total / np.maximum(count, 1))[detector], 0.0)
    return _mean(part, centred, np.ones(at.size))


def _in_order(things: Things) -> Things:
    """Sorted by key, so that sums do not hang on the order of the labels."""
    import pyarrow as pa
    import pyarrow.compute as pc

    order = pc.sort_indices(things.rows, sort_keys=[(name, "ascending") for name in KEY])
    at = order.to_numpy()
    rows = things.rows.take(pa.array(at)).combine_chunks()
    return Things(rows, things.outcome[at], things.weight[at], things.surprise[at], things.is_medium[at])


def _codes(column: Any) -> Ints:
    """Equal values, equal whole numbers from 0 on; null is a value."""
    import pyarrow as pa

    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = encoded.dictionary_encode()
    codes: Ints = found.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes + 1


def _ids(*columns: NDArray[Any]) -> Ints:
    """Equal rows, equal whole numbers from 0 on."""
    stacked = np.stack([np.asarray(column, dtype=np.int64) for column in columns], axis=1)
    return np.unique(stacked, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def whole_numbers(column: Any, missing: int) -> Ints:
    """A column of whole numbers as int64, with a number for null."""
    import pyarrow as pa

    filled = column.cast(pa.int64()).fill_null(missing)
    if isinstance(filled, pa.ChunkedArray):
        filled = filled.combine_chunks()
    found: Ints = filled.to_numpy(zero_copy_only=False)
    return found


def _first_of(group: Ints) -> Ints:
    """Place of each group's first member, in order of the groups."""
    return np.unique(group, return_index=True)[1]


def _last_of(group: Ints, value: Ints) -> Ints:
    """Place of each group's member with the largest value, the last of equals."""
    order = np.lexsort((np.arange(group.size), value, group))
    ends = np.flatnonzero(np.append(group[order][1:] != group[order][:-1], True))
    return order[ends]


def _mean(group: Ints, value: Floats, weight: Floats) -> Floats:
    total = np.bincount(group, weights=weight)
    return np.bincount(group, weights=weight * value) / np.maximum(total, np.finfo(float).tiny)


def _largest(group: Ints, value: Ints) -> Ints:
    found = np.full(int(group.max()) + 1, np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(found, group, value)
    return found


def _largest_float(group: Ints, value: Floats) -> Floats:
    found = np.full(int(group.max()) + 1, -np.inf)
    np.maximum.at(found, group, value)
    return found
