"""Which findings analysts have set aside: those that a rating says are fine, and those that a suppression covers.

A rating on a lead is a label on each of its findings. A finding is known again on another day by who found it and
between which ends (:data:`KEY`): what was rated low does not come back with the same finding, and a later rating of
another severity on the same brings it back. A suppression covers a finding when its conditions hold of the ends that
the finding names; what a finding leaves open, because there are several, no suppression is known to cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from flowsleuth.triage.conditions import AllOf, AnyOf, Condition, Expression

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.triage.rules import Rule
    from flowsleuth.triage.suppressions import Suppression

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OF_LEAD, OF_FINDING = "lead.", "finding."
"""What the detector of a label begins with when it is about a lead (``lead.host``, ``lead.pair``) or a finding."""
FLOWS_FOUND_BY = "suspicious"
"""The detector of flows whose suspects count as findings too."""
KEY = ("detector", "src_ip", "dst_ip", "server_name", "proto", "service_port")
LOW = 3
TOLD = frozenset(("ip", "src_ip", "dst_ip", "port", "dst_port", "proto", "server_name"))
"""Fields of conditions that a finding can tell; sizes and times of single flows are not among them."""
_BETWEEN = "\x1f"


def is_about_findings(labels: pa.Table) -> pa.ChunkedArray:
    """Which labels are about findings: those of finders, and those on whole suspects, which are findings of rarity."""
    import pyarrow.compute as pc

    is_suspect = pc.and_(pc.equal(labels["detector"], FLOWS_FOUND_BY), pc.is_null(labels["flow_id"]))
    return pc.or_(pc.starts_with(labels["detector"], OF_FINDING), is_suspect)


def is_about_flows(detector: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which labels are about flows, by their detector.

    Examples
    --------
    >>> import pyarrow as pa
    >>> is_about_flows(pa.chunked_array([["suspicious", "finding.strobes", "lead.host"]])).to_pylist()
    [True, False, False]
    """
    import pyarrow.compute as pc

    return pc.invert(pc.or_(pc.starts_with(detector, OF_LEAD), pc.starts_with(detector, OF_FINDING)))


def keys_of(rows: pa.Table) -> pa.Array:
    """What makes each finding (or label on one) the same on another day, as a text.

    Parameters
    ----------
    rows : pyarrow.Table
        The columns of :data:`KEY`; of labels the detector is written as there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"detector": ["strobes", "finding.strobes"], "src_ip": ["10.0.0.5"] * 2,
    ...     "dst_ip": pa.nulls(2, pa.string()), "server_name": ["a.example"] * 2, "proto": ["tcp"] * 2,
    ...     "service_port": pa.array([443, 443], pa.int32())})
    >>> one, other = keys_of(rows).to_pylist()
    >>> one == other
    True
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [pc.fill_null(rows[name].cast(pa.string()), "") for name in KEY]
    detector, src_ip, dst_ip, name, *service = columns
    detector = pc.replace_substring_regex(detector, f"^{OF_FINDING}", "")
    # the name on the label of a group of flows is that of its strongest: of several peers it is not the name
    is_of_many = pc.and_(pc.equal(detector, FLOWS_FOUND_BY), pc.equal(dst_ip, ""))
    name = pc.if_else(is_of_many, "", pc.utf8_lower(name))
    joined = pc.binary_join_element_wise(detector, src_ip, dst_ip, name, *service, _BETWEEN)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def held_severity(things: pa.Array, labelled: pa.Array, severity: Ints, strength: Ints) -> Ints:
    """Severity of the label that holds of each thing: the strongest; 0 where there is none.

    Parameters
    ----------
    things : pyarrow.Array
        Keys or ids.
    labelled : pyarrow.Array
        The same of each label.
    severity, strength : array of int64
        Of each label; see :func:`.standing.strength`.

    Examples
    --------
    >>> import pyarrow as pa
    >>> held_severity(pa.array(["a", "b"]), pa.array(["a", "a"]), np.array([3, 1]), np.array([1, 2])).tolist()
    [1, 0]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    order = np.argsort(-strength, kind="stable")
    at = pc.index_in(things, value_set=labelled.take(pa.array(order)))  # the first, which is the strongest
    found = at.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    held: Ints = np.append(severity[order], 0)[found].astype(np.int64)
    return held


def covered(findings: pa.Table, in_force: Sequence[Suppression], of_network: dict[int, frozenset[str]]) -> Bools:
    """Which findings are covered by a suppression.

    Parameters
    ----------
    findings : pyarrow.Table
        ``detector`` and the ends.
    in_force : sequence of Suppression
        Those that hold now for any detector.
    of_network : dict
        AS number → its addresses, for suppressions of an AS.
    """
    import pyarrow.compute as pc

    found = np.zeros(len(findings), dtype=bool)
    rows = as_flows(findings)
    for one in in_force:
        mine = np.ones(len(findings), dtype=bool)
        for only in {one.detector, one.value if one.kind == "detector" else None} - {None}:
            mine &= np.asarray(pc.equal(findings["detector"], only).to_numpy(), dtype=bool)
        judged = _scope(one, of_network).judge(rows, of_groups=False)
        found |= mine & np.asarray(judged.to_numpy(zero_copy_only=False), dtype=bool)
    return found


def _scope(one: Suppression, of_network: dict[int, frozenset[str]]) -> Expression:
    """What a suppression covers; an AS by its addresses, because findings do not tell it."""
    if one.kind != "as":
        return one.expression()
    addresses = sorted(of_network.get(int(one.value), ()))
    return AllOf((Condition("ip", "in", addresses),)) if addresses else AnyOf(())


def meets(findings: pa.Table, rule: Rule) -> Bools | None:
    """Which findings meet a rule; None where it asks for what a finding does not tell."""
    if not {condition.field for condition in rule.conditions} <= TOLD:
        return None
    met = rule.expression().judge(as_flows(findings), of_groups=False)
    return np.asarray(met.to_numpy(zero_copy_only=False), dtype=bool)


def as_flows(findings: pa.Table) -> pa.Table:
    """Findings with the columns that conditions on flows look at: the service's port is the destination's."""
    import pyarrow as pa

    columns = {name: findings[name].combine_chunks() for name in ("src_ip", "dst_ip", "server_name", "proto")}
    ports = {"dst_port": findings["service_port"].combine_chunks(), "src_port": pa.nulls(len(findings), pa.int32())}
    return pa.table(columns | ports)
