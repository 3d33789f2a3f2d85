"""The GraphQL schema, assembled from all types of the graph."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLScalarType, GraphQLSchema, ValueNode
from graphql.execution.executor import Executor
from strawberry.schema.config import StrawberryConfig

from student_graph.resolvers.fields.sensitive import Sensitive
from student_graph.resolvers.types.calendar import Session
from student_graph.resolvers.types.federation.entities import SCALARS, federated_query
from student_graph.resolvers.types.federation.sdl import subgraph_sdl
from student_graph.resolvers.types.query import Query
from student_graph.resolvers.types.school import School, SchoolEnrollment
from student_graph.resolvers.types.section import Section, SectionEnrollment, SectionStaff
from student_graph.resolvers.types.staff import Staff
from student_graph.resolvers.types.student import Student

TYPES = (School, SchoolEnrollment, Section, SectionEnrollment, SectionStaff, Session, Staff, Student)
"""Types that no module imports, because fields are annotated with their records instead."""
_schemas: dict[tuple[type[Executor[Any]] | None, bool, bool], strawberry.Schema] = {}


DATES_AND_TIMES = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6"
SPECIFICATIONS = {"Date": DATES_AND_TIMES, "DateTime": DATES_AND_TIMES, "Time": DATES_AND_TIMES}
"""What specifies the values of each scalar that is not GraphQL's own: `full-date`, `date-time`, `partial-time`."""


def make_schema(
    executor: type[Executor[Any]] | None = None, *, defer: bool = False, federation: bool = False
) -> strawberry.Schema:
    """
    Make the schema; `executor` is the class that executes its operations, graphql-core's own if None.

    With `defer`, documents may ask for parts of the response later. With `federation`, it has the fields of a
    subgraph. Equal arguments get the same schema, which nobody changes: to build one takes longer than to answer
    most queries.
    """
    key = (executor, defer, federation)
    schema = _schemas.get(key)
    if schema is None:
        schema = _schemas[key] = _build_schema(executor, defer=defer, federation=federation)
    return schema


def _build_schema(executor: type[Executor[Any]] | None, *, defer: bool, federation: bool) -> strawberry.Schema:
    schema = strawberry.Schema(
        federated_query(export_subgraph) if federation else Query,
        execution_context_class=executor,
        types=TYPES,
        schema_directives=[Sensitive],
        config=StrawberryConfig(
            enable_experimental_incremental_execution=defer, scalar_map=SCALARS if federation else {}
        ),
    )
    core = core_schema(schema)
    # Strawberry adds @stream with @defer. What is not supported must not be offered.
    core.directives = tuple(directive for directive in core.directives if directive.name != "stream")
    for name, url in SPECIFICATIONS.items():
        scalar = cast("GraphQLScalarType", core.type_map[name])
        scalar.specified_by_url = url
        _locate_errors(scalar)
    for type_ in core.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            # Strawberry prints and introspects `@oneOf`; this lets validation check it.
            type_.is_one_of = type_.extensions["strawberry-definition"].is_one_of
    return schema


def _locate_errors(scalar: GraphQLScalarType) -> None:
    """Let the error of a literal that is no value of a scalar say where it is in the document."""
    parse: Any = scalar.parse_literal

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        try:
            return parse(node, variables)
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from error

    scalar.parse_literal = parse_literal  # type: ignore[method-assign] # as graphql-core itself does


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """graphql-core's schema behind a Strawberry schema."""
    core: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
    return core


def export(*, defer: bool = False) -> str:
    """Return the schema as text: the file `schema.graphql` or, with `defer`, that of a gateway that offers it."""
    return make_schema(defer=defer).as_str() + "\n"


@cache
def export_subgraph() -> str:
    """Return the schema as the text of a subgraph: with the keys of Apollo Federation 2."""
    return subgraph_sdl(export())
