"""Verbs on frames that tell what is known of addresses and other observables: type, place, owner, intelligence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from flowsleuth.workspace import Workspace


class LookingUp:
    """Each gives a new frame with more columns, or the answers; nobody outside is asked unless told to."""

    _frame: pd.DataFrame

    def ip_type(self, column: str, name: str = "IpType") -> pd.DataFrame:
        """The type of a column of addresses, as another column: ``Public``, ``Private``, ``Shared`` … ``Invalid``.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"ip": ["8.8.8.8", "10.0.0.1", None]})).ip_type("ip")["IpType"].tolist()[:2]
        ['Public', 'Private']
        """
        from flowsleuth.enrich.ip_types import type_words
        from flowsleuth.schema.joined_columns import with_columns
        from flowsleuth.schema.tabular import text_column

        found: pd.DataFrame = with_columns(self._frame, {name: type_words(text_column(self._frame, column))})
        return found

    def geo(self, column: str, *files: str | Path, ws: Workspace | None = None) -> pd.DataFrame:
        """Where a column of addresses is; see :meth:`flowsleuth.workspace.place_lookup.GeoLiteLookup.df_lookup_ip`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"ip": ["193.0.6.139", "10.0.0.1"]})).geo("ip")["CountryName"].tolist()[0]
        'Netherlands'
        """
        from flowsleuth.workspace.place_lookup import GeoLiteLookup

        found: pd.DataFrame = GeoLiteLookup(*files, workspace=ws).df_lookup_ip(self._frame, column)
        return found

    def whois(
        self, column: str, *, all_columns: bool = False, online: bool = False, recorded: str | Path | None = None,
        geography: Iterable[str | Path] = (), ws: Workspace | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Whose a column of addresses are, each asked about once; see :class:`flowsleuth.toolkit.WhoisLookup`.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> Chain(pandas.DataFrame({"ip": ["10.0.0.1"]})).whois("ip")["AsnDescription"].tolist()
        ['No ASN Information for IP type: Private']
        """
        from flowsleuth.workspace.whois_lookup import WhoisLookup

        lookup = WhoisLookup(ws, geography=geography, recorded=recorded, online=online)
        found: pd.DataFrame = lookup.frame(self._frame, column, all_columns=all_columns)
        return found

    def intel(
        self, column: str, *, type_column: str | None = None, providers: str | Iterable[str] | None = None,
        offline: bool = False, recorded: str | Path | None = None, ws: Workspace | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """What threat intelligence says of a column of observables: a row per observable and service.

        See :class:`flowsleuth.toolkit.TILookup`; services that are set up are asked, unless ``offline``.

        Examples
        --------
        >>> import pandas
        >>> from flowsleuth.faces.frames import Chain
        >>> found = Chain(pandas.DataFrame({"ip": ["10.0.0.1"]})).intel("ip", providers="internetdb", offline=True)
        >>> found[["Ioc", "Status"]].values.tolist()
        [['10.0.0.1', 2]]
        """
        from flowsleuth.workspace.ti_lookup import TILookup

        lookup = TILookup(workspace=ws, recorded=recorded, offline=offline)
        found: pd.DataFrame = lookup.lookup_iocs(self._frame, column, type_column, providers, prov_scope="primary")
        return found
