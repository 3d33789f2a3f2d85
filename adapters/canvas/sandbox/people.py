"""Routes about users and their places in courses."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.answers import RefusalError, answered
from student_graph.adapters.canvas.sandbox.context import Desk, Handler
from student_graph.adapters.canvas.sandbox.index import Enrolled
from student_graph.adapters.canvas.sandbox.serializers import Json
from student_graph.adapters.sandbox.facts import LmsCourseFact


class PeopleRoutes:
    """Users, and enrollments by user, course and section."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return {
            "/users/self": self._self,
            "/users/{user}": self._user,
            "/users/{user}/profile": self._profile,
            "/users/{user}/courses": self._courses,
            "/users/{user}/enrollments": self._by_user,
            "/courses/{course}/enrollments": self._by_course,
            "/courses/{course}/list_enrollments": self._by_course,
            "/sections/{section}/enrollments": self._by_section,
            "/accounts/1/users": self._search,
        }

    def _self(self, request: Request) -> Response:
        """Whoever the token belongs to."""
        return answered({"id": 1, "name": "Gateway", "sortable_name": "Gateway", "short_name": "Gateway"})

    def _user(self, request: Request) -> Response:
        return answered(self._desk.spelling.user(self._desk.user(request), email=True))

    def _profile(self, request: Request) -> Response:
        account = self._desk.user(request)
        return answered(self._desk.spelling.user(account) | {"primary_email": account.email})

    def _courses(self, request: Request) -> Response:
        account = self._desk.user(request)
        rows = [
            self._desk.spelling.course(each.course)
            | {"enrollments": [{"type": each.kind.removesuffix("Enrollment").lower(), "user_id": account.id}]}
            for each in self._desk.register.enrollments_of[account.id]
        ]
        return self._desk.page(request, rows, numbered=True)

    def _by_user(self, request: Request) -> Response:
        account = self._desk.user(request)
        return self._desk.page(request, self._spelled(request, self._desk.register.enrollments_of[account.id]))

    def _by_course(self, request: Request) -> Response:
        """A course's enrollments; as seen on servers, the second page is found under another path."""
        course = self._desk.course(request)
        return self._desk.page(request, self._of(request, course), f"/courses/{course.id}/list_enrollments")

    def _by_section(self, request: Request) -> Response:
        return self._desk.page(request, self._of(request, self._desk.section(request)))

    def _of(self, request: Request, course: LmsCourseFact) -> list[Json]:
        everybody = self._desk.register.enrollments_in[course.id]
        return self._spelled(request, (each for each in everybody if each.account.id not in self._desk.hidden))

    def _spelled(self, request: Request, enrollments: Iterable[Enrolled]) -> list[Json]:
        query = request.query_params
        kinds, states = query.getlist("type[]"), query.getlist("state[]")
        return [
            self._desk.spelling.enrollment(each, query.getlist("include[]"))
            for each in enrollments
            if (not kinds or each.kind in kinds) and (not states or "active" in states)
        ]

    def _search(self, request: Request) -> Response:
        term = request.query_params.get("search_term", "").casefold()
        if len(term) == 1:
            raise RefusalError(400, {"errors": [{"message": "search_term of at least 2 characters is required"}]})
        found = [
            account
            for account in self._desk.register.accounts.values()
            if any(term in (text or "").casefold() for text in (account.name, account.login, account.sis_id))
        ]
        found.sort(key=lambda account: account.sortable_name)
        rows = [self._desk.spelling.user(account) for account in found]
        return self._desk.page(request, rows, numbered=True)
