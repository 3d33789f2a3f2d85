"""Two users of Moodle with one number: Moodle lets administrators give it twice."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.moodle.client import functions
from student_graph.adapters.reading import collecting_unreadable_rows
from tests.adapters.moodle.test_client import COURSE, KEYS, STUDENTS, answer, sandbox_with

TWIN = STUDENTS[0]
SECTION = f"sis_section:{COURSE.sis_section}"


def double(function: str, sent: Any) -> Any:
    """Add a user with the number of a student to each course of the student."""
    if function == functions.ENROLLED_USERS:
        return [*sent, *({**row, "id": 99_999} for row in sent if row.get("idnumber") == TWIN.sis_id)]
    if function == functions.GRADE_ITEMS:
        rows = sent["usergrades"]
        doubled = [{**row, "userid": 99_999} for row in rows if row["useridnumber"] == TWIN.sis_id]
        return {**sent, "usergrades": [*rows, *doubled]}
    return sent


async def test_two_users_with_one_number_are_in_no_list() -> None:
    """Their student would have the records of both; lists of a section say that records are missing."""
    for lookup, key in (
        (lookup_of(Adapter.lms_accounts_by_district), "district"),
        (lookup_of(Adapter.assignment_work_by_section), SECTION),
        (lookup_of(Adapter.course_grades_by_section), SECTION),
    ):
        [healthy] = (await answer(sandbox_with(), lookup, key)).values()
        with collecting_unreadable_rows() as unreadable:
            [records] = (await answer(sandbox_with(change=double), lookup, key)).values()

        expected = {record.student_id for record in healthy} - {KEYS[0]}
        assert {record.student_id for record in records} == expected
        assert expected
        assert bool(unreadable.errors) is (key == SECTION)
