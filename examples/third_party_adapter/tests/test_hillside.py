"""Hillside behaves as every adapter must, and keeps to itself what only its own documentation promises."""

import pytest

from hillside_sis.sandbox import HillsideSandbox
from student_graph.adapters import IdentityError, translate
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.testing import AdapterSuite, build_adapter


class TestHillside(AdapterSuite):
    """The whole suite, against Hillside's own sandbox."""

    sandbox_type = HillsideSandbox


async def test_absences_are_read_by_hillsides_own_id() -> None:
    """The district's number finds the pupil; Hillside's `uid` leads on."""
    sandbox = HillsideSandbox(make_district(10))
    number = sandbox.known_keys("student")[3]
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            await adapter.attendance_events_by_student([number], school_year=2027)

    assert sandbox.requests[0].startswith(f"GET /v2/pupils?district_no={number}")
    assert sandbox.requests[-1].startswith("GET /v2/pupils/p_000003/absences?year=2027")


async def test_two_pupils_with_one_number_are_nobody() -> None:
    """Hillside lets a clerk enter a number twice; which of the two is meant is not for an adapter to guess."""
    facts = make_district(10)
    facts.students[1].id = facts.students[0].id
    sandbox = HillsideSandbox(facts)
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            told = await adapter.students_by_id([facts.students[0].id])

    assert isinstance(told[facts.students[0].id], IdentityError)


@pytest.mark.parametrize("key", ["", "another key"])
async def test_another_key_is_refused(key: str) -> None:
    """Hillside answers 401 in plain text."""
    sandbox = HillsideSandbox(make_district(10))
    with served(sandbox):
        adapter = build_adapter(sandbox)
        async with adapter.http:
            adapter.http.auth = lambda request: request
            adapter.http.headers["X-Hillside-Key"] = key
            with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is a bug
                await adapter.check()

    assert translate(caught.value).code == "SOURCE_AUTH"
