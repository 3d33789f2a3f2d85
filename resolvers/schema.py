"""The schema, made of all parts of the graph."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql import GraphQLSchema
from graphql.execution.executor import Executor
from strawberry.schema.config import StrawberryConfig

from student_graph.resolvers.fields.sensitive import Sensitive
from student_graph.resolvers.types.calendar import Session
from student_graph.resolvers.types.query import Query
from student_graph.resolvers.types.school import School, SchoolEnrollment
from student_graph.resolvers.types.section import Section, SectionEnrollment, SectionStaff
from student_graph.resolvers.types.staff import Staff
from student_graph.resolvers.types.student import Student

TYPES = (School, SchoolEnrollment, Section, SectionEnrollment, SectionStaff, Session, Staff, Student)
"""Types that nothing imports: fields name their records instead."""


def make_schema(executor: type[Executor[Any]] | None = None, *, defer: bool = False) -> strawberry.Schema:
    """
    The schema of the graph, carried out by an executor; by graphql-core's own when none is given.

    With `defer`, documents may ask for parts of their answers later.
    """
    return strawberry.Schema(
        Query,
        execution_context_class=executor,
        types=TYPES,
        schema_directives=[Sensitive],
        config=StrawberryConfig(enable_experimental_incremental_execution=defer),
    )


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """graphql-core's schema behind a Strawberry schema."""
    core: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
    return core


def export() -> str:
    """The schema as the file `schema.graphql` holds it."""
    return make_schema().as_str() + "\n"
