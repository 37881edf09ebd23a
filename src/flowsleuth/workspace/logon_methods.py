"""The methods of :class:`flowsleuth.workspace.Workspace` that tell of logons, and of sessions in syslog."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.analyze.logons import LogonOptions
    from flowsleuth.analyze.syslog.sudo import FindRisk
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.results import Rows


class LogonMethods:
    """Logons and sessions that are stored; ``rows`` and the like are ids of events."""

    if TYPE_CHECKING:

        def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange: ...

    def logon_summary(self, by: str = "account", *, time_range: Any = None) -> Rows:
        """Logons counted; see :func:`flowsleuth.analyze.logons.summarize_logons`.

        Parameters
        ----------
        by : {"account", "source", "host", "logon_type"}
        time_range : optional
            The workspace's when none is given.

        Raises
        ------
        OptionError
            No such way to count, or the window cannot be read.
        """
        from flowsleuth.analyze.logons import summarize_logons
        from flowsleuth.workspace.results import Rows

        return Rows(summarize_logons(self._logons(time_range), by))

    def logon_patterns(
        self,
        patterns: Iterable[str] | None = None,
        *,
        options: LogonOptions | None = None,
        time_range: Any = None,
    ) -> Rows:
        """What is odd about logons, with reasons; see :func:`flowsleuth.analyze.logons.find_logon_patterns`.

        Where sources are is known by the facts (``ws.enrich``); without them nobody travels.

        Parameters
        ----------
        patterns : iterable of {"bursts", "sprays", "new", "rare", "travel"}, optional
            All when not given.
        options : LogonOptions, optional
        time_range : optional
            The workspace's when none is given.

        Raises
        ------
        OptionError
            No such pattern, or the window cannot be read.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> said = "Apr 30 00:00:{:02d} web1 sshd[9]: {} password for bob from 192.0.2.7 port 5022 ssh2\\n"
        >>> words = ["Failed"] * 6 + ["Accepted"]
        >>> _ = (folder / "auth.log").write_text("".join(said.format(at, word) for at, word in enumerate(words)))
        >>> with flowsleuth.open(folder / "case", create=True) as ws:
        ...     _ = ws.ingest(folder / "auth.log", reader="syslog", options={"year": 2024})
        ...     ws.logon_patterns().table["reason"].to_pylist()
        ['6 failures of bob from 192.0.2.7 within 5 s; 1 s later it succeeded']
        """
        from flowsleuth.workspace.logon_rows import logon_patterns_of

        return logon_patterns_of(cast("Workspace", self), self.within(time_range), patterns, options)

    def logon_clusters(self, *, time_range: Any = None) -> Rows:
        """Logons that are alike put together; see :func:`flowsleuth.analyze.logons.cluster_logons`.

        Raises
        ------
        OptionError
            The window cannot be read.
        """
        from flowsleuth.analyze.logons import cluster_logons
        from flowsleuth.workspace.results import Rows

        return Rows(cluster_logons(self._logons(time_range)))

    def logon_sessions(self, service: str | None = None, *, time_range: Any = None) -> Rows:
        """Sessions that syslog tells of; see :func:`flowsleuth.analyze.syslog.logon_sessions`.

        Parameters
        ----------
        service : str, optional
            Only those of one service: ``sshd``, ``sudo``, ``su``, ``cron``, …
        time_range : optional
            The workspace's when none is given.

        Raises
        ------
        OptionError
            The window cannot be read.
        """
        from flowsleuth.analyze.syslog import logon_sessions
        from flowsleuth.workspace.results import Rows

        return Rows(logon_sessions(self._messages(time_range), service=service))

    def sudo_sessions(self, *, find_risk: FindRisk | None = None, time_range: Any = None) -> Rows:
        """Sessions of sudo with their commands; see :func:`flowsleuth.analyze.syslog.sudo_sessions`.

        Parameters
        ----------
        find_risk : callable, optional
            Commands to reasons; the bundled rules for Linux when not given.
        time_range : optional
            The workspace's when none is given.

        Raises
        ------
        OptionError
            The window cannot be read.
        """
        from flowsleuth.analyze.syslog import linux_risks, sudo_sessions
        from flowsleuth.workspace.results import Rows

        return Rows(sudo_sessions(self._messages(time_range), find_risk=find_risk or linux_risks))

    def sudo_commands(self, *, find_risk: FindRisk | None = None, time_range: Any = None) -> Rows:
        """Commands given to sudo, refused ones too; see :func:`flowsleuth.analyze.syslog.sudo_commands`.

        Parameters
        ----------
        find_risk : callable, optional
            Commands to reasons; the bundled rules for Linux when not given.
        time_range : optional
            The workspace's when none is given.

        Raises
        ------
        OptionError
            The window cannot be read.
        """
        from flowsleuth.analyze.syslog import linux_risks, sudo_commands
        from flowsleuth.workspace.results import Rows

        return Rows(sudo_commands(self._messages(time_range), find_risk=find_risk or linux_risks))

    def syslog_hosts(self, *, time_range: Any = None) -> Rows:
        """Hosts that syslog tells of; see :func:`flowsleuth.analyze.syslog.syslog_hosts`.

        Raises
        ------
        OptionError
            The window cannot be read.
        """
        from flowsleuth.analyze.syslog import syslog_hosts
        from flowsleuth.workspace.results import Rows

        return Rows(syslog_hosts(self._messages(time_range, of_sessions=False)))

    def _logons(self, time_range: Any) -> pa.Table:
        from flowsleuth.workspace.logon_rows import stored_logons

        return stored_logons(cast("Workspace", self), self.within(time_range))

    def _messages(self, time_range: Any, *, of_sessions: bool = True) -> pa.Table:
        from flowsleuth.workspace.logon_rows import stored_messages

        return stored_messages(cast("Workspace", self), self.within(time_range), of_sessions=of_sessions)
