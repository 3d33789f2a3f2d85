"""Resources that a server does not have, and servers that do not work."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from student_graph.adapters.errors import AdapterError, NotOfferedError, UnavailableError
from student_graph.adapters.model import StudentId
from tests.adapters.edfi.scripted_sandbox import ScriptedSandbox, connected


@pytest.mark.parametrize(
    ("broken", "body", "error"),
    [
        ({"grades"}, "", NotOfferedError),
        ({"grades"}, "error", UnavailableError),
        ({"grades", "students"}, "", UnavailableError),
    ],
)
async def test_a_500_without_a_body_is_a_missing_resource_if_the_server_works(
    broken: set[str], body: str, error: type[AdapterError]
) -> None:
    """Some servers answer so for what they do not have; a server that is down answers so to everything."""

    class BrokenSandbox(ScriptedSandbox):
        """Answers 500 for some resources."""

        async def _list(self, request: Request) -> Response:
            is_broken = request.path_params["resource"] in broken
            return Response(body, 500) if is_broken else await super()._list(request)

    sandbox = BrokenSandbox({"students": [], "studentSchoolAttendanceEvents": []})
    async with connected(sandbox) as adapter:
        grades = await adapter.course_grades_by_student([StudentId("1")], school_year=2022)
        events = await adapter.attendance_events_by_student([StudentId("1")], school_year=2022)

    assert error is type(grades[StudentId("1")])
    assert events == {"1": []}
