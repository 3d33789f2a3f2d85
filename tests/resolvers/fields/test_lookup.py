"""Fields made of lookups: values, absence, failure, and the data that an executor needs."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import (
    AdapterError,
    BadKeyError,
    ForbiddenError,
    IdentityError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
)
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    AssignmentWork,
    CourseGrade,
    Demographics,
    GradeSource,
    GradeType,
    StudentId,
    SubmissionStatus,
)
from student_graph.resolvers.fields.errors import INTERNAL, graph_error
from student_graph.resolvers.fields.lookup import FieldLookup
from tests.resolvers.third_party import Shelf, stranger
from tests.resolvers.two_districts import SCHEMA, World, school, student

WORK = '{ student(studentUniqueId: "1") { assignments { title provenance { source recordId stale } } } }'


def work(title: str, source_id: str) -> AssignmentWork:
    return AssignmentWork(
        vendor_id=source_id,
        student_id=StudentId("1"),
        assignment_id=source_id,
        title=title,
        status=SubmissionStatus.SUBMITTED,
    )


def two_lms() -> tuple[Shelf, Shelf, World]:
    """A student in two learning systems."""
    one = Shelf({"students_by_id": {"1": student("1")}, "assignment_work_by_student": {"1": [work("Essay", "a")]}})
    two = Shelf({"assignment_work_by_student": {"1": [work("Lab", "b")]}})
    return one, two, World([stranger("sis", one), stranger("lms", two)])


async def test_a_list_is_the_union_of_all_sources() -> None:
    """Records of all sources come in order of precedence, each with where it came from."""
    _, _, world = two_lms()
    told = (await world.data(WORK))["student"]["assignments"]

    assert [(w["title"], w["provenance"]) for w in told] == [
        ("Essay", {"source": "sis", "recordId": "a", "stale": False}),
        ("Lab", {"source": "lms", "recordId": "b", "stale": False}),
    ]


async def test_one_of_two_sources_down_is_data_and_a_note() -> None:
    """What came is answered without an error; what is missing is told beside the data."""
    _, two, world = two_lms()
    two.failing["assignment_work_by_student"] = UnavailableError("no answer in time")
    told = await world.data(WORK)

    assert [w["title"] for w in told["student"]["assignments"]] == ["Essay"]
    [missing] = world.operation.traffic.degraded
    assert missing == (("student", "assignments"), "lms", "SOURCE_UNAVAILABLE", True)


async def test_all_sources_down_is_null_and_an_error() -> None:
    """Nobody answered: null at the field, with code, source and when to come back, and the rest of the answer."""
    one, two, world = two_lms()
    one.failing["assignment_work_by_student"] = UnavailableError("slow down", code="RATE_LIMITED", retry_after=7)
    two.failing["assignment_work_by_student"] = UnavailableError("no answer in time")
    result = await world.ask(WORK)

    assert result.data == {"student": {"assignments": None}}
    [error] = result.errors or []
    assert error.path == ["student", "assignments"]
    assert error.extensions == {"code": "RATE_LIMITED", "source": "sis", "retryable": True, "retryAfter": 7}
    assert not world.operation.traffic.degraded


async def test_a_source_that_knows_nobody_is_an_empty_list() -> None:
    """No failure and no rows is "none", never null."""
    world = World([stranger("sis", Shelf({"students_by_id": {"1": student("1")}, "contacts_by_student": {}}))])

    assert await world.data('{student(studentUniqueId: "1") {contacts {relation {codeValue}}}}') == {
        "student": {"contacts": []}
    }


async def test_what_nobody_offers_says_so() -> None:
    """A field that no source of the district answers is null, with code NOT_OFFERED."""
    world = World([stranger("sis", Shelf({"students_by_id": {"1": student("1")}}))])

    assert await world.codes('{student(studentUniqueId: "1") {demographics {birthDate}}}') == ["NOT_OFFERED"]


async def test_a_missing_record_is_null_without_error() -> None:
    """A student whom nobody knows, and demographics that nobody recorded, are null."""
    world = World([stranger("sis", Shelf({"students_by_id": {"1": student("1")}, "demographics_by_student": {}}))])
    told = await world.data(
        '{a: student(studentUniqueId: "9") {id} b: student(studentUniqueId: "1") {demographics {sex {codeValue}}}}'
    )

    assert told == {"a": None, "b": {"demographics": None}}


async def test_the_first_source_that_has_a_record_gives_it() -> None:
    """One record comes from one source; a failure before it is told beside the data."""
    record = Demographics(vendor_id="d", student_id=StudentId("1"), races=[], hispanic_latino_ethnicity=True)
    first = Shelf({"students_by_id": {"1": student("1")}, "demographics_by_student": {}})
    first.failing["demographics_by_student"] = PayloadError("unexpected shape")
    second = Shelf({"demographics_by_student": {"1": record}})
    world = World([stranger("sis", first), stranger("old", second)])
    told = await world.data('{student(studentUniqueId: "1") {demographics {provenance {source}}}}')

    assert told["student"]["demographics"]["provenance"] == {"source": "old"}
    assert [d.code for d in world.operation.traffic.degraded] == ["SOURCE_BAD_RESPONSE"]


async def test_only_records_of_a_stale_answer_are_marked() -> None:
    """Two sources under one field: the records of the one that served an older answer say so."""
    _, two, world = two_lms()
    two.stale = True
    told = (await world.data(WORK))["student"]["assignments"]

    assert [w["provenance"]["stale"] for w in told] == [False, True]


async def test_a_school_year_left_out_is_the_districts_current_one() -> None:
    """No adapter is asked about "today": a year left out is resolved, one that is named is kept."""
    shelf = Shelf({"schools_by_district": {"cedar": [school()]}, "sections_by_school": {}})
    world = World([stranger("sis", shelf)])
    await world.data('{district(id: "cedar") {schools {sections {id} old: sections(schoolYear: 2020) {id}}}}')
    years = [dict(ask.arguments) for _, ask in world.desk.asks if ask.lookup.name == "sections_by_school"]

    assert years == [{"school_year": 2027}, {"school_year": 2020}]


async def test_a_parent_that_names_nothing_asks_nothing() -> None:
    """A grade without a section has none, and no source is asked about it."""
    grade = CourseGrade(
        vendor_id="g", student_id=StudentId("1"), source=GradeSource.SIS, grade_type=GradeType.FINAL
    )
    grades = {"course_grades_by_student": {"1": [grade]}, "sections_by_id": {}}
    shelf = Shelf({"students_by_id": {"1": student("1")}, **grades})
    world = World([stranger("sis", shelf)])
    told = await world.data('{student(studentUniqueId: "1") {courseGrades {section {id}}}}')

    assert told == {"student": {"courseGrades": [{"section": None}]}}
    assert "sections_by_id" not in world.desk.names()


def test_a_lookup_field_carries_its_lookup_as_data() -> None:
    """An executor reads from the field what to ask once for all parents."""
    field: Any = SCHEMA._schema.type_map["School"].fields["sessions"]  # type: ignore[attr-defined]
    asked = field.extensions["strawberry-definition"].metadata["lookup"]

    assert asked == FieldLookup(lookup_of(Adapter.sessions_by_school), "school_id")


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("x"),
        RefusedError("x", code="SOURCE_FORBIDDEN"),
        UnavailableError("x"),
        PayloadError("x"),
        PayloadError("x", code="SOURCE_SCHEMA"),
        IdentityError("x"),
        IdentityError("x", code="IDENTITY_CONFLICT"),
        NotOfferedError("x"),
        BadKeyError("x"),
        ForbiddenError("x"),
    ],
    ids=lambda error: error.code,
)
def test_every_code_has_a_sentence_of_our_own(error: AdapterError) -> None:
    """Nothing of what a vendor or adapter said reaches a client."""
    message = graph_error(error).message

    assert message.endswith(".")
    assert message != INTERNAL


def test_a_code_without_a_sentence_is_our_own_fault() -> None:
    """What the family does not know is INTERNAL."""
    told = graph_error(AdapterError("secret"))

    assert (told.message, told.extensions) == (INTERNAL, {"code": "INTERNAL", "retryable": False})
