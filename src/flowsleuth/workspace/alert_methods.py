"""The methods of :class:`flowsleuth.workspace.Workspace` about alerts: list them, take one, put them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from flowsleuth.analyze.alerts import Incidents
    from flowsleuth.workspace import Workspace
    from flowsleuth.workspace.alert_subject import AlertSubject
    from flowsleuth.workspace.results import Rows

MOST = 10_000


class AlertMethods:
    """Alerts of other systems, as they are stored."""

    def alerts(
        self, text: str | None = None, *, severity: str | None = None, time_range: Any = None, start: Any = None,
        end: Any = None, limit: int | None = MOST,
    ) -> Rows:  # fmt: skip
        """Alerts, the earliest first.

        Parameters
        ----------
        text : str, optional
            Only those that have it in name, description, host or entities, whatever its case.
        severity : str, optional
            Only those at least so severe: ``high``, ``medium``, ``low``, ``informational``.
        time_range, start, end : optional
            Instead of the workspace's window.
        limit : int or None
            Rows at most.

        Returns
        -------
        Rows
            Of table ``alert``; each row can be made a :class:`~flowsleuth.analyze.alerts.SecurityAlert`.

        Raises
        ------
        OptionError
            There is no such severity, or the window is reversed.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.alerts("scan", severity="medium"))
        0
        """
        from flowsleuth.workspace.alert_subject import stored_alerts

        workspace = cast("Workspace", self)
        time = workspace.within(time_range, start=start, end=end)
        return stored_alerts(workspace, time, text=text, severity=severity, limit=limit)

    def alert(self, alert_id: str | int) -> AlertSubject:
        """One alert, and what can be asked about it: related ones, events around it, its graph.

        Parameters
        ----------
        alert_id : str or int
            Its ``alert_id`` by its source, or our ``event_id``.

        Raises
        ------
        OptionError
            There is none.
        """
        from flowsleuth.workspace.alert_subject import AlertSubject

        return AlertSubject(cast("Workspace", self), alert_id)

    def incidents(
        self, window: str = "24h", *, time_range: Any = None, start: Any = None, end: Any = None, **options: Any
    ) -> Incidents:
        """Alerts that belong together; see :func:`flowsleuth.analyze.alerts.group_incidents`.

        Of more than 10,000 alerts the first ones, which ``notes`` tell.

        Examples
        --------
        >>> import flowsleuth, tempfile
        >>> with flowsleuth.open(tempfile.mkdtemp() + "/case", create=True) as ws:
        ...     len(ws.incidents(window="2d"))
        0
        """
        from dataclasses import replace

        from flowsleuth.analyze.alerts import group_incidents

        rows = self.alerts(time_range=time_range, start=start, end=end, limit=MOST + 1).table
        found = group_incidents(rows.slice(0, MOST), window=window, **options)
        if len(rows) <= MOST:
            return found
        return replace(found, notes=(*found.notes, f"only the first {MOST:,} alerts of the window were looked at"))
