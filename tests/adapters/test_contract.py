"""A correct adapter passes the conformance suite; `test_mutants.py` tests what the suite finds."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from student_graph.adapters.contract import AccessPath, Adapter, CallCost
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.model import (
    AssignmentWork,
    AttendanceEvent,
    LmsAccount,
    LmsCourse,
    LmsCourseId,
    StudentId,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing import AdapterSuite
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.helpers.small_vendor import SmallVendor, SmallVendorSandbox


class SmallVendorSuite(AdapterSuite):
    """The suite for adapters of the small vendor, which are not installed."""

    sandbox_type = SmallVendorSandbox
    students = 30

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The correct adapter."""
        return SmallVendor


class TestSmallVendor(SmallVendorSuite):
    """A correct adapter passes all tests."""


def test_the_suite_tests_exactly_the_supported_lookups() -> None:
    """The lookups under test are the ones that the adapter overrides."""
    names = [lookup.name for lookup in SmallVendor.capabilities()]

    assert names == [
        "school_enrollments_by_school",
        "school_enrollments_by_student",
        "students_by_district",
        "students_by_id",
    ]


async def test_the_suites_client_is_as_restricted_as_the_gateways() -> None:
    """The client reaches the configured origin only, keeps no cookie, follows no redirect and uses no proxy."""
    sandbox = SmallVendorSandbox(make_district(10))
    sandbox.url = "http://127.0.0.1:1"

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "/", "set-cookie": "session=of-the-first-viewer"})

    async with open_adapter(sandbox, httpx.MockTransport(respond), kind=SmallVendor) as adapter:
        response = await adapter.http.get("/")
        with pytest.raises(PayloadError):
            await adapter.http.get("http://127.0.0.1:2/", auth=None)

        assert response.status_code == 302
        assert not adapter.http.cookies
        assert not adapter.http.trust_env


def test_one_record_names_all_coarse_keys_of_a_key() -> None:
    """No coarse key in a record means no records; an unknown key and an error name nothing."""
    path: AccessPath[AssignmentWork] = AccessPath(
        coarse_lookup=Adapter.assignment_work_by_lms_course,
        key_of=lambda work: work.student_id,
        cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
        coarse_keys_from=Adapter.lms_accounts_by_student,
        coarse_keys_of=lambda account: account.course_ids,
    )
    courses = (LmsCourseId("23"), LmsCourseId("24"))
    account = LmsAccount(vendor_id="7", student_id=StudentId("1"), course_ids=courses)

    assert path.named_coarse_keys(account) == frozenset(courses)
    assert path.named_coarse_keys(replace(account, course_ids=())) == frozenset()
    assert path.named_coarse_keys(None) is None
    assert path.named_coarse_keys(PayloadError("unreadable")) is None


def test_records_of_a_list_name_coarse_keys() -> None:
    """An empty list names none, and does not say that there are no records."""
    path: AccessPath[AttendanceEvent] = AccessPath(
        coarse_lookup=Adapter.attendance_events_by_school,
        key_of=lambda event: event.student_id,
        cost=lambda _: CallCost(per_key=1, per_coarse_key=1),
        coarse_keys_from=Adapter.sections_by_school,
        coarse_key_of=lambda course: course.name,
    )
    courses = [LmsCourse(vendor_id=name, name=name) for name in ("Algebra", "Biology", "Algebra")]

    assert path.named_coarse_keys(courses) == frozenset({"Algebra", "Biology"})
    assert path.named_coarse_keys([]) is None
    assert path.named_coarse_keys(None) is None
