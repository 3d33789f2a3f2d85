"""Routes, keys of collections and error bodies, which differ between OneRoster servers."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    Quirks,
)
from tests.adapters.oneroster.sandbox_client import running, sandbox_with


def test_the_key_of_a_collection_may_be_its_path() -> None:
    """`students` instead of `users`, also for nested routes; a single row keeps its key."""
    with running(sandbox_with(LEGACY_11)) as server:
        school = server.get("/schools", limit=1).json()["schools"][0]["sourcedId"]
        assert server.get(f"/schools/{school}/students").json().keys() == {"students"}
        assert server.get("/gradingPeriods").json().keys() == {"gradingPeriods"}
        assert server.get(f"/schools/{school}").json().keys() == {"org"}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"nested_routes": False}, "/classes/{class}/students"),
        ({"nested_routes": False}, "/classes/{class}/lineItems"),
        ({"gradebook": False}, "/results"),
        ({"assessments": False}, "/assessmentResults"),
        ({"absent_routes": frozenset({"/classes/{class}/lineItems"})}, "/classes/{class}/lineItems"),
    ],
)
def test_routes_may_be_missing(changed: dict[str, Any], path: str) -> None:
    """404, as for any unknown path."""
    with running(sandbox_with()) as server:
        section = server.rows("/classes")[0]["sourcedId"]
        assert server.get(path.replace("{class}", section)).status_code == 200
    with running(sandbox_with(**changed)) as server:
        assert server.get(path.replace("{class}", section)).status_code == 404


@pytest.mark.parametrize("has_routes", [True, False])
def test_results_may_have_routes_below_line_items_and_students(has_routes: bool) -> None:
    """Some servers have these routes in addition to the published ones."""
    with running(sandbox_with(result_routes=has_routes)) as server:
        result = server.rows("/results")[0]
        for name in ("lineItem", "student"):
            response = server.get(f"/{name}s/{result[name]['sourcedId']}/results")
            assert response.status_code == (200 if has_routes else 404)
            assert (result in response.json().get("results", ())) is has_routes


@pytest.mark.parametrize(("ignore_path_case", "status"), [(True, 200), (False, 404)])
def test_paths_may_ignore_case(ignore_path_case: bool, status: int) -> None:
    """`/Users` is `/users`, or does not exist."""
    with running(sandbox_with(ignore_path_case=ignore_path_case)) as server:
        assert server.get("/Users").status_code == status


@pytest.mark.parametrize(
    ("quirks", "body"),
    [
        (LEGACY_11, {"error": "Not found"}),
        (
            UNUSUAL_GRADEBOOK,
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_description": "Resource not found: users/nobody",
                "imsx_codeMinor": "server_error",
            },
        ),
        (
            PUBLISHED_12,
            {
                "imsx_codeMajor": "failure",
                "imsx_severity": "error",
                "imsx_description": "Resource not found: users/nobody",
                "imsx_CodeMinor": {
                    "imsx_codeMinorField": [
                        {
                            "imsx_codeMinorFieldName": "TargetEndSystem",
                            "imsx_codeMinorFieldValue": "unknownobject",
                        }
                    ]
                },
            },
        ),
    ],
    ids=["text", "flat", "nested"],
)
def test_error_bodies_differ(quirks: Quirks, body: dict[str, Any]) -> None:
    """A text, a flat minor code that does not describe the error, or the published form."""
    with running(sandbox_with(quirks)) as server:
        response = server.get("/users/nobody")

    assert (response.status_code, response.json()) == (404, body)


@pytest.mark.parametrize(("quirks", "media"), [(EDFI_SERVICE, "text/html"), (PUBLISHED_12, "application/json")])
def test_a_throttled_server_sends_retry_after(quirks: Quirks, media: str) -> None:
    """429 with `Retry-After` and a sentence or an error body; during an outage it is a 503."""
    with running(sandbox_with(quirks)) as server:
        server.sandbox.switches.throttled = True
        busy = server.get("/users")
        server.sandbox.switches.change({"throttled": False, "down": True})
        down = server.get("/users")

    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    assert busy.headers["content-type"].startswith(media)
    assert down.status_code == 503
