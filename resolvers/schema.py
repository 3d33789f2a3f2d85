"""The schema, made of all parts of the graph."""

from __future__ import annotations

from typing import Any

import strawberry
from graphql.execution.executor import Executor
from strawberry.schema.config import StrawberryConfig

from resolvers.calendar import Session
from resolvers.query import Query
from resolvers.school import School, SchoolEnrollment
from resolvers.section import Section, SectionEnrollment, SectionStaff
from resolvers.sensitive import Sensitive
from resolvers.staff import Staff
from resolvers.student import Student

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


def export() -> str:
    """The schema as the file `schema.graphql` holds it."""
    return make_schema().as_str() + "\n"
