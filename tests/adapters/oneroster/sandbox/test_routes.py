"""Routes that OneRoster servers have or lack, what they call what they send, and how they say no."""

from __future__ import annotations

from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    UNUSUAL_GRADEBOOK,
    LEGACY_11,
    PUBLISHED_12,
    Quirks,
)
from tests.adapters.oneroster.sandbox_client import asking, serving


def test_collections_can_be_named_after_their_paths() -> None:
    """`students` rather than `users`, nested ones too; a single row keeps its name."""
    with asking(serving(LEGACY_11)) as server:
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
def test_routes_can_be_missing(changed: dict[str, Any], path: str) -> None:
    """404, as for any address that means nothing."""
    with asking(serving()) as server:
        section = server.rows("/classes")[0]["sourcedId"]
        assert server.get(path.replace("{class}", section)).status_code == 200
    with asking(serving(**changed)) as server:
        assert server.get(path.replace("{class}", section)).status_code == 404


@pytest.mark.parametrize("there", [True, False])
def test_results_below_line_items_and_students(there: bool) -> None:
    """Routes that some have beside the published ones."""
    with asking(serving(result_routes=there)) as server:
        result = server.rows("/results")[0]
        for name in ("lineItem", "student"):
            found = server.get(f"/{name}s/{result[name]['sourcedId']}/results")
            assert found.status_code == (200 if there else 404)
            assert (result in found.json().get("results", ())) is there


@pytest.mark.parametrize(("any_case", "status"), [(True, 200), (False, 404)])
def test_paths_can_be_in_any_case(ignore_path_case: bool, status: int) -> None:
    """`/Users` is `/users`, or nothing."""
    with asking(serving(ignore_path_case=ignore_path_case)) as server:
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
def test_errors_have_their_own_words(quirks: Quirks, body: dict[str, Any]) -> None:
    """A text, a flat minor code that is beside the point, or the published form."""
    with asking(serving(quirks)) as server:
        answer = server.get("/users/nobody")

    assert (answer.status_code, answer.json()) == (404, body)


@pytest.mark.parametrize(("quirks", "media"), [(EDFI_SERVICE, "text/html"), (PUBLISHED_12, "application/json")])
def test_throttled(quirks: Quirks, media: str) -> None:
    """429 with `Retry-After`, in a sentence or as an error body; down is a 503."""
    with asking(serving(quirks)) as server:
        server.sandbox.switches.throttled = True
        busy = server.get("/users")
        server.sandbox.switches.change({"throttled": False, "down": True})
        down = server.get("/users")

    assert (busy.status_code, busy.headers["retry-after"]) == (429, "1")
    assert busy.headers["content-type"].startswith(media)
    assert down.status_code == 503
