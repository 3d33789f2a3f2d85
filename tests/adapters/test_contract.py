"""The conformance suite passes a good adapter; what it catches is in `test_mutants.py`."""

from __future__ import annotations

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing import AdapterSuite
from student_graph.adapters.testing.harness import open_adapter
from tests.adapters.helpers.small_vendor import Hall, HallSandbox


class HallSuite(AdapterSuite):
    """The suite, for adapters of the hall that are not installed."""

    sandbox_type = HallSandbox
    students = 30

    @classmethod
    def adapter_type(cls) -> type[Adapter]:
        """The good one."""
        return Hall


class TestHall(HallSuite):
    """A good adapter passes everything."""


def test_the_suite_asks_each_supported_lookup_and_no_other() -> None:
    """What is asked follows from what is overridden."""
    names = [lookup.name for lookup in Hall.capabilities()]

    assert names == [
        "school_enrollments_by_school",
        "school_enrollments_by_student",
        "students_by_district",
        "students_by_id",
    ]


async def test_the_suites_client_is_hardened_as_the_gateways() -> None:
    """It goes to the configured origin only, keeps no cookie, follows no redirect and heeds no proxy."""
    sandbox = HallSandbox(make_district(10))
    sandbox.url = "http://127.0.0.1:1"

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": "/", "set-cookie": "session=of-the-first-viewer"})

    async with open_adapter(sandbox, httpx.MockTransport(answer), kind=Hall) as adapter:
        answered = await adapter.http.get("/")
        with pytest.raises(PayloadError):
            await adapter.http.get("http://127.0.0.1:2/", auth=None)

        assert answered.status_code == 302
        assert not adapter.http.cookies
        assert not adapter.http.trust_env
