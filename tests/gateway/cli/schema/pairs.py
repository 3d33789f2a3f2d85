"""Pairs of schemas, and what the change from the first to the second means for clients."""

from __future__ import annotations

from typing import NamedTuple

BASE = """
directive @sensitive(tag: String!) on OBJECT | FIELD_DEFINITION
enum Level { LOW HIGH }
input Filter { name: String level: Level }
type Student { id: ID! name: String grade(year: Int): Int level: Level old: Int @deprecated(reason: "Use grade.") }
type Query { student(filter: Filter!): Student unused: Int }
"""


class Pair(NamedTuple):
    """A change of the schema above."""

    before: str
    """A part of its text."""
    after: str
    """What takes the place of the part."""
    severity: str
    description: str
    users: bool = True
    """Whether the document below uses what changed."""
    known_to_inspector: bool = True
    """Whether graphql-inspector looks at such changes, and judges them in the same way."""

    @property
    def new(self) -> str:
        """The text of the second schema."""
        assert BASE.count(self.before) == 1
        return BASE.replace(self.before, self.after)


DOCUMENT = "query Q($f: Filter!) { student(filter: $f) { id name grade(year: 1) level old } }"
PAIRS = (
    Pair("name: String grade", "grade", "breaking", "Field Student.name was removed."),
    Pair("unused: Int", "", "breaking", "Field Query.unused was removed.", users=False),
    Pair(
        'old: Int @deprecated(reason: "Use grade.")',
        "",
        "breaking",
        "Field Student.old was removed (it was deprecated: Use grade.).",
    ),
    Pair("grade(year: Int): Int", "grade: Int", "breaking", "Argument Student.grade(year:) was removed."),
    Pair(
        "grade(year: Int)",
        "grade(year: Int, term: Int!)",
        "breaking",
        "A required argument Student.grade(term:) was added.",
    ),
    Pair("id: ID!", "id: ID", "breaking", "Field Student.id changed type from ID! to ID."),
    Pair("LOW HIGH", "LOW", "breaking", "Enum value Level.HIGH was removed."),
    Pair(
        "input Filter { name: String level: Level }",
        "input Filter { name: String level: Level year: Int! }",
        "breaking",
        "A required field Filter.year was added.",
    ),
    Pair(
        "input Filter {", "input Filter @oneOf {", "breaking", "Filter became @oneOf: exactly one of its fields."
    ),
    Pair("LOW HIGH", "LOW HIGH TOP", "dangerous", "Enum value Level.TOP was added."),
    Pair(
        "type Student {",
        'type Student @sensitive(tag: "PII") {',
        "dangerous",
        "Student has another class of data: PII.",
        known_to_inspector=False,
    ),
    Pair(
        "input Filter { name: String level: Level }",
        "input Filter { name: String level: Level year: Int }",
        "dangerous",
        "An optional field Filter.year was added.",
        known_to_inspector=False,
    ),
    Pair("unused: Int", "unused: Int new: Int", "safe", "Field Query.new was added.", users=False),
    Pair(
        "unused: Int",
        'unused: Int @deprecated(reason: "Use student.")',
        "safe",
        "Query.unused was deprecated: Use student.",
        users=False,
    ),
    Pair(
        "grade(year: Int): Int",
        "grade(year: Int): Int!",
        "safe",
        "Field Student.grade changed type from Int to Int!.",
        users=False,
    ),
)
