"""Columns put beside those of a frame of any make, which stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.schema.tabular import column_names, like, to_table

if TYPE_CHECKING:
    import pyarrow as pa


def with_columns(data: Any, columns: Mapping[str, pa.Array | pa.ChunkedArray], *, replace: bool = False) -> Any:
    """A frame of the same make with more columns, after its own.

    Parameters
    ----------
    data : pandas, polars or Arrow table, or rows of our own
        A pandas frame keeps its index, every frame its types.
    columns : mapping of str to Arrow array
        As long as the frame.
    replace : bool
        Columns of the same names make room; else a name that is there already gets ``_`` after it.

    Examples
    --------
    >>> import pandas, pyarrow as pa
    >>> frame = pandas.DataFrame({"ip": ["192.0.2.1"]}, index=["a"])
    >>> with_columns(frame, {"ip": pa.array(["x"]), "asn": pa.array([5])}).to_dict("index")
    {'a': {'ip': '192.0.2.1', 'ip_': 'x', 'asn': 5}}
    >>> with_columns(frame, {"ip": pa.array(["x"])}, replace=True).to_dict("index")
    {'a': {'ip': 'x'}}
    """
    import pyarrow as pa

    taken = set(column_names(data))
    named = dict(columns) if replace else {_free(name, taken): values for name, values in columns.items()}
    if hasattr(data, "iloc"):
        made = data.loc[:, [str(name) not in named for name in data.columns]].copy()
        for name, values in named.items():
            made[name] = values.to_pandas().set_axis(made.index)
        return made
    if hasattr(data, "hstack"):  # polars
        return data.drop([name for name in data.columns if name in named]).hstack(like(pa.table(named), data))
    table = data if isinstance(data, pa.Table) else to_table(data)
    table = table.drop_columns([name for name in table.column_names if name in named])
    for name, values in named.items():
        table = table.append_column(name, values)
    return table


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
