"""The schema, made of all parts of the graph."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.calendar import Session
from resolvers.field import Sensitive
from resolvers.query import Query
from resolvers.school import School, SchoolEnrollment
from resolvers.section import Section, SectionEnrollment, SectionStaff
from resolvers.staff import Staff
from resolvers.student import Student

TYPES = (School, SchoolEnrollment, Section, SectionEnrollment, SectionStaff, Session, Staff, Student)
"""Types that nothing imports: fields name their records instead."""


def make_schema() -> strawberry.Schema:
    """The schema of the graph."""
    return strawberry.Schema(
        Query,
        types=TYPES,
        schema_directives=[Sensitive],
        config=StrawberryConfig(),
    )


def export() -> str:
    """The schema as the file `schema.graphql` holds it."""
    return make_schema().as_str() + "\n"
