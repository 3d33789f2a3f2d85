"""
Validation in steps: graphql-core's own rules, over a document that is walked node by node.

graphql-core walks the document without a pause. For a document as large as it may be, that holds the event loop
for longer than all other work of a request. The errors are those of `graphql.validate`, in its order.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
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
)
from graphql.type import assert_valid_schema
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)


def validate_in_steps(
    schema: GraphQLSchema, document: DocumentNode, *, max_errors: int, hide_suggestions: bool
) -> Generator[None, None, list[GraphQLError]]:
    """Validate a document, yield after each node, and return what `graphql.validate` returns."""
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
    visit_types = TypeInfoVisitor(type_info, parallel)
    try:
        yield from _visit_in_steps(document, visit_types)
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


def _visit_in_steps(document: DocumentNode, visitor: TypeInfoVisitor) -> Iterator[None]:
    """Visit a document as `graphql.visit` does, for a visitor that changes nothing, and yield after each node."""
    path: list[str | int] = []
    ancestors: list[Any] = []
    visitor.enter(document, None, None, path, ancestors)
    levels: list[tuple[Any, Any, Iterator[tuple[str | int, Any]]]] = [(document, None, _children(document))]
    """Each node or tuple of nodes from the document to the visited one, its parent, and its next children."""
    while levels:
        parent, grandparent, children = levels[-1]
        for key, node in children:
            path.append(key)
            if isinstance(node, Node):
                visitor.enter(node, key, parent, path, ancestors)
                yield
            ancestors.append(parent)
            levels.append((node, parent, _children(node)))
            break
        else:
            levels.pop()
            if ancestors:
                ancestors.pop()
            if isinstance(parent, Node):
                visitor.leave(parent, path[-1] if path else None, grandparent, path, ancestors)
                yield
            if path:
                path.pop()


def _children(node: Any) -> Iterator[tuple[str | int, Any]]:
    """The nodes and tuples of nodes in a node or a tuple, with the attribute or index where they are."""
    if not isinstance(node, Node):
        yield from enumerate(node)
        return
    for key in query_document_keys_to_validate.get(node.kind, ()):
        if child := getattr(node, key, None):
            yield key, child
