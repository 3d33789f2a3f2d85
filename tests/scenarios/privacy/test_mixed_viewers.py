"""Viewers who differ in everything, asking in random order through one cache: nobody gets what is another's."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from student_graph.adapters import model
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.model import DistrictId, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.cache import Limits, Purge
from student_graph.gateway.documents.limits import DocumentLimits, LimitChecker
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import executor_class
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.resolvers.access import Grant, unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.cache.small_cache import Clock
from tests.resolvers.third_party import VendorData, third_party_source
from tests.resolvers.two_districts import CODE, school, school_enrollment, student

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HILL, DALE = DistrictId("hill"), DistrictId("dale")
BOTH = frozenset({HILL, DALE})
NUMBERS = [str(n) for n in range(1, 25)]
OPERATIONS = 10_000

DISCIPLINE = Sensitivity.DISCIPLINE
SOME = Grant(frozenset({DISCIPLINE}), students=frozenset({StudentId("1"), StudentId("14")}))
SAFETY = Grant(frozenset({Sensitivity.DEMOGRAPHIC}), purpose="safety")
BOUNDED = frozenset({SOME, SAFETY})
VIEWERS = {
    "head": Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({HILL}), unlimited_grants(*Sensitivity)),
    "bare head": Viewer("bare", ViewerRole.SUPERINTENDENT, frozenset({HILL})),
    "other head": Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DALE}), unlimited_grants(*Sensitivity)),
    "county": Viewer("county", ViewerRole.SERVICE, BOTH, frozenset({SOME})),
    "principal": Viewer(
        "p", ViewerRole.PRINCIPAL, frozenset({HILL}), unlimited_grants(DISCIPLINE), staff_id=StaffId("7")
    ),
    "teacher": Viewer("t", ViewerRole.TEACHER, frozenset({HILL}), staff_id=StaffId("8")),
    "namesake": Viewer("t", ViewerRole.TEACHER, frozenset({DALE}), staff_id=StaffId("8")),
    "colleague": Viewer("c", ViewerRole.TEACHER, frozenset({HILL}), BOUNDED, staff_id=StaffId("9")),
    "student": Viewer(
        "s", ViewerRole.STUDENT, frozenset({HILL}), unlimited_grants(DISCIPLINE), student_id=StudentId("3")
    ),
}
SEES = {
    "head": {HILL: set(NUMBERS)},
    "bare head": {HILL: set(NUMBERS)},
    "other head": {DALE: set(NUMBERS)},
    "county": {HILL: set(NUMBERS), DALE: set(NUMBERS)},
    "principal": {HILL: set(NUMBERS[:12])},
    "teacher": {HILL: set(NUMBERS[:4])},
    "namesake": {DALE: set(NUMBERS[:4])},
    "colleague": {HILL: set(NUMBERS[10:15])},
    "student": {HILL: {"3"}},
}
"""Whom each of them sees, written by hand."""
CLASSES: dict[str, Callable[[str], set[str]]] = {
    "head": lambda _: {"incidents", "born"},
    "other head": lambda _: {"incidents", "born"},
    "county": lambda number: {"incidents"} if number in {"1", "14"} else set(),
    "principal": lambda _: {"incidents"},
    "colleague": lambda number: {"incidents"} if number == "14" else set(),
    "student": lambda _: {"incidents"},
}
"""What each of them sees of a student beside the open part, when no purpose is stated."""

PARTS = (
    "name { firstName }",
    "grades: courseGrades { numeric }",
    "incidents: disciplineIncidents { incidentIdentifier }",
    "born: demographics { birthDate }",
)


def mark(district: DistrictId, number: str) -> float:
    """A grade that only one student of one district has."""
    return float(int(number) + (1000 if district == DALE else 0))


def place(number: str, section: str) -> model.SectionEnrollment:
    return model.SectionEnrollment(
        vendor_id=f"{number}@{section}", student_id=StudentId(number), section_id=model.SectionId(section)
    )


def shelf(district: DistrictId) -> VendorData:
    """A district of two schools and two classes; its numbers are those of the other one too."""
    name = str(district)
    stays = {one: school_enrollment(one, "101" if int(one) <= 12 else "102") for one in NUMBERS}
    sections = {"a": NUMBERS[:4], "b": NUMBERS[10:15]}
    job = model.StaffAssignment(
        vendor_id="job",
        staff_id=StaffId("7"),
        education_organization_id="101",
        classification=model.StaffClassification.PRINCIPAL,
        classification_descriptor=CODE,
        begin_date=date(2020, 8, 1),
    )
    return VendorData(
        {
            "students_by_id": {one: student(one, name) for one in NUMBERS},
            "schools_by_district": {name: [school("101"), school("102")]},
            "staff_assignments_by_staff": {"7": [job]},
            "school_enrollments_by_school": {
                at: [each for each in stays.values() if each.school_id == SchoolId(at)] for at in ("101", "102")
            },
            "school_enrollments_by_student": {one: [each] for one, each in stays.items()},
            "section_staff_by_staff": {
                who: [model.SectionStaff(vendor_id=key, staff_id=StaffId(who), section_id=model.SectionId(key))]
                for who, key in (("8", "a"), ("9", "b"))
            },
            "section_enrollments_by_section": {
                key: [place(one, key) for one in those] for key, those in sections.items()
            },
            "course_grades_by_student": {
                one: [
                    model.CourseGrade(
                        vendor_id=one,
                        student_id=StudentId(one),
                        source=model.GradeSource.SIS,
                        grade_type=model.GradeType.FINAL,
                        numeric=mark(district, one),
                    )
                ]
                for one in NUMBERS
            },
            "discipline_incidents_by_student": {
                one: [
                    model.DisciplineIncident(
                        vendor_id=one,
                        student_id=StudentId(one),
                        school_id=SchoolId("101"),
                        incident_identifier=f"{name}-{one}",
                        date=date(2027, 1, 5),
                        behaviors=[],
                        participation=[],
                    )
                ]
                for one in NUMBERS
            },
            "demographics_by_student": {
                one: model.Demographics(
                    vendor_id=one, student_id=StudentId(one), birth_date=date(2012, 1, int(one)), races=[]
                )
                for one in NUMBERS
            },
        },
        roster=[student(one, name) for one in NUMBERS],
        largest_page=50,
    )


@dataclass
class Gateway:
    """Two districts behind one cache, in this process."""

    limits: Limits
    clock: Clock = field(default_factory=Clock)
    shelves: Mapping[DistrictId, VendorData] = field(default_factory=lambda: {each: shelf(each) for each in BOTH})

    def __post_init__(self) -> None:
        districts = [
            District(name, name, (third_party_source("sis", held, name),), frozen_on=NOW)
            for name, held in self.shelves.items()
        ]
        self.operations = FetchPipeline(districts, HmacSigner(b"k" * 32), self.limits, clock=self.clock)
        schema = make_schema(executor_class("breadth"))
        documents, viewers = (
            DocumentStore(core_schema(schema), limits=LimitChecker(DocumentLimits(cost=10**9))),
            Authenticator(VIEWERS),
        )
        view = GraphQLView(
            schema, Admission(viewers), self.operations.start_operation, documents, cache=self.operations.cache
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(view), base_url="http://gateway.example")

    async def ask(self, viewer: str, query: str) -> dict[str, Any]:
        """An answer."""
        told = await self.client.post(
            "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {viewer}"}
        )
        found: dict[str, Any] = told.json()
        return found


def queries(rng: random.Random) -> str:
    """A question about some of the students, by one of several ways."""
    district, number = rng.choice([HILL, DALE]), rng.choice([*NUMBERS, "77"])
    edges = f"edges {{ node {{ n: studentUniqueId {' '.join(rng.sample(PARTS, rng.randint(1, 3)))} }} }}"
    return rng.choice(
        [
            f'{{ student(studentUniqueId: "{number}", district: "{district}") {edges[13:-2]} }}',
            f'{{ students(filter: {{district: "{district}"}}, first: 30) {{ {edges} }} }}',
            f'{{ students(filter: {{district: "{district}", ids: ["{number}", "1", "14"]}}) {{ {edges} }} }}',
            f"{{ districts {{ schools {{ schoolId students(first: 30) {{ {edges} }} }} }} }}",
        ]
    )


def foreign(viewer: str, answer: Any) -> list[Any]:
    """Parts of an answer that are not the viewer's, by the tables above."""
    found = []
    stack = [answer]
    while stack:
        part = stack.pop()
        if isinstance(part, list):
            stack += part
        elif isinstance(part, dict):
            stack += part.values()
            if "n" in part and not mine(viewer, part):
                found.append(part)
    return found


def mine(viewer: str, seen: dict[str, Any]) -> bool:
    """Whether all of a student that an answer holds is the viewer's to see, and of that student."""
    number, sees = seen["n"], SEES[viewer]
    here = [district for district, numbers in sees.items() if number in numbers]
    classes = CLASSES.get(viewer, lambda _: set())(number)
    return bool(here) and all(
        (
            seen.get("name") is None or seen["name"]["firstName"] in here,
            not seen.get("grades") or seen["grades"][0]["numeric"] in {mark(one, number) for one in here},
            not seen.get("incidents")
            or ("incidents" in classes
                and seen["incidents"][0]["incidentIdentifier"] in {f"{one}-{number}" for one in here}),
            seen.get("born") is None
            or ("born" in classes and seen["born"]["birthDate"] == date(2012, 1, int(number)).isoformat()),
        )
    )  # fmt: skip


@pytest.mark.row("K03", "K06")
async def test_ten_thousand_questions_of_mixed_viewers(record_property: Callable[[str, object], None]) -> None:
    """Cold, warm, stale, degraded, whole: as without a cache, or missing with a reason; never another's."""
    rng = random.Random(20261125)  # noqa: S311 - a seed that says what was asked
    kept, plain = Gateway(Limits()), Gateway(Limits(memory=0))
    counts: Counter[str] = Counter()
    asked = [queries(rng) for _ in range(150)]
    known: dict[tuple[str, str], Any] = {}
    for number in range(OPERATIONS):
        await disturb(kept, rng, counts)
        viewer, query = rng.choice(list(VIEWERS)), rng.choice(asked)
        told = await kept.ask(viewer, query)
        if (viewer, query) not in known:
            known[viewer, query] = (await plain.ask(viewer, query)).get("data")
        assert foreign(viewer, told.get("data")) == [], (number, viewer, query)
        same = told.get("data") == known[viewer, query]
        counts["as without a cache" if same else "a part is missing"] += 1
        counts["stale"] += any(source["stale"] for source in told["extensions"]["sources"].values())
        assert same or any(e["extensions"]["code"] == "SOURCE_UNAVAILABLE" for e in told.get("errors", ()))
    counts["whole answers kept"] = len(kept.operations.cache.responses)
    told = json.dumps(dict(sorted(counts.items())))
    record_property("counts", f"mixed viewers: {OPERATIONS} operations, {told}, 0 foreign fields")
    assert counts["stale"] > 0
    assert counts["a part is missing"] > 0
    assert counts["whole answers kept"] > 0


async def disturb(gateway: Gateway, rng: random.Random, counts: Counter[str]) -> None:
    """Now and then time passes, answers are forgotten, or a system fails or comes back."""
    chance = rng.random()
    held = gateway.shelves[rng.choice([HILL, DALE])]
    if chance < 0.02:
        gateway.clock.now += rng.choice([20, 400, 1000, 3700])
    elif chance < 0.025:
        await gateway.operations.cache.purge(Purge(district=rng.choice([HILL, DALE])))
    elif chance < 0.035:
        lookup = rng.choice([name for name in held.answers if name not in held.failing] or ["students_by_id"])
        held.failing[lookup] = UnavailableError("no answer in time")
        counts["outages"] += 1
    elif chance < 0.07:
        held.failing.clear()


@pytest.mark.row("K07")
@pytest.mark.parametrize("how", ["time", "purge"])
async def test_a_whole_answer_ends_with_what_is_known_of_whom_one_may_see(how: str) -> None:
    """After fifteen minutes, or at once when the roster is purged; names alone would be kept for an hour."""
    gateway = Gateway(Limits())
    query = '{ student(studentUniqueId: "1") { n: studentUniqueId } }'
    for _ in range(3):
        assert (await gateway.ask("teacher", query))["data"]["student"] == {"n": "1"}
    assert len(gateway.operations.cache.responses) == 1
    gateway.shelves[HILL].answers["section_enrollments_by_section"]["a"] = []
    assert (await gateway.ask("teacher", query))["data"]["student"] == {"n": "1"}
    if how == "time":
        gateway.clock.now += 901
    else:
        await gateway.operations.cache.purge(Purge(district=HILL, records=frozenset({"SectionEnrollment"})))
    assert (await gateway.ask("teacher", query))["data"]["student"] is None
