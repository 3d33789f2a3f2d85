"""A district in Google Classroom whose sandbox has options, and the answers of the adapter to one key."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import (
    AdapterError,
)
from student_graph.adapters.google_classroom.adapter import GoogleClassroom
from student_graph.adapters.google_classroom.sandbox import GoogleClassroomSandbox
from student_graph.adapters.google_classroom.sandbox.index import course_id, email
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import LmsAccountFact, LmsCourseFact
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error

FACTS = make_district(24)
WORK, WORK_IN_COURSE = (
    lookup_of(Adapter.assignment_work_by_student),
    lookup_of(Adapter.assignment_work_by_lms_course),
)
WORK_IN_SECTION, COURSES = lookup_of(Adapter.assignment_work_by_section), lookup_of(Adapter.lms_courses_by_section)
ENGAGEMENT = lookup_of(Adapter.course_engagement_by_student)
ACCOUNT, ACCOUNTS = lookup_of(Adapter.lms_accounts_by_student), lookup_of(Adapter.lms_accounts_by_district)
COURSE: LmsCourseFact = max(
    (fact for fact in FACTS.lms_courses if fact.section), key=lambda fact: len(fact.members)
)
STUDENT: LmsAccountFact = next(a for a in FACTS.accounts if a.id in COURSE.members and a.email)
KEY, COURSE_KEY, SECTION_KEY = f"email:{email(STUDENT)}", course_id(COURSE), f"sis_section:{COURSE.sis_section}"
OTHER_KEYS = [f"email:{email(a)}" for a in FACTS.accounts if a.email and a.sis_id and a.id != STUDENT.id][:3]
"""Other students, some of them in other courses only."""
COURSES_OF_STUDENT = [fact for fact in FACTS.lms_courses if STUDENT.id in fact.members]


def sandbox_with(settings: dict[str, Any] | None = None, **options: Any) -> GoogleClassroomSandbox:
    """A sandbox with options, whose adapter has settings in addition to its own."""
    sandbox = GoogleClassroomSandbox(FACTS, **options)
    own = sandbox.settings
    sandbox.settings = lambda: {**own(), **(settings or {})}  # type: ignore[method-assign]
    return sandbox


async def answer(sandbox: GoogleClassroomSandbox, lookup: Any, key: str) -> Any:
    """The answer to one key: a value, an error, or None."""
    async with open_adapter(sandbox, kind=GoogleClassroom) as adapter:
        result = await run_lookup_or_error(adapter, lookup, [key], sandbox.arguments())
    return result if isinstance(result, AdapterError) else result.get(key)
