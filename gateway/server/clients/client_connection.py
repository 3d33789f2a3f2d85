"""
One connection of a client: HTTP/1.1 by uvicorn and httptools, with limits on what a client sends and reads.

Without them, a client that sends an endless head, line, body, trailers or sequence of requests takes memory and
processor time, and one that sends or reads very slowly keeps its connection for ever.
"""

from __future__ import annotations

import math
import select
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from student_graph.gateway.server.clients.connection_table import ConnectionState, ConnectionTable
from student_graph.gateway.server.responses import ReadingPace, RequestLimitError, ResponseTransport, refusal
from student_graph.gateway.web.request import MAX_BODY_BYTES

HEAD_SECONDS = 10.0
"""Time from the first byte of a request, or from the start of a connection, to the end of the request's head."""
REQUEST_SECONDS = 25.0
"""Time for a complete request. The gateway itself stops to wait for a body earlier, and says so."""
IDLE_SECONDS = 620.0
"""
How long a connection stays open without a request: longer than clients and proxies keep theirs, in clouds for up
to 600 seconds. If the gateway closed it first, it might do so while the other side sends a request, which is lost.
"""
CLOSE_SECONDS = 20.0
"""How long the last bytes of a response may take when a connection is being closed."""
LINGER_SECONDS, MAX_LINGER_BYTES = 5.0, 8 * 1024 * 1024
"""
How long a connection stays open after a request was answered while it was received, and what it may still send.

If it were closed at once, the client's system would throw the response away with what it still has to send.
"""
PIECE_BYTES = 8 * 1024
"""Bytes that are parsed at once; limits are checked in between."""
MAX_HEAD_BYTES = 32 * 1024
"""Bytes of a request's head, from the piece on that follows its first byte."""
MAX_HEADERS = 128
"""Headers of a request, and its trailers."""
MAX_REQUEST_BYTES = 1024 * 1024
"""Bytes of a request as sent, with a body that is refused and the framing of its chunks."""
MAX_PIPELINED_REQUESTS = 50
"""Complete requests that wait for the response to an earlier one."""


class ClientConnection(HttpToolsProtocol):
    """A connection that is closed if its client sends too much, or sends or reads too slowly."""

    def __init__(self, table: ConnectionTable, **options: Any) -> None:
        """Count the connection in `table`; `options` are those of uvicorn."""
        super().__init__(**options)
        self.timeout_keep_alive = math.ceil(IDLE_SECONDS)
        self._table = table
        self._running: RequestResponseCycle | None = None
        """The last request that the application was given."""
        self._idle_since = 0.0
        self._receiving_since: float | None = None
        """When the request began that is being received; None between two requests."""
        self._client: str | None = None
        """The address for which a proxy sends the present request."""
        self._is_in_head = True
        """Whether no complete head of the request was received."""
        self._request_bytes = 0
        self._requests_begun = 0
        self._ignores_input = False
        self._ignored_bytes = 0
        self._lingers_since: float | None = None
        self._reading_pace = ReadingPace()
        self._closing_since: float | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request, if there is a place for the connection."""
        super().connection_made(transport)
        self._idle_since = self._table.clock()
        if not self._table.add(self, self.client[0] if self.client else ""):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the connection's place back, and let the application learn that its client is gone."""
        self._table.remove(self)
        if self._is_answering() and self._running is not None and self._running is not self.cycle:
            self._running.disconnected = True  # uvicorn tells the last request only, which may still wait
            self._running.message_event.set()
        super().connection_lost(exc)
        # Each request refers to the connection. Without this cycle, both are freed when the application is done.
        self.cycle = None  # type: ignore[assignment]
        self._running = None
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        """Parse what a client sent, piece by piece."""
        if self._ignores_input:
            self._ignored_bytes += len(data)
            if self._lingers_since is not None and self._ignored_bytes > MAX_LINGER_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        if self._receiving_since is None:
            self._receiving_since = self._table.clock()
        for start in range(0, len(data), PIECE_BYTES):
            piece = data if len(data) <= PIECE_BYTES else data[start : start + PIECE_BYTES]
            try:
                self._parse(piece)
            except RequestLimitError as error:
                self._refuse(error.status, error.message)
            except httptools.HttpParserUpgrade:
                self._close_after_responses()  # what follows is another protocol, which the gateway does not speak
            except httptools.HttpParserError as error:
                cause = error.__context__
                if isinstance(cause, RequestLimitError):
                    self._refuse(cause.status, cause.message)
                else:
                    self._refuse(400, "This is not HTTP/1.1.")
            if self._ignores_input or self.transport.is_closing():
                break
        self._table.move(self, self._state(), self._client)

    def _parse(self, piece: bytes) -> None:
        """
        Parse some bytes.

        Raises:
            RequestLimitError: the request is too large.
            httptools.HttpParserError: it is not HTTP, or a callback raised an error.
        """
        begun = self._requests_begun
        self.parser.feed_data(piece)
        if self._requests_begun == begun:
            self._request_bytes += len(piece)
        if self.headers is not None and len(self.headers) > MAX_HEADERS:
            raise RequestLimitError(431, f"The request has more than {MAX_HEADERS} headers.")
        if self._is_in_head and self._request_bytes > MAX_HEAD_BYTES:
            raise RequestLimitError(431, f"The head of the request is longer than {MAX_HEAD_BYTES // 1024} KiB.")
        if self._request_bytes > MAX_BODY_BYTES and self.cycle is not None and self.cycle.more_body:
            self.cycle.keep_alive = False
        if self._request_bytes > MAX_REQUEST_BYTES:
            raise RequestLimitError(413, f"The request is longer than {MAX_REQUEST_BYTES // 1024} KiB.")

    def on_message_begin(self) -> None:
        """Begin to count the bytes and the time of a request."""
        super().on_message_begin()
        self._requests_begun += 1
        self._request_bytes = 0
        self._receiving_since = self._table.clock()

    def on_headers_complete(self) -> None:
        """
        Start the request, or let it wait for those before it.

        The response to one with too long a body says `Connection: close`, because it is not received to its end.

        Raises:
            RequestLimitError: it has too many headers, or too many requests wait.
        """
        if len(self.headers) > MAX_HEADERS:
            raise RequestLimitError(431, f"The request has more than {MAX_HEADERS} headers.")
        if len(self.pipeline) >= MAX_PIPELINED_REQUESTS:
            raise RequestLimitError(429, f"More than {MAX_PIPELINED_REQUESTS} requests wait on this connection.")
        self._client = self._table.client_of(self.client[0] if self.client else "", self.headers)
        lengths = [value for name, value in self.headers if name == b"content-length"]
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = ResponseTransport(lambda: self.transport, self.close_after_response)
            if any(int(length) > MAX_BODY_BYTES for length in lengths):
                self.cycle.keep_alive = False
        self._is_in_head = False
        self.headers = []  # trailers come into this list, and not among the headers that were checked

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        if self.cycle is not None:
            super().on_message_complete()
        self._is_in_head, self._client = True, None
        self._request_bytes = 0
        self._receiving_since = None
        self._release_request()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Wait for the next request, or start one that waits."""
        if self._running is not None:
            self._running.body.clear()  # what came of a body that was not read
        super().on_response_complete()
        self._idle_since = self._table.clock()
        self._table.move(self, self._state())
        self._release_request()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it is idle for too long."""
        self.check(self._table.clock())

    def _release_request(self) -> None:
        """Refer to the last request no longer, once it was received and answered: the next one may be far away."""
        if not self._is_answering() and self._state() is ConnectionState.IDLE:
            self.cycle = self._running = self.scope = None  # type: ignore[assignment] # uvicorn makes new ones

    def pause_writing(self) -> None:
        """Note that the client does not read as fast as it is sent to."""
        super().pause_writing()
        self._reading_pace.pause(self._table.clock(), self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Note that the client has read enough."""
        super().resume_writing()
        self._reading_pace.resume()

    def _state(self) -> ConnectionState:
        if self.pipeline or (self._is_answering() and self._running is not None and not self._running.more_body):
            return ConnectionState.WORKING
        return ConnectionState.IDLE if self._receiving_since is None else ConnectionState.RECEIVING

    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def evict(self) -> None:
        """Close the connection, whose place another one takes."""
        self.transport.abort()

    def check(self, now: float) -> None:
        """Close the connection if its client sends or reads too slowly; `now` is the table's time."""
        if self.transport.is_closing():
            if self._closing_since is None:
                self._closing_since = now
            elif now - self._closing_since > CLOSE_SECONDS:
                self.transport.abort()
        elif self._lingers_since is not None:
            if now - self._lingers_since > LINGER_SECONDS:
                self.transport.close()
        elif self._reading_pace.is_too_slow(now, self.transport.get_write_buffer_size()):
            self.transport.abort()
        elif self._sends_too_slowly(now):
            self.transport.close()

    def _sends_too_slowly(self, now: float) -> bool:
        if self._receiving_since is None:
            if self._is_answering() or self.pipeline:
                return False
            limit = IDLE_SECONDS if self._requests_begun else HEAD_SECONDS
            return now - self._idle_since > limit and not self._has_unread_bytes()
        if self.flow.read_paused:
            self._receiving_since = now  # the gateway does not read at the moment, so nothing can arrive
        return now - self._receiving_since > (HEAD_SECONDS if self._is_in_head else REQUEST_SECONDS)

    def _has_unread_bytes(self) -> bool:
        """Whether something has arrived that the event loop, which was busy, did not read yet."""
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _refuse(self, status: int, message: str) -> None:
        """Answer a request that cannot be parsed, after the responses to those before it, and close."""
        if self.pipeline or self._state() is ConnectionState.WORKING:
            self._close_after_responses()
            return
        running = self._running
        if running is not None and not self._is_in_head:
            if running.response_started:  # a second response would be taken for the one to the next request
                running.keep_alive = False
                self._ignores_input = True
                if running.response_complete:
                    self._linger()
                return
            running.disconnected = True
            running.message_event.set()
        self.transport.write(refusal(status, message))
        self._linger()

    def close_after_response(self) -> None:
        """Close the connection after the last response; if its request is still received, not at once."""
        if self._running is not None and self._running.more_body:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """End what is sent, and let the client send for a while before the connection is closed."""
        self._ignores_input = True
        self._receiving_since = None
        self.transport.write_eof()
        self.flow.resume_reading()
        self._lingers_since = self._table.clock()

    def _close_after_responses(self) -> None:
        """Read no further request, and close the connection after the responses to the complete ones."""
        self._ignores_input = True
        self._receiving_since = None
        if self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self._running
        if last is None or last.response_complete:
            self.transport.close()
        else:
            last.keep_alive = False
