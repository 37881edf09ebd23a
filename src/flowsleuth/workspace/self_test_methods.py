"""The methods of :class:`flowsleuth.workspace.Workspace` that say what would be found, and what could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flowsleuth.errors import OptionError

if TYPE_CHECKING:
    from flowsleuth.investigate.blind_spots import Finders
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.store import Store
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.injection.report import SelfTest
    from flowsleuth.workspace.results import Rows

DRAWS = 8
"""Enough for an interval that tells most from few: 8 of 8 is 68 to 100 %."""
MOST_DRAWS = 1_000


class SelfTestMethods:
    """Recall on the user's own data, and blind spots."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store: ...

        def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange: ...

    def inject(
        self,
        techniques: Iterable[str] = (),
        *,
        time_range: Any = None,
        draws: int = DRAWS,
        seed: int = 0,
        keep: str | Path | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> SelfTest:
        """Put synthetic attacks into a copy of these flows, score it, and count how many the lists show.

        Each technique is played several times, each time on an internal address that is active in the window (half of
        the times on one of the half with fewest flows), from and to addresses that are nowhere in the data, within the
        hours in which the victim is active. Columns that the victim's source does not fill stay empty; its sampling
        and its timeouts are applied. Several attacks on different victims are in one scoring; leads of the others are
        taken out of the list when the place of one is counted. The workspace is not changed: rows of earlier days and
        of the window are linked, not copied, into a folder that is deleted afterwards.

        Parameters
        ----------
        techniques : iterable of str, optional
            Names, or first words of them (``beacon``); all when none is given. See ``flowsleuth.attacks.TECHNIQUES``.
        time_range : optional
            The window; the workspace's when none is given; where that is all time, the last full day.
        draws : int
            How often each technique is played.
        seed : int
            The same seed plays the same attacks on the same flows.
        keep : path, optional
            Leave the copy with the last attacks, and ``attacks.json``, in this new folder.
        tell : callable, optional
            Told what is being done.

        Returns
        -------
        SelfTest

        Raises
        ------
        OptionError
            No such technique; no internal address is active in the window; the folder to keep is not empty.
        DetectorError
            No flows in the window.

        Notes
        -----
        Blind spots: ratings, rules and suppressions do not come along; IPv6 addresses are not chosen as victims; no
        ``http`` and ``tls`` rows are made, and ``dns`` rows only for DNS tunnels; an attacker who takes pains to look
        like this very network is harder to find than these. Recall is of these attacks, not of all attacks.
        """
        from flowsleuth.attacks import chosen_techniques
        from flowsleuth.workspace.injection.self_test import Options, self_test

        if not 1 <= draws <= MOST_DRAWS:
            raise OptionError(f"from 1 to {MOST_DRAWS}", where=f"draws={draws}")
        options = Options(chosen_techniques(techniques), draws, seed)
        return self_test(cast("Workspace", self), options, self.within(time_range), keep=keep, tell=tell)

    def blind_spots(self, *, time_range: Any = None, now: Any = None) -> Rows:
        """What could not have been seen in these flows, and why.

        Sampling, one-way records, sensors that fell silent or began late (judged by their own rate), columns and names
        that are missing, encrypted DNS, tables that are absent and finders idle for it, addresses that many hide
        behind, clocks, rejects, too little history, and the longest period of a beacon that the span can reveal.

        Parameters
        ----------
        time_range : optional
            The workspace's when none is given.
        now : datetime, optional
            What is after it is in the future; the clock's when not given.

        Returns
        -------
        Rows
            A row a blind spot: ``kind place how_much share since until hides detectors advice``. Rejects and skipped
            logs are those of the whole workspace.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> log = pathlib.Path(tempfile.mkdtemp()) / "flows.csv"
        >>> _ = log.write_text("firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\\n"
        ...     "2023-11-14 22:13:20.500,0.250,TCP,10.0.0.5,50000,192.0.2.7,443,4,900,1\\n")
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     _ = ws.ingest(log)
        ...     ws.blind_spots().table["kind"].to_pylist()[:2]
        ['one way', 'missing column']
        """
        import datetime as dt

        from flowsleuth.investigate.blind_spots import as_table, find_blind_spots
        from flowsleuth.workspace.results import Rows

        finders = _finders()
        moment = now or dt.datetime.now(dt.UTC)
        return Rows(as_table(find_blind_spots(self.store, self.within(time_range), finders, moment), finders))


def _finders() -> Finders:
    """What the finders say that they look at."""
    from flowsleuth.detect import FINDERS
    from flowsleuth.investigate.blind_spots import Finders

    by_family: dict[str, list[str]] = {}
    by_table: dict[str, list[str]] = {}
    for name in FINDERS.names():
        finder = FINDERS.load(name)
        by_family.setdefault(finder.family, []).append(name)
        for table in finder.tables:
            by_table.setdefault(table, []).append(name)
    return Finders(by_family, by_table)
