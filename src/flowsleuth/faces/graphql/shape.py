"""How deep a query goes and how many aliases it has, each fragment looked at once.

Limiters that follow every spread, as Strawberry's do, never end on 200 fragments that name one another.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
)

MAX_DEPTH = 12
MAX_ALIASES = 30


class ShapeRule(ValidationRule):
    """Refuses what is deeper than :data:`MAX_DEPTH` or has more than :data:`MAX_ALIASES`.

    Introspection has a rule of its own in graphql-core.
    """

    aliases = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Count aliases, those in fragments once: what the repetition of a fragment costs, the budget counts."""
        self.aliases += node.alias is not None
        if self.aliases == MAX_ALIASES + 1 and node.alias is not None:
            self.report_error(GraphQLError(f"the query has more than {MAX_ALIASES} aliases", node))

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        """Look at all operations of the document."""
        for operation in node.definitions:
            if isinstance(operation, OperationDefinitionNode) and depth_of(operation, node) > MAX_DEPTH:
                self.report_error(GraphQLError(f"the query has a depth of more than {MAX_DEPTH}", operation))


def depth_of(operation: OperationDefinitionNode, document: DocumentNode) -> int:
    """Fields within fields; fragments that go round in circles end where they meet (another rule refuses them).

    Examples
    --------
    >>> from graphql import parse
    >>> document = parse("{ flow { ...A } } fragment A on Query { threat { details { srcIp } } }")
    >>> depth_of(document.definitions[0], document)
    4
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    known: dict[str, int] = {}

    def of_fragment(name: str) -> int:
        if name not in known:
            known[name] = 0
            known[name] = of_selection(fragments[name].selection_set) if name in fragments else 0
        return known[name]

    def of_selection(chosen: SelectionSetNode | None) -> int:
        deepest = 0
        for one in chosen.selections if chosen is not None else ():
            if isinstance(one, FragmentSpreadNode):
                deepest = max(deepest, of_fragment(one.name.value))
            elif isinstance(one, FieldNode):
                is_introspection = one.name.value.startswith("__")
                deepest = max(deepest, 1 if is_introspection else 1 + of_selection(one.selection_set))
            else:
                deepest = max(deepest, of_selection(getattr(one, "selection_set", None)))
        return deepest

    return of_selection(operation.selection_set)
