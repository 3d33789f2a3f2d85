"""
Retries: only where a request is safe to repeat, likely to succeed and within a budget of a tenth of all requests.

Without the budget, three attempts per request triple the load of a vendor that fails under load.
https://sre.google/sre-book/handling-overload/
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import httpx

from student_graph.adapters.errors import (
    DEFAULT_RETRY_AFTER_SECONDS,
    AdapterError,
    BodyTooLargeError,
    retry_after_seconds,
)
from student_graph.gateway.concurrency.deadlines import remaining_seconds
from student_graph.gateway.concurrency.observation import Attribute, current_span, span
from student_graph.gateway.http.gate import Gate, SentCall
from student_graph.gateway.http.rate_limits import is_throttled, parse_rate_limit
from student_graph.gateway.http.transport import RepeatedDisconnectError, is_repeatable

MAX_WORKING_PATHS = 1000
"""Paths that are remembered for one source."""
MAX_ATTEMPTS = 3
"""For one request, the first attempt included."""
BACKOFF_BASE_SECONDS = 0.1
"""The delay before a retry is a random number from 0 to this, doubled for each attempt (full jitter)."""
MAX_BACKOFF_SECONDS = 1.0
BUDGET_WINDOW_SECONDS = 120.0
MAX_RETRY_SHARE = 0.1
"""The share of the requests in the window that may be retried."""
MIN_RETRIES_PER_WINDOW = 3
"""Retries that are allowed in the window, however few requests there were."""
MIN_FAIR_ATTEMPT_SECONDS = 0.25
"""A timeout of an attempt that had less time than this is not counted as a failure of the source."""
_TRANSIENT_STATUSES = frozenset({429, 502, 503, 504})
"""Statuses after which the same request may succeed a moment later."""


@dataclass(slots=True)
class _Slot:
    """A twelfth of the budget's window: when it began, its requests and its retries."""

    began: float
    requests: int = 0
    retries: int = 0


class RetryBudget:
    """Limits retries to a share of the requests of the last two minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slots: deque[_Slot] = deque([_Slot(-BUDGET_WINDOW_SECONDS)])

    def record_request(self) -> None:
        """Count a request."""
        self._current_slot().requests += 1

    def try_spend(self) -> bool:
        """Whether one more retry is allowed; if so, it is counted."""
        slot = self._current_slot()
        requests = sum(other.requests for other in self._slots)
        retries = sum(other.retries for other in self._slots)
        if retries >= max(MIN_RETRIES_PER_WINDOW, MAX_RETRY_SHARE * requests):
            return False
        slot.retries += 1
        return True

    def _current_slot(self) -> _Slot:
        """The slot of the current time; slots older than the window are removed."""
        now = self._clock()
        if now >= self._slots[-1].began + BUDGET_WINDOW_SECONDS / 12:
            self._slots.append(_Slot(now))
            while self._slots[0].began < now - BUDGET_WINDOW_SECONDS:
                self._slots.popleft()
        return self._slots[-1]


class RetryTransport(httpx.AsyncBaseTransport):
    """Sends requests through the gate and retries those that are safe to repeat."""

    def __init__(self, inner: httpx.AsyncBaseTransport, gate: Gate) -> None:
        self._inner, self._gate, self._budget = inner, gate, RetryBudget()
        self._working_paths: set[str] = set()
        """Paths that were answered with success."""

    def wrap(self, wrapper: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]) -> None:
        """Send each attempt by what `wrapper` makes of the present transport."""
        self._inner = wrapper(self._inner)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The response of the last attempt.

        If a request with the extension `needed_by_all` fails, all reads that are under way have failed.

        Raises:
            AdapterError: the gate does not admit the request, or the response breaks a rule or a limit.
            httpx.TransportError: there was no response.
        """
        self._budget.record_request()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            response, failure = await self._attempt_in_span(request, attempt)
            may_repeat = is_repeatable(request) or _is_unsent(failure)
            retryable = may_repeat and attempt < _max_attempts(response, failure)
            max_pause = min(BACKOFF_BASE_SECONDS * 2**attempt, MAX_BACKOFF_SECONDS)
            pause = random.uniform(0, max_pause)  # noqa: S311 - no secret
            if not retryable or pause >= remaining_seconds():
                break
            # The gate has paused and reduced the requests that a vendor throttles: their retries add no load.
            if not (response is not None and is_throttled(response)) and not self._budget.try_spend():
                break
            with span("wait before a retry"):
                await asyncio.sleep(pause)
        is_outage = failure is not None or (response is not None and response.status_code >= 500)
        if is_outage and request.extensions.get("needed_by_all") and remaining_seconds():
            self._gate.fail_reads()
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # its traceback refers to this frame
        assert response is not None
        return response

    async def _attempt_in_span(
        self, request: httpx.Request, attempt: int
    ) -> tuple[httpx.Response | None, Exception | None]:
        """The result of an attempt. Its span says where it was sent, without the path, which may hold an id."""
        if current_span() is None:
            return await self._attempt(request)
        url = request.url
        attributes: dict[str, Attribute] = {"http.request.method": request.method, "server.address": url.host}
        if url.port is not None:
            attributes["server.port"] = url.port
        if attempt > 1:
            attributes["http.request.resend_count"] = attempt - 1
        with span(request.method, attributes, is_client=True) as sent:
            assert sent is not None
            request.headers.update(sent.headers)
            response, failure = await self._attempt(request)
            if response is not None:
                sent.set("http.response.status_code", response.status_code)
            failed = type(failure).__name__ if failure is not None else None
            if response is not None and response.status_code >= 400:
                failed = str(response.status_code)
            if failed is not None:
                sent.set("error.type", failed)
        return response, failure

    async def _attempt(self, request: httpx.Request) -> tuple[httpx.Response | None, Exception | None]:
        """A response, or the error of the attempt; either is reported to the gate."""
        permit = await self._gate.enter()
        call = self._gate.sent_call()
        hurried = remaining_seconds() < MIN_FAIR_ATTEMPT_SECONDS
        succeeded: bool | None = None  # stays None when the caller is cancelled
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx.TransportError, AdapterError) as failure:
            timed_out = isinstance(failure, httpx.TimeoutException)
            # A page that is too large is read again with fewer rows: it says nothing against the vendor.
            is_neutral = (hurried and timed_out) or isinstance(failure, BodyTooLargeError)
            succeeded = None if is_neutral else False
            if timed_out and not hurried:
                self._gate.record_refusal(call, throttled=False)
            return None, failure
        else:
            succeeded = self._succeeded(request, response)
            self._learn_from(call, request, response)
            return response, None
        finally:
            self._gate.leave(permit, succeeded=succeeded)

    def _succeeded(self, request: httpx.Request, response: httpx.Response) -> bool | None:
        """
        Whether a response counts as a success of the source; None if it says nothing about it.

        Some servers answer 500 without a body for a resource that they do not have, and all others work.
        """
        path = request.url.path
        if response.is_success and len(self._working_paths) < MAX_WORKING_PATHS:
            self._working_paths.add(path)
        if response.status_code == 500 and not response.content:
            return None if self._working_paths and path not in self._working_paths else False
        return response.status_code < 500

    def _learn_from(self, call: SentCall, request: httpx.Request, response: httpx.Response) -> None:
        """Pause or slow down as the response's status and headers ask for, and learn from its duration."""
        throttled, limit = is_throttled(response), parse_rate_limit(response.headers)
        if throttled or response.status_code == 503:
            self._gate.record_refusal(call, throttled=throttled)
            seconds = retry_after_seconds(response.headers)
            if throttled and seconds is None and not (limit is not None and limit.pause_seconds):
                seconds = DEFAULT_RETRY_AFTER_SECONDS
            if throttled or seconds:
                self._gate.announce_pause(seconds or 0.0)
        elif response.is_success:
            self._gate.record_response(call, _kind_of(request, response))
        if limit is not None:
            self._gate.apply_rate_limit(call, limit)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def _kind_of(request: httpx.Request, response: httpx.Response) -> Hashable:
    """
    The kind of a request: requests of one kind are about equally expensive for the vendor.

    It is the path without ids, the names of the parameters, and the size of the response as a power of four.
    """
    path = tuple(part for part in request.url.path.split("/") if not any(map(str.isdigit, part)))
    return request.method, path, tuple(request.url.params), len(response.content).bit_length() // 2


def _max_attempts(response: httpx.Response | None, failure: Exception | None) -> int:
    """How many attempts a request gets after this result: more than one only if a retry may succeed."""
    match failure:
        case None:
            assert response is not None
            return MAX_ATTEMPTS if response.status_code in _TRANSIENT_STATUSES or is_throttled(response) else 1
        case RepeatedDisconnectError():
            return 1  # it was sent twice already
        case httpx.ReadError():
            return 2
        case failure if _is_unsent(failure):
            return MAX_ATTEMPTS
        case _:
            return 1


def _is_unsent(failure: Exception | None) -> bool:
    """Whether there was no connection: any request may be sent again, because the vendor has not received it."""
    return isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout)
