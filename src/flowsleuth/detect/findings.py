"""What a finder is: it looks at a day and tells who behaves as nobody should, how likely that is by chance, and why."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import SPAN
from flowsleuth.detect.days.network_day import NetworkDay
from flowsleuth.detect.dense_codes import hash_rows, to_signed
from flowsleuth.detect.wording import services
from flowsleuth.schema.protocols import KEYWORDS

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NONE = -1
"""Code of an end, a name or a service that a finding does not have, because it has several."""
KEPT_P = 0.05
"""Findings above are not told: one in twenty would be by chance alone; what is not told counts as nothing."""
FAMILIES = ("timing", "volume", "reach", "newness", "names", "access", "intelligence", "rarity")
"""Kinds of evidence. Within one, finders look at the same thing from several sides and only the strongest counts."""


class Finder(Protocol):
    """Tells findings of a day.

    Attributes
    ----------
    name, summary : str
    family : str
        One of :data:`FAMILIES`.
    normal_if : str
        What would have to be so for its findings to be normal, after "if": ``the destination were known``.
    is_default : bool
        Runs when no detector is named.
    Options : type
        A frozen dataclass; every field has a default and ``metadata={"help": …, "unit": …, "min": …, "max": …}``.
    version : int
        Raised when findings change for the same input and options.
    tables : tuple of str
        Other tables than ``flow`` that it reads.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    family: ClassVar[str]
    normal_if: ClassVar[str]
    is_default: ClassVar[bool]
    Options: ClassVar[type]
    version: ClassVar[int]
    tables: ClassVar[tuple[str, ...]]

    def __init__(self, options: Any = None) -> None: ...

    def find(self, day: NetworkDay) -> pa.Table:
        """Findings of a day, made by :func:`tell`, in any order.

        Each ``p_value`` is for one host or pair that was tested, not corrected for how many were. Row order of the
        flows never matters; a second run gives the same; engines agree to 1e-9.
        """
        ...


@dataclass(frozen=True)
class Extent:
    """The flows that findings rest on; arrays of shape (n,).

    Attributes
    ----------
    flows : array of int64
    first_us, last_us : array of int64
        Starts of the earliest and latest, microseconds since 1970 (UTC).
    src_bytes, dst_bytes : array of float64
        NaN where not told.
    """

    flows: Ints
    first_us: Ints
    last_us: Ints
    src_bytes: Floats
    dst_bytes: Floats

    @classmethod
    def of_rows(cls, pairs: Any, rows: Ints) -> Extent:
        """Of single rows of :class:`.network_day.Pairs`."""
        return cls(*(getattr(pairs, name)[rows] for name in ("flows", "first_us", "last_us", "src_bytes", "dst_bytes")))

    @classmethod
    def of_groups(cls, pairs: Any, of: NDArray[np.integer], groups: int) -> Extent:
        """Of groups of rows: `of` is each row's group, from 0, and -1 for a row of none; a group has at least one."""
        rows = np.flatnonzero(of >= 0)
        of = of[rows]
        first = np.full(groups, np.iinfo(np.int64).max)
        last = np.full(groups, np.iinfo(np.int64).min)
        np.minimum.at(first, of, pairs.first_us[rows])
        np.maximum.at(last, of, pairs.last_us[rows])
        flows = np.bincount(of, weights=pairs.flows[rows], minlength=groups).astype(np.int64)
        sizes = [_sum_told(values[rows], of, groups) for values in (pairs.src_bytes, pairs.dst_bytes)]
        return cls(flows, first, last, sizes[0], sizes[1])


def _sum_told(values: Floats, of: NDArray[np.integer], groups: int) -> Floats:
    """Sums of what is told; NaN for a group where nothing is."""
    is_told = np.isfinite(values)
    total = np.bincount(of[is_told], weights=values[is_told], minlength=groups)
    return np.where(np.bincount(of[is_told], minlength=groups) > 0, total, np.nan)


def tell(
    day: NetworkDay,
    *,
    src: NDArray[Any],
    p_value: Floats,
    reason: pa.Array,
    extent: Extent,
    technique: str | pa.Array,
    dst: NDArray[Any] | None = None,
    name: pa.Array | None = None,
    service: NDArray[Any] | None = None,
    host: NDArray[Any] | None = None,
    score: Floats | None = None,
    evidence: dict[str, NDArray[Any]] | None = None,
    most_p: float = KEPT_P,
) -> pa.Table:
    """Rows of ``schema.FINDING`` but for ``detector`` and ``run``; those whose chance is above `most_p` are left out.

    Parameters
    ----------
    day : NetworkDay
    src, dst : array of int, shape (n,)
        Host codes of the day; :data:`NONE` where there are several (`dst`, when not given).
    p_value : array of float64, shape (n,)
    reason : pyarrow.Array of string, shape (n,)
    extent : Extent
    technique : str or pyarrow.Array of string
        ATT&CK.
    name : pyarrow.Array of string, optional
        Names of the other ends; null where it has none.
    service : array of int, shape (n,), optional
        Service codes; :data:`NONE` where there are several.
    host : array of int, shape (n,), optional
        Whose conduct it is; else `src` where that is ours, or `dst` is not; else `dst`.
    score : array of float64, shape (n,), optional
        ``1 - p_value`` when not given.
    evidence : dict of str to array, optional
        Numbers of the reason; NaN and NaT are left out.
    most_p : float

    Returns
    -------
    pyarrow.Table
    """
    import pyarrow as pa

    from flowsleuth.schema import FINDING

    told = np.flatnonzero(p_value <= most_p)
    take = pa.array(told)
    src = np.asarray(src, dtype=np.int64)[told]
    dst = np.full(told.size, NONE) if dst is None else np.asarray(dst, dtype=np.int64)[told]
    service = np.full(told.size, NONE) if service is None else np.asarray(service, dtype=np.int64)[told]
    host = _whose(day, src, dst) if host is None else np.asarray(host, dtype=np.int64)[told]
    proto, port = service_columns(service)
    names = pa.nulls(told.size, pa.string()) if name is None else name.take(take)
    midnight = int(dt.datetime.combine(day.date, dt.time(), dt.UTC).timestamp()) * 1_000_000
    p_value = np.clip(p_value[told], 1e-300, 1.0)
    columns = {
        "day": _moments(np.full(told.size, midnight)),
        "host": _texts(day, host),
        "src_ip": _texts(day, src),
        "dst_ip": _texts(day, dst),
        "server_name": names,
        "proto": proto,
        "service_port": port,
        "p_value": pa.array(p_value),
        "score": pa.array(np.clip(1.0 - p_value if score is None else score[told], 0.0, 1.0)),
        "technique": pa.repeat(technique, told.size) if isinstance(technique, str) else technique.take(take),
        "flows": pa.array(extent.flows[told]),
        "first_seen": _moments(extent.first_us[told]),
        "last_seen": _moments(extent.last_us[told]),
        "src_bytes": _whole(extent.src_bytes[told]),
        "dst_bytes": _whole(extent.dst_bytes[told]),
        "reason": reason.take(take),
        "evidence": _objects({key: value[told] for key, value in (evidence or {}).items()}, told.size),
    }
    schema = pa.schema([one for one in FINDING.arrow_schema() if one.name in columns])
    return pa.table([columns[one.name].cast(one.type) for one in schema], schema=schema)


def no_findings() -> pa.Table:
    """No row of what :func:`tell` gives."""
    import pyarrow as pa

    from flowsleuth.schema import FINDING

    absent = ("detector", "run", "finding_id")
    return pa.schema([one for one in FINDING.arrow_schema() if one.name not in absent]).empty_table()


def _whose(day: NetworkDay, src: Ints, dst: Ints) -> Ints:
    """The end that is ours, the source's before the other; the source where neither is."""
    is_home = np.append(day.is_home, False)
    return np.where(~is_home[src] & is_home[dst], dst, src)


def service_columns(service: NDArray[Any]) -> tuple[pa.Array, pa.Array]:
    """Protocol keyword and port of service codes; null where there is none, or several (:data:`NONE`).

    Examples
    --------
    >>> [column.to_pylist() for column in service_columns(np.array([6 * SPAN + 443, NONE, 2 * SPAN - 1]))]
    [['tcp', None, 'icmp'], [443, None, None]]
    """
    import pyarrow as pa

    proto, detail = np.divmod(np.asarray(service, dtype=np.int64), SPAN)
    numbers, at = np.unique(proto, return_inverse=True)
    words = pa.array([KEYWORDS.get(int(number)) for number in numbers.tolist()], pa.string())
    has_port = (service >= 0) & (detail < SPAN // 2)
    return words.take(pa.array(at.reshape(-1))), pa.array(detail.astype(np.int32), mask=~has_port)


def say_service(service: NDArray[Any]) -> pa.Array:
    """Services as ``4444/tcp``; the protocol alone where there is no port.

    Examples
    --------
    >>> say_service(np.array([6 * SPAN + 4444, 51 * SPAN - 1])).to_pylist()
    ['4444/tcp', 'esp']
    """
    import pyarrow as pa

    proto, port = service_columns(service)
    number = port.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
    untold = np.full(number.size, np.nan)
    return services(proto, number, untold, untold)


def _texts(day: NetworkDay, codes: Ints) -> pa.Array:
    import pyarrow as pa

    return day.addresses.texts.take(pa.array(codes, mask=codes < 0))


def _moments(us: Ints) -> pa.Array:
    import pyarrow as pa

    return pa.array(us.astype(np.int64)).cast(pa.timestamp("us", tz="UTC"))


def _whole(values: Floats) -> pa.Array:
    import pyarrow as pa

    is_told = np.isfinite(values)
    return pa.array(np.where(is_told, values, 0.0).astype(np.int64), mask=~is_told)


def _objects(columns: dict[str, NDArray[Any]], rows: int) -> pa.Array:
    """A JSON object a row."""
    import pyarrow as pa

    names = list(columns)
    lists = [values.tolist() for values in columns.values()]
    texts = [
        json.dumps({name: value for name, value in zip(names, row, strict=True) if not _is_untold(value)})
        for row in (zip(*lists, strict=True) if lists else ((),) * rows)
    ]
    return pa.array(texts, pa.string())


def _is_untold(value: Any) -> bool:
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def finding_ids(rows: pa.Table, detector: str) -> pa.Array:
    """Ids of findings: the same for the same finder, day and ends, on every machine.

    Parameters
    ----------
    rows : pyarrow.Table
        What :func:`tell` gave.
    detector : str
    """
    import pyarrow as pa

    from flowsleuth.detect.dense_codes import TextCodes

    words = [np.full(len(rows), TextCodes(pa.array([detector])).hashes()[0])]
    words.append(rows["day"].cast(pa.int64()).to_numpy().astype(np.uint64))
    for name in ("host", "src_ip", "dst_ip", "server_name", "proto", "technique"):
        codes = TextCodes.distinct(rows[name])
        hashes = np.append(codes.hashes(), np.uint64(0))
        words.append(hashes[codes.of(rows[name])])
    words.append((rows["service_port"].cast(pa.int64()).fill_null(-1).to_numpy() + 1).astype(np.uint64))
    return pa.array(to_signed(hash_rows(np.stack(words, axis=1))))
