"""Routes about courses, their sections, assignments, submissions and analytics."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.answers import MOST_PER_PAGE, RefusalError, answered
from student_graph.adapters.canvas.sandbox.context import Desk, Handler
from student_graph.adapters.canvas.sandbox.serializers import Json
from student_graph.adapters.sandbox.facts import LmsAccountFact, LmsCourseFact


class CourseRoutes:
    """What is taught and handed in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return {
            "/courses": self._courses,
            "/courses/{course}": self._course,
            "/courses/{course}/sections": self._sections,
            "/courses/{course}/assignments": self._assignments,
            "/courses/{course}/students/submissions": self._by_course,
            "/courses/{course}/analytics/student_summaries": self._summaries,
            "/courses/{course}/analytics/users/{user}/activity": self._activity,
            "/sections/{section}": self._section,
            "/sections/{section}/students/submissions": self._by_section,
        }

    def _courses(self, request: Request) -> Response:
        rows = [self._desk.spelling.course(course) for course in self._desk.register.courses.values()]
        return self._desk.page(request, rows, numbered=True)

    def _course(self, request: Request) -> Response:
        return answered(self._desk.spelling.course(self._desk.course(request)))

    def _sections(self, request: Request) -> Response:
        return self._desk.page(request, [self._desk.spelling.section(self._desk.course(request))], numbered=True)

    def _section(self, request: Request) -> Response:
        return answered(self._desk.spelling.section(self._desk.section(request)))

    def _assignments(self, request: Request) -> Response:
        without = request.query_params.getlist("exclude_response_fields[]")
        assignments = self._desk.register.assignments[self._desk.course(request).id]
        spelled = map(self._desk.spelling.assignment, assignments)
        rows = [{name: told for name, told in each.items() if name not in without} for each in spelled]
        return self._desk.page(request, rows, numbered=True)

    def _by_course(self, request: Request) -> Response:
        return self._submissions(request, self._desk.course(request))

    def _by_section(self, request: Request) -> Response:
        return self._submissions(request, self._desk.section(request))

    def _submissions(self, request: Request, course: LmsCourseFact) -> Response:
        students = self._asked(request, course)
        if request.query_params.get("grouped"):
            return self._desk.page(request, [self._grouped(request, course, student) for student in students])
        rows = [row for student in students for row in self._work(request, course, student)]
        return self._desk.page(request, sorted(rows, key=lambda row: row["id"]))

    def _asked(self, request: Request, course: LmsCourseFact) -> list[LmsAccountFact]:
        """
        The students asked for, all of whom the token must be allowed to see in the course.

        A SIS id that nobody has is passed over; a Canvas id of somebody not visible refuses the whole call.
        """
        visible = {account.id: account for account in self._desk.visible(course)}
        names = request.query_params.getlist("student_ids[]")
        if "all" in names:
            return list(visible.values())
        found = (self._desk.register.user(name) for name in names)
        asked = {account.id for account in found if account} | {int(name) for name in names if name.isdigit()}
        if not asked or not asked <= visible.keys():
            raise self._desk.unauthorized()
        if len(asked) > MOST_PER_PAGE:
            raise RefusalError(400, {"error": "too many students"})
        return [visible[each] for each in sorted(asked)]

    def _grouped(self, request: Request, course: LmsCourseFact, student: LmsAccountFact) -> Json:
        return {
            "user_id": student.id,
            "section_id": course.lms_section,
            "sis_user_id": student.sis_id,
            "integration_id": None,
            "submissions": self._work(request, course, student),
        }

    def _work(self, request: Request, course: LmsCourseFact, student: LmsAccountFact) -> list[Json]:
        """A student's submissions on published assignments of a course."""
        query, spelling = request.query_params, self._desk.spelling
        assignments = {each.id: each for each in self._desk.register.assignments[course.id] if each.published}
        rows = []
        for submission in self._desk.register.submissions[course.id, student.id]:
            if not (assignment := assignments.get(submission.assignment)):
                continue
            row = spelling.submission(submission, query.getlist("response_fields[]"))
            beside = {
                "assignment": spelling.assignment(assignment),
                "course": spelling.course(course),
                "user": spelling.user(student),
            }
            rows.append(row | {name: beside[name] for name in query.getlist("include[]") if name in beside})
        return rows

    def _summaries(self, request: Request) -> Response:
        course = self._desk.course(request)
        if not self._desk.analytics:
            raise self._desk.unauthorized()
        rows = [self._desk.spelling.summary(course, account) for account in self._desk.visible(course)]
        return self._desk.page(request, rows, numbered=True)

    def _activity(self, request: Request) -> Response:
        course, account = self._desk.course(request), self._desk.user(request)
        if not self._desk.analytics or account not in self._desk.visible(course):
            raise self._desk.unauthorized()
        return answered(self._desk.spelling.activity(course, account))
