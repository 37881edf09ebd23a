"""The manual's references are complete: every route and every field of the schema is in them, described."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")


def test_every_graphql_type_field_and_argument_is_in_the_manual():
    from flowsleuth.faces.graphql.reference import reference
    from flowsleuth.faces.graphql.schema import SCHEMA

    text = reference()
    for name, kind in SCHEMA._schema.type_map.items():
        fields = getattr(kind, "fields", {})
        if name.startswith("__") or not fields:
            continue
        assert f"### {name}\n" in text
        for field_name, field in fields.items():
            assert f"| `{field_name}` |" in text
            for argument in getattr(field, "args", {}):
                assert f"<br>`{argument}: " in text


def test_every_route_is_in_the_manual_and_described():
    from flowsleuth.faces.web.reference import _schema, reference

    text = reference()
    for path, methods in _schema()["paths"].items():
        for method, what in methods.items():
            assert f"| `{method.upper()} {path}` |" in text
            assert what["description"].endswith(".")
