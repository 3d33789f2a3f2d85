"""What all routes share: the register, its spelling, and what the sandbox's token may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.canvas.sandbox.answers import RefusalError, not_found, page, unauthorized
from student_graph.adapters.canvas.sandbox.index import Register
from student_graph.adapters.canvas.sandbox.serializers import Spelling
from student_graph.adapters.sandbox.facts import LmsAccountFact, LmsCourseFact
from student_graph.adapters.sandbox.serving import Switches

Handler: TypeAlias = Callable[[Request], Response]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a route looks things up, and says no."""

    register: Register
    spelling: Spelling
    origin: Callable[[], str]
    """Scheme, host and port that links to further pages lead to."""
    switches: Callable[[], Switches]
    """How long pages are, and what is missing from them."""
    analytics: bool
    """Whether the token may see analytics."""
    hidden: frozenset[int]
    """Accounts that the token may not see in courses, such as those of another section."""
    refusal_status: int
    """What a missing permission is answered with: 401 in older versions, 403 in newer ones."""

    def user(self, request: Request) -> LmsAccountFact:
        """
        The user whom the path names.

        Raises:
            RefusalError: there is none.
        """
        return _existing(self.register.user(request.path_params["user"]))

    def course(self, request: Request) -> LmsCourseFact:
        """
        The course that the path names.

        Raises:
            RefusalError: there is none.
        """
        return _existing(self.register.course(request.path_params["course"]))

    def section(self, request: Request) -> LmsCourseFact:
        """
        The course of the section that the path names.

        Raises:
            RefusalError: there is none.
        """
        return _existing(self.register.section(request.path_params["section"]))

    def visible(self, course: LmsCourseFact) -> list[LmsAccountFact]:
        """Students of a course whom the token may see."""
        return [account for account in self.register.students(course) if account.id not in self.hidden]

    def unauthorized(self) -> RefusalError:
        """The token may not do this."""
        return unauthorized(self.refusal_status)

    def page(self, request: Request, rows: Sequence[Any], path: str = "", *, numbered: bool = False) -> Response:
        """One page of a list; the next one is at `path`, or where this one was."""
        here = request.url.path.removeprefix("/api/v1")
        switches = self.switches()
        rows = rows[switches.missing :]
        return page(
            request, rows, origin=self.origin(), path=path or here, numbered=numbered, clamp=switches.clamp
        )


def _existing(found: T | None) -> T:
    if found is None:
        raise not_found()
    return found
