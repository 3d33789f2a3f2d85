"""What an adapter does when the vendor fails: it fails, and says nothing in place of what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import httpx
import pytest

from adapters.contract import Adapter
from adapters.errors import AdapterError, PayloadError, RefusedError, UnavailableError, translate
from adapters.lookup import Lookup
from adapters.sandbox.serving import Sandbox
from adapters.testing.asking import Told, ask, built, tell, tls


def unreachable() -> httpx.Response:
    """Nobody answers."""
    raise httpx.ConnectError("nobody answers")


JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
FAULTS: dict[str, tuple[Callable[[], httpx.Response], type[AdapterError]]] = {
    "401": (lambda: httpx.Response(401), RefusedError),
    "403": (lambda: httpx.Response(403), RefusedError),
    "429": (lambda: httpx.Response(429, headers={"retry-after": "7"}), UnavailableError),
    "500": (lambda: httpx.Response(500), UnavailableError),
    "503": (lambda: httpx.Response(503), UnavailableError),
    "a login page": (lambda: httpx.Response(200, html="<html>Sign in</html>", headers=HTML), PayloadError),
    "an empty body": (lambda: httpx.Response(200, headers=JSON), PayloadError),
    "a truncated body": (lambda: httpx.Response(200, content=b'[{"id": 1', headers=JSON), PayloadError),
    "an error inside": (lambda: httpx.Response(200, json={"errors": [{"message": "no"}]}), PayloadError),
    "no connection": (unreachable, UnavailableError),
}


class Faulty(httpx.AsyncBaseTransport):
    """Lets so many requests through to the vendor, and answers all that follow itself."""

    def __init__(self, good: int, fault: Callable[[], httpx.Response]) -> None:
        self._good, self._fault = good, fault
        self._inner = httpx.AsyncHTTPTransport(verify=tls())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or fail."""
        if self._good > 0:
            self._good -= 1
            return await self._inner.handle_async_request(request)
        return self._fault()

    async def aclose(self) -> None:
        """Close the way to the vendor."""
        await self._inner.aclose()


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
                async with built(sandbox, Faulty(good, fault), kind=self.kind) as adapter:
                    told = await tell(adapter, lookup, list(healthy), sandbox.arguments())

                assert failures(told, healthy) == {error}, f"{name} after {good} good answers"

    @pytest.mark.parametrize("name", FAULTS)
    async def test_a_failing_vendor_fails_the_check(self, name: str, sandbox: Sandbox) -> None:
        """Also when it fails at the first request, which may be for a token."""
        fault, error = FAULTS[name]
        async with built(sandbox, Faulty(0, fault), kind=self.kind) as adapter:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - `translate` raises again what is a bug
                await adapter.check()

        assert type(translate(caught.value)) is error

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

    async def healthy(self, lookup: Lookup, sandbox: Sandbox) -> Told:
        """What two keys are answered when all is well; the sandbox's `requests` are what it took."""
        keys = sandbox.known(lookup.key_kind)[:2]
        sandbox.requests.clear()
        async with built(sandbox, kind=self.kind) as adapter:
            told = await ask(adapter, lookup, keys, sandbox.arguments())
        return {key: told.get(key) for key in keys}


def moments(requests: int) -> list[int]:
    """After how many good answers the vendor fails: in the middle, and before the last."""
    return sorted({requests // 2, requests - 1})


def errors_of(told: Told | AdapterError) -> list[AdapterError]:
    """The failures of a batch."""
    return [told] if isinstance(told, AdapterError) else [e for e in told.values() if isinstance(e, AdapterError)]


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
