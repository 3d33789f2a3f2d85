"""Routes about users and their enrollments in courses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.context import Handler, SandboxContext
from student_graph.adapters.canvas.sandbox.index import CourseEnrollment
from student_graph.adapters.canvas.sandbox.responses import RefusalError, json_response


class PeopleRoutes:
    """Handlers of users, and of enrollments by user, course and section."""

    def __init__(self, context: SandboxContext) -> None:
        self._context = context

    def table(self) -> dict[str, Handler]:
        """Handlers by path."""
        return {
            "/users/self": self._self,
            "/users/{user}": self._user,
            "/users/{user}/profile": self._profile,
            "/users/{user}/courses": self._courses,
            "/users/{user}/enrollments": self._user_enrollments,
            "/courses/{course}/enrollments": self._course_enrollments,
            "/courses/{course}/list_enrollments": self._course_enrollments,
            "/sections/{section}/enrollments": self._section_enrollments,
            "/accounts/1/users": self._search,
            "/accounts/self/users": self._search,
        }

    def _self(self, request: Request) -> Response:
        """The owner of the token."""
        return json_response({"id": 1, "name": "Gateway", "sortable_name": "Gateway", "short_name": "Gateway"})

    def _user(self, request: Request) -> Response:
        return json_response(self._context.serializer.user(self._context.user(request), email=True))

    def _profile(self, request: Request) -> Response:
        account = self._context.user(request)
        return json_response(self._context.serializer.user(account) | {"primary_email": account.email})

    def _courses(self, request: Request) -> Response:
        account = self._context.user(request)
        rows = [
            self._context.serializer.course(enrollment.course)
            | {
                "enrollments": [
                    {"type": enrollment.kind.removesuffix("Enrollment").lower(), "user_id": account.id}
                ]
            }
            for enrollment in self._context.index.user_enrollments[account.id]
        ]
        return self._context.page(request, rows, numbered=True)

    def _user_enrollments(self, request: Request) -> Response:
        account = self._context.user(request)
        return self._page(request, self._context.index.user_enrollments[account.id])

    def _course_enrollments(self, request: Request) -> Response:
        """The enrollments of a course; as on real servers, the next page has another path."""
        course = self._context.course(request)
        enrollments = self._context.visible_enrollments(course)
        return self._page(request, enrollments, f"/courses/{course.id}/list_enrollments")

    def _section_enrollments(self, request: Request) -> Response:
        section = self._context.section(request)
        enrollments = self._context.visible_enrollments(section.course)
        return self._page(request, [row for row in enrollments if row.section.id == section.id])

    def _page(self, request: Request, enrollments: Iterable[CourseEnrollment], path: str = "") -> Response:
        """One page of the enrollments that have the requested types and states."""
        query = request.query_params
        kinds, states = query.getlist("type[]"), query.getlist("state[]") or ("active", "invited")
        rows = [
            enrollment
            for enrollment in enrollments
            if (not kinds or enrollment.kind in kinds) and enrollment.state in states
        ]
        serialize = partial(self._context.serializer.enrollment, include=query.getlist("include[]"))
        return self._context.page(request, rows, path, serialize=serialize)

    def _search(self, request: Request) -> Response:
        term = request.query_params.get("search_term", "").casefold()
        if len(term) == 1:
            raise RefusalError(400, {"errors": [{"message": "search_term of at least 2 characters is required"}]})
        accounts = [
            account
            for account in self._context.index.accounts_by_name
            if not term
            or any(term in (text or "").casefold() for text in (account.name, account.login, account.sis_id))
        ]
        email = "email" in request.query_params.getlist("include[]")
        serialize = partial(self._context.serializer.user, email=email)
        return self._context.page(request, accounts, serialize=serialize, numbered=True)
