"""What a workspace does with one-way and twice-seen records."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowsleuth.store import Store
    from flowsleuth.workspace.stitch_flows import StitchReport


class StitchMethods:
    """Joining records; a part of :class:`~flowsleuth.workspace.Workspace`."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store:
            """The rows at rest."""

    def stitch(self, *, tolerance_s: float = 2.0, dry_run: bool = False) -> StitchReport:
        """Join one-way records to flows of both directions, and count flows that two exporters saw once.

        Bytes and packets stay the same in sum, but for those that were counted twice. Each record that was joined is in
        the table ``stitched`` as it was. ``extra`` of a joined flow says by what and how surely it was told who began.
        Doing it again changes nothing. Flows of different days are not joined. Score again afterwards.

        Parameters
        ----------
        tolerance_s : float
            Seconds by which clocks and caches of exporters may differ: records that are further apart are two flows.
        dry_run : bool
            Only count.

        Returns
        -------
        StitchReport

        Raises
        ------
        OptionError
            The tolerance is below 0 or above an hour.
        StoreError
            Another process writes to the workspace.

        Notes
        -----
        RFC 5103, "Bidirectional Flow Export Using IPFIX".
        """
        from flowsleuth.workspace.stitch_flows import stitch_flows

        return stitch_flows(self.store, tolerance_s, dry_run=dry_run)
