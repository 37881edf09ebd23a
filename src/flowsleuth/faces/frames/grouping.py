"""Steps that find structure in rows: clusters of events."""

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
