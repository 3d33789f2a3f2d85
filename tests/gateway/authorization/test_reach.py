"""A viewer's reach: by role, by date, and while the system of record is down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from student_graph.adapters.answers import Ref
from student_graph.adapters.errors import NotOfferedError, UnavailableError
from student_graph.adapters.model import DistrictId, GradeLevel, SchoolId, Sensitivity, StaffId, StudentId
from student_graph.gateway.authorization.reach_cache import OUTAGE_RETRY_SECONDS
from student_graph.gateway.cache import Purge
from student_graph.resolvers.access import AssignedStudents, Grant
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.authorization.reach_harness import PARENT, TEACHER, TODAY, ReachHarness, viewer
from tests.resolvers.third_party import VendorData
from tests.resolvers.two_districts import CEDAR


async def test_a_teacher_reaches_the_students_of_todays_sections() -> None:
    """Sections that the teacher owns, shares or substitutes in today; students who are enrolled in them today."""
    harness = ReachHarness()
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    assert (await harness.reach(TEACHER)).refs_of(StudentId("5")) == [Ref("section", "substitute")]


@pytest.mark.parametrize("role", [ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR])
async def test_a_principal_or_counselor_reaches_the_students_of_the_current_school(role: ViewerRole) -> None:
    """Not students who left, and not the students of a school whose employment ended."""
    assert await ReachHarness().visible_students(viewer(role, staff_id=StaffId("7"))) == {"1", "2"}


@pytest.mark.row("K08")
async def test_a_parent_reaches_children_with_parental_rights_only() -> None:
    """Not a child of a restricted contact, not one with another guardian, and not one who is 18 today."""
    assert await ReachHarness().visible_students(PARENT) == {"1", "6"}


@pytest.mark.row("K08")
async def test_a_district_may_let_parents_keep_their_rights_after_18() -> None:
    """Then the birth dates are not read."""
    harness = ReachHarness(dependents=frozenset({CEDAR}))
    assert await harness.visible_students(PARENT) == {"1", "5", "6"}
    assert "demographics_by_student" not in harness.lookups


@pytest.mark.parametrize(("person", "students"), [
    (viewer(ViewerRole.STUDENT, student_id=StudentId("1")), {"1"}),
    (viewer(ViewerRole.STUDENT), set()),
    (viewer(ViewerRole.TEACHER), set()),
    (viewer(ViewerRole.PRINCIPAL), set()),
    (viewer(ViewerRole.PARENT), set()),
    (viewer(ViewerRole.PARENT, student_id=StudentId("1")), set()),
    (viewer(ViewerRole.TEACHER, student_id=StudentId("1")), set()),
])  # fmt: skip
async def test_a_viewer_without_an_id_of_the_right_kind_reaches_nobody(person: Viewer, students: set[str]) -> None:
    """A student reaches the own records. No source is called in any of these cases."""
    harness = ReachHarness()
    assert await harness.visible_students(person) == students
    assert harness.lookups == []


async def test_a_district_may_assign_a_grade_or_a_caseload_to_a_viewer() -> None:
    """Assigned students are added to those of the viewer's sections, on the days of the assignment."""
    grade = AssignedStudents(
        CEDAR, schools=frozenset({SchoolId("101")}), grade_levels=frozenset({GradeLevel.TENTH})
    )
    caseload = AssignedStudents(CEDAR, students=frozenset({StudentId("8")}), begin=TODAY, until=TODAY)
    over = replace(caseload, students=frozenset({StudentId("9")}), until=date(2027, 2, 28), begin=None)
    elsewhere = replace(caseload, district=DistrictId("birch"), students=frozenset({StudentId("6")}))
    teacher = replace(TEACHER, assigned=frozenset({grade, caseload, over, elsewhere}))
    harness = ReachHarness()
    assert await harness.visible_students(teacher) == {"1", "2", "4", "5", "8"}
    assert (await harness.reach(teacher)).refs_of(StudentId("8")) == [Ref("caseload", "ada")]


async def test_a_grant_for_schools_is_limited_to_their_enrolled_students() -> None:
    """Also for viewers whose reach is the whole district."""
    grant = Grant(frozenset({Sensitivity.MEAL}), schools=frozenset({SchoolId("102")}))
    superintendent = viewer(ViewerRole.SUPERINTENDENT, grants=frozenset({grant}))
    reach = await ReachHarness().reach(superintendent)
    assert reach.everybody
    assert reach.limited_classes == {Sensitivity.MEAL: {"8"}}


@pytest.mark.row("K07")
async def test_a_student_who_leaves_a_section_is_out_of_reach_within_15_minutes() -> None:
    """Until then the cached reach is used; a purge ends it at once."""
    harness = ReachHarness()
    rosters = harness.records.answers["section_enrollments_by_section"]
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    rosters["own"] = []
    harness.clock.now += 14 * 60
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    harness.clock.now += 60
    assert await harness.visible_students(TEACHER) == {"4", "5"}
    rosters["shared"] = []
    await harness.cache.purge(Purge(district=CEDAR))
    assert await harness.visible_students(TEACHER) == {"5"}


@pytest.mark.row("K09")
async def test_in_an_outage_answers_count_for_an_hour_and_then_nobody_is_in_reach() -> None:
    """A viewer without a cached reach gets one from the answers that are cached for others."""
    harness = ReachHarness()
    substitute = replace(TEACHER, subject="substitute")
    await harness.visible_students(TEACHER)
    harness.outage = UnavailableError("no answer in time")
    harness.clock.now += 59 * 60
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    assert await harness.visible_students(substitute) == {"1", "4", "5"}
    harness.clock.now += 60
    for person in (TEACHER, substitute):
        with pytest.raises(UnavailableError):
            await harness.visible_students(person)
    harness.outage = None
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}


@pytest.mark.row("K07", "K09")
async def test_after_an_outage_answers_count_for_15_minutes_again() -> None:
    """A reach that was looked up in the outage is not used for the hour that its answers would have counted."""
    harness = ReachHarness()
    await harness.visible_students(TEACHER)
    harness.records.answers["section_enrollments_by_section"]["own"] = []
    harness.outage = UnavailableError("no answer in time")
    harness.clock.now += 20 * 60
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    harness.outage = None
    assert await harness.visible_students(TEACHER) == {"1", "4", "5"}
    harness.clock.now += OUTAGE_RETRY_SECONDS
    assert await harness.visible_students(TEACHER) == {"4", "5"}


async def test_a_district_that_does_not_provide_teachers_of_sections_shows_nobody() -> None:
    """The error names the missing lookup."""
    harness = ReachHarness(records=VendorData({"students_by_id": {}}))
    with pytest.raises(NotOfferedError, match="section_staff_by_staff"):
        await harness.visible_students(TEACHER)


async def test_a_hundred_requests_share_one_lookup() -> None:
    """Requests that arrive while it runs wait for its result; later ones use the cached reach."""
    harness = ReachHarness()
    await asyncio.gather(*(harness.visible_students(TEACHER) for _ in range(100)))
    assert harness.lookups == ["section_staff_by_staff", "section_enrollments_by_section"]
    harness.clock.now += timedelta(minutes=5).total_seconds()
    await harness.visible_students(TEACHER)
    assert len(harness.lookups) == 2
