"""The schema, with its limits: tokens, depth and aliases; what it costs is counted while it runs (``context``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions import AddValidationRules, MaxTokensLimiter
from strawberry.schema.config import StrawberryConfig

from flowsleuth.faces.graphql.mutation import Mutation
from flowsleuth.faces.graphql.query import Query
from flowsleuth.faces.graphql.scalars import SCALARS
from flowsleuth.faces.graphql.shape import ShapeRule

if TYPE_CHECKING:
    from graphql import GraphQLError

MAX_TOKENS = 4_000


class QuietSchema(strawberry.Schema):
    """Strawberry's, without its habit of logging every wrong query with a traceback."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """What is worth a log entry, :mod:`flowsleuth.faces.graphql.endpoint` writes."""


SCHEMA = QuietSchema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
    extensions=[
        lambda: AddValidationRules([ShapeRule]),
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
    ],
)
"""Apache Spot's flow schema by its names, and more."""
