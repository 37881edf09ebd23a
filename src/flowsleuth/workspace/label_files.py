"""Labels as files: exported for other tools, imported from colleagues and other workspaces.

Ids of suspects and flows are made of their content, so a label names the same flows wherever the same logs were read;
where they were not, it still teaches by what it says of addresses and services.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowsleuth.errors import OptionError
from flowsleuth.schema.analyst import LABEL
from flowsleuth.triage.filters import SEVERITIES

if TYPE_CHECKING:
    import pyarrow as pa

    from flowsleuth.store.case import CaseDatabase

OWN = ("label_id", "rating_id", "is_live")
"""Numbers of the database itself: not part of a file."""
NEEDED = ("severity", "detector", "date", "suspect_id")
SUFFIXES = (".csv", ".json", ".parquet")
LARGEST = 1_000_000
"""Labels in one file."""


def labels(case: CaseDatabase, *, every: bool = False) -> pa.Table:
    """Labels that hold, with who rated, by which act and why; with `every` also those taken back."""
    import pyarrow as pa

    found = case.arrow("label", None if every else {"is_live": True})
    acts = {row["rating_id"]: row for row in case.rows("rating", columns=["rating_id", "analyst", "comment", "origin"])}
    ids = found["rating_id"].to_pylist()
    for name in ("analyst", "origin", "comment"):
        found = found.append_column(name, pa.array([acts[one][name] for one in ids], pa.string()))
    return found


def read_labels(path: str | Path) -> pa.Table:
    """Read a file that ``flowsleuth labels export`` wrote: CSV, JSON or Parquet, by its suffix.

    Raises
    ------
    OptionError
        The file is not there, not of such a kind, has not the needed columns, or a value that cannot be.
    """
    import pyarrow as pa

    file = Path(path)
    try:
        rows = _read(file)
    except (OSError, pa.ArrowException, ValueError, UnicodeDecodeError) as error:
        raise OptionError(f"cannot be read: {error}", where=str(path)) from None
    missing = [name for name in NEEDED if name not in rows.column_names]
    if missing:
        raise OptionError(f"has no column {missing[0]}", where=str(path), available=rows.column_names)
    if len(rows) > LARGEST:
        raise OptionError(f"more than {LARGEST:,} labels", where=str(path))
    return _typed(rows, str(path))


def _read(file: Path) -> pa.Table:
    import json

    import pyarrow as pa
    import pyarrow.csv as pcsv
    import pyarrow.parquet as pq

    if file.suffix == ".parquet":
        return pq.read_table(file)
    if file.suffix == ".json":
        return pa.Table.from_pylist(json.loads(file.read_text(encoding="utf-8")))
    if file.suffix == ".csv":
        plain = {name: pa.string() for name in (*LABEL.names, "analyst", "origin", "comment")}
        options = pcsv.ConvertOptions(column_types=plain, strings_can_be_null=True, quoted_strings_can_be_null=False)
        found = pcsv.read_csv(file, convert_options=options, parse_options=pcsv.ParseOptions(newlines_in_values=True))
        return unescaped(found)
    raise OptionError("not a kind of label file", where=str(file), available=SUFFIXES)


def unescaped(rows: pa.Table) -> pa.Table:
    """Texts without the apostrophe that keeps spreadsheets from taking them for formulas."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def plain(column: Any) -> Any:
        if not pa.types.is_string(column.type):
            return column
        return pc.replace_substring_regex(column, r"^'([=+\-@\t\r])", r"\1")

    return pa.table({name: plain(rows[name]) for name in rows.column_names})


def _typed(rows: pa.Table, where: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for field in LABEL.arrow_schema():
        if field.name in OWN:
            continue
        given = rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        try:
            columns[field.name] = given.cast(field.type)
        except pa.ArrowException as error:
            raise OptionError(f"column {field.name}: {error}", where=where) from None
    typed = pa.table(columns)
    if any(typed[name].null_count for name in NEEDED):
        raise OptionError(f"a label needs {', '.join(NEEDED)}", where=where)
    if not pc.all(pc.is_in(typed["severity"], pa.array(list(SEVERITIES), pa.int32())), min_count=0).as_py():
        raise OptionError("a severity is 1, 2 or 3", where=where)
    for name in ("comment", "analyst"):
        text = rows[name].cast(pa.string()) if name in rows.column_names else pa.nulls(len(rows), pa.string())
        typed = typed.append_column(name, text)
    return typed


_SAME = ("detector", "suspect_id", "flow_id", "severity")


def import_labels(database: CaseDatabase, analyst: str, path: str | Path) -> dict[str, int]:
    """Take labels from a file: a rating for each severity, detector and comment. What holds already adds nothing.

    Returns
    -------
    dict
        ``labels`` in the file, ``new`` ones, ``ratings`` made.
    """
    rows = read_labels(path).to_pylist()
    with database.transaction(analyst) as case:
        held = {tuple(row[name] for name in _SAME) for row in case.rows("label", {"is_live": True})}
        groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in rows:
            if (key := tuple(row[name] for name in _SAME)) not in held:
                held.add(key)
                groups.setdefault((row["severity"], row["detector"], row["comment"], row["analyst"]), []).append(row)
        for (severity, detector, comment, by), members in groups.items():
            _import_group(case, members, str(path), (severity, detector, comment, by))
    return {"labels": len(rows), "new": sum(map(len, groups.values())), "ratings": len(groups)}


def _import_group(case: Any, members: list[dict[str, Any]], path: str, key: tuple[Any, ...]) -> None:
    import datetime as dt

    severity, detector, comment, by = key
    now = dt.datetime.now(dt.UTC)
    flows = sum(row["flows"] or 1 for row in members)
    suspects = len({row["suspect_id"] for row in members})
    criteria = {"file": path} | ({"rated_by": by} if by else {})
    rating_id = case.insert(
        "rating",
        {
            "made": now, "analyst": case.analyst, "severity": severity, "origin": "import", "criteria": criteria,
            "detector": detector, "comment": comment, "suspects": suspects, "flows": flows,
        },
    )  # fmt: skip
    case.insert_many("label", [_label(row, rating_id, now) for row in members])
    case.audit("rate", "rating", rating_id, {"severity": severity, "origin": "import", **criteria, "flows": flows})


def _label(row: dict[str, Any], rating_id: int, now: Any) -> dict[str, Any]:
    known = {name: value for name, value in row.items() if name in LABEL.names}
    return known | {"rating_id": rating_id, "made": row["made"] or now, "flows": row["flows"] or 1, "is_live": True}
