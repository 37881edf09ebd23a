"""Steps that find structure in rows: clusters of events, outliers, anomalies of a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Grouping:
    """The steps; :class:`~flowsleuth.faces.frames.accessor.Chain` has them."""

    _frame: pd.DataFrame

    def cluster_events(self, columns: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """Clusters of events, a row each; see :func:`flowsleuth.analyze.clusters.cluster_events`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> events = pandas.DataFrame({"CommandLine": ["ping -n 3", "whoami", "ping -n 4"]})
        >>> Chain(events).cluster_events()["template"].tolist()
        ['ping -n <n>', 'whoami']
        """
        from flowsleuth.analyze.clusters import cluster_events

        found: pd.DataFrame = cluster_events(self._frame, columns, **options)
        return found

    def outliers(self, columns: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """How odd each row is, and why; see :func:`flowsleuth.analyze.outliers.identify_outliers`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> flows = pandas.DataFrame({"bytes": [*range(100, 200), 9_000_000]})
        >>> found = Chain(flows).outliers(method="robust_z")
        >>> found.index[found["is_outlier"]].tolist()
        [100]
        """
        from flowsleuth.analyze.outliers import identify_outliers

        found: pd.DataFrame = identify_outliers(self._frame, columns, **options)
        return found

    def timeseries(
        self, time_column: str | None = None, data_column: str | None = None, **options: Any
    ) -> pd.DataFrame:
        """A series with what was expected, and anomalies both ways.

        See :func:`flowsleuth.analyze.timeseries.timeseries_anomalies_stl`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> hours = pandas.date_range("2024-03-01", periods=240, freq="h", tz="UTC")
        >>> flows = pandas.DataFrame({"start": hours, "n": [100 + hour % 24 * 10 + hour % 5 for hour in range(240)]})
        >>> flows.loc[130, "n"] = 900
        >>> found = Chain(flows).timeseries("start", "n")
        >>> int(found["anomalies"][130])
        1
        """
        from flowsleuth.analyze.timeseries import timeseries_anomalies_stl

        found: pd.DataFrame = timeseries_anomalies_stl(self._frame, time_column, data_column, **options)
        return found
