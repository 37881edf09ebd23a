"""Leads: what a day's findings say together about each pair and each host, ranked, with reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from flowsleuth.detect.days.flow_codes import are_nobody
from flowsleuth.detect.days.population import COUNTED
from flowsleuth.detect.dense_codes import TextCodes, places_in
from flowsleuth.detect.kernels.as_busy import AsBusy
from flowsleuth.detect.odds.calibration import false_shares
from flowsleuth.detect.one_list.fusion import Evidence, Fused, Population, Usual, fuse, strongest
from flowsleuth.detect.one_list.lead_words import LeadWords, RowGroups, Spoken, lead_rows

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KEPT = 5_000
"""Hosts, and pairs, of a day that are kept: more than anybody looks at."""
OURS, OTHERS = 0, 1
FLOW_DETECTOR = "suspicious"
"""The detector of flows whose strongest groups count as findings of rarity."""
FLOW_FAMILY, FLOW_NORMAL_IF = "rarity", "its flows were usual for their hosts, service, outcome and size"


class DayLeads:
    """The leads of a day.

    Parameters
    ----------
    date : datetime.date
    findings : pyarrow.Table
        Rows of ``schema.FINDING``; of the flow detector's groups too (:func:`flow_findings`).
    hosts : pyarrow.Table
        Rows of :func:`.population.count_population`. Pairs of an address that can be no host's
        (:func:`.flow_codes.are_nobody`) count as what they say; the address is not compared with hosts of ours.
    spoken : mapping of str to Spoken
        The detectors that ran.
    usual : Usual, optional
        What evidence is usual, from earlier days; the day's own when not given.
    """

    def __init__(
        self,
        date: dt.date,
        findings: pa.Table,
        hosts: pa.Table,
        spoken: Mapping[str, Spoken],
        usual: Usual | None = None,
    ) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        self.date, self.findings, self.spoken = date, findings, spoken
        self._usual = usual or Usual()
        self.detectors = sorted(spoken)
        known = hosts["ip"].combine_chunks()
        all_hosts = pc.unique(pa.concat_arrays([known, findings["host"].combine_chunks()]))
        self.hosts = TextCodes(all_hosts)
        extra = len(all_hosts) - len(known)
        is_home = np.append(hosts["is_home"].to_numpy() > 0, np.ones(extra, dtype=bool))
        self._kind = np.where(is_home, OURS, OTHERS)
        self._host_kind = np.where(are_nobody(all_hosts), OTHERS, self._kind)
        counted = [np.append(hosts[name].to_numpy(), np.zeros(extra, dtype=np.int64)) for name in COUNTED]
        _, self._begun, *self._shared, self._callers = counted

    @cached_property
    def _host(self) -> Ints:
        return self.hosts.of(self.findings["host"])

    @cached_property
    def _pair_keys(self) -> tuple[Ints, Ints, Ints]:
        """Pair of each finding (-1: about the host), and of each pair its first finding and how many there are."""
        import pyarrow.compute as pc

        rows = self.findings
        peer = pc.coalesce(pc.utf8_lower(rows["server_name"]), rows["dst_ip"])
        peers = TextCodes.distinct(peer)
        sources = TextCodes.distinct(rows["src_ip"])
        key = (self._host * (len(sources) + 1) + sources.of(rows["src_ip"])) * (len(peers) + 1) + peers.of(peer)
        key = np.where(peers.of(peer) >= 0, key, -1)
        about = np.flatnonzero(key >= 0)
        keys, first, of = np.unique(key[about], return_index=True, return_inverse=True)
        pair = np.full(len(rows), -1)
        pair[about] = of.reshape(-1)
        return pair, about[first], keys

    @cached_property
    def evidence(self) -> Evidence:
        """The findings as arrays."""
        import pyarrow as pa

        families = sorted({one.family for one in self.spoken.values()})
        names = TextCodes(pa.array(self.detectors, pa.string()))
        family = np.array([families.index(self.spoken[name].family) for name in self.detectors], dtype=np.int64)
        p_value = self.findings["p_value"].to_numpy()
        return Evidence(names.of(self.findings["detector"]), family, self._host, self._pair_keys[0], p_value)

    @cached_property
    def population(self) -> Population:
        """Who could have been found."""
        first = self._pair_keys[1]
        source = self.hosts.of(self.findings["src_ip"])[first]
        host = self._host[first]
        pair_class = np.where(source >= 0, self._kind[source], OTHERS)  # of many sources, told of one target
        is_active = self._begun > 0
        is_active[self._host] = True
        active = [np.flatnonzero(is_active & (self._host_kind == kind)) for kind in (OURS, OTHERS)]
        pairs = np.array([int(self._begun[self._kind == kind].sum()) for kind in (OURS, OTHERS)])
        is_called = np.zeros(len(self.hosts), dtype=bool)
        is_called[host[source != host]] = True
        of_host = np.maximum(self._begun + np.where(is_called, self._callers, 0), 1)
        hosts = np.array([some.size for some in active])
        busy = [(some, AsBusy.of(*(shared[some] for shared in self._shared))) for some in active]
        return Population(self._host_kind, pair_class, hosts, pairs, host, of_host, busy)

    @cached_property
    def fused(self) -> Fused:
        """Surprise and chance of all."""
        return fuse(self.evidence, self.population, self._usual)

    @cached_property
    def _rest(self) -> dict[int, Fused]:
        return strongest(self.evidence, self.population, self._usual)

    def rows(self, roles: Mapping[str, str] | None = None) -> pa.Table:
        """Rows of ``schema.LEAD`` but for ``run``, pairs and hosts, each in order of rank.

        Parameters
        ----------
        roles : mapping of str to str, optional
            What a host is, by address.
        """
        import pyarrow as pa

        return pa.concat_tables([self._rows("host", roles or {}), self._rows("pair", roles or {})])

    def _rows(self, by: str, roles: Mapping[str, str]) -> pa.Table:
        import pyarrow as pa

        is_host = by == "host"
        p_value, surprise = getattr(self.fused, f"{by}_p"), getattr(self.fused, f"{by}_surprise")
        population = self.population
        only_ours = is_host and bool(population.hosts[OURS])
        at = np.flatnonzero((p_value < 1.0) & ((population.host_class == OURS) if only_ours else True))
        tests = population.hosts[OURS] if only_ours else (population.hosts if is_host else population.pairs).sum()
        q_value = np.ones(p_value.size)
        q_value[at] = false_shares(p_value[at], int(tests))
        order = at[np.lexsort((at, -surprise[at], p_value[at]))][:KEPT]
        without = {place: getattr(found, f"{by}_p") for place, found in self._rest.items()}
        entity = self._host if is_host else self._pair_keys[0]
        told = np.flatnonzero(np.append(places_in(order, p_value.size), -1)[entity] >= 0)
        findings, evidence = self.findings.take(pa.array(told)), self.evidence.some(told)
        words = LeadWords(findings, self.detectors, self.spoken, evidence, without, np.sort(p_value[at]))
        groups = RowGroups(entity[told], order)
        numbers = {"score": 1.0 - p_value, "surprise": surprise, "p_value": p_value, "q_value": q_value}
        columns = {name: values[order].tolist() for name, values in numbers.items()}
        return lead_rows(by, self.date, columns, words, groups, roles=roles)
