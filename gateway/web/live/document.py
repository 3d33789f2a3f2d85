"""One live document: it waits for a change, is executed again, and sends the answer if it is another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.types import Receive, Send

from student_graph.gateway.cache.live_basis import LiveBasis
from student_graph.gateway.concurrency.observation import note_stream
from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.web.admission import Admission, AdmittedRequest
from student_graph.gateway.web.disconnect import ClientDisconnectedError, run_while_connected
from student_graph.gateway.web.errors import log_internal_error
from student_graph.gateway.web.live.answers import LiveAnswer, LiveAnswers
from student_graph.gateway.web.live.events import NOT_RECORDED, EventSender, LiveEnd
from student_graph.gateway.web.live.timer import Timer
from student_graph.gateway.web.load_shedding import OverloadError
from student_graph.gateway.web.operation import InvalidOperationError
from student_graph.gateway.web.request import BadRequestError
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.fields.errors import INTERNAL

HEARTBEAT_SECONDS = 15.0
"""Time without an event after which the token is checked and a comment is sent."""
SETTLE_SECONDS = 1.0
"""How long a document waits once something has changed or is too old: much of it comes together."""
REFRESH_SECONDS = 10.0
"""How long a document waits for the sources of its stale answers; after that they are shown as stale."""


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What all live documents share."""

    admission: Admission
    answers: LiveAnswers
    timer: Timer
    turns: asyncio.Semaphore
    """Held while a document is executed again."""
    interval: float
    """Shortest time in seconds between two executions of one document."""


class LiveDocument:
    """A document whose answer is sent again whenever it has changed."""

    def __init__(self, request: AdmittedRequest, parts: LiveParts, on_close: Callable[[], None]) -> None:
        """Answer a request again and again; `on_close` is called at the end."""
        self._request, self._parts, self._on_close = request, parts, on_close
        self._timer = parts.timer
        self._changed = asyncio.Event()
        self._ended: asyncio.Future[LiveEnd] = asyncio.get_running_loop().create_future()
        self._basis: LiveBasis = parts.answers.basis(self._changed.set)
        self._first: LiveAnswer | None = None
        self._digest = b""
        """Digest of the answer that was sent last."""
        self._answered_at = 0.0
        """When the document was executed last, by the timer."""
        self._beat_at = self._timer.now() + HEARTBEAT_SECONDS

    def end(self, reason: LiveEnd) -> None:
        """End the document, also while it is executed."""
        if not self._ended.done():
            self._ended.set_result(reason)

    def close(self) -> None:
        """Give back what the document holds."""
        self._basis.close()
        self._on_close()

    async def answer_first(self) -> None:
        """
        Execute the document for the first time, and record what is disclosed. Nothing is sent yet.

        Raises:
            BadRequestError: it is not a GraphQL request, has deferred parts, or its answer is too large.
            InvalidOperationError: the document, its variables or its cost are refused.
            UnwritableError: the disclosures cannot be recorded.
        """
        self._first = await self._execute(self._request)
        await self._parts.answers.record(self._first)

    async def serve(self, receive: Receive, send: Send) -> None:
        """Send the first answer and those that follow, until the document ends or its client leaves."""
        try:
            await run_while_connected(receive, self._serve(EventSender(send)))
        except ClientDisconnectedError:
            return
        finally:
            self.close()

    async def _serve(self, events: EventSender) -> None:
        await events.start()
        note_stream()
        following = asyncio.create_task(self._follow(events))
        try:
            await asyncio.wait((following, self._ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            following.cancel()
            await asyncio.wait((following,))
        reason = self._ended.result() if self._ended.done() else following.result()
        await events.complete(reason)

    async def _follow(self, events: EventSender) -> LiveEnd:
        """Send the first answer and all others that differ; return what ends the document."""
        try:
            assert self._first is not None
            await events.next(self._first.body)
            self._first = None
            while True:
                while self._timer.now() < (due_at := self._due_at()):
                    await self._wait(events, due_at)
                await self._refresh(events)
                answer = await self._execute_again(events)
                if answer.digest != self._digest:
                    await self._parts.answers.record(answer)
                    self._digest = answer.digest
                    await events.next(answer.body)
                del answer  # it is large, and a quiet document holds nothing but its digest
        except BadRequestError as error:
            return LiveEnd(error.code, error.message)
        except InvalidOperationError as error:
            first = error.errors[0]
            return LiveEnd(first["extensions"]["code"], first["message"])
        except UnwritableError:
            return NOT_RECORDED
        except Exception as exc:  # noqa: BLE001 - a bug in the gateway: the client learns only that there is one
            log_internal_error(exc)
            return LiveEnd("INTERNAL", INTERNAL)

    async def _wait(self, events: EventSender, until: float) -> None:
        """
        Wait until something changes, or until a time at most; and send a comment now and then.

        Raises:
            BadRequestError: the viewer's token or ticket is not valid any longer.
        """
        await self._timer.wait(self._changed, min(until, self._beat_at))
        self._changed.clear()
        if self._timer.now() >= self._beat_at:
            await self._viewer()
            await events.heartbeat()
            self._beat_at = self._timer.now() + HEARTBEAT_SECONDS

    async def _viewer(self) -> Viewer:
        """
        The viewer with the rights of now.

        Raises:
            BadRequestError: the viewer's token or ticket is not valid any longer.
        """
        return await self._parts.admission.viewer(self._request.head, acceptable=True)

    def _due_at(self) -> float:
        """When the document is executed again."""
        return max(self._answered_at + self._parts.interval, self._basis.due_at + SETTLE_SECONDS)

    async def _refresh(self, events: EventSender) -> None:
        """Ask for what is stale, and wait until it is there: an answer is sent once, and not stale before."""
        stale = self._basis.refresh()
        until = self._timer.now() + REFRESH_SECONDS
        while self._basis.is_waiting_for(stale) and self._timer.now() < until:
            await self._wait(events, until)

    async def _execute_again(self, events: EventSender) -> LiveAnswer:
        """
        Execute the document with the rights that its viewer has now, after the requests of people.

        Raises:
            BadRequestError: the viewer's token or ticket is not valid any longer, or the answer is too large.
            InvalidOperationError: the document, its variables or its cost are refused.
        """
        while True:
            viewer = await self._viewer()
            try:
                async with self._parts.turns:
                    with self._parts.admission.admit_again(viewer):
                        self._basis.close()
                        self._basis = self._parts.answers.basis(self._changed.set)
                        return await self._execute(replace(self._request, viewer=viewer, max_age=None))
            except OverloadError as error:
                until = self._timer.now() + error.retry_after
                while self._timer.now() < until:
                    await self._wait(events, until)

    async def _execute(self, request: AdmittedRequest) -> LiveAnswer:
        self._answered_at = self._timer.now()
        answer = await self._parts.answers.make(request, self._basis)
        if not self._digest:
            self._digest = answer.digest
        return answer
