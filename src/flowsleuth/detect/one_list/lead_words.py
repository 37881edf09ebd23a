"""Leads as rows: what is said of each, from its findings; for the few thousand that are kept of a day."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.dense_codes import TextCodes, hash_rows, row_order, to_signed
from flowsleuth.detect.one_list.fusion import Evidence

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REASONS = 3
"""Findings that are told in a lead's reason."""
LIKELY = 0.5
"""What is as likely as not comes last, and is no reason unless there is no other."""
_ENDS = ("src_ip", "dst_ip", "server_name", "proto", "service_port")
_SIZES = ("flows", "src_bytes", "dst_bytes")


@dataclass(frozen=True)
class Spoken:
    """What a detector is, for fusion.

    Attributes
    ----------
    family, normal_if : str
    """

    family: str
    normal_if: str


class RowGroups:
    """Rows of some entities.

    Parameters
    ----------
    entity : array of int64, shape (n_rows,)
    wanted : array of int64, shape (n,)
    """

    def __init__(self, entity: Ints, wanted: Ints) -> None:
        self.wanted = wanted
        self._order = row_order(entity)
        ordered = entity[self._order]
        self._low = np.searchsorted(ordered, wanted, side="left")
        self._high = np.searchsorted(ordered, wanted, side="right")

    def __iter__(self) -> Iterator[list[int]]:
        """Rows of each of the wanted, ascending."""
        for low, high in zip(self._low.tolist(), self._high.tolist(), strict=True):
            yield self._order[low:high].tolist()


@dataclass(frozen=True)
class LeadWords:
    """What is said of leads.

    Attributes
    ----------
    findings : pyarrow.Table
    detectors : list of str
        By the evidence's places.
    spoken : mapping of str to Spoken
    evidence : Evidence
    without : mapping of int to array
        Chance of every entity without a detector.
    listed : array of float64
        Chances of all that are listed, ascending.
    """

    findings: pa.Table
    detectors: Sequence[str]
    spoken: Mapping[str, Spoken]
    evidence: Evidence
    without: Mapping[int, Floats]
    listed: Floats

    @cached_property
    def texts(self) -> dict[str, list[Any]]:
        """Columns of the findings that are told, as lists."""
        names = ("host", *_ENDS, *_SIZES, "first_seen", "last_seen", "technique", "reason", "finding_id")
        return {name: self.findings[name].to_pylist() for name in names}

    @cached_property
    def _told(self) -> tuple[list[int], list[float]]:
        """Detector and chance of each finding, as lists: a lead has few, for which arrays are slow."""
        return self.evidence.detector.tolist(), self.evidence.p_value.tolist()

    def about(self, by: str, entity: int, rows: list[int]) -> dict[str, Any]:
        """One lead's detectors by how much each matters, the likely last; their reasons; its rank without the first."""
        detector, chance = self._told
        strongest: dict[int, int] = {}
        for at in rows:
            place = detector[at]
            if place not in strongest or chance[at] < chance[strongest[place]]:
                strongest[place] = at
        left = {place: float(self.without[place][entity]) for place in strongest}
        order = sorted(strongest, key=lambda place: (chance[strongest[place]] >= LIKELY, -left[place], place))
        best = [strongest[place] for place in order]
        names = [self.detectors[place] for place in order]
        techniques = [text for text in (self.texts["technique"][at] for at in best) if text]
        reasons = [at for at in best if chance[at] < LIKELY] or best[:1]
        told = [self._reason(by, self.detectors[detector[at]], at) for at in reasons[:REASONS]]
        others = [at for at in rows if strongest[detector[at]] != at]
        return {
            "technique": ", ".join(dict.fromkeys(techniques)) or None,
            "detectors": ", ".join(names),
            "reason": "; ".join(told),
            "normal_if": f"{self._rank(left[order[0]])} if {self.spoken[names[0]].normal_if}",
            "finding_ids": json.dumps([self.texts["finding_id"][at] for at in [*best, *others]]),
            "findings": len(rows),
        }

    def _rank(self, chance: float) -> str:
        if chance >= 1.0:
            return "would not be listed"
        place = max(int(np.searchsorted(self.listed, chance, side="left")), 1)  # it stands before itself no more
        return f"would rank {place:,} of {self.listed.size:,}"

    def _reason(self, by: str, name: str, at: int) -> str:
        row = {key: self.texts[key][at] for key in ("host", *_ENDS, "reason")}
        where = _other_end(row) if by == "host" else ""
        return f"{name}{f' ({where})' if where else ''}: {row['reason']}"

    def extent(self, some: list[int]) -> dict[str, Any]:
        """The widest range, and the largest of the sums, of a lead's findings: they may rest on the same flows."""
        largest = {
            name: max((v for at in some if (v := self.texts[name][at]) is not None), default=None) for name in _SIZES
        }
        first, last = self.texts["first_seen"], self.texts["last_seen"]
        return largest | {"first_seen": min(first[at] for at in some), "last_seen": max(last[at] for at in some)}

    def ends(self, by: str, some: list[int]) -> dict[str, Any]:
        """The ends of a pair, where its findings agree; a port is one of a protocol."""
        if by == "host":
            return dict.fromkeys(_ENDS)
        found = {name: _same(self.texts[name][at] for at in some) for name in _ENDS}
        return found | ({"service_port": None} if found["proto"] is None else {})


def is_called(row: Mapping[str, Any]) -> bool:
    """Whether a finding is of a host that others called: its ``host`` is the destination, and not the source too.

    Examples
    --------
    >>> is_called({"host": "10.0.0.5", "src_ip": "192.0.2.7", "dst_ip": "10.0.0.5"})
    True
    """
    return bool(row["host"] == row["dst_ip"] != row["src_ip"])


def _other_end(row: Mapping[str, Any]) -> str:
    """Who a finding says its host had to do with, and over what.

    Examples
    --------
    >>> ends = {"host": "10.0.0.7", "src_ip": "10.0.0.7", "dst_ip": "192.0.2.1", "server_name": None, "proto": "tcp"}
    >>> _other_end(ends | {"service_port": 443})
    '192.0.2.1 443/tcp'
    >>> _other_end(ends | {"src_ip": "192.0.2.1", "dst_ip": "10.0.0.7", "service_port": 22})
    'from 192.0.2.1 22/tcp'
    """
    caller = f"from {row['src_ip']}" if row["src_ip"] else None
    peer = caller if is_called(row) else row["server_name"] or row["dst_ip"]
    port = f" {row['service_port']}/{row['proto']}" if row["service_port"] is not None else ""
    return f"{peer}{port}" if peer else ""


def _same(values: Any) -> Any:
    """What all have that have any; None where they differ."""
    found = set(values) - {None}
    return found.pop() if len(found) == 1 else None


def lead_rows(
    by: str,
    date: dt.date,
    numbers: Mapping[str, list[Any]],
    words: LeadWords,
    groups: RowGroups,
    *,
    roles: Mapping[str, str],
) -> pa.Table:
    """Rows of ``schema.LEAD`` but for ``run``, in the order of the groups.

    Parameters
    ----------
    by : ``host`` or ``pair``
    date : datetime.date
    numbers : mapping of str to list
        Columns that are worked out already.
    words : LeadWords
    groups : RowGroups
    roles : mapping of str to str
    """
    import pyarrow as pa

    from flowsleuth.schema import LEAD

    midnight = dt.datetime.combine(date, dt.time(), dt.UTC)
    rows = []
    for place, (entity, some) in enumerate(zip(groups.wanted.tolist(), groups, strict=True)):
        host = words.texts["host"][some[0]]
        first = {"day": midnight, "by": by, "rank": place + 1, "host": host, "role": roles.get(host)}
        worked_out = {name: values[place] for name, values in numbers.items()}
        told = words.about(by, entity, some) | words.extent(some) | words.ends(by, some)
        rows.append(first | worked_out | told)
    schema = pa.schema([one for one in LEAD.arrow_schema() if one.name not in ("run", "lead_id")])
    table = pa.Table.from_pylist(rows, schema=schema)
    place = LEAD.names.index("lead_id")
    return table.add_column(place, pa.field("lead_id", pa.int64()), lead_ids(table))


def lead_ids(rows: pa.Table) -> pa.Array:
    """Ids of leads: the same for the same day and ends, on every machine."""
    import pyarrow as pa

    columns = [rows[name].to_pylist() for name in ("day", "by", "host", "src_ip", "dst_ip", "server_name")]
    texts = [
        json.dumps([str(day), by, host, src, name or dst])
        for day, by, host, src, dst, name in zip(*columns, strict=True)
    ]
    hashes = TextCodes(pa.array(texts, pa.string())).hashes()
    return pa.array(to_signed(hash_rows(hashes.reshape(-1, 1))))
