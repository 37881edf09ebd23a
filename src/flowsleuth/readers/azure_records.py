"""Records of Azure's flow logs to their tuples: who logged them, under which rule, on which line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flowsleuth.readers.azure_tuples import LAYOUTS, OpenFlows
from flowsleuth.readers.contract import MAX_RAW, Reject
from flowsleuth.readers.json_objects import Found
from flowsleuth.readers.streams import printable

NOT_JSON = "not JSON"
NOT_A_RECORD = "not a flow log record"
NSG, VNET = "NetworkSecurityGroupFlowEvent", "FlowLogFlowEvent"


@dataclass(frozen=True)
class _Group:
    """Tuples that were logged together."""

    layout: str
    line: int
    place: str
    header: str
    sensor: str | None


@dataclass
class Gathered:
    """Tuples of some records, in order.

    Attributes
    ----------
    texts : list of str
    rejects : list of Reject
        Records that are none.
    skipped : dict of str to int
        Records of other categories.
    """

    texts: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    _groups: list[_Group] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)

    def _codes(self) -> npt.NDArray[np.int64]:
        return np.repeat(np.arange(len(self._groups), dtype=np.int64), self._sizes)

    def by_layout(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Layouts that were met, with the indices of their tuples."""
        codes = self._codes()
        of = np.array([list(LAYOUTS).index(group.layout) for group in self._groups], dtype=np.int64)
        for number, layout in enumerate(LAYOUTS):
            at = np.flatnonzero(of[codes] == number) if len(of) else np.zeros(0, dtype=np.int64)
            if len(at):
                yield layout, at

    def origin(self, flows: OpenFlows) -> pa.Table:
        """``line`` and ``group`` of each tuple."""
        codes = self._codes()
        lines = np.array([group.line for group in self._groups], dtype=np.int64)
        known = [flows.number((group.place, group.header, group.sensor)) for group in self._groups]
        return pa.table({"line": lines[codes], "group": np.array(known, dtype=np.int64)[codes]})

    def add(self, tuples: list[Any], layout: str, line: int, header: dict[str, Any], place: tuple[Any, Any]) -> None:
        """Take the tuples of one rule; ``place`` is the id of what logged them and the MAC address."""
        if not tuples:
            return
        self.texts += [text if isinstance(text, str) else json.dumps(text) for text in tuples]
        self._sizes.append(len(tuples))
        said = {name: value for name, value in header.items() if value is not None}
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        sensor = str(place[0]).rstrip("/").rpartition("/")[2] if place[0] else None
        self._groups.append(_Group(layout, line, f"{place[0]}|{place[1]}", text, sensor or None))


def is_blank(found: Found) -> bool:
    """Whether an element of the stream is only punctuation between records."""
    return not found.text.strip(b" \t\r\n,[]}\xef\xbb\xbf")


def gather(elements: list[Found]) -> Gathered:
    """Take the tuples out of records."""
    gathered = Gathered()
    for element in elements:
        try:
            record = json.loads(element.text)
        except (ValueError, RecursionError) as error:
            raw = printable(element.text)[:MAX_RAW]
            gathered.rejects.append(Reject(element.line, NOT_JSON, str(error)[:200], raw))
            continue
        nested = record.get("records") if isinstance(record, dict) else None
        for one in nested if isinstance(nested, list) else [record]:
            _take(one, element, gathered)
    return gathered


def _take(record: Any, element: Found, gathered: Gathered) -> None:
    """The tuples of one record; one of another category is counted, one of no category refused."""
    category = record.get("category") if isinstance(record, dict) else None
    if isinstance(category, str) and category not in (NSG, VNET):
        gathered.skipped[category] = gathered.skipped.get(category, 0) + 1
        return
    try:
        groups = list(_nsg(record) if category == NSG else _vnet(record))
    except (KeyError, TypeError, AttributeError) as error:
        raw = printable(element.text)[:MAX_RAW]
        gathered.rejects.append(Reject(element.line, NOT_A_RECORD, f"{type(error).__name__}: {error}"[:200], raw))
        return
    for tuples, layout, header, place in groups:
        gathered.add(tuples, layout, element.line, header, place)


_Taken = tuple[list[Any], str, dict[str, Any], tuple[Any, Any]]


def _nsg(record: dict[str, Any]) -> Iterator[_Taken]:
    properties = record["properties"]
    layout = "nsg1" if str(properties.get("Version", 1)) == "1" else "nsg2"
    for rule in properties["flows"]:
        for flow in rule["flows"]:
            mac = flow.get("mac", record.get("macAddress"))
            header = {
                "rule": rule.get("rule"),
                "mac": mac,
                "resourceId": record.get("resourceId"),
                "systemId": record.get("systemId"),
            }
            yield _listed(flow["flowTuples"]), layout, header, (record.get("resourceId"), mac)


def _vnet(record: dict[str, Any]) -> Iterator[_Taken]:
    mac, target = record.get("macAddress"), record.get("targetResourceID")
    for flow in record["flowRecords"]["flows"]:
        for group in flow["flowGroups"]:
            header = {
                "rule": group.get("rule"),
                "mac": mac,
                "aclID": flow.get("aclID"),
                "targetResourceID": target,
                "flowLogResourceID": record.get("flowLogResourceID"),
                "flowLogGUID": record.get("flowLogGUID"),
            }
            yield _listed(group["flowTuples"]), "vnet", header, (target, mac)


def _listed(tuples: Any) -> list[Any]:
    if not isinstance(tuples, list):
        raise TypeError("flowTuples is no list")
    return tuples
