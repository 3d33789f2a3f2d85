"""The `@sensitive` directive, which shows classes of data in the schema."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from student_graph.adapters.model import Sensitivity
from student_graph.resolvers.fields.docstrings import described_enum

described_enum(Sensitivity)


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    description="The class of data of a type's fields, or of one field whose class differs from that of its type.",
)
class Sensitive:
    """The class of data of a type's fields, or of one field."""

    tag: Sensitivity
