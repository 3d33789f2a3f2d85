"""Tests of a failing vendor: the adapter fails too, and never returns less instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import ClassVar

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import (
    AdapterError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
    translate,
)
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.applicability import about_http
from student_graph.adapters.testing.harness import (
    BatchResult,
    errors_of,
    failure_points,
    open_adapter,
    run_lookup,
    run_lookup_or_error,
)
from student_graph.adapters.testing.transports import FaultyTransport, RecordingTransport, RememberingTransport


def refuse_connection() -> httpx.Response:
    """Fail as if no server were listening."""
    raise httpx.ConnectError("connection refused")


JSON = {"content-type": "application/json"}
XML = {"content-type": "application/xml"}
HTML = {"content-type": "text/html; charset=utf-8"}
FAULTS: dict[str, tuple[Callable[[], httpx.Response], type[AdapterError]]] = {
    "400": (lambda: httpx.Response(400, json={"message": "no"}), PayloadError),
    "401": (lambda: httpx.Response(401), RefusedError),
    "403": (lambda: httpx.Response(403), RefusedError),
    "410": (lambda: httpx.Response(410), PayloadError),
    "418": (lambda: httpx.Response(418), PayloadError),
    "a redirect": (lambda: httpx.Response(302, headers={"location": "/"}), PayloadError),
    "429": (lambda: httpx.Response(429, headers={"retry-after": "7"}), UnavailableError),
    "500": (lambda: httpx.Response(500), UnavailableError),
    "500 with rows": (lambda: httpx.Response(500, content=b"[]", headers=JSON), UnavailableError),
    "503": (lambda: httpx.Response(503), UnavailableError),
    "a login page": (lambda: httpx.Response(200, html="<html>Sign in</html>", headers=HTML), PayloadError),
    "a page labelled as JSON": (lambda: httpx.Response(200, content=b"<html>", headers=JSON), PayloadError),
    "rows labelled as XML": (lambda: httpx.Response(200, content=b"[]", headers=XML), PayloadError),
    "an empty body": (lambda: httpx.Response(200, headers=JSON), PayloadError),
    "a truncated body": (lambda: httpx.Response(200, content=b'[{"id": 1', headers=JSON), PayloadError),
    "an error object": (lambda: httpx.Response(200, json={"errors": [{"message": "no"}]}), PayloadError),
    "no connection": (refuse_connection, UnavailableError),
}
"""Each fault by name: the response, and the error that it must become."""


class Failures:
    """Tests of every supported lookup with a vendor that fails in the middle, and at the last request."""

    kind: type[Adapter]
    optional_when_refused: ClassVar[frozenset[str]] = frozenset()
    """Lookups that return less if the vendor refuses a part that their docstring calls optional."""

    @about_http
    async def test_a_failing_vendor_is_a_failure(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Each fault of the vendor becomes the right error, and no key has fewer records."""
        vendor = RememberingTransport(sandbox)
        healthy = await self.healthy_batch(lookup, sandbox, vendor)
        request_count = len(sandbox.requests)
        optional = lookup.name in self.optional_when_refused
        for name, (fault, error) in FAULTS.items():
            for good in () if optional and error is RefusedError else failure_points(request_count):
                transport = FaultyTransport(sandbox, good, fault, vendor.responses)
                async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                    result = await run_lookup_or_error(adapter, lookup, list(healthy), sandbox.arguments())
                expected = {_expected_error(name, transport.sent[good], sandbox)}

                assert failures(result, healthy) == expected, f"{name} after {good} good responses"

    @about_http
    @pytest.mark.parametrize("name", FAULTS)
    async def test_a_failing_vendor_fails_the_check(self, name: str, sandbox: Sandbox) -> None:
        """`check` fails with the right error if the first request fails, which may be a token request."""
        transport = FaultyTransport(sandbox, 0, FAULTS[name][0])
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises a bug again
                await adapter.check()

        assert type(translate(caught.value)) is _expected_error(name, transport.sent[0], sandbox)

    @about_http
    async def test_a_vendor_that_goes_down_is_a_failure(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """A vendor that goes down, also between two pages, is an error and never a shorter list."""
        healthy = await self.healthy_batch(lookup, sandbox)
        for good in failure_points(len(sandbox.requests)):
            sandbox.switches.down_after = good
            async with open_adapter(sandbox, kind=self.kind) as adapter:
                result = await run_lookup_or_error(adapter, lookup, list(healthy), sandbox.arguments())
            sandbox.switches.change({"down": False, "down_after": None})

            assert {UnavailableError} == failures(result, healthy), f"after {good} good responses"

    @about_http
    async def test_throttling_is_not_a_refusal(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """The vendor's own throttling response becomes RATE_LIMITED, which can be retried."""
        healthy = await self.healthy_batch(lookup, sandbox)
        sandbox.switches.throttled = True
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, lookup, list(healthy), sandbox.arguments())

        assert {UnavailableError} == failures(result, healthy)
        assert {"RATE_LIMITED"} == {error.code for error in errors_of(result)}

    @about_http
    @pytest.mark.parametrize("status", [404, 405, 501])
    async def test_a_vendor_without_the_route_has_no_records(
        self, lookup: Lookup, status: int, sandbox: Sandbox
    ) -> None:
        """A resource that the vendor does not have is absent or not offered, never a list or another error."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        transport = FaultyTransport(sandbox, 0, lambda: httpx.Response(status, json={}))
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            result = await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())
        answers = [result] if isinstance(result, AdapterError) else list(result.values())

        assert [answer for answer in answers if not isinstance(answer, NotOfferedError)] == []
        assert status == 404 or answers

    @about_http
    async def test_retry_after_is_passed_on(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """The error holds the seconds of `Retry-After`, also if it is a date; a date in the past means 0."""
        keys = sandbox.known_keys(lookup.key_kind)[:1]
        now = datetime.now(UTC)
        for text, at_least, at_most in (
            ("7", 7.0, 7.0),
            (format_datetime(now + timedelta(hours=1), usegmt=True), 300.0, 300.0),
            (format_datetime(now - timedelta(hours=1), usegmt=True), 0.0, 0.0),
        ):
            headers = {"retry-after": text}
            transport = FaultyTransport(sandbox, 0, partial(httpx.Response, 429, headers=headers))
            async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
                errors = errors_of(await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments()))

            assert errors
            waits = [error.retry_after for error in errors]
            assert [w for w in waits if w is None or not at_least <= w <= at_most] == [], text

    async def healthy_batch(
        self, lookup: Lookup, sandbox: Sandbox, transport: RecordingTransport | None = None
    ) -> BatchResult:
        """The answers to two keys of a working vendor; `sandbox.requests` are then the requests that they took."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        sandbox.requests.clear()
        async with open_adapter(sandbox, transport, kind=self.kind) as adapter:
            batch = await run_lookup(adapter, lookup, keys, sandbox.arguments())
        return {key: batch.get(key) for key in keys}


def _expected_error(name: str, request: httpx.Request, sandbox: Sandbox) -> type[AdapterError]:
    """The error that a fault must become. A 400 of a token endpoint refuses credentials (RFC 6749 §5.2)."""
    refused = name == "400" and request.url.path == sandbox.token_path
    return RefusedError if refused else FAULTS[name][1]


def failures(result: BatchResult | AdapterError, healthy: BatchResult) -> set[type[AdapterError]]:
    """
    The types of the errors in a result.

    Raises:
        AssertionError: a key that did not fail has another answer than from the working vendor.
    """
    if isinstance(result, dict):
        for key, expected in healthy.items():
            answer = result.get(key)
            has_same = isinstance(answer, AdapterError) or answer == expected
            assert has_same, f"after a failed request, key {key!r} has fewer records: it must be an error"
    return {type(error) for error in errors_of(result)}
