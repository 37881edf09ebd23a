"""Steps that tell of logons, and of sessions in syslog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class LoggingOn:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def logon_summary(self, by: str = "account", schema: Any = None) -> pd.DataFrame:
        """Logons counted; see :func:`flowsleuth.analyze.logons.summarize_logons`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> frame = pandas.DataFrame({"start": ["2024-03-05"] * 2, "user": ["bob"] * 2, "is_success": [True, False]})
        >>> Chain(frame).logon_summary()[["account", "logons", "failures"]].values.tolist()
        [['bob', 2, 1]]
        """
        from flowsleuth.analyze.logons import summarize_logons

        found: pd.DataFrame = summarize_logons(self._frame, by, schema)
        return found

    def logon_patterns(self, schema: Any = None, **options: Any) -> pd.DataFrame:
        """What is odd about logons; see :func:`flowsleuth.analyze.logons.find_logon_patterns`."""
        from flowsleuth.analyze.logons import find_logon_patterns

        found: pd.DataFrame = find_logon_patterns(self._frame, schema, **options)
        return found

    def logon_sessions(self, schema: Any = None, *, service: str | None = None) -> pd.DataFrame:
        """Sessions that syslog tells of; see :func:`flowsleuth.analyze.syslog.logon_sessions`."""
        from flowsleuth.analyze.syslog import logon_sessions

        found: pd.DataFrame = logon_sessions(self._frame, schema, service=service)
        return found

    def sudo_sessions(self, schema: Any = None, *, find_risk: Any = None) -> pd.DataFrame:
        """Sessions of sudo with their commands; see :func:`flowsleuth.analyze.syslog.sudo_sessions`."""
        from flowsleuth.analyze.syslog import linux_risks, sudo_sessions

        found: pd.DataFrame = sudo_sessions(self._frame, schema, find_risk=find_risk or linux_risks)
        return found
