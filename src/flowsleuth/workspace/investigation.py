"""Threat investigation on a workspace: ask the store, read the context files, keep what was found in hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.enrich.context_files import (
    INTERNAL_RANGES,
    NETWORK_NAMES,
    PLACES,
    load_internal_ranges,
    load_network_names,
    load_places,
)
from flowsleuth.enrich.range_facts import RangeFacts
from flowsleuth.investigate.findings import Findings, Inquiry, investigate
from flowsleuth.investigate.sides import Inside
from flowsleuth.investigate.target import Target
from flowsleuth.workspace.results import Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.enrich.facts import AddressFacts
    from flowsleuth.investigate.dossier import Dossier
    from flowsleuth.workspace.casework import Casework
    from flowsleuth.workspace.stories import Story


@dataclass(frozen=True)
class Context:
    """What the workspace's context files tell.

    Attributes
    ----------
    inside : Inside
        What is internal.
    facts : tuple of AddressFacts
        Who tells about peers.
    notes : tuple of str
        Rows of the files that were left out.
    """

    inside: Inside
    facts: tuple[AddressFacts, ...]
    notes: tuple[str, ...]


def load_context(folder: Path, home: Iterable[str], geography: tuple[RangeFacts, ...] = ()) -> Context:
    """Read ``networkcontext_1.csv``, ``iploc.csv`` and ``ipranges.csv`` of a folder; each may be missing.

    What they do not know, the sources of ``geography`` may.
    """
    names = load_network_names(folder / NETWORK_NAMES)
    places = load_places(folder / PLACES)
    ranges = load_internal_ranges(folder / INTERNAL_RANGES)
    sources: tuple[RangeFacts, ...] = (names, ranges, places, *geography)
    inside = Inside(tuple(home), None if ranges.absent else ranges)
    return Context(inside, sources, tuple(note for source in sources for note in source.notes))


def context_of(workspace: Casework) -> Context:
    """What a workspace's files, and the tables of the package, tell about addresses."""
    from flowsleuth.workspace.enrichment import geography_of

    settings = workspace.settings
    return load_context(workspace.folder / settings.context, settings.home, geography_of(workspace.folder, settings))


@dataclass(frozen=True)
class Investigation:
    """What was found about an address or a network; see :meth:`flowsleuth.Workspace.investigate`.

    Attributes
    ----------
    findings : Findings
        All of it, as Arrow tables.
    context : Context
    """

    findings: Findings
    context: Context
    _workspace: Casework

    @property
    def target(self) -> str:
        """The address or CIDR, canonical."""
        return self.findings.inquiry.target.text

    @property
    def is_internal(self) -> bool | None:
        """Whether it is ours; None for a network that is partly."""
        return self.findings.is_internal

    @property
    def totals(self) -> dict[str, Any]:
        """Connections, peers, bytes each way, first and last time."""
        return self.findings.totals

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, and why some facts are absent."""
        absent = tuple(f"{name}: {reason}" for name, reason in self.findings.absent.items())
        return (*self.findings.notes, *self.context.notes, *absent)

    @property
    def search(self) -> Rows:
        """Expanded search: a row per (src_ip, dst_ip, dst_port, proto), most connections first."""
        return Rows(self.findings.search)

    @property
    def peers(self) -> Rows:
        """A row per peer, most bytes first, with its way and what is known of it."""
        return Rows(self.findings.peers)

    def top(self, kind: str) -> Rows:
        """One of four tables of peers: ``sources_by_connections`` or ``_by_bytes``, ``destinations_by_…``."""
        return Rows(self.findings.top(kind))

    @property
    def timeline(self) -> Rows:
        """Marks of the peers that are shown, a lane each; ``binned_s`` says how wide a mark is."""
        return Rows(self.findings.timeline.marks)

    @property
    def chord(self) -> Rows:
        """Bytes between the target and its peers, by who sent them."""
        edges = self._draft["volumes"].edges
        assert edges is not None
        return Rows(edges)

    @cached_property
    def _draft(self) -> Dossier:
        return self.dossier()

    def dossier(self, title: str = "", text: str = "") -> Dossier:
        """All of it as one document."""
        from flowsleuth.investigate.briefing import write_dossier

        return write_dossier(
            self.findings,
            title=title or f"Investigation of {self.target}",
            text=text,
            facts=self.context.facts,
            provenance=self._provenance(),
        )

    def _provenance(self) -> dict[str, Any]:
        from flowsleuth import __version__

        return {
            "flowsleuth": __version__,
            "analyst": self._workspace.analyst,
            "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "home": list(self._workspace.settings.home),
            "context": [source.name for source in self.context.facts if source.absent is None],
            "notes": list(self.notes),
            "top": self.findings.inquiry.top,
        }

    def save_story(self, title: str, text: str = "") -> Story:
        """Save it as a story; the live story of the same target and window is replaced.

        Raises
        ------
        OptionError
            The title is empty.
        """
        from flowsleuth.workspace.stories import save_story

        return save_story(self._workspace.case, self._workspace.analyst, self, title, text)

    def _repr_html_(self) -> str:
        """A notebook's view: the peers."""
        return self.peers._repr_html_()


def run_investigation(
    workspace: Casework, target: str, *, start: dt.datetime | None, end: dt.datetime | None, top: int
) -> Investigation:
    """Ask everything about an address or CIDR; see :meth:`flowsleuth.Workspace.investigate`."""
    inquiry = Inquiry(Target.parse(target), start, end, top)
    context = context_of(workspace)
    store = workspace.store
    flow = store.table("flow", days_of(workspace, "flow", start, end))
    found = investigate(store.arrow, flow, inquiry, inside=context.inside, facts=context.facts, keep=store.kept)
    return Investigation(found, context, workspace)


def days_of(workspace: Casework, table: str, start: dt.datetime | None, end: dt.datetime | None) -> list[str] | None:
    """The stored days that a window touches, so that other files are not opened; None for all."""
    return workspace.store.days(table, start, end)


def flows_between(workspace: Casework, flow_id: int) -> Rows:
    """See :meth:`flowsleuth.Workspace.details`."""
    from flowsleuth.errors import OptionError
    from flowsleuth.investigate.queries import between

    flow = workspace.store.table("flow")
    found = workspace.store.arrow(flow.filter(flow.flow_id == flow_id).select("start", "src_ip", "dst_ip")).to_pylist()
    if not found:
        hint = "take the flow_id of a row of: flowsleuth suspects"
        raise OptionError("no flow has this id", where=str(flow_id), hint=hint)
    row = found[0]
    minute: dt.datetime = row["start"].replace(second=0, microsecond=0)
    end = minute + dt.timedelta(minutes=1)
    one_day = workspace.store.table("flow", [minute.astimezone(dt.UTC).date().isoformat()])
    return Rows(workspace.store.arrow(between(one_day, row["src_ip"], row["dst_ip"], minute, end)))


def chord_of(workspace: Casework, ip: str, date: str | None) -> Rows:
    """See :meth:`flowsleuth.Workspace.chord`."""
    from flowsleuth.investigate.queries import volume_with
    from flowsleuth.investigate.volumes import directed

    target = Target.parse(ip)
    dates = None if date is None else [date]
    peers = suspicious_peers(workspace, target.text, dates)
    flow = workspace.store.table("flow", dates)
    rows: pa.Table = workspace.store.arrow(volume_with(flow, target.text, peers or [""]))
    return Rows(directed(rows))


CHORD_PEERS = 250


def suspicious_peers(workspace: Casework, ip: str, dates: list[str] | None) -> list[str]:
    """Addresses that an address shares suspects with, the most suspicious first."""
    import ibis

    from flowsleuth.workspace.suspects import Question, chosen_detector

    detector = chosen_detector(workspace.store, Question())
    if detector is None:
        return []
    suspect = workspace.store.table("suspect", dates, tag=detector)
    flow = workspace.store.table("flow", dates)
    mine = flow.filter((flow.src_ip == ip) | (flow.dst_ip == ip))
    pairs = mine.select("flow_id", peer=ibis.ifelse(mine.src_ip == ip, mine.dst_ip, mine.src_ip))
    joined = suspect.inner_join(pairs, "flow_id")
    best = joined.group_by("peer").aggregate(score=joined.score.max(), surprise=joined.surprise.max())
    ordered = best.order_by([ibis.desc("score"), ibis.desc("surprise"), "peer"]).limit(CHORD_PEERS)
    return [peer for peer in workspace.store.arrow(ordered)["peer"].to_pylist() if peer != ip]
