"""A program with the typed client: what a type checker must accept, and what it must not."""

from __future__ import annotations

from datetime import date

from student_graph_client import StudentGraphClient
from student_graph_client.enums import GradeLevel
from student_graph_client.exceptions import GraphQLClientGraphQLMultiError
from student_graph_client.what_may_i_see import WhatMayISee


async def days_absent(client: StudentGraphClient, number: str) -> list[date]:
    """The dates of a student's attendance events."""
    answer = await client.one_student(number)
    events = answer.student.attendance_events if answer.student else None
    return [edge.node.date for edge in events.edges] if events else []


async def first_names(client: StudentGraphClient, level: GradeLevel) -> list[str]:
    """The first names of the students of a grade level."""
    answer = await client.find_students(grade_levels=[level])
    students = answer.students.edges if answer.students else []
    return [edge.node.name.first_name for edge in students if edge.node]


async def seen(client: StudentGraphClient) -> tuple[WhatMayISee, set[str]]:
    """What the viewer may see, and the codes of the parts that are missing from it."""
    try:
        return await client.what_may_i_see(), set()
    except GraphQLClientGraphQLMultiError as error:
        codes = {str((problem.extensions or {})["code"]) for problem in error.errors}
        return WhatMayISee.model_validate(error.data), codes


async def mistakes(client: StudentGraphClient) -> None:
    """Each line is refused by the type checker; it reports a comment that ignores no error."""
    await client.one_student(1)  # type: ignore[arg-type]
    await client.find_students(grade_levels=["NINTH"])  # type: ignore[list-item]
    (await client.one_student("1")).student.id  # type: ignore[union-attr]  # noqa: B018 - read to be refused
    (await client.find_students()).students.birth_date  # type: ignore[union-attr]  # noqa: B018 - read to be refused
