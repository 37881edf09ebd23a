"""Verbs on frames of alerts: what is related to one, which belong together, their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.analyze.alerts import AlertGraph, Incidents, SecurityAlert


class Alerting:
    """The frame is of Sentinel's SecurityAlert, or of our table ``alert``."""

    _frame: pd.DataFrame

    def alerts(self) -> list[SecurityAlert]:
        """Each row as an alert; see :class:`flowsleuth.analyze.alerts.SecurityAlert`."""
        from flowsleuth.analyze.alerts import read_alerts

        return read_alerts(self._frame)

    def related_alerts(self, alert: Any, *, window: Any = None) -> pd.DataFrame:
        """Alerts about the same things as one, with what matched.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> frame = pandas.DataFrame({"SystemAlertId": ["a", "b"], "CompromisedEntity": ["web1", "WEB1"]})
        >>> Chain(frame).related_alerts(frame.iloc[0])["matched"].tolist()
        ['Host WEB1']
        """
        from flowsleuth.analyze.alerts import get_related_alerts

        found: pd.DataFrame = get_related_alerts(alert, self._frame, window=window)
        return found

    def incidents(self, window: str = "24h", **options: Any) -> Incidents:
        """Alerts that belong together; ``.table`` has a row each, ``.alerts`` the frame with ``incident_id``."""
        from flowsleuth.analyze.alerts import group_incidents

        return group_incidents(self._frame, window=window, **options)

    def alert_graph(self, alert: Any = None) -> AlertGraph:
        """The graph of one alert (of all, when none is given); its nodes are expanded from this frame."""
        from flowsleuth.analyze.alerts import create_alert_graph

        return create_alert_graph(self._frame if alert is None else alert, self._frame)
