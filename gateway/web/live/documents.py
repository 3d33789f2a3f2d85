"""The live documents of one application: their budget, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive

from student_graph.gateway.web.admission import Admission, AdmittedRequest
from student_graph.gateway.web.disconnect import run_while_connected
from student_graph.gateway.web.live.answers import LiveAnswers
from student_graph.gateway.web.live.document import LiveDocument, LiveParts
from student_graph.gateway.web.live.events import SETTINGS_CHANGED, STOPPING
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.live.timer import Timer
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.routes.status_events import CHECK_SECONDS, EventStreams

RETRY_SECONDS = 10
"""When a client may try again to open a live document that the budget refused."""


class LiveDocuments:
    """Opens live documents, and ends them all when the process stops or other settings hold."""

    def __init__(
        self,
        admission: Admission,
        answers: LiveAnswers,
        limits: LiveLimits,
        is_stopping: Callable[[], bool],
        timer: Timer,
    ) -> None:
        """Open documents within `limits`, until `is_stopping` is true."""
        self._is_stopping = is_stopping
        self._parts = LiveParts(admission, answers, timer, asyncio.Semaphore(limits.at_once), limits.interval)
        self._budget = EventStreams(
            is_stopping, max_streams=limits.documents, max_per_viewer=limits.documents_per_viewer
        )
        self._open: set[LiveDocument] = set()
        self._checking: asyncio.Task[None] | None = None
        """Ends the documents when the process stops; None while there is no document."""

    def __len__(self) -> int:
        """Documents that are live now."""
        return len(self._open)

    async def open(self, request: AdmittedRequest, receive: Receive) -> LiveDocument:
        """
        Execute the document of a request for the first time; the returned document must be served.

        Raises:
            BadRequestError: there are too many live documents, or the request is refused.
            InvalidOperationError: the document, its variables or its cost are refused.
            UnwritableError: the disclosures cannot be recorded.
            ClientDisconnectedError: the client disconnected before the answer was ready.
        """
        person = request.viewer.person
        if not self._budget.has_room(person):
            message = "There are too many live documents: close one, or try again later."
            raise BadRequestError(429, message, "RATE_LIMITED", {"Retry-After": str(RETRY_SECONDS)})
        self._budget.open(person)

        def on_close() -> None:
            self._budget.close(person)
            self._open.discard(document)
            if not self._open and self._checking is not None:
                self._checking.cancel()
                self._checking = None

        document = LiveDocument(request, self._parts, on_close)
        self._open.add(document)
        try:
            await run_while_connected(receive, document.answer_first())
        except BaseException:
            document.close()
            raise
        if self._budget.ending:
            document.end(STOPPING if self._is_stopping() else SETTINGS_CHANGED)
        elif self._checking is None:
            self._checking = asyncio.create_task(self._end_when_stopping())
        return document

    def end(self) -> None:
        """End all documents: other settings hold now."""
        self._budget.end()
        for document in self._open:
            document.end(SETTINGS_CHANGED)

    async def _end_when_stopping(self) -> None:
        while not self._is_stopping():  # noqa: ASYNC110 - a signal handler says so, which wakes no task
            await asyncio.sleep(CHECK_SECONDS)
        for document in self._open:
            document.end(STOPPING)
