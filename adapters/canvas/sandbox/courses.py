"""Routes about courses, their sections, assignments, submissions and analytics."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.context import Handler, SandboxContext
from student_graph.adapters.canvas.sandbox.responses import MAX_ROWS_PER_PAGE, RefusalError, json_response
from student_graph.adapters.canvas.sandbox.serializers import Json
from student_graph.adapters.sandbox.facts import LmsAccountFact, LmsCourseFact


class CourseRoutes:
    """Handlers of courses, sections, assignments, submissions and analytics."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return {
            "/courses": self._courses,
            "/accounts/self/courses": self._courses,
            "/courses/{course}": self._course,
            "/courses/{course}/sections": self._sections,
            "/courses/{course}/assignments": self._assignments,
            "/courses/{course}/students/submissions": self._course_submissions,
            "/courses/{course}/analytics/student_summaries": self._summaries,
            "/courses/{course}/analytics/users/{user}/activity": self._activity,
            "/sections/{section}": self._section,
            "/sections/{section}/students/submissions": self._section_submissions,
        }

    def _courses(self, request: Request) -> Response:
        courses = list(self._context.index.courses.values())
        return self._context.page(request, courses, serialize=self._context.serializer.course, numbered=True)

    def _course(self, request: Request) -> Response:
        return json_response(self._context.serializer.course(self._context.course(request)))

    def _sections(self, request: Request) -> Response:
        sections = self._context.index.sections[self._context.course(request).id]
        return self._context.page(request, list(map(self._context.serializer.section, sections)), numbered=True)

    def _section(self, request: Request) -> Response:
        return json_response(self._context.serializer.section(self._context.section(request)))

    def _assignments(self, request: Request) -> Response:
        excluded = request.query_params.getlist("exclude_response_fields[]")
        assignments = self._context.index.assignments[self._context.course(request).id]
        objects = map(self._context.serializer.assignment, assignments)
        rows = [{name: value for name, value in row.items() if name not in excluded} for row in objects]
        return self._context.page(request, rows, numbered=True)

    def _course_submissions(self, request: Request) -> Response:
        course = self._context.course(request)
        return self._submissions(request, course, self._context.visible_students(course))

    def _section_submissions(self, request: Request) -> Response:
        section = self._context.section(request)
        return self._submissions(request, section.course, self._context.visible_students(section.course, section))

    def _submissions(self, request: Request, course: LmsCourseFact, visible: list[LmsAccountFact]) -> Response:
        students = self._requested_students(request, visible)
        if course.id in self._context.ended and request.query_params.get("enrollment_state") == "active":
            students = []
        if request.query_params.get("grouped"):
            return self._context.page(request, [self._grouped(request, course, student) for student in students])
        rows = [row for student in students for row in self._student_submissions(request, course, student)]
        return self._context.page(request, sorted(rows, key=lambda row: row["id"]))

    def _requested_students(self, request: Request, accounts: list[LmsAccountFact]) -> list[LmsAccountFact]:
        """
        The students that the request names; all must be among the accounts that the token may see.

        A SIS id that no student has is ignored. The Canvas id of a student that the token may not see makes
        Canvas refuse the whole call.
        """
        visible = {account.id: account for account in accounts}
        names = request.query_params.getlist("student_ids[]")
        if "all" in names:
            return list(visible.values())
        named = (self._context.index.user(name) for name in names)
        ids = {account.id for account in named if account} | {int(name) for name in names if name.isdigit()}
        if not ids or not ids <= visible.keys():
            raise self._context.unauthorized()
        if len(ids) > MAX_ROWS_PER_PAGE:
            raise RefusalError(400, {"error": "too many students"})
        return [visible[id] for id in sorted(ids)]

    def _grouped(self, request: Request, course: LmsCourseFact, student: LmsAccountFact) -> Json:
        return {
            "user_id": student.id,
            "section_id": course.lms_section,
            "sis_user_id": student.sis_id,
            "integration_id": None,
            "submissions": self._student_submissions(request, course, student),
        }

    def _student_submissions(self, request: Request, course: LmsCourseFact, student: LmsAccountFact) -> list[Json]:
        """A student's submissions on published assignments of a course."""
        query, serializer = request.query_params, self._context.serializer
        published = (fact for fact in self._context.index.assignments[course.id] if fact.published)
        assignments = {fact.id: fact for fact in published}
        rows = []
        for submission in self._context.index.submissions[course.id, student.id]:
            if not (assignment := assignments.get(submission.assignment)):
                continue
            row = serializer.submission(submission, assignment, query.getlist("response_fields[]"))
            included = {
                "assignment": serializer.assignment(assignment),
                "course": serializer.course(course),
                "user": serializer.user(student),
            }
            rows.append(row | {name: included[name] for name in query.getlist("include[]") if name in included})
        return rows

    def _summaries(self, request: Request) -> Response:
        course = self._context.course(request)
        if not self._context.analytics:
            raise self._context.unauthorized()
        rows = [
            self._context.serializer.summary(course, account) for account in self._context.visible_students(course)
        ]
        return self._context.page(request, rows, numbered=True)

    def _activity(self, request: Request) -> Response:
        course, account = self._context.course(request), self._context.user(request)
        if not self._context.analytics or account not in self._context.visible_students(course):
            raise self._context.unauthorized()
        return json_response(self._context.serializer.activity(course, account))
