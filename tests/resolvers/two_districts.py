"""Two districts that a viewer may ask about, or not."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from strawberry.types import ExecutionResult

from student_graph.adapters import model
from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, StudentId
from student_graph.adapters.sources import District, Source, Sources
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health, Viewer, ViewerRole
from student_graph.resolvers.operation import Operation
from student_graph.resolvers.schema import make_schema
from tests.resolvers.third_party import Desk, Shelf, stranger

SCHEMAS = {"breadth": make_schema(BreadthExecutor), "stock": make_schema()}
executor: ContextVar[str] = ContextVar("executor", default="breadth")
"""Which of them carries out what a test asks."""
SCHEMA = SCHEMAS["breadth"]
CEDAR = DistrictId("cedar")
HEALTH = Health(True, None, 4, 1, 10, 2, 3, 5)
ME = StudentId("1")
CODE = model.Descriptor(code_value="x")
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({CEDAR}))


@dataclass
class World:
    """Sources, a viewer, and what was asked of them."""

    sources: Sequence[Source]
    viewer: Viewer = VIEWER
    desk: Desk = field(default_factory=Desk)
    reach: Reach = field(default_factory=lambda: Reach(everybody=True))
    """Whom the viewer may see."""
    operation: Operation = field(default_factory=Operation)

    async def ask(self, query: str, **variables: Any) -> ExecutionResult:
        """Carry out one operation."""
        context = self.context()
        result = await SCHEMAS[executor.get()].execute(query, variable_values=variables, context_value=context)
        assert isinstance(result, ExecutionResult)
        return result

    def context(self) -> Context:
        """What the resolvers of one operation use."""
        self.operation = Operation()
        sources = Sources(self.districts(), self.desk)
        return Context(self.viewer, sources, self.operation, HmacSigner(b"k" * 32), lambda _: HEALTH, self.reached)

    async def reached(self, _: DistrictId) -> Reach:
        """Whom the viewer may see, in any district."""
        return self.reach

    async def data(self, query: str, **variables: Any) -> Any:
        """The data of an operation in which nothing failed."""
        result = await self.ask(query, **variables)
        assert result.errors is None
        return result.data

    async def codes(self, query: str, **variables: Any) -> list[Any]:
        """The codes of an operation's errors."""
        result = await self.ask(query, **variables)
        return [(error.extensions or {}).get("code") for error in result.errors or []]

    def districts(self) -> dict[DistrictId, District]:
        """The districts that the sources are of, today being in March 2027."""
        names = sorted({source.district for source in self.sources})
        now = datetime(2027, 3, 1, 12, tzinfo=UTC)
        return {
            name: District(name, name.title(), tuple(s for s in self.sources if s.district == name), frozen_on=now)
            for name in names
        }

    def seen_by(self, **changes: Any) -> World:
        """The same world before another viewer."""
        return World(self.sources, replace(self.viewer, **changes), self.desk, self.reach)


def student(number: str, first: str = "Ada", last: str = "Hill", **more: Any) -> model.Student:
    """A fictional student."""
    name = model.PersonName(first_name=first, last_name=last)
    return model.Student(vendor_id=f"row-{number}", student_id=StudentId(number), name=name, **more)


def school(number: str = "101") -> model.School:
    """A fictional school."""
    return model.School(
        vendor_id=f"row-{number}", school_id=SchoolId(number), name="Cedar High", grade_levels=[GradeLevel.NINTH]
    )


def stay(
    number: str, at: str = "101", grade: GradeLevel = GradeLevel.NINTH, **more: Any
) -> model.SchoolEnrollment:
    """A student's stay at a school since August 2026."""
    return model.SchoolEnrollment(
        **{
            "vendor_id": f"{number}@{at}",
            "student_id": StudentId(number),
            "school_id": SchoolId(at),
            "school_year": 2027,
            "entry_date": date(2026, 8, 20),
            "grade_level": grade,
            "grade_level_descriptor": model.Descriptor(code_value=grade.value),
            **more,
        }
    )


def event(number: str, day: date, scope: model.AttendanceScope = model.AttendanceScope.SCHOOL) -> Any:
    """Something recorded about a student's day."""
    return model.AttendanceEvent(
        vendor_id=f"{number}#{day}",
        student_id=StudentId(number),
        school_id=SchoolId("101"),
        date=day,
        scope=scope,
        category=model.AttendanceCategory.TARDY,
        raw=model.Descriptor(code_value="Tardy"),
        school_year=2027,
        session_name="Fall",
    )


async def ask(fields: str, **answers: list[Any]) -> Any:
    """What the graph tells of one student, whose records are those of the lookups by student."""
    shelf = Shelf(
        {
            "students_by_id": {"1": student("1")},
            "schools_by_id": {"101": school("101"), "102": school("102")},
            **{name: {"1": records} for name, records in answers.items()},
        }
    )
    told = await World([stranger("sis", shelf)]).data(f'{{student(studentUniqueId: "1") {{{fields}}}}}')
    return told["student"]


def titles(told: Any, field: str = "n") -> list[str]:
    """The sources' own ids of a list's records."""
    return [one["provenance"]["recordId"] for one in told[field]]
