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
    """Most calls in progress at the same time; Canvas throttles a token with about a dozen."""
    students_per_call: int = Field(default=100, ge=1, le=100)
    """Most students whose work in a course one call requests; lower it for courses with many assignments."""
    graphql: bool = True
    """Whether to read many courses in one call of the GraphQL API; without it each takes several calls."""
    courses_per_call: int = Field(default=MAX_COURSES_PER_CALL, ge=1, le=MAX_COURSES_PER_CALL)
    """Most courses that one call of the GraphQL API reads; lower it if Canvas takes more than 5 seconds for it."""
