"""The methods of :class:`flowsleuth.workspace.Workspace` that give stored rows a structure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from flowsleuth.schema.time_range import TimeRange
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.process_trees import ProcessTreeRows


class AnalyzeMethods:
    """Process trees of what is stored."""

    if TYPE_CHECKING:

        def within(self, time_range: Any = None, *, start: Any = None, end: Any = None) -> TimeRange: ...

    def process_tree(
        self, host: str | None = None, *, time_range: Any = None, start: Any = None, end: Any = None
    ) -> ProcessTreeRows:
        """Who started whom, on each host, of the processes that are stored.

        Parameters
        ----------
        host : str, optional
            Only this host.
        time_range, start, end : optional
            Which starts; the workspace's window when none is given.

        Returns
        -------
        ProcessTreeRows
            One row a process; ``text()``, ``summary()``, ``below("cmd.exe")`` and ``figure()`` tell more; a notebook
            draws it.

        Raises
        ------
        OptionError
            The window cannot be read.

        Examples
        --------
        >>> import flowsleuth, pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "audit.log").write_text(
        ...     'type=SYSCALL msg=audit(1588205000.155:9): arch=c000003e syscall=59 success=yes exit=0 ppid=29002 '
        ...     'pid=1631 uid=1000 ses=104 comm="arp" exe="/usr/sbin/arp"\\n'
        ...     'type=EXECVE msg=audit(1588205000.155:9): argc=2 a0="arp" a1="-a"\\n')
        >>> with flowsleuth.open(folder / "case", create=True) as ws:
        ...     _ = ws.ingest(folder / "audit.log")
        ...     print(ws.process_tree().text())
        ? (no name) [29002]
        └─ arp [1631 2020-04-30 00:03:20]  arp -a
        """
        from flowsleuth.workspace.process_trees import process_tree_of

        return process_tree_of(cast("Workspace", self), host, self.within(time_range, start=start, end=end))
