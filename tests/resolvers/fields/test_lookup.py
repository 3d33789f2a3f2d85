"""Lookup fields: values, absent records, failures, and the metadata that an executor needs."""

from __future__ import annotations

from typing import Any

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
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import SCHEMA, World, school, student
from tests.subcases import subcases

WORK = '{ student(studentUniqueId: "1") { assignments { title provenance { source recordId stale } } } }'


def work(title: str, source_id: str) -> AssignmentWork:
    return AssignmentWork(
        vendor_id=source_id,
        student_id=StudentId("1"),
        assignment_id=source_id,
        title=title,
        status=SubmissionStatus.SUBMITTED,
    )


def two_lms() -> tuple[VendorData, VendorData, World]:
    """Return two sources with work of the same student, and the world over them."""
    sis = VendorData(
        {"students_by_id": {"1": student("1")}, "assignment_work_by_student": {"1": [work("Essay", "a")]}}
    )
    lms = VendorData({"assignment_work_by_student": {"1": [work("Lab", "b")]}})
    return sis, lms, World([third_party_source("sis", sis), third_party_source("lms", lms)])


async def test_a_list_is_the_union_of_all_sources() -> None:
    """Records of all sources are in the order of precedence, each with its provenance."""
    _, _, world = two_lms()
    assignments = (await world.data(WORK))["student"]["assignments"]

    assert [(work["title"], work["provenance"]) for work in assignments] == [
        ("Essay", {"source": "sis", "recordId": "a", "stale": False}),
        ("Lab", {"source": "lms", "recordId": "b", "stale": False}),
    ]


async def test_an_outage_of_one_of_two_sources_is_partial_data() -> None:
    """The records of the other source are returned without an error, and the failure is in `degraded`."""
    _, lms, world = two_lms()
    lms.failing["assignment_work_by_student"] = UnavailableError("no answer in time")
    data = await world.data(WORK)

    assert [work["title"] for work in data["student"]["assignments"]] == ["Essay"]
    [degraded] = world.operation.traffic.degraded
    assert degraded == (("student", "assignments"), "lms", "SOURCE_UNAVAILABLE", True)


async def test_an_outage_of_all_sources_is_null_and_an_error() -> None:
    """The field is null with an error that has code, source and retry time; the rest of the response is there."""
    sis, lms, world = two_lms()
    sis.failing["assignment_work_by_student"] = UnavailableError("slow down", code="RATE_LIMITED", retry_after=7)
    lms.failing["assignment_work_by_student"] = UnavailableError("no answer in time")
    result = await world.ask(WORK)

    assert result.data == {"student": {"assignments": None}}
    [error] = result.errors or []
    assert error.path == ["student", "assignments"]
    assert error.extensions == {"code": "RATE_LIMITED", "source": "sis", "retryable": True, "retryAfter": 7}
    assert not world.operation.traffic.degraded


async def test_a_list_without_records_is_empty() -> None:
    """If no source failed and none has records, the list is empty and not null."""
    data = VendorData({"students_by_id": {"1": student("1")}, "contacts_by_student": {}})
    world = World([third_party_source("sis", data)])

    assert await world.data('{student(studentUniqueId: "1") {contacts {relation {codeValue}}}}') == {
        "student": {"contacts": []}
    }


async def test_a_field_that_no_source_offers_is_not_offered() -> None:
    """The field is null with the code NOT_OFFERED."""
    world = World([third_party_source("sis", VendorData({"students_by_id": {"1": student("1")}}))])

    assert await world.codes('{student(studentUniqueId: "1") {demographics {birthDate}}}') == ["NOT_OFFERED"]


async def test_a_missing_record_is_null_without_an_error() -> None:
    """An unknown student and demographics that are not recorded are null."""
    data = VendorData({"students_by_id": {"1": student("1")}, "demographics_by_student": {}})
    world = World([third_party_source("sis", data)])
    query = (
        '{a: student(studentUniqueId: "9") {id} b: student(studentUniqueId: "1") {demographics {sex {codeValue}}}}'
    )

    assert await world.data(query) == {"a": None, "b": {"demographics": None}}


async def test_a_record_comes_from_the_first_source_that_has_it() -> None:
    """A record comes from one source; the failure of an earlier source is in `degraded`."""
    record = Demographics(vendor_id="d", student_id=StudentId("1"), races=[], hispanic_latino_ethnicity=True)
    first = VendorData({"students_by_id": {"1": student("1")}, "demographics_by_student": {}})
    first.failing["demographics_by_student"] = PayloadError("unexpected shape")
    second = VendorData({"demographics_by_student": {"1": record}})
    world = World([third_party_source("sis", first), third_party_source("old", second)])
    data = await world.data('{student(studentUniqueId: "1") {demographics {provenance {source}}}}')

    assert data["student"]["demographics"]["provenance"] == {"source": "old"}
    assert [degraded.code for degraded in world.operation.traffic.degraded] == ["SOURCE_BAD_RESPONSE"]


async def test_only_records_of_a_stale_answer_are_stale() -> None:
    """Of two sources under one field, only the records of the source that served an older answer are stale."""
    _, lms, world = two_lms()
    lms.stale = True
    assignments = (await world.data(WORK))["student"]["assignments"]

    assert [work["provenance"]["stale"] for work in assignments] == [False, True]


async def test_an_omitted_school_year_is_the_districts_current_one() -> None:
    """Adapters always get a school year: an omitted one is resolved, and one in the query is kept."""
    data = VendorData({"schools_by_district": {"cedar": [school()]}, "sections_by_school": {}})
    world = World([third_party_source("sis", data)])
    await world.data('{district(id: "cedar") {schools {sections {id} old: sections(schoolYear: 2020) {id}}}}')
    years = [dict(ask.arguments) for _, ask in world.fetch.asks if ask.lookup.name == "sections_by_school"]

    assert years == [{"school_year": 2027}, {"school_year": 2020}]


async def test_a_parent_without_a_key_is_not_looked_up() -> None:
    """The section of a grade without a section id is null, and no source is asked."""
    grade = CourseGrade(
        vendor_id="g", student_id=StudentId("1"), source=GradeSource.SIS, grade_type=GradeType.FINAL
    )
    grades = {"course_grades_by_student": {"1": [grade]}, "sections_by_id": {}}
    world = World([third_party_source("sis", VendorData({"students_by_id": {"1": student("1")}, **grades}))])
    data = await world.data('{student(studentUniqueId: "1") {courseGrades {section {id}}}}')

    assert data == {"student": {"courseGrades": [{"section": None}]}}
    assert "sections_by_id" not in world.fetch.names()


def test_a_lookup_field_has_its_lookup_as_metadata() -> None:
    """The lookups of a document are known before it runs."""
    field: Any = SCHEMA._schema.type_map["School"].fields["sessions"]  # type: ignore[attr-defined]
    metadata = field.extensions["strawberry-definition"].metadata

    assert metadata["lookup"] == FieldLookup(lookup_of(Adapter.sessions_by_school), "school_id")


@subcases(
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
def test_every_code_has_a_message(error: AdapterError) -> None:
    """The text of a vendor or an adapter is not shown to clients."""
    message = graph_error(error).message

    assert message.endswith(".")
    assert message != INTERNAL


def test_a_code_without_a_message_is_internal() -> None:
    """An unknown error is shown as INTERNAL, without its text."""
    error = graph_error(AdapterError("secret"))

    assert (error.message, error.extensions) == (INTERNAL, {"code": "INTERNAL", "retryable": False})
