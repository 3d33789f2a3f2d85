"""Runs the conformance suite for Hillside, and tests Hillside's own behavior."""

import pytest

from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters import IdentityError, translate
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing import AdapterSuite, build_adapter


class TestHillside(AdapterSuite):
    """The conformance suite."""

    sandbox_type = HillsideSandbox


async def test_absences_are_read_by_hillsides_own_id() -> None:
    """The student is found by the district's number, the absences by Hillside's `uid`."""
    sandbox = HillsideSandbox(make_district(10))
    number = sandbox.known_keys("student")[3]
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            await adapter.attendance_events_by_student([number], school_year=2027)

    assert sandbox.requests[0].startswith(f"GET /v2/pupils?district_no={number}")
    assert sandbox.requests[-1].startswith("GET /v2/pupils/p_000003/absences?year=2027")


async def test_two_students_with_one_number_are_a_conflict() -> None:
    """Hillside allows a number twice; the adapter returns an error instead of one of the two students."""
    facts = make_district(10)
    facts.students[1].id = facts.students[0].id
    sandbox = HillsideSandbox(facts)
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            batch = await adapter.students_by_id([facts.students[0].id])

    assert isinstance(batch[facts.students[0].id], IdentityError)


@pytest.mark.parametrize("key", ["", "another key"])
async def test_a_wrong_key_is_refused(key: str) -> None:
    """Hillside answers a wrong key with 401 in plain text."""
    sandbox = HillsideSandbox(make_district(10))
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            adapter.http.auth = lambda request: request
            adapter.http.headers["X-Hillside-Key"] = key
            with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises a bug again
                await adapter.check()

    assert translate(caught.value).code == "SOURCE_AUTH"
