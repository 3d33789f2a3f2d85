"""A graph over third-party sources in one or two districts, and records for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from strawberry.types import ExecutionResult

from student_graph.adapters import model
from student_graph.adapters.interface import Counts, LinkCounts
from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, StudentId
from student_graph.adapters.sources import District, Source, Sources
from student_graph.gateway.execution import BreadthExecutor, StockExecutor
from student_graph.gateway.signing import HmacSigner
from student_graph.resolvers.access import Reach
from student_graph.resolvers.context import Context, Health, Viewer, ViewerRole
from student_graph.resolvers.operation import Disclosures, Operation
from student_graph.resolvers.schema import make_schema
from tests.resolvers.third_party import RecordingFetch, VendorData, third_party_source

SCHEMAS = {"breadth": make_schema(BreadthExecutor), "stock": make_schema(StockExecutor)}
executor: ContextVar[str] = ContextVar("executor", default="breadth")
"""Name of the schema, and with it the executor, that a test uses."""
SCHEMA = SCHEMAS["breadth"]
CEDAR = DistrictId("cedar")
HEALTH = Health(
    reachable=True,
    last_error_code=None,
    calls=4,
    failures=1,
    matched=10,
    unmatched=2,
    conflicted=3,
    unmapped=5,
    unexpected_responses=6,
    concurrency=7,
    counts=Counts(calls=4, links=LinkCounts(matched=10, unmatched=2, conflicted=3), asks=4, failed_asks=1),
)
ME = StudentId("1")
CODE = model.Descriptor(code_value="x")
VIEWER = Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({CEDAR}))


@dataclass
class World:
    """Sources and a viewer who queries them."""

    sources: Sequence[Source]
    viewer: Viewer = VIEWER
    fetch: RecordingFetch = field(default_factory=RecordingFetch)
    reach: Reach = field(default_factory=lambda: Reach(everybody=True))
    """Reach of the viewer in every district."""
    operation: Operation = field(default_factory=Operation)
    """Bookkeeping of the last operation."""

    async def ask(self, query: str, **variables: Any) -> ExecutionResult:
        """Execute one operation."""
        context = self.context()
        result = await SCHEMAS[executor.get()].execute(query, variable_values=variables, context_value=context)
        assert isinstance(result, ExecutionResult)
        return result

    def context(self) -> Context:
        """Return the context of a new operation."""
        self.operation = Operation()
        sources = Sources(self.districts(), self.fetch)
        return Context(
            self.viewer, sources, self.operation, HmacSigner(b"k" * 32), lambda _: HEALTH, self._reach_in
        )

    async def _reach_in(self, _: DistrictId) -> Reach:
        return self.reach

    async def data(self, query: str, **variables: Any) -> Any:
        """Execute an operation without errors and return its data."""
        result = await self.ask(query, **variables)
        assert result.errors is None
        return result.data

    async def codes(self, query: str, **variables: Any) -> list[Any]:
        """Execute an operation and return the codes of its errors."""
        result = await self.ask(query, **variables)
        return [(error.extensions or {}).get("code") for error in result.errors or []]

    def districts(self) -> dict[DistrictId, District]:
        """Return the districts of the sources; their day is March 1, 2027."""
        names = sorted({source.district for source in self.sources})
        now = datetime(2027, 3, 1, 12, tzinfo=UTC)
        return {
            name: District(name, name.title(), tuple(s for s in self.sources if s.district == name), frozen_on=now)
            for name in names
        }

    def as_viewer(self, **changes: Any) -> World:
        """Return the same sources with another viewer."""
        return World(self.sources, replace(self.viewer, **changes), self.fetch, self.reach)


def student(number: str, first: str = "Ada", last: str = "Hill", **more: Any) -> model.Student:
    """Return a fictional student."""
    name = model.PersonName(first_name=first, last_name=last)
    return model.Student(vendor_id=f"row-{number}", student_id=StudentId(number), name=name, **more)


def school(number: str = "101") -> model.School:
    """Return a fictional school."""
    return model.School(
        vendor_id=f"row-{number}", school_id=SchoolId(number), name="Cedar High", grade_levels=[GradeLevel.NINTH]
    )


def school_enrollment(
    number: str, at: str = "101", grade: GradeLevel = GradeLevel.NINTH, **more: Any
) -> model.SchoolEnrollment:
    """Return a student's enrollment at a school since August 2026."""
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


def attendance_event(number: str, day: date, scope: model.AttendanceScope = model.AttendanceScope.SCHOOL) -> Any:
    """Return an attendance event of a student on a day."""
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


async def student_fields(fields: str, **answers: list[Any]) -> Any:
    """Query fields of one student, with records of the student by lookup, and return the student's data."""
    vendor_data = VendorData(
        {
            "students_by_id": {"1": student("1")},
            "schools_by_id": {"101": school("101"), "102": school("102")},
            **{name: {"1": records} for name, records in answers.items()},
        }
    )
    world = World([third_party_source("sis", vendor_data)])
    return (await world.data(f'{{student(studentUniqueId: "1") {{{fields}}}}}'))["student"]


def record_ids(data: Any, field: str = "n") -> list[str]:
    """Return the sources' ids of the records in a list field."""
    return [record["provenance"]["recordId"] for record in data[field]]


def noted_records(disclosures: Disclosures) -> Counter[tuple[str, str]]:
    """Return how often each record of a student was noted for the disclosure log, by class and vendor's id."""
    values = (value for part in disclosures.records for value in part)
    items = (item for value in values for item in (value if isinstance(value, list) else [value]))
    return Counter((type(item).__name__, item.vendor_id) for item in items if isinstance(item, model.Record))
