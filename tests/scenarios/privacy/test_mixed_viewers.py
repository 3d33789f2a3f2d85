"""Different viewers query one cache in random order: no viewer gets data that only another may see."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import DistrictId, Sensitivity, StaffId, StudentId
from student_graph.adapters.sources import District
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.authorization.reach_cache import MAX_AGE, MAX_AGE_IN_OUTAGE, OUTAGE_RETRY_SECONDS
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
from tests.long_runs import size
from tests.resolvers.third_party import VendorData, third_party_source
from tests.scenarios.helpers import namesake_districts as namesakes
from tests.scenarios.helpers.namesake_districts import DALE, HILL, NOW, NUMBERS, ChangingDistricts, vendor_data

BOTH = frozenset({HILL, DALE})
OPERATIONS, RUNS = size(120, 2_500), size(1, 4)
"""Operations of each run; the runs are shared among the processes of the tests."""

DISCIPLINE = Sensitivity.DISCIPLINE
TWO_STUDENTS = Grant(frozenset({DISCIPLINE}), students=frozenset({StudentId("1"), StudentId("14")}))
SAFETY = Grant(frozenset({Sensitivity.DEMOGRAPHIC}), purpose="safety")
LIMITED_GRANTS = frozenset({TWO_STUDENTS, SAFETY})
VIEWERS = {
    "head": Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({HILL}), unlimited_grants(*Sensitivity)),
    "bare head": Viewer("bare", ViewerRole.SUPERINTENDENT, frozenset({HILL})),
    "other head": Viewer("head", ViewerRole.SUPERINTENDENT, frozenset({DALE}), unlimited_grants(*Sensitivity)),
    "county": Viewer("county", ViewerRole.SERVICE, BOTH, frozenset({TWO_STUDENTS})),
    "principal": Viewer(
        "p", ViewerRole.PRINCIPAL, frozenset({HILL}), unlimited_grants(DISCIPLINE), staff_id=StaffId("7")
    ),
    "teacher": Viewer("t", ViewerRole.TEACHER, frozenset({HILL}), staff_id=StaffId("8")),
    "namesake": Viewer("t", ViewerRole.TEACHER, frozenset({DALE}), staff_id=StaffId("8")),
    "colleague": Viewer("c", ViewerRole.TEACHER, frozenset({HILL}), LIMITED_GRANTS, staff_id=StaffId("9")),
    "student": Viewer(
        "s", ViewerRole.STUDENT, frozenset({HILL}), unlimited_grants(DISCIPLINE), student_id=StudentId("3")
    ),
}
ALWAYS_VISIBLE = {
    "head": {HILL: set(NUMBERS)},
    "bare head": {HILL: set(NUMBERS)},
    "other head": {DALE: set(NUMBERS)},
    "county": {HILL: set(NUMBERS), DALE: set(NUMBERS)},
    "principal": {HILL: set(NUMBERS[:12])},
    "student": {HILL: {"3"}},
}
"""The students whom each viewer may see, written by hand; teachers see those of their sections."""
TAUGHT = {"teacher": (HILL, "a"), "namesake": (DALE, "a"), "colleague": (HILL, "b")}
"""The section of each teacher."""
RESTRICTED_FIELDS: dict[str, Callable[[str], set[str]]] = {
    "head": lambda _: {"incidents", "born"},
    "other head": lambda _: {"incidents", "born"},
    "county": lambda number: {"incidents"} if number in {"1", "14"} else set(),
    "principal": lambda _: {"incidents"},
    "colleague": lambda number: {"incidents"} if number in {"1", "14"} else set(),
    "student": lambda _: {"incidents"},
}
"""The restricted fields that each viewer may see of a student, if the request states no purpose."""

FIELDS = (
    "name { firstName }",
    "grades: courseGrades { numeric }",
    "incidents: disciplineIncidents { incidentIdentifier }",
    "born: demographics { birthDate }",
)


@dataclass
class Gateway:
    """Two districts with one cache, in this process."""

    limits: Limits
    clock: Clock = field(default_factory=Clock)
    vendors: Mapping[DistrictId, VendorData] = field(
        default_factory=lambda: {district: vendor_data(district) for district in BOTH}
    )
    last_outage_at: float = -math.inf
    """When a vendor failed last, by the clock."""

    def __post_init__(self) -> None:
        districts = [
            District(name, name, (third_party_source("sis", data, name),), frozen_on=NOW)
            for name, data in self.vendors.items()
        ]
        self.pipeline = FetchPipeline(districts, HmacSigner(b"k" * 32), self.limits, clock=self.clock)
        schema = make_schema(executor_class("breadth"))
        limits = LimitChecker(DocumentLimits(cost=10**9))
        view = GraphQLView(
            schema,
            Admission(Authenticator(VIEWERS)),
            self.pipeline.start_operation,
            DocumentStore(core_schema(schema), limits=limits),
            cache=self.pipeline.cache,
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(view), base_url="http://gateway.example")

    async def post(self, viewer: str, query: str) -> dict[str, Any]:
        """Send a query as a viewer, and return the response."""
        response = await self.client.post(
            "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {viewer}"}
        )
        content: dict[str, Any] = response.json()
        return content


def random_query(rng: random.Random) -> str:
    """Return a query for random fields of some students, in one of several ways."""
    district, number = rng.choice([HILL, DALE]), rng.choice([*NUMBERS, "77"])
    fields = f"n: studentUniqueId {' '.join(rng.sample(FIELDS, rng.randint(1, 3)))}"
    edges = f"edges {{ node {{ {fields} }} }}"
    return rng.choice(
        [
            f'{{ student(studentUniqueId: "{number}", district: "{district}") {{ {fields} }} }}',
            f'{{ students(filter: {{district: "{district}"}}, first: 30) {{ {edges} }} }}',
            f'{{ students(filter: {{district: "{district}", ids: ["{number}", "1", "14"]}}) {{ {edges} }} }}',
            f"{{ districts {{ schools {{ schoolId students(first: 30) {{ {edges} }} }} }} }}",
        ]
    )


@dataclass(frozen=True)
class Check:
    """What a response may show to a viewer, given how old its parts may be."""

    viewer: str
    districts: ChangingDistricts
    roster_seconds: float
    grade_seconds: float

    def visible(self) -> dict[DistrictId, set[str]]:
        """The students whom the viewer may see, by district."""
        if self.viewer not in TAUGHT:
            return ALWAYS_VISIBLE[self.viewer]
        district, section = TAUGHT[self.viewer]
        return {district: self.districts.members(district, section, self.roster_seconds)}


def check_of(viewer: str, gateway: Gateway, districts: ChangingDistricts, response: Any) -> Check:
    """Return what a response may show, from the limits of its parts."""
    grades = lookup_of(Adapter.course_grades_by_student)
    is_stale = any(source["stale"] for source in response["extensions"]["sources"].values())
    if any(vendor.failing for vendor in gateway.vendors.values()):
        gateway.last_outage_at = gateway.clock()
    has_outage = gateway.clock() <= gateway.last_outage_at + OUTAGE_RETRY_SECONDS
    return Check(
        viewer,
        districts,
        (MAX_AGE_IN_OUTAGE if has_outage else MAX_AGE).total_seconds(),
        (grades.fresh + grades.stale if is_stale else grades.fresh).total_seconds(),
    )


def forbidden_students(check: Check, data: Any) -> list[Any]:
    """Return the students in the data that show more than the viewer may see, or older grades."""
    students = []
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            stack += value.values()
            if "n" in value and not is_allowed(check, value):
                students.append(value)
    return students


def is_allowed(check: Check, student: dict[str, Any]) -> bool:
    """Whether the viewer may see all that the data shows of a student, and all of it is about this student."""
    number = student["n"]
    districts = [district for district, numbers in check.visible().items() if number in numbers]
    held_grades = {g for d in districts for g in check.districts.held_grades(d, number, check.grade_seconds)}
    restricted = RESTRICTED_FIELDS.get(check.viewer, lambda _: set())(number)
    name, grades, incidents, born = (student.get(key) for key in ("name", "grades", "incidents", "born"))
    if incidents and "incidents" not in restricted:
        return False
    if born is not None and "born" not in restricted:
        return False
    return (
        bool(districts)
        and (name is None or name["firstName"] in districts)
        and (not grades or grades[0]["numeric"] in held_grades)
        and (
            not incidents
            or incidents[0]["incidentIdentifier"] in {f"{district}-{number}" for district in districts}
        )
        and (born is None or born["birthDate"] == date(2012, 1, int(number)).isoformat())
    )


@pytest.mark.row("K03", "K06")
@pytest.mark.long_run
@pytest.mark.parametrize("run", range(RUNS))
async def test_no_viewer_gets_data_of_another_from_the_cache(
    run: int, record_property: Callable[[str, object], None]
) -> None:
    """
    Fresh, stale or degraded, each response is as without a cache, or has a part missing with a reason.

    Grades change all the time: each is one that the student had not longer ago than grades may be old. Students
    enter and leave sections: no teacher sees one who has been elsewhere for longer than rosters may be old.
    """
    rng = random.Random(20261125 + run)  # noqa: S311 - the same queries each time
    cached, uncached = Gateway(Limits()), Gateway(Limits(memory=0))
    counts: Counter[str] = Counter()
    queries = [random_query(rng) for _ in range(100)]
    expected: dict[tuple[str, str], Any] = {}
    districts = ChangingDistricts([cached.vendors, uncached.vendors], cached.clock, rng)
    for number in range(OPERATIONS):
        await change_conditions(cached, rng, counts)
        if rng.random() < 0.3:
            districts.change_grade()
            counts["changes of grades"] += 1
        if rng.random() < 0.01:
            districts.change_roster()
            expected = {key: data for key, data in expected.items() if key[0] not in TAUGHT}  # others see the same
            uncached.clock.now += MAX_AGE_IN_OUTAGE.total_seconds()  # it remembers whom its viewers may see
            counts["changes of rosters"] += 1
        viewer, query = rng.choice(list(VIEWERS)), rng.choice(queries)
        response = await cached.post(viewer, query)
        if (viewer, query) not in expected:
            expected[viewer, query] = (await uncached.post(viewer, query)).get("data")
        check = check_of(viewer, cached, districts, response)
        assert forbidden_students(check, response.get("data")) == [], (number, viewer, query)
        if viewer in TAUGHT and cached.clock() - districts.rosters_changed_at <= check.roster_seconds:
            counts["compared with old rosters only"] += 1
            continue
        comparable = namesakes.without_fractions
        is_equal = comparable(response.get("data")) == comparable(expected[viewer, query])
        counts["as without a cache" if is_equal else "a part is missing"] += 1
        counts["stale"] += any(source["stale"] for source in response["extensions"]["sources"].values())
        codes = {error["extensions"]["code"] for error in response.get("errors", ())}
        assert is_equal or "SOURCE_UNAVAILABLE" in codes
    counts["cached responses"] = len(cached.pipeline.cache.responses)
    summary = json.dumps(dict(sorted(counts.items())))
    record_property("counts", f"mixed viewers: {OPERATIONS} operations, {summary}, 0 foreign fields")
    assert counts["stale"] > 0
    assert counts["a part is missing"] > 0
    assert counts["cached responses"] > 0


async def change_conditions(gateway: Gateway, rng: random.Random, counts: Counter[str]) -> None:
    """Sometimes let time pass, purge a district, or let a lookup of a vendor fail or recover."""
    chance = rng.random() / size(4, 1)  # a short run needs each kind of change, too
    vendor = gateway.vendors[rng.choice([HILL, DALE])]
    if chance < 0.02:
        gateway.clock.now += rng.choice([20, 400, 1000, 3700])
    elif chance < 0.025:
        await gateway.pipeline.cache.purge(Purge(district=rng.choice([HILL, DALE])))
    elif chance < 0.05:
        lookup = rng.choice([name for name in vendor.answers if name not in vendor.failing] or ["students_by_id"])
        vendor.failing[lookup] = UnavailableError("no answer in time")
        counts["outages"] += 1
    elif chance < 0.08:
        vendor.failing.clear()


@pytest.mark.row("K07")
@pytest.mark.parametrize("trigger", ["time", "purge"])
async def test_a_cached_response_expires_with_the_roster_that_allowed_it(trigger: str) -> None:
    """It expires after 15 minutes, or at once if the roster is purged, although names are cached for an hour."""
    gateway = Gateway(Limits())
    query = '{ student(studentUniqueId: "1") { n: studentUniqueId } }'
    for _ in range(3):
        assert (await gateway.post("teacher", query))["data"]["student"] == {"n": "1"}
    assert len(gateway.pipeline.cache.responses) == 1
    gateway.vendors[HILL].answers["section_enrollments_by_section"]["a"] = []
    assert (await gateway.post("teacher", query))["data"]["student"] == {"n": "1"}
    if trigger == "time":
        gateway.clock.now += 901
    else:
        await gateway.pipeline.cache.purge(Purge(district=HILL, records=frozenset({"SectionEnrollment"})))
    assert (await gateway.post("teacher", query))["data"]["student"] is None
