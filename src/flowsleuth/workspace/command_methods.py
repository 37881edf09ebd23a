"""What a workspace does with the command lines of its processes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.analyze.sigma import SigmaMatches, SigmaRules
    from flowsleuth.extract.command_lines import RuleSet
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.store import Store
    from flowsleuth.workspace.results import Rows

TOLD = ("event_id", "start", "host", "user", "pid", "parent_name")
"""What is told of a process beside its command line."""
JUDGED_BY = (
    "name", "path", "command_line", "cwd", "domain", "user_id", "logon_id", "integrity", "parent_pid", "parent_path",
    "parent_command_line", "process_guid", "parent_guid", "md5", "sha1", "sha256",
)  # fmt: skip
"""What Sigma rules may ask of a process beside that."""


class CommandMethods:
    """Command lines; a part of :class:`~flowsleuth.workspace.Workspace`."""

    if TYPE_CHECKING:

        @property
        def store(self) -> Store:
            """The rows at rest."""

        def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange:
            """The window of one call."""

    def risky_commands(
        self,
        time_range: Any = None,
        *,
        rules: RuleSet | None = None,
        platform: str | None = None,
        least: str = "low",
        decode: bool = True,
    ) -> Rows:
        """Processes whose command line matches a rule, with the reason, the ATT&CK technique, and where.

        Parameters
        ----------
        time_range : optional
            Anything ``TimeRange.of`` reads; the workspace's own when not given.
        rules : RuleSet, optional
            Instead of the bundled ones.
        platform : str, optional
            ``windows`` or ``linux``.
        least : str
            ``low``, ``medium`` or ``high``.
        decode : bool
            Look into what is encoded, too.

        Returns
        -------
        Rows
            The columns of :func:`flowsleuth.extract.command_lines.risky_commands`; in place of the row's label the
            process: its ``event_id``, ``start``, ``host``, ``user``, ``pid`` and ``parent_name``. By time.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.risky_commands())
        0
        """
        from flowsleuth.extract.command_lines import risky_commands
        from flowsleuth.workspace.results import Rows

        processes = self._processes(time_range, [*TOLD, "command_line"])
        found = risky_commands(processes, "command_line", rules=rules, platform=platform, least=least, decode=decode)
        return Rows(_with_process(processes, found.drop_columns(["column"])))

    def command_bursts(self, time_range: Any = None, *, events: int = 10, within_s: float = 5.0) -> Rows:
        """Many processes in a short time, by host and user; see :func:`flowsleuth.analyze.bursts.command_bursts`.

        ``rows`` has their ``event_id``.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.command_bursts(events=5, within_s=1))
        0
        """
        import pyarrow as pa

        from flowsleuth.analyze.bursts import command_bursts
        from flowsleuth.workspace.results import Rows

        processes = self._processes(time_range, ["event_id", "start", "host", "user", "command_line"])
        found = command_bursts(
            processes, "command_line", time_column="start", by=("host", "user"), events=events, within_s=within_s
        )
        rows = found["rows"].combine_chunks()
        ids = processes["event_id"].take(rows.flatten()).combine_chunks()
        told = pa.ListArray.from_arrays(rows.offsets, ids)
        return Rows(found.set_column(found.column_names.index("rows"), "rows", told))

    def sigma(self, rules: str | Path | Iterable[str | Path] | SigmaRules, time_range: Any = None) -> SigmaMatches:
        """Sigma rules for process starts over the stored processes; needs pySigma (extra ``sigma``).

        Parameters
        ----------
        rules : path, paths or SigmaRules
            Files, folders, or what :func:`flowsleuth.analyze.sigma.load_sigma` gave.
        time_range : optional
            Anything ``TimeRange.of`` reads; the workspace's own when not given.

        Returns
        -------
        SigmaMatches
            ``hits`` and ``report`` are Arrow tables; see :func:`flowsleuth.analyze.sigma.match_sigma`. A hit has the
            process's ``event_id``, ``start``, ``host``, ``user``, ``pid`` and ``parent_name`` in place of the row.

        Raises
        ------
        MissingExtraError
            pySigma is not installed.
        OptionError
            A file or folder is not there.
        """
        from flowsleuth.analyze.sigma import SigmaMatches, SigmaRules, load_sigma, match_sigma

        read = rules if isinstance(rules, SigmaRules) else load_sigma(rules)
        processes = self._processes(time_range, list(dict.fromkeys([*TOLD, *JUDGED_BY])))
        found = match_sigma(processes, read)
        return SigmaMatches(_with_process(processes, found.hits), found.report)

    def _processes(self, time_range: Any, columns: Sequence[str]) -> pa.Table:
        """Stored processes of a window, by time."""
        from flowsleuth.investigate.queries import stored_within

        window = self.within(time_range)
        rows = stored_within(self.store, "process", window.start, window.end)
        return self.store.arrow(rows.select(*columns).order_by(["start", "event_id"]))


def _with_process(processes: pa.Table, found: pa.Table) -> pa.Table:
    """What was found, with the process in place of its row."""
    import pyarrow as pa

    of = processes.select(list(TOLD)).take(found["row"])
    columns = {name: of[name] for name in TOLD}
    return pa.table(columns | {name: found[name] for name in found.column_names if name != "row"})
