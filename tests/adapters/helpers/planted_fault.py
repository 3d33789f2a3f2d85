"""How one test of the conformance suite is tried on an adapter with a planted fault."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import AdapterError
from student_graph.adapters.sandbox.serving import Sandbox, Switches
from student_graph.adapters.testing import AdapterSuite

FAILED = (AssertionError, AdapterError, httpx.HTTPError, TimeoutError, pytest.fail.Exception)
"""What a failing test raises: its own complaint, or what the adapter raised where an answer was due."""


async def run(kind: type[Adapter], name: str, given: dict[str, Any], sandbox: Sandbox) -> None:
    """Run the test of that name on an adapter, with the fixtures and cases that it asks for."""

    class Suite(AdapterSuite):
        sandbox_type = type(sandbox)

        @classmethod
        def adapter_type(cls) -> type[Adapter]:
            return kind

    method = getattr(Suite(), f"test_{name}")
    sandbox.switches = Switches()
    sandbox.requests.clear()
    told = method(**{each: given[each] for each in inspect.signature(method).parameters})
    if inspect.isawaitable(told):
        await told
