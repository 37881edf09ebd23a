"""Tables masked for sharing: what identifies somebody is replaced, what makes it a table of its kind stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError, suggestion
from flowsleuth.extract.masking.keys import MaskKey
from flowsleuth.extract.masking.kinds import KINDS, kinds_of
from flowsleuth.extract.masking.names import NameMask
from flowsleuth.extract.masking.texts import TextMask
from flowsleuth.schema.tabular import column_names, like, need_columns, one_column

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

AUTO = "auto"
DRAWS = 16
"""How often a new key is drawn when, by chance, an address becomes another one of the same table."""


def plan_mask(data: Any) -> dict[str, str]:
    """How each column would be masked; change it and give it to :func:`mask`.

    Examples
    --------
    >>> import pandas
    >>> plan_mask(pandas.DataFrame({"Computer": ["web1"], "CommandLine": ["dir"], "pid": [4]}))
    {'Computer': 'host', 'CommandLine': 'text', 'pid': 'keep'}
    """
    plan = kinds_of(column_names(data))
    return {name: kind if _may_identify(data, name) else "keep" for name, kind in plan.items()}


def mask(data: Any, columns: Mapping[str, str] | str = AUTO, *, key: bytes | str | None = None) -> Any:
    """A copy of a table that can be shared: what identifies is masked, equal values stay equal.

    Addresses keep their networks (prefix-preserving), private ones stay private; hosts and domains keep their suffix,
    SIDs and GUIDs their form, hashes their length; accounts, hosts and domains are replaced in free text too. Lists,
    mappings and JSON in cells are looked into. Numbers, times, and what every system has (``SYSTEM``, ``127.0.0.1``)
    stay as they are.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame or pyarrow.Table
        It is not changed.
    columns : mapping of str to str, or "auto"
        Column to kind, one of :data:`KINDS`; columns that are not named stay as they are. ``auto`` does what
        :func:`plan_mask` says for all columns.
    key : bytes or str, optional
        With the same key equal values become equal in other tables too. Without one a new key is drawn, kept nowhere.

    Returns
    -------
    table
        Of the same make.

    Raises
    ------
    OptionError
        No such column or kind, or a key that is too short.

    Examples
    --------
    >>> import pandas
    >>> events = pandas.DataFrame({"Account": ["CONTOSO\\\\ana", None], "src_ip": ["10.0.0.7", "10.0.0.9"]})
    >>> shared = mask(events)
    >>> "ana" in str(shared), shared["src_ip"].str.startswith("10.").tolist()
    (False, [True, True])
    """
    plan = plan_mask(data) if columns == AUTO else _checked(data, columns)
    if key is not None:
        return _Masking(NameMask(MaskKey(key)), plan).table(data)
    for _ in range(DRAWS):
        names = NameMask(MaskKey())
        done = _Masking(names, plan).table(data)
        if not names.addresses.has_overlap:
            break
    return done


def _checked(data: Any, columns: Mapping[str, str] | str) -> dict[str, str]:
    if isinstance(columns, str):
        raise OptionError("neither auto nor a mapping", where=columns, hint="columns={'Account': 'account'}")
    need_columns(data, columns)
    for name, kind in columns.items():
        if kind not in KINDS:
            raise OptionError("no such kind", where=f"{name}={kind}", available=KINDS, hint=suggestion(kind, KINDS))
    return {name: columns.get(name, "keep") for name in column_names(data)}


def _may_identify(data: Any, name: str) -> bool:
    """Columns of numbers, times and truth values do not."""
    if hasattr(data, "iloc"):
        from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype

        column = one_column(data, name)
        plain = (is_bool_dtype, is_numeric_dtype, is_datetime64_any_dtype, is_timedelta64_dtype)
        return not any(is_plain(column.dtype) for is_plain in plain)
    import pyarrow as pa

    kind = (data if isinstance(data, pa.Table) else data.to_arrow()).column(name).type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return not (is_number or pa.types.is_temporal(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind))


class _Masking:
    """One table's masking: names first, so that they are known when texts are masked."""

    def __init__(self, names: NameMask, plan: dict[str, str]) -> None:
        self._plan = {name: kind for name, kind in plan.items() if kind != "keep"}
        self._texts = TextMask(names)

    def table(self, data: Any) -> Any:
        """A masked copy, of the same make."""
        if hasattr(data, "iloc"):
            return self._pandas(data)
        import pyarrow as pa

        if isinstance(data, pa.Table):
            return self._arrow(data)
        return like(self._arrow(data.to_arrow()), data)

    def _learn(self, cells: Iterable[Any], kind: str) -> None:
        for cell in cells:
            self._texts.learn(cell, kind)

    def _cells(self, cells: Iterable[Any], kind: str) -> list[Any]:
        return [self._texts.of_kind(cell, kind) for cell in cells]

    def _pandas(self, data: pd.DataFrame) -> pd.DataFrame:
        out = data.copy(deep=False)
        out.attrs = {}
        places = {str(name): at for at, name in enumerate(data.columns)}
        for name, kind in self._plan.items():
            self._learn(_distinct(data.iloc[:, places[name]]), kind)
        self._texts.know()
        for name, kind in self._plan.items():
            out.isetitem(places[name], self._series(data.iloc[:, places[name]], kind))
        if self._plan:
            out.index = self._index(data.index)
        return out

    def _index(self, index: pd.Index) -> pd.Index:
        """Labels are cells too, where they are texts."""
        if index.nlevels > 1:
            return index.set_levels([self._index(level) for level in index.levels], verify_integrity=False)
        if index.dtype.kind in "iufbmM":
            return index
        return type(index)(self._cells(index, kinds_of([str(index.name)])[str(index.name)]), name=index.name)

    def _series(self, column: pd.Series, kind: str) -> pd.Series:
        import pandas as pd

        try:
            codes, values = pd.factorize(column, use_na_sentinel=True)
        except TypeError:  # lists and mappings
            return pd.Series(self._cells(column, kind), index=column.index, dtype=object)
        masked = pd.Series(self._cells(values, kind), dtype=object)
        if masked.empty:
            return column.copy()
        taken = pd.Series(masked.take(codes.clip(0)).to_numpy(), index=column.index, dtype=object)
        result = taken.where(codes >= 0, column.astype(object))
        if isinstance(column.dtype, pd.CategoricalDtype):
            return result.astype("category")
        return result if column.dtype == object else result.astype(column.dtype)

    def _arrow(self, data: pa.Table) -> pa.Table:
        out = data.replace_schema_metadata(None)
        places = {name: out.column_names.index(name) for name in self._plan}
        for name, kind in self._plan.items():
            self._learn(_distinct_of_arrow(data.column(places[name])), kind)
        self._texts.know()
        for name, kind in self._plan.items():
            out = out.set_column(places[name], name, self._column(data.column(places[name]), kind))
        return out

    def _column(self, column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            encoded = pa.array(column.combine_chunks()).dictionary_encode()
            values = pa.array(self._cells(encoded.dictionary.to_pylist(), kind), column.type)
            return pa.chunked_array([values.take(encoded.indices)])
        return pa.chunked_array([pa.array(self._cells(column.to_pylist(), kind), column.type)])


def _distinct(column: pd.Series) -> Iterable[Any]:
    try:
        return list(column.dropna().unique())
    except TypeError:  # lists and mappings
        return list(column)


def _distinct_of_arrow(column: pa.ChunkedArray) -> Iterable[Any]:
    import pyarrow as pa

    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    distinct: list[Any] = (column.unique() if is_text else column).to_pylist()
    return distinct
