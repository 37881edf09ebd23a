"""What a workspace is asked about addresses and stories; the second half of :class:`flowsleuth.Workspace`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowsleuth.settings import Settings
    from flowsleuth.store import Store
    from flowsleuth.store.case import CaseDatabase
    from flowsleuth.workspace.export import ExportFormat
    from flowsleuth.workspace.investigation import Investigation
    from flowsleuth.workspace.results import Rows
    from flowsleuth.workspace.stories import Story


class Casework:
    """Threat investigation, storyboard, ingest summary: each method hands on to the use-case it names."""

    folder: Path
    settings: Settings
    analyst: str

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

        @property
        def case(self) -> CaseDatabase: ...

    def threats(self) -> Rows:
        """Addresses of suspects that were rated high: where an investigation starts.

        Returns
        -------
        Rows
            ``address``, ``suspects``, ``flows``, ``last_rated``, ``has_story``; most suspects first, then in the order
            of addresses.
        """
        from flowsleuth.workspace.results import Rows
        from flowsleuth.workspace.threats import rated_high

        return Rows(rated_high(self.case))

    def investigate(
        self, target: str, *, start: dt.datetime | None = None, end: dt.datetime | None = None, top: int = 20
    ) -> Investigation:
        """Everything the flows tell about an address or CIDR: expanded search, peers and their way, timeline.

        Parameters
        ----------
        target : str
            IPv4 or IPv6, an address or a CIDR.
        start, end : datetime, optional
            Only flows that start in this window; ``end`` is excluded.
        top : int
            How many of each kind are shown one by one.

        Returns
        -------
        Investigation

        Raises
        ------
        OptionError
            The target is no address, ``top`` is below 1, or the window ends before it begins.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> log = pathlib.Path(tempfile.mkdtemp()) / "flows.csv"
        >>> _ = log.write_text("firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
        ...     "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\\n")
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     _ = ws.ingest(log)
        ...     ws.investigate("10.0.0.5").peers.to_pandas()[["peer", "way", "services"]].values.tolist()
        [['192.0.2.7', 'outbound', 'tcp/443']]
        """
        from flowsleuth.workspace.investigation import run_investigation

        return run_investigation(self, target, start=start, end=end, top=top)

    def stories(self) -> Rows:
        """Live stories, the latest first: ``story_id target title start end analyst made``.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.stories())
        0
        """
        from flowsleuth.workspace.results import Rows
        from flowsleuth.workspace.stories import list_stories

        return Rows(list_stories(self.case))

    def story(self, story_id: int) -> Story:
        """A story with its evidence; also one that was replaced.

        Raises
        ------
        OptionError
            There is no such story.
        """
        from flowsleuth.workspace.stories import load_story

        return load_story(self.case, story_id)

    def remove_story(self, story_id: int) -> None:
        """Take a story off the list; it is kept, and can still be opened by its id.

        Raises
        ------
        OptionError
            There is no such live story.
        """
        from flowsleuth.workspace.stories import remove_story

        remove_story(self.case, self.analyst, story_id)

    def export_story(self, story_id: int, path: str | Path, format: ExportFormat = "html") -> list[Path]:
        """Write a story for others: one HTML file, a PDF, Apache Spot's storyboard files, or its seven tables.

        Parameters
        ----------
        story_id : int
        path : path
            A file for ``html`` and ``pdf``, or a folder; a folder for the others, made when it is not there.
        format : ``html``, ``pdf``, ``spot-json``, ``spot-csv`` or ``spot-parquet``

        Returns
        -------
        list of Path
            The files written.

        Raises
        ------
        OptionError
            No such story or format.
        FlowsleuthError
            A file cannot be written, or the extra ``pdf`` is not installed.
        """
        from flowsleuth.workspace.export import export_story

        return export_story(self, story_id, Path(path), format)

    def ingest_summary(
        self, start: dt.datetime | None = None, end: dt.datetime | None = None, bins: int | None = None
    ) -> Rows:
        """Rows per minute, of every kind, in any range.

        Parameters
        ----------
        start, end : datetime, optional
            ``end`` is excluded.
        bins : int, optional
            No more bins than this: they become wider than a minute, or narrower.

        Returns
        -------
        Rows
            ``start``, ``table``, ``rows``, ``bin_s``, in order of time; bins without rows are left out.
        """
        from flowsleuth.workspace.ingest_summary import summarize_ingest

        return summarize_ingest(self, start, end, bins)

    def details(self, flow_id: int) -> Rows:
        """All flows between the two addresses of a flow in the minute it started in, both directions.

        Raises
        ------
        OptionError
            No flow has this id.
        """
        from flowsleuth.workspace.investigation import flows_between

        return flows_between(self, flow_id)

    def chord(self, ip: str, date: str | None = None) -> Rows:
        """Bytes and packets between an address and its suspicious peers, by who sent them.

        Parameters
        ----------
        ip : str
        date : str, optional
            Only this UTC day, ``YYYY-MM-DD``.

        Returns
        -------
        Rows
            ``src_ip``, ``dst_ip``, ``bytes``, ``packets``; empty when it has no suspicious peer.
        """
        from flowsleuth.workspace.investigation import chord_of

        return chord_of(self, ip, date)

    def network(self, filter: Any = None, top: int = 250) -> dict[str, list[dict[str, Any]]]:
        """The queue as a graph: an address a node, a pair an edge.

        Parameters
        ----------
        filter : QueueFilter, optional
            Which suspects of the queue.
        top : int
            Of them, the first so many.

        Returns
        -------
        dict
            ``nodes`` (``id``, ``is_internal``, ``suspects``) and ``edges`` (``source``, ``target``, ``weight``: highest
            score, ``suspects``).
        """
        from flowsleuth.workspace.network import network_of

        return network_of(self, filter, top)
