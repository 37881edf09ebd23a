"""Steps that show a frame as a picture; each gives a :class:`~flowsleuth.faces.views.display.Display`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.faces.views.columns import Columns
    from flowsleuth.faces.views.display import Display


class Displaying:
    """Pictures of the frame of a chain; the options are those of the calls that are named."""

    _frame: pd.DataFrame

    def timeline(self, time_column: str | None = None, source_columns: Columns = None, **options: Any) -> Display:
        """Events over time, by group: :func:`flowsleuth.faces.views.timelines.display_timeline`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> alerts = pandas.DataFrame({"start": ["2019-02-14 11:51:37Z"], "Severity": ["Low"]})
        >>> Chain(alerts).timeline(group_by="Severity")
        <Display of Timeline of Severity: 1 mark in 1 lane>
        """
        from flowsleuth.faces.views.timelines import display_timeline

        return display_timeline(self._frame, time_column, source_columns, **options)

    def timeline_values(
        self, value_column: str | None = None, time_column: str | None = None, **options: Any
    ) -> Display:
        """Values over time: :func:`flowsleuth.faces.views.value_timelines.display_timeline_values`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> flows = pandas.DataFrame({"start": ["2019-02-14 11:51:37Z"], "flows": [3]})
        >>> Chain(flows).timeline_values("flows", kind="circle")
        <Display of flows over time: 1 value in 1 series>
        """
        from flowsleuth.faces.views.value_timelines import display_timeline_values

        return display_timeline_values(self._frame, value_column, time_column, **options)

    def timeline_duration(self, group_by: Columns, time_column: str | None = None, **options: Any) -> Display:
        """From when to when groups were active: :func:`flowsleuth.faces.views.timelines.display_timeline_duration`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> logons = pandas.DataFrame({"start": ["2019-02-14 11:51:37Z"], "Account": ["bob"]})
        >>> Chain(logons).timeline_duration("Account")
        <Display of From first to last by Account: 1 mark in 1 lane>
        """
        from flowsleuth.faces.views.timelines import display_timeline_duration

        return display_timeline_duration(self._frame, group_by, time_column, **options)

    def matrix(self, x: str, y: str, value_col: str | None = None, **options: Any) -> Display:
        """Which values of two columns meet: :func:`flowsleuth.faces.views.matrices.plot_matrix`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"Account": ["bob"], "Computer": ["WEB"]})).matrix("Computer", "Account")
        <Display of Account and Computer: 1 cell in 1 row>
        """
        from flowsleuth.faces.views.matrices import plot_matrix

        return plot_matrix(self._frame, x, y, value_col, **options)

    def network(self, source_col: str, target_col: str, **options: Any) -> Display:
        """Who has to do with whom: :func:`flowsleuth.faces.views.graphs.plot_network`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"Account": ["bob"], "Computer": ["WEB"]})).network("Account", "Computer")
        <Display of Account and Computer: 2 nodes and 1 edge>
        """
        from flowsleuth.faces.views.graphs import plot_network

        return plot_network(self._frame, source_col, target_col, **options)

    def map(self, ip_column: str | None = None, **options: Any) -> Display:
        """Where the rows are: :func:`flowsleuth.faces.views.maps.plot_map`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"ip": ["192.0.2.7"], "lat": [59.9], "lon": [10.7]})).map("ip")
        <Display of Locations: 1 place>
        """
        from flowsleuth.faces.views.maps import plot_map

        return plot_map(self._frame, ip_column, **options)
