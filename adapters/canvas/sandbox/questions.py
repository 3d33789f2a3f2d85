"""
The part of Canvas's GraphQL API that the adapter asks: courses with their enrollments, assignments and work.

Types, fields, arguments and defaults are those of Canvas's published schema. A question may have 20 aliases. A
page has at most 100 rows, and 20 if the question does not say how many.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo, Visitor, build_schema, graphql_sync, parse, visit
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.context import SandboxContext
from student_graph.adapters.canvas.sandbox.index import CourseEnrollment
from student_graph.adapters.canvas.sandbox.question_schema import SCHEMA_TEXT
from student_graph.adapters.canvas.sandbox.responses import MAX_ROWS_PER_PAGE, json_response
from student_graph.adapters.canvas.sandbox.serializers import Json
from student_graph.adapters.sandbox.facts import AssignmentFact, LmsAccountFact, LmsCourseFact

MAX_ALIASES = 20
DEFAULT_ROWS_PER_PAGE = 20
SCHEMA = build_schema(SCHEMA_TEXT)


class Questions:
    """Answers questions to the GraphQL API."""

    def __init__(self, context: SandboxContext, *, grading_periods: bool) -> None:
        """
        Answer from the context.

        With `grading_periods`, courses have grading periods, and there is nothing in the current one.
        """
        self._context = context
        self._grading_periods = grading_periods

    def answer(self, body: Any) -> Response:
        """The answer to the question in a request's body; errors have the status 200."""
        question = str(body.get("query", "")) if isinstance(body, Mapping) else ""
        try:
            if _count_aliases(question) > MAX_ALIASES:
                return json_response({"errors": [{"message": "too many aliases"}]})
        except GraphQLError as error:
            return json_response({"errors": [error.formatted]})
        answer = graphql_sync(SCHEMA, question, {"course": self._course}).formatted
        return json_response({name: part for name, part in answer.items() if part is not None})

    def _course(self, _: GraphQLResolveInfo[Any], **names: str | None) -> Json | None:
        course = self._context.index.course(names.get("id") or f"sis_course_id:{names.get('sisId')}")
        if course is None:
            return None
        return {
            "_id": course.id,
            "name": course.name,
            "courseCode": course.code,
            "sisId": course.sis_section,
            "state": "available",
            "enrollmentsConnection": self._enrollments(course),
            "assignmentsConnection": self._assignments(course),
            "submissionsConnection": self._submissions(course),
        }

    def _enrollments(self, course: LmsCourseFact) -> Callable[..., Json]:
        def resolve(
            _: GraphQLResolveInfo[Any],
            *,
            filter: Mapping[str, Any] | None = None,
            first: int = DEFAULT_ROWS_PER_PAGE,
            after: str | None = None,
        ) -> Json:
            kinds, states = (filter or {}).get("types"), (filter or {}).get("states")
            rows = [
                self._enrollment(enrollment)
                for enrollment in self._context.visible_enrollments(course)
                if (kinds is None or enrollment.kind in kinds) and (states is None or enrollment.state in states)
            ]
            return self._page(rows, first, after)

        return resolve

    def _enrollment(self, enrollment: CourseEnrollment) -> Json:
        account = enrollment.account

        def grades(_: GraphQLResolveInfo[Any], **arguments: str | None) -> Json | None:
            if enrollment.kind != "StudentEnrollment" or (
                "gradingPeriodId" not in arguments and self._grading_periods
            ):
                return None
            scores = self._context.serializer.grades(enrollment)
            return {
                "currentScore": scores["current_score"],
                "currentGrade": scores["current_grade"],
                "finalScore": scores["final_score"],
                "finalGrade": scores["final_grade"],
                "overrideScore": scores.get("override_score"),
                "overrideGrade": scores.get("override_grade"),
            }

        return {
            "_id": enrollment.id,
            "type": enrollment.kind,
            "state": enrollment.state,
            "section": {
                "_id": enrollment.section.id,
                "sisId": enrollment.section.sis_id,
                "name": enrollment.course.name,
            },
            "grades": grades,
            "user": {
                "_id": account.id,
                "enrollments": self._enrollments_of_user(account),
                "sisId": account.sis_id,
                "integrationId": None,
                "loginId": account.login,
                "email": account.email,
                "name": lambda _: escape(account.name),
                "sortableName": lambda _: escape(account.sortable_name),
            },
        }

    def _assignments(self, course: LmsCourseFact) -> Callable[..., Json]:
        def resolve(
            _: GraphQLResolveInfo[Any],
            *,
            filter: Mapping[str, Any] | None = None,
            first: int = DEFAULT_ROWS_PER_PAGE,
            after: str | None = None,
        ) -> Json:
            in_all_periods = not self._grading_periods or "gradingPeriodId" in (filter or {})
            facts = self._context.index.assignments[course.id] if in_all_periods else []
            return self._page(list(map(self._assignment, facts)), first, after)

        return resolve

    def _assignment(self, assignment: AssignmentFact) -> Json:
        row = self._context.serializer.assignment(assignment)
        return {
            "_id": row["id"],
            "name": row["name"],
            "dueAt": row["due_at"],
            "pointsPossible": row["points_possible"],
            "published": row["published"],
        }

    def _enrollments_of_user(self, account: LmsAccountFact) -> Callable[..., list[Json]]:
        def resolve(_: GraphQLResolveInfo[Any], **arguments: Any) -> list[Json]:
            course = arguments.get("courseId")
            return [
                {"_id": enrollment.id, "type": enrollment.kind, "state": enrollment.state}
                for enrollment in self._context.index.user_enrollments[account.id]
                if course in (None, str(enrollment.course.id))
                and (self._context.is_current(enrollment) or not arguments.get("currentOnly"))
            ]

        return resolve

    def _submissions(self, course: LmsCourseFact) -> Callable[..., Json]:
        """Submissions of all students that were not removed, of the states that the question names."""

        def resolve(
            _: GraphQLResolveInfo[Any],
            *,
            filter: Mapping[str, Any] | None = None,
            first: int = DEFAULT_ROWS_PER_PAGE,
            after: str | None = None,
            **_others: Any,
        ) -> Json:
            states = {"states": ["submitted", "pending_review", "graded"], **(filter or {})}["states"]
            enrollments = self._context.visible_enrollments(course)
            students = {
                e.account.id for e in enrollments if e.kind == "StudentEnrollment" and e.state != "deleted"
            }
            rows = [
                self._submission(row)
                for student in students
                for row in self._context.submissions(course, student, ())
                if row["workflow_state"] in states
            ]
            return self._page(sorted(rows, key=lambda row: row["_id"]), first, after)

        return resolve

    def _submission(self, row: Json) -> Json:
        return {
            "_id": row["id"],
            "assignment": {"_id": row["assignment_id"]},
            "user": {"_id": row["user_id"]},
            "state": row["workflow_state"],
            "score": row["score"],
            "grade": row["grade"],
            "late": row["late"],
            "missing": row["missing"],
            "excused": row["excused"],
            "submittedAt": row["submitted_at"],
            "gradedAt": row["graded_at"],
            "postedAt": row["posted_at"],
            "cachedDueDate": row["cached_due_date"],
        }

    def _page(self, rows: Sequence[Json], first: int, after: str | None) -> Json:
        """The rows after a cursor; the switches of the sandbox shorten pages and remove rows."""
        switches = self._context.switches()
        rows = switches.shown(rows)
        start = 0 if after is None else _position(after)
        end = start + switches.clamp(min(first, MAX_ROWS_PER_PAGE))
        page_info = {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": _cursor(start),
            "endCursor": _cursor(end),
        }
        return {"nodes": rows[start:end], "pageInfo": page_info}


class _AliasCounter(Visitor):
    """Counts aliases."""

    count = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Count a field with an alias."""
        self.count += node.alias is not None


def _count_aliases(question: str) -> int:
    counter = _AliasCounter()
    visit(parse(question), counter)
    return counter.count


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor))
    except (binascii.Error, ValueError):
        raise GraphQLError("invalid cursor") from None
