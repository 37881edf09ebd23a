"""The schema, with its limits: depth, tokens, aliases here; cost in :mod:`flowsleuth.faces.graphql.context`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry
from strawberry.extensions import MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.schema.config import StrawberryConfig

from flowsleuth.faces.graphql.mutation import Mutation
from flowsleuth.faces.graphql.query import Query
from flowsleuth.faces.graphql.scalars import SCALARS

if TYPE_CHECKING:
    from graphql import GraphQLError

MAX_DEPTH = 12
MAX_TOKENS = 4_000
MAX_ALIASES = 30


class QuietSchema(strawberry.Schema):
    """Strawberry's, without its habit of logging every wrong query with a traceback."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """What is worth a log entry, :mod:`flowsleuth.faces.graphql.endpoint` writes."""


SCHEMA = QuietSchema(
    query=Query,
    mutation=Mutation,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
    extensions=[
        lambda: QueryDepthLimiter(max_depth=MAX_DEPTH),
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        lambda: MaxAliasesLimiter(max_alias_count=MAX_ALIASES),
    ],
)
"""Apache Spot's flow schema by its names, and more."""
