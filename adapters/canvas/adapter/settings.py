"""The settings of a Canvas source."""

from __future__ import annotations

from pydantic import Field, SecretStr

from student_graph.adapters.canvas.client.graphql import MAX_COURSES_PER_CALL
from student_graph.adapters.contract import AdapterSettings


class CanvasSettings(AdapterSettings):
    """Settings of a Canvas source."""

    token: SecretStr
    """Access token of a service account: Account > Settings > Approved Integrations > New Access Token. Its role
    needs "Users - view list", "Courses - view list", "Grades - view all grades", "SIS Data - read" and, for
    page views, "Analytics - view pages"."""
    concurrency: int = Field(default=10, ge=1, le=10)
    """Maximum number of calls in progress at the same time; Canvas throttles a token with about a dozen."""
    students_per_call: int = Field(default=100, ge=1, le=100)
    """Maximum number of students whose work in a course one call requests; lower it for courses with much work."""
    graphql: bool = True
    """Whether to read many courses in one call of the GraphQL API; without it each takes several calls."""
    courses_per_call: int = Field(default=MAX_COURSES_PER_CALL, ge=1, le=MAX_COURSES_PER_CALL)
    """Maximum number of courses in one call of the GraphQL API; lower it if such calls take over 5 seconds."""
