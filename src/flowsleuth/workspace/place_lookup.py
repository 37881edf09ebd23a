"""Where addresses are, by the calls that MSTICPy's users know: ``GeoLiteLookup().lookup_ip(ip_addr_list=…)``.

Nothing is downloaded: places come from the files that are named (MMDB, tables of networks), then from the package's
table of the countries that address ranges are registered in.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.entities import GeoLocation, IpAddress

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.enrich.facts import AddressFacts
    from flowsleuth.workspace import Workspace

COLUMNS = {
    "CountryCode": "country_code", "CountryName": "country", "State": "region", "City": "city", "Longitude": "lon",
    "Latitude": "lat", "Asn": "asn", "AsName": "as_name", "Owner": "owner",
}  # fmt: skip
"""Columns of a frame's answer → ours; the first seven have the names of Microsoft's location."""
_OF_LOCATION = ("CountryCode", "CountryName", "State", "City", "Longitude", "Latitude", "Asn")


class GeoLiteLookup:
    """Tells where addresses are, from files on this machine.

    Parameters
    ----------
    *files : path
        MMDB files (GeoLite2, DB-IP, IPinfo) and tables of networks; the first that knows a fact is believed.
    workspace : Workspace, optional
        Whose files, context and home networks come next.

    Raises
    ------
    OptionError
        A file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "places.csv"
    >>> _ = table.write_text("network,country_code,city,lat,lon\\n192.0.2.0/24,CZ,Brno,49.2,16.6\\n")
    >>> raw, places = GeoLiteLookup(table).lookup_ip(ip_addr_list=["192.0.2.7", "not an address"])
    >>> places[0]["Location"]["City"], places[0]["Location"]["Latitude"], places[1]["Location"]
    ('Brno', 49.2, None)
    """

    def __init__(self, *files: str | Path, workspace: Workspace | None = None) -> None:
        from flowsleuth.enrich.geography import load_geography, registered_countries

        named = load_geography([Path(file) for file in files])
        if unreadable := [one.absent for one in named if one.absent is not None]:
            raise OptionError(unreadable[0], where="GeoLiteLookup", hint="give MMDB files or tables of networks")
        self.sources: tuple[AddressFacts, ...] = (*named, registered_countries())
        if workspace is not None:
            from flowsleuth.workspace.investigation import context_of

            own = (one for one in context_of(workspace).facts if one.absent is None)
            self.sources = (*named, *own)

    def lookup_ip(
        self, ip_address: str | None = None, ip_addr_list: Iterable[str | IpAddress] | None = None,
        ip_entity: IpAddress | None = None,
    ) -> tuple[list[dict[str, Any]], list[IpAddress]]:  # fmt: skip
        """Where addresses are.

        Parameters
        ----------
        ip_address : str, optional
        ip_addr_list : iterable of str, optional
        ip_entity : IpAddress, optional
            One of the three.

        Returns
        -------
        tuple
            What is known of each as a dict, and each as an :class:`IpAddress` with its ``Location`` (None where
            nobody knows); both in the order given.

        Raises
        ------
        OptionError
            None of the three was given.
        """
        asked: list[str | None]
        if ip_addr_list is not None:
            asked = [one.Address if isinstance(one, IpAddress) else one for one in ip_addr_list]
        elif ip_entity is not None or ip_address is not None:
            asked = [ip_entity.Address if ip_entity is not None else ip_address]
        else:
            raise OptionError("no address", where="lookup_ip", hint="lookup_ip(ip_addr_list=[…])")
        rows = self._rows([text if isinstance(text, str) else None for text in asked]).to_pylist()
        raw = [{name: value for name, value in row.items() if value is not None} for row in rows]
        return raw, [_entity(text, row) for text, row in zip(asked, rows, strict=True)]

    def df_lookup_ip(self, data: Any, column: str) -> Any:
        """A frame with what is known of a column of addresses: ``CountryCode``, ``City``, ``Asn`` …

        Parameters
        ----------
        data : pandas, polars or Arrow table
            Never changed; the same make is given back, all rows in their order.
        column : str

        Raises
        ------
        OptionError
            There is no such column.
        """
        from flowsleuth.schema.joined_columns import with_columns
        from flowsleuth.schema.tabular import text_column

        found = self._rows(text_column(data, column).to_pylist())
        return with_columns(data, {name: found[name] for name in COLUMNS})

    lookup_ips = df_lookup_ip

    def _rows(self, texts: list[str | None]) -> pa.Table:
        """A row for each text, null where nobody knows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from flowsleuth.enrich.facts import with_facts

        column = pa.array([_canonical(text) for text in texts], pa.string())
        distinct = pc.unique(column).drop_null()
        known = with_facts(pa.table({"address": distinct}), "address", self.sources)
        at = pc.index_in(column, value_set=distinct)
        columns = {"IpAddress": pa.array(texts, pa.string())}
        for name, ours in COLUMNS.items():
            values = (
                known[ours].combine_chunks() if ours in known.column_names else pa.nulls(len(distinct), _type(name))
            )
            columns[name] = values.take(at).cast(_type(name))
        return pa.table(columns)


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    return {"Longitude": pa.float64(), "Latitude": pa.float64(), "Asn": pa.int64()}.get(name, pa.string())


def _canonical(text: str | None) -> str | None:
    from flowsleuth.schema.addresses import canonical_address

    try:
        return canonical_address((text or "").strip()) or None
    except ValueError:
        return None


def _entity(text: Any, row: dict[str, Any]) -> IpAddress:
    told = {name: row[name] for name in _OF_LOCATION if row[name] is not None}
    return IpAddress(text if isinstance(text, str) else None, Location=GeoLocation(**told) if told else None)
