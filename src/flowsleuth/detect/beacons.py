"""Beacons: a source that connects to the same service of a peer at regular times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.clues.pair_beats import LEAST_PAUSES, PairBeats, say_period, say_silences
from flowsleuth.detect.days.flow_codes import is_group, may_be_ours
from flowsleuth.detect.days.pair_times import NO_PORT, Asks, PairTimes, as_ints, count_pairs, read_pairs
from flowsleuth.detect.odds.calibration import false_shares
from flowsleuth.detect.option_bounds import check_bounds
from flowsleuth.detect.wording import count, each, join

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
TECHNIQUE = "T1071"
"""ATT&CK: application layer protocol, of command and control."""


@dataclass(frozen=True)
class BeaconOptions:
    """Options of :class:`BeaconFinder`.

    Raises
    ------
    OptionError
        A value is out of bounds.
    """

    least: int = field(
        default=5, metadata={"help": "connections that a pair needs", "unit": "connections", "min": 5, "max": 10**6}
    )
    most: int = field(
        default=500_000,
        metadata={
            "help": "connections above which a pair is a strobe, not a beacon",
            "unit": "connections",
            "min": 5,
            "max": 10**8,
        },
    )
    inbound: bool = field(
        default=False,
        metadata={"help": "also pairs whose source is known not to be ours", "unit": "", "min": False, "max": True},
    )
    false_share: float = field(
        default=0.05,
        metadata={
            "help": "share of false leads that the list may be expected to have (Benjamini-Hochberg)",
            "unit": "share",
            "min": 0.0,
            "max": 1.0,
        },
    )

    def __post_init__(self) -> None:
        check_bounds(self)


class BeaconFinder:
    """Finds pairs whose connections come at regular times, over any span.

    Connections that follow one another closely are one beat; six scales of closeness are tried, from 2 s to half a day.
    The pauses between beats are tested against arrivals without memory whose rate may change by day and night
    (:mod:`.kernels.beats`): ``p_value`` is the chance of pauses so even. At scales from a quarter of an hour on, only
    beats of up to half an hour count, so that a person's days are none. ``q_value`` is Benjamini and Hochberg's: of the
    list down to a row, that share is expected to have no beat.

    ``score = (1 - 2 irregularity) (1 - q_value)``: how even the pauses are (1: a clock, 0: no memory), times how sure
    that is. What is regular need not be bad: time servers, updates and telemetry are. ``sources`` tells how many of the
    sources connect to the peer at all.

    Office hours, breaks, missed beats, drifting clocks, changed periods and padded sizes do not matter to the test:
    it compares each pause with the next, and looks at no size.

    Flows to multicast and broadcast addresses are left out, and, unless asked for, those of sources that are known not
    to be ours.

    Blind spots: fewer than five beats; jitter beyond 100 %; pauses drawn so that they have no memory; a beacon within
    other traffic to the same service of the same peer; records cut by an exporter's timeouts while packets come
    regularly; beats that last longer than half an hour, a quarter of an hour and more apart. What is done once
    every working day is a beat, whether a machine does it or a person. The longest period that the data can reveal is a
    quarter of their span; it is told with the result.

    Source: own, after Heard, Rubin-Delanchy and Lawson (2014) and the window-free tests that RITA's formula lacks.

    Parameters
    ----------
    options : BeaconOptions, optional
    """

    def __init__(self, options: BeaconOptions | None = None) -> None:
        self.options = options or BeaconOptions()

    def find(self, ask: Asks, flows: ir.Table, keep: Callable[[ir.Table], ir.Table]) -> pa.Table:
        """Test every pair, and tell those that beat, the most regular first.

        Parameters
        ----------
        ask : Asks
        flows : ibis table
            Columns of ``schema.FLOW``.
        keep : callable
            Holds the rows of an expression that is asked more than once.

        Returns
        -------
        pyarrow.Table
            A row a pair: ``score p_value q_value src_ip peer is_name proto port connections beats period_s jitter
            missed breaks hours days first last sources technique reason``. In the schema's metadata: ``tested`` (pairs)
            and ``span_s``.
        """
        flows = able_flows(flows, inbound=self.options.inbound)
        pairs = keep(count_pairs(flows, self.options.least, self.options.most))
        counted = ask.arrow(pairs).sort_by("pair").combine_chunks()
        portions = [_test(one) for one in read_pairs(ask, flows, pairs, counted)] or [_test(PairTimes.none())]
        tested = {name: np.concatenate([one[name] for one in portions]) for name in portions[0]}
        return _told(counted, tested, self.options.false_share)


def able_flows(flows: ir.Table, *, inbound: bool) -> ir.Table:
    """Flows to one peer (not to a group of them), of sources that may be ours."""
    flows = flows.filter(~is_group(flows.dst_ip))
    return flows if inbound else flows.filter(may_be_ours(flows.direction))


def _test(times: PairTimes) -> dict[str, NDArray[Any]]:
    """Numbers of all pairs of a portion, arrays of shape (n_pairs,)."""
    found = PairBeats(times)
    return {
        "pair": times.pair,
        "p_value": found.p_value,
        "evenness": found.evenness,
        "beats": found.beats.beats,
        **vars(found.periods),
        "hours": found.distinct(HOUR_US, DAY_US),
        "days": found.distinct(DAY_US),
    }


def _told(counted: pa.Table, tested: dict[str, NDArray[Any]], false_share: float) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    pair, p_value = tested.pop("pair"), tested.pop("p_value")
    q_value = false_shares(p_value)
    score = tested.pop("evenness") * (1.0 - q_value)
    listed = np.flatnonzero((q_value <= false_share) & (score > 0))
    order = listed[np.lexsort((pair[listed], p_value[listed], -score[listed]))]
    rows = counted.take(pa.array(pair[order]))
    numbers = {name: values[order] for name, values in tested.items()}
    port = rows["port"].cast(pa.int32())
    found = {
        "score": score[order],
        "p_value": p_value[order],
        "q_value": q_value[order],
        "src_ip": rows["src_ip"],
        "peer": rows["peer"],
        "is_name": rows["is_name"],
        "proto": pc.if_else(pc.equal(rows["proto"], ""), None, rows["proto"]),
        "port": pc.if_else(pc.equal(port, NO_PORT), None, port),
        "connections": rows["connections"].cast(pa.int64()),
        **numbers,
        "first": rows["first"],
        "last": rows["last"],
        "sources": rows["sources"].cast(pa.int64()),
        "technique": pa.repeat(TECHNIQUE, order.size),
        "reason": _reasons(numbers, p_value[order], as_ints(rows["sources"])),
    }
    return pa.table(found).replace_schema_metadata({"tested": str(pair.size), "span_s": repr(_span_s(counted))})


def _span_s(counted: pa.Table) -> float:
    import pyarrow.compute as pc

    if not len(counted):
        return 0.0
    found: float = (pc.max(counted["last"]).as_py() - pc.min(counted["first"]).as_py()).total_seconds()
    return found


def _reasons(numbers: dict[str, NDArray[Any]], p_value: Floats, sources: Ints) -> pa.Array:
    """Each row in words: the period, how even, where it was left out, and how sure."""
    return join(
        say_period(numbers["period_s"], numbers["jitter"], numbers["beats"]),
        say_silences(numbers["missed"], numbers["breaks"]),
        each(
            p_value,
            lambda p: f"; pauses so even by chance: p = {p:.1e}" if p > 1e-300 else "; not by chance (p < 1e-300)",
        ),
        each(sources, lambda n: "; nobody else connects to it" if n == 1 else f"; {count(n)} sources connect to it"),
    )


def longest_period_s(span_s: float) -> float:
    """The longest period that data of a span can reveal: a test needs :data:`LEAST_PAUSES` pauses.

    Examples
    --------
    >>> longest_period_s(86_400.0)
    21600.0
    """
    return span_s / LEAST_PAUSES
