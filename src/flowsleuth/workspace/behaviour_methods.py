"""The methods of :class:`flowsleuth.workspace.Workspace` that tell how pairs of addresses behave over any span."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from flowsleuth.detect.beacons import BeaconOptions
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.store import Store
    from flowsleuth.workspace.results import Rows


class BehaviourMethods:
    """Detectors that look at a pair over days, not at the flows of one."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

        def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange: ...

    def beacons(self, options: BeaconOptions | None = None, *, time_range: Any = None) -> Rows:
        """Pairs whose connections come at regular times; see :class:`flowsleuth.detect.beacons.BeaconFinder`.

        Parameters
        ----------
        options : BeaconOptions, optional
        time_range : optional
            The workspace's when none is given; the longer, the longer the periods that can be told.

        Returns
        -------
        Rows
            A row a pair, the most regular first, with p-value, expected share of false leads, period and reason;
            ``rita`` is RITA v5's beacon score of the pair over the last 24 hours of the window, null where it has none
            (fewer than four connections, or not outbound).

        Raises
        ------
        OptionError
            The window cannot be read.

        Examples
        --------
        >>> import datetime as dt, flowsleuth, pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> head = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
        >>> begin = dt.datetime(2023, 11, 14)
        >>> lines = [f"{begin + dt.timedelta(minutes=10 * n)}.000,0.1,TCP,10.0.0.5,{50000 + n},192.0.2.7,443,4,900,1\\n"
        ...     for n in range(24)]
        >>> _ = (folder / "flows.csv").write_text(head + "".join(lines))
        >>> with flowsleuth.open(folder / "case", create=True) as ws:
        ...     _ = ws.ingest(folder / "flows.csv")
        ...     print(ws.beacons().table["reason"][0])
        every 10 min, 24 beats; pauses so even by chance: p = 1.8e-26; nobody else connects to it
        """
        import numpy as np
        import pyarrow as pa

        from flowsleuth.detect.beacons import BeaconFinder
        from flowsleuth.detect.clues.rita_pairs import beacon_scores
        from flowsleuth.investigate.queries import stored_within
        from flowsleuth.workspace.results import Rows

        window = self.within(time_range)
        flows = stored_within(self.store, "flow", window.start, window.end)
        with ExitStack() as held:

            def keep(expression: ir.Table) -> ir.Table:
                return held.enter_context(self.store.kept(expression))

            found = BeaconFinder(options).find(self.store, flows, keep)
            rita = beacon_scores(self.store, flows, keep, found)
        return Rows(found.append_column("rita", pa.array(rita, mask=np.isnan(rita))))
