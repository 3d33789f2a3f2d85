"""What an adapter does when the vendor fails: it fails, and says nothing in place of what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
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
from student_graph.adapters.testing.asking import Told, ask, built, errors_of, moments, tell
from student_graph.adapters.testing.wire import Faulty


def unreachable() -> httpx.Response:
    """Nobody answers."""
    raise httpx.ConnectError("nobody answers")


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
    "an error inside": (lambda: httpx.Response(200, json={"errors": [{"message": "no"}]}), PayloadError),
    "no connection": (unreachable, UnavailableError),
}


class Failures:
    """Every supported lookup, while the vendor fails: in the middle, and at the last request."""

    kind: type[Adapter]
    optional_when_refused: ClassVar[frozenset[str]] = frozenset()
    """Lookups that answer with less where the vendor refuses a part, because their docstring calls it optional."""

    async def test_a_failing_vendor_is_a_failure(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Whatever the vendor does instead of answering becomes the error that it is; no key has less."""
        healthy = await self.healthy(lookup, sandbox)
        requests = len(sandbox.requests)
        optional = lookup.name in self.optional_when_refused
        for name, (fault, error) in FAULTS.items():
            for good in () if optional and error is RefusedError else moments(requests):
                wire = Faulty(sandbox.url, good, fault)
                async with built(sandbox, wire, kind=self.kind) as adapter:
                    told = await tell(adapter, lookup, list(healthy), sandbox.arguments())
                due = {_due(name, wire.sent[good], sandbox)}

                assert failures(told, healthy) == due, f"{name} after {good} good answers"

    @pytest.mark.parametrize("name", FAULTS)
    async def test_a_failing_vendor_fails_the_check(self, name: str, sandbox: Sandbox) -> None:
        """Also when it fails at the first request, which may be for a token."""
        wire = Faulty(sandbox.url, 0, FAULTS[name][0])
        async with built(sandbox, wire, kind=self.kind) as adapter:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is a bug
                await adapter.check()

        assert type(translate(caught.value)) is _due(name, wire.sent[0], sandbox)

    async def test_a_vendor_that_goes_down_is_a_failure(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """Also in the middle of a paging: a short list is never an answer."""
        healthy = await self.healthy(lookup, sandbox)
        for good in moments(len(sandbox.requests)):
            sandbox.switches.down_after = good
            async with built(sandbox, kind=self.kind) as adapter:
                told = await tell(adapter, lookup, list(healthy), sandbox.arguments())
            sandbox.switches.change({"down": False, "down_after": None})

            assert {UnavailableError} == failures(told, healthy), f"after {good} good answers"

    async def test_throttling_is_told_apart_from_refusal(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """The vendor's own throttling answer means: later."""
        healthy = await self.healthy(lookup, sandbox)
        sandbox.switches.throttled = True
        async with built(sandbox, kind=self.kind) as adapter:
            told = await tell(adapter, lookup, list(healthy), sandbox.arguments())

        assert {UnavailableError} == failures(told, healthy)
        assert {"RATE_LIMITED"} == {error.code for error in errors_of(told)}

    @pytest.mark.parametrize("status", [404, 405, 501])
    async def test_a_vendor_without_the_route_has_no_records(
        self, lookup: Lookup, status: int, sandbox: Sandbox
    ) -> None:
        """What the vendor does not have is absent or not offered: never a list, and never another failure."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        wire = Faulty(sandbox.url, 0, lambda: httpx.Response(status, json={}))
        async with built(sandbox, wire, kind=self.kind) as adapter:
            told = await tell(adapter, lookup, keys, sandbox.arguments())
        answers = [told] if isinstance(told, AdapterError) else list(told.values())

        assert [answer for answer in answers if not isinstance(answer, NotOfferedError)] == []
        assert status == 404 or answers

    async def test_a_vendor_says_when_to_ask_again(self, lookup: Lookup, sandbox: Sandbox) -> None:
        """In seconds or as a date; a date that is past means now."""
        keys = sandbox.known_keys(lookup.key_kind)[:1]
        now = datetime.now(UTC)
        for text, least, most in (
            ("7", 7.0, 7.0),
            (format_datetime(now + timedelta(hours=1), usegmt=True), 300.0, 300.0),
            (format_datetime(now - timedelta(hours=1), usegmt=True), 0.0, 0.0),
        ):
            headers = {"retry-after": text}
            wire = Faulty(sandbox.url, 0, lambda headers=headers: httpx.Response(429, headers=headers))  # type: ignore[misc]
            async with built(sandbox, wire, kind=self.kind) as adapter:
                errors = errors_of(await tell(adapter, lookup, keys, sandbox.arguments()))

            assert errors
            assert [e for e in errors if e.retry_after is None or not least <= e.retry_after <= most] == [], text

    async def healthy(self, lookup: Lookup, sandbox: Sandbox) -> Told:
        """What two keys are answered when all is well; the sandbox's `requests` are what it took."""
        keys = sandbox.known_keys(lookup.key_kind)[:2]
        sandbox.requests.clear()
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, keys, sandbox.arguments())
        return {key: told.get(key) for key in keys}


def _due(name: str, request: httpx.Request, sandbox: Sandbox) -> type[AdapterError]:
    """What a fault must become; with a 400 a token endpoint refuses credentials (RFC 6749 §5.2)."""
    refused = name == "400" and request.url.path == sandbox.token_path
    return RefusedError if refused else FAULTS[name][1]


def failures(told: Told | AdapterError, healthy: Told) -> set[type[AdapterError]]:
    """
    How a batch failed, as types of error.

    Raises:
        AssertionError: a key that did not fail has another answer than when all was well.
    """
    answers: Iterable[object] = () if isinstance(told, AdapterError) else healthy
    for key in answers:
        assert isinstance(told, dict)
        answer = told.get(key)
        assert isinstance(answer, AdapterError) or answer == healthy[key], "an answer with less in it"
    return {type(error) for error in errors_of(told)}
