"""A correct adapter passes the conformance suite; `test_mutants.py` tests what the suite finds."""

from __future__ import annotations

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import PayloadError
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
