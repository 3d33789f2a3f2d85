"""The context that all routes of the sandbox share: the index of facts, the serializer, and the permissions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.index import CourseEnrollment, CourseSection, Index
from student_graph.adapters.canvas.sandbox.responses import RefusalError, missing_resource, page, unauthorized
from student_graph.adapters.canvas.sandbox.serializers import Json, Serializer
from student_graph.adapters.sandbox.facts import LmsAccountFact, LmsCourseFact
from student_graph.adapters.sandbox.serving import Switches

Handler: TypeAlias = Callable[[Request], Response]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SandboxContext:
    """Finds the objects that a request names and builds responses that depend on the options of the sandbox."""

    index: Index
    serializer: Serializer
    origin: Callable[[], str]
    """Returns the scheme, host and port of links to other pages."""
    switches: Callable[[], Switches]
    """Returns the switches, which shorten pages and remove rows."""
    analytics: bool
    """Whether the token may see analytics."""
    hidden: frozenset[int]
    """Accounts that the token may not see in courses, such as those of another section."""
    ended: frozenset[int]
    """Courses whose dates are over, although nobody has concluded their enrollments."""
    refusal_status: int
    """HTTP status for a missing permission: 401 in older versions of Canvas, 403 in newer ones."""

    def user(self, request: Request) -> LmsAccountFact:
        """
        The user that the path names.

        Raises:
            RefusalError: There is no such user.
        """
        return _require(self.index.user(request.path_params["user"]))

    def course(self, request: Request) -> LmsCourseFact:
        """
        The course that the path names.

        Raises:
            RefusalError: There is no such course.
        """
        return _require(self.index.course(request.path_params["course"]))

    def section(self, request: Request) -> CourseSection:
        """
        The section that the path names.

        Raises:
            RefusalError: There is no such section.
        """
        return _require(self.index.section(request.path_params["section"]))

    def visible_students(
        self, course: LmsCourseFact, section: CourseSection | None = None
    ) -> list[LmsAccountFact]:
        """The students of a course, or of one of its sections, that the token may see."""
        return [account for account in self.index.students(course, section) if account.id not in self.hidden]

    def visible_enrollments(self, course: LmsCourseFact) -> list[CourseEnrollment]:
        """The enrollments in a course that the token may see."""
        enrollments = self.index.course_enrollments[course.id]
        return [enrollment for enrollment in enrollments if enrollment.account.id not in self.hidden]

    def is_current(self, enrollment: CourseEnrollment) -> bool:
        """Whether an enrollment is active on this day, by the dates of its course."""
        return enrollment.state == "active" and enrollment.course.id not in self.ended

    def submissions(self, course: LmsCourseFact, student: int, fields: Collection[str]) -> list[Json]:
        """The submissions of an account on published assignments of a course, with some fields or with all."""
        published = {fact.id: fact for fact in self.index.assignments[course.id] if fact.published}
        rows = (row for row in self.index.submissions[course.id, student] if row.assignment in published)
        return [self.serializer.submission(row, published[row.assignment], fields) for row in rows]

    def unauthorized(self) -> RefusalError:
        """The error for a missing permission of the token."""
        return unauthorized(self.refusal_status)

    def page(
        self,
        request: Request,
        rows: Sequence[Any],
        path: str = "",
        *,
        serialize: Callable[[Any], Any] = lambda row: row,
        numbered: bool = False,
    ) -> Response:
        """
        One page of a list; the next page is at `path`, by default at the path of the request.

        Rows are JSON unless `serialize` makes it of them.
        """
        own_path = request.url.path.removeprefix("/api/v1")
        switches = self.switches()
        rows = switches.shown(rows)
        return page(
            request,
            rows,
            origin=self.origin(),
            path=path or own_path,
            clamp=switches.clamp,
            serialize=serialize,
            numbered=numbered,
        )


def _require(fact: T | None) -> T:
    if fact is None:
        raise missing_resource()
    return fact
