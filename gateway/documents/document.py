"""A client's GraphQL document after parsing and validation."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType

from student_graph.gateway.documents.coordinates import Coordinates
from student_graph.gateway.documents.defer import DeferConditions
from student_graph.gateway.documents.memory import DOCUMENT_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class ParsedDocument:
    """A document that is ready to execute, or the errors that refuse it."""

    digest: str
    """SHA-256 of the document's text, in hexadecimal."""
    node: DocumentNode | None
    """Its syntax tree; None if it is refused."""
    errors: tuple[GraphQLError, ...] = ()
    """Why it is refused; empty for a valid document."""
    defer: DeferConditions = field(default_factory=DeferConditions)
    """When its operations are answered in parts, because it uses `@defer`."""
    coordinates: Coordinates | None = None
    """Which part of the schema an error is about; None if there is no syntax tree."""
    size: int = DOCUMENT_BYTES
    """Bytes that it takes in memory, by estimate."""
    student_fields: dict[str | None, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)
    """By name of an operation, the fields of students' records that it selects, once they have been found."""
    _operations: dict[str | None, OperationDefinitionNode] = field(default_factory=dict, init=False, repr=False)
    """Operations by name; the only operation of a document also under None."""

    def __post_init__(self) -> None:
        definitions = self.node.definitions if self.node is not None else ()
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        for node in operations:
            if node.name is not None:
                self._operations.setdefault(node.name.value, node)
        if len(operations) == 1:
            self._operations[None] = operations[0]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """
        The query with this name, or the document's only one for None.

        Raises:
            GraphQLError: the document has no such operation, or it is not a query.
        """
        operation = self._operations.get(name)
        if operation is None and name is not None:
            raise _resolution_error("The document has no operation with the name given in operationName.")
        if operation is None:
            message = "The document must have exactly one operation, or operationName must name one."
            raise _resolution_error(message)
        if operation.operation is not OperationType.QUERY:
            message = "The student graph is read-only: send a query, not a mutation or subscription."
            raise _resolution_error(message)
        return operation


def _resolution_error(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})
