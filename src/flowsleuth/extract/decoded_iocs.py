"""Indicators of compromise in what was encoded: base64, hex and archives decoded first, to the last layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from flowsleuth.extract.decoding import DecodedText, DecodeLimits, decoded_texts
from flowsleuth.extract.ioc.extractor import IoCExtract
from flowsleuth.schema.tabular import as_pandas, like, row_labels, sound_text

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("IoCType", "Observable", "Found", "SourceIndex", "Column", "Offset", "DecodePath", "Reference", "Input")
_OF_IOC = ("IoCType", "Observable", "Found", "Input")


def decoded_iocs(
    data: Any,
    columns: str | Sequence[str] | None = None,
    *,
    ioc_types: str | Iterable[str] | None = None,
    include_paths: bool = False,
    iocs: IoCExtract | None = None,
    limits: DecodeLimits | None = None,
) -> Any:
    """Indicators in what is encoded in a text or in columns of a table; what stands there as it is, is not looked at.

    Parameters
    ----------
    data : str, or a table (pandas, polars, Arrow)
    columns : str or sequence of str
        Of a table: its columns of text.
    ioc_types : str or iterable of str, optional
    include_paths : bool
        As of :meth:`IoCExtract.extract`.
    iocs : IoCExtract, optional
        One with types of its own.
    limits : DecodeLimits, optional

    Returns
    -------
    table of the same make; pandas for a text
        :data:`COLUMNS`: ``SourceIndex`` is the row's label, ``Offset`` where in its cell the outermost encoded text
        begins (characters from 0), ``DecodePath`` the way to the text ``Input`` in which it was found.

    Raises
    ------
    OptionError
        There is no such column or type, or none was named.

    Examples
    --------
    >>> found = decoded_iocs("powershell -enc cABpAG4AZwAgADEAOQA4AC4ANQAxAC4AMQAwADAALgA3AA==")
    >>> found[["IoCType", "Observable", "Offset", "DecodePath"]].values.tolist()
    [['ipv4', '198.51.100.7', 16, 'base64 > utf-16-le']]
    """
    import pyarrow as pa

    names: list[str | None] = [columns] if isinstance(columns, str) else [None] if columns is None else [*columns]
    texts: list[tuple[DecodedText, str | None]] = [
        (one, name) for name in names for one in decoded_texts(data, name, limits=limits)
    ]
    decoded = pa.array([sound_text(one.text) for one, _ in texts], pa.string())
    found = (iocs or IoCExtract()).extract(
        data=pa.table({"text": decoded}), columns="text", ioc_types=ioc_types, include_paths=include_paths
    )
    labels = pa.array([0]) if isinstance(data, str) else row_labels(data)
    table = _joined(found, texts, labels)
    return as_pandas(table) if isinstance(data, str) else like(table, data)


def _joined(found: pa.Table, texts: list[tuple[DecodedText, str | None]], labels: pa.Array) -> pa.Table:
    """Findings with the cell that each came from."""
    import pyarrow as pa

    at = found["SourceIndex"]
    facts = {
        "SourceIndex": labels.take(pa.array([one.row for one, _ in texts], pa.int64())),
        "Column": pa.array([name for _, name in texts], pa.string()),
        "Offset": pa.array([one.offset for one, _ in texts], pa.int64()),
        "DecodePath": pa.array([" > ".join(one.path) for one, _ in texts], pa.string()),
        "Reference": pa.array([one.reference for one, _ in texts], pa.string()),
    }
    told = {name: found[name] for name in _OF_IOC} | {name: values.take(at) for name, values in facts.items()}
    return pa.table({name: told[name] for name in COLUMNS})
