"""Sigma rules over a table of process starts: which rows each matches, and which rules could not be judged, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from flowsleuth.analyze.sigma.conditions import Evaluation
from flowsleuth.analyze.sigma.fields import ProcessFields
from flowsleuth.analyze.sigma.loading import LoadedRule, SigmaRules, said_of
from flowsleuth.analyze.sigma.values import UnsupportedError
from flowsleuth.schema.tabular import like, row_labels

if TYPE_CHECKING:
    import pyarrow as pa

JUDGED, NOT_JUDGED, NOT_READ = "judged", "not judged", "not read"


@dataclass(frozen=True)
class SigmaMatches:
    """What rules found, and what became of each rule.

    Attributes
    ----------
    hits : table of the make that was given
        A row for each row and rule that matches: ``row`` (its label), ``level``, ``rule`` (id), ``title``,
        ``technique``, ``description``, ``command_line``, ``file``. By row, then by the order of the rules.
    report : table of the same make
        A row for each rule, and for each file that is none: ``rule``, ``title``, ``file``, ``status`` (``judged``,
        ``not judged``, ``not read``), ``why`` (what is not supported or wrong), ``missing`` (fields that the table does
        not tell: parts that ask for them match nothing), ``hits``.
    """

    hits: Any
    report: Any


def match_sigma(data: Any, rules: SigmaRules, *, columns: Mapping[str, str] | None = None) -> SigmaMatches:
    """Hold Sigma's rules for process starts against a table.

    Conditions are asked of whole columns, each distinct value once. Texts are compared without regard to case, as Sigma
    wants it, but for ``|cased`` and regular expressions.

    Parameters
    ----------
    data : pandas.DataFrame, polars.DataFrame, pyarrow.Table
        Of any schema known to :data:`flowsleuth.analyze.sigma.fields.COLUMNS`. It is not changed.
    rules : SigmaRules
        From :func:`~flowsleuth.analyze.sigma.loading.load_sigma`.
    columns : mapping of str to str, optional
        Fields of Sigma → columns, for schemas of one's own: ``{"Image": "prog"}``.

    Returns
    -------
    SigmaMatches

    Raises
    ------
    OptionError
        A column that is named is not there.

    Examples
    --------
    >>> import pathlib, pandas, tempfile
    >>> from flowsleuth.analyze.sigma.loading import load_sigma
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "own.yml"
    >>> _ = file.write_text('''
    ... title: Shadow copies deleted
    ... logsource: {category: process_creation, product: windows}
    ... detection:
    ...   sel: {Image|endswith: '\\\\vssadmin.exe', CommandLine|contains|all: [delete, shadows]}
    ...   condition: sel
    ... level: high
    ... ''')
    >>> starts = pandas.DataFrame({"NewProcessName": ["C:\\\\Windows\\\\System32\\\\vssadmin.exe"],
    ...                            "CommandLine": ["vssadmin Delete Shadows /all"]})
    >>> match_sigma(starts, load_sigma(file)).hits[["row", "level", "title"]].values.tolist()
    [[0, 'high', 'Shadow copies deleted']]
    """
    import pyarrow as pa

    fields = ProcessFields(data, columns)
    evaluation = Evaluation(fields)
    judged = [_judged(one, evaluation) for one in rules.rules]
    hits = _hits(fields, row_labels(data), [(one, rows) for one, (rows, _) in zip(rules.rules, judged, strict=True)])
    report = [told for _, told in judged] + [_unread(file, why) for file, why in rules.problems]
    return SigmaMatches(like(hits, data), like(pa.Table.from_pylist(report, schema=_report_schema()), data))


def _judged(one: LoadedRule, evaluation: Evaluation) -> tuple[pa.Array | None, dict[str, Any]]:
    """The rows that a rule matches, and what became of it."""
    import pyarrow.compute as pc

    told: dict[str, Any] = {"rule": one.id, "title": one.title, "file": one.file, "status": NOT_JUDGED}
    told |= {"why": one.why_not, "missing": None, "hits": 0}
    if one.why_not is not None:
        return None, told
    evaluation.missing = set()
    try:
        conditions = [condition.parsed for condition in one.rule.detection.parsed_condition]
        rows = reduce(pc.or_, [evaluation.rows(condition) for condition in conditions])
    except UnsupportedError as error:
        return None, told | {"why": f"not supported: {error.message}"}
    except Exception as error:  # pySigma's parser on a condition that is none
        return None, told | {"why": said_of(error)}
    missing = ", ".join(sorted(evaluation.missing)) or None
    found = pc.sum(rows).as_py() or 0
    return rows, told | {"status": JUDGED, "missing": missing, "hits": found}


def _unread(file: str, why: str) -> dict[str, Any]:
    return {"rule": None, "title": None, "file": file, "status": NOT_READ, "why": why, "missing": None, "hits": 0}


def _report_schema() -> pa.Schema:
    import pyarrow as pa

    texts = [(name, pa.string()) for name in ("rule", "title", "file", "status", "why", "missing")]
    return pa.schema([*texts, ("hits", pa.int64())])


def _hits(fields: ProcessFields, labels: pa.Array, found: list[tuple[LoadedRule, pa.Array | None]]) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    places = [pa.array([], pa.uint64()) if rows is None else pc.indices_nonzero(rows) for _, rows in found]
    at = pa.concat_arrays(places) if places else pa.array([], pa.uint64())
    numbers = pa.array(np.repeat(np.arange(len(places)), [len(place) for place in places]), pa.int64())
    order = pc.sort_indices(
        pa.table({"at": at, "rule": numbers}), sort_keys=[("at", "ascending"), ("rule", "ascending")]
    )
    at, numbers = at.take(order), numbers.take(order)
    rules = [one for one, _ in found]
    words = {
        "level": [one.level for one in rules],
        "rule": [one.id for one in rules],
        "title": [one.title for one in rules],
        "technique": [one.techniques for one in rules],
        "description": [one.rule.description and str(one.rule.description) for one in rules],
    }
    lines = fields.text("CommandLine")
    return pa.table(
        {
            "row": labels.take(at),
            **{name: pa.array(values, pa.string()).take(numbers) for name, values in words.items()},
            "command_line": pa.nulls(len(at), pa.string()) if lines is None else lines.take(at),
            "file": pa.array([one.file for one in rules], pa.string()).take(numbers),
        }
    )
