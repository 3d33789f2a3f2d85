"""
Validation with pauses: graphql-core's own rules, and others may run between two nodes of the document.

graphql-core walks the document without a pause. For a document as large as it may be, that holds the event loop
for longer than all other work of a request. The errors are those of `graphql.validate`, in its order.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    ParallelVisitor,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    Visitor,
    specified_rules,
    visit,
)
from graphql.type import assert_valid_schema
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)

from student_graph.gateway.concurrency.pauses import pause


class PausingVisitor(TypeInfoVisitor):
    """Lets others run before each node is checked."""

    def enter(self, node: Node, *args: Any) -> Any:
        """Check a node before those in it."""
        pause()
        return super().enter(node, *args)

    def leave(self, node: Node, *args: Any) -> Any:
        """Check a node after those in it."""
        pause()
        return super().leave(node, *args)


def find_errors(
    schema: GraphQLSchema, document: DocumentNode, *, max_errors: int, hide_suggestions: bool
) -> list[GraphQLError]:
    """Validate a document with pauses, and return what `graphql.validate` returns."""
    assert_valid_schema(schema)
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError) -> None:
        if len(errors) >= max_errors:
            message = "Too many validation errors, error limit reached. Validation aborted."
            raise ValidationAbortedError(message)
        errors.append(error)

    type_info = TypeInfo(schema)
    context = ValidationContext(schema, document, type_info, on_error, hide_suggestions)
    visitors: list[Visitor] = [rule(context) for rule in specified_rules]
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    if fragments:
        visitors.insert(0, FragmentNestingVisitor(fragments))
    parallel = ParallelVisitor(visitors)
    visit_types = PausingVisitor(type_info, parallel)
    try:
        visit(document, visit_types, query_document_keys_to_validate)
    except ValidationAbortedError as error:
        error.__context__ = None
        errors.append(error.with_traceback(None))
    except RecursionError:
        errors.append(ValidationAbortedError("Validation aborted."))
    finally:
        # Each rule refers to its own methods and to the document. Without these cycles, a refused document is
        # freed at once. The garbage collector would find many of them later, and hold the event loop meanwhile.
        for visitor in (*visitors, parallel, visit_types):
            visitor.enter_leave_map.clear()
    return errors
