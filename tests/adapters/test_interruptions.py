"""Tests of the conformance suite that hold a request do not wait for one that is never sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.interruptions import request_is_held
from student_graph.adapters.testing.transports import HoldingTransport
from tests.adapters.helpers.planted_fault import FAILED
from tests.adapters.helpers.small_vendor import SmallVendorSandbox


async def test_a_lookup_that_sends_no_request_fails_the_test_with_its_error() -> None:
    """An adapter with a wrong address in its settings ends like this; its request would never come."""

    async def fail() -> dict[str, Any]:
        return {"1": UnavailableError("the address is not that of the source")}

    transport = HoldingTransport(SmallVendorSandbox(make_district(10)), 0)
    with pytest.raises(FAILED, match=r"after 0 requests .*the address is not that of the source"):
        await request_is_held(transport, asyncio.ensure_future(fail()))
