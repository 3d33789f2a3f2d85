"""Runs one test of the conformance suite on an adapter with a planted fault."""

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
"""The exceptions of a failing test: a failed assertion, or an exception of the adapter."""


async def run(kind: type[Adapter], name: str, fixtures: dict[str, Any], sandbox: Sandbox) -> None:
    """Run the test of that name on an adapter, with those of the fixtures and cases that it takes."""

    class Suite(AdapterSuite):
        sandbox_type = type(sandbox)

        @classmethod
        def adapter_type(cls) -> type[Adapter]:
            return kind

    method = getattr(Suite(), f"test_{name}")
    sandbox.switches = Switches()
    sandbox.requests.clear()
    result = method(**{parameter: fixtures[parameter] for parameter in inspect.signature(method).parameters})
    if inspect.isawaitable(result):
        await result
