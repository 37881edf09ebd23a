"""Other people's schemas of flows - OCSF 4001, ECS, ASIM NetworkSession - in and out, by the mapping files beside this.

Each mapping is a YAML file: which column of the ``flow`` table is which field, in what form. The same file is read by
:mod:`flowsleuth.readers.interchange.reader` and written by :mod:`flowsleuth.readers.interchange.writer`, so what was
written comes back as it was. A column without a field there goes to the object that the schema keeps for such things
(``unmapped``, ``AdditionalFields``), and so does an exact duration where the field has only milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from flowsleuth.errors import CatalogueError
from flowsleuth.schema import FLOW

NAMES = ("ocsf", "ecs", "asim")
FORMS = (
    "text", "integer", "upper", "datetime", "milliseconds", "nanoseconds", "protocol_number", "protocol_text",
)  # fmt: skip
NOT_MAPPED = ("flow_id", "source_kind", "source_file", "source_row")


@dataclass(frozen=True)
class Field:
    """One field of the other schema, for one column of ours.

    Attributes
    ----------
    field : str
        Its name, nested ones with dots.
    form : str
        One of :data:`FORMS`.
    values : mapping of str to object
        Our word → theirs.
    is_written : bool
        False: it is only read.
    is_exact : bool
        False: the field cannot hold all that our column can.
    """

    field: str
    form: str
    values: Mapping[str, Any]
    is_written: bool
    is_exact: bool


@dataclass(frozen=True)
class Schema:
    """A mapping file."""

    name: str
    title: str
    version: str
    is_ours: Mapping[str, Any]
    constants: Mapping[str, Any]
    rest: str
    within: str
    sums: Mapping[str, tuple[str, ...]]
    provenance: Mapping[str, str]
    fields: Mapping[str, tuple[Field, ...]]

    def rest_columns(self) -> list[str]:
        """Our columns that are written to the object for what has no field, ``extra`` aside."""
        known = {name for name, fields in self.fields.items() if all(field.is_exact for field in fields)}
        return [name for name in FLOW.names if name not in known and name not in (*NOT_MAPPED, "extra")]

    def known_fields(self) -> list[str]:
        """Every field that becomes a column."""
        return [field.field for fields in self.fields.values() for field in fields]


@lru_cache
def load_schema(name: str) -> Schema:
    """The mapping of a schema.

    Raises
    ------
    CatalogueError
        There is none of that name.

    Examples
    --------
    >>> load_schema("ecs").fields["src_ip"][0].field
    'source.ip'
    """
    import yaml

    if name not in NAMES:
        raise CatalogueError("no such schema", where=name, available=NAMES)
    said = yaml.safe_load(files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    fields = {}
    for column, listed in said["fields"].items():
        FLOW[column]  # a column that is not ours is a mistake in the file
        entries = listed if isinstance(listed, list) else [listed]
        fields[column] = tuple(_field(entry) for entry in entries)
    sums = {field: tuple(rule["sum"]) for field, rule in said.get("derived", {}).items()}
    return Schema(
        said["name"], said["title"], str(said["version"]), said["is_ours"], said["constants"], said["rest"],
        said.get("within", ""), sums, said.get("provenance", {}), fields,
    )  # fmt: skip


def _field(entry: Mapping[str, Any]) -> Field:
    form = entry.get("as", "text")
    if form not in FORMS:
        raise ValueError(f"{entry['field']}: {form} is not one of {', '.join(FORMS)}")
    return Field(entry["field"], form, entry.get("values", {}), entry.get("write", True), entry.get("exact", True))
