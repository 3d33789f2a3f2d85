"""What a GraphQL document must be before it is executed: readable, small, and naming one query to run."""

from __future__ import annotations

from importlib import import_module

from graphql import GraphQLError, OperationType, get_operation_ast, parse

# A suggestion tells names that the client does not know, and costs a comparison with each of them.
vars(import_module("graphql.pyutils.did_you_mean"))["MAX_LENGTH"] = 0

MAX_LENGTH = 20_000
"""Characters of a document."""
MAX_TOKENS = 2_000
"""Words and signs of a document, comments left out."""
MAX_COMMENTS = 200
"""Comments of a document."""


def check(query: str, operation_name: str | None) -> None:
    """
    Let a document pass that names one query to run.

    Raises:
        GraphQLError: it is malformed or too long, or which operation to run is unclear or none of ours.
    """
    document = parse(query, max_source_length=MAX_LENGTH, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    operation = get_operation_ast(document, operation_name)
    if operation is None and operation_name is not None:
        raise GraphQLError("The document has no operation of the name given in operationName.")
    if operation is None:
        raise GraphQLError("The document must hold one operation, or operationName must say which to run.")
    if operation.operation is not OperationType.QUERY:
        raise GraphQLError("The student graph can be read only: queries, no mutations or subscriptions.")
