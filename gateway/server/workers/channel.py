"""Requests between the supervisor and one worker, in both directions over one socket pair."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import msgspec

log = logging.getLogger("student_graph.workers")

LENGTH_BYTES = 4
"""Bytes before each message that say how long it is."""
MAX_UNREAD_BYTES = 64 << 20
"""Bytes that wait for the other side; with more of them it has stopped to read, and the channel is closed."""

GONE = "it has gone"

Handler: TypeAlias = "Callable[[Any], Awaitable[Any]]"
"""Answers one kind of request; payload and answer are JSON."""


class ChannelError(Exception):
    """The other side has gone, does not answer in time, or failed."""

    def __init__(self, text: str, *, is_gone: bool = False) -> None:
        super().__init__(text)
        self.is_gone = is_gone
        """Whether the process on the other side has ended."""


class Message(msgspec.Struct, array_like=True):
    """One request, or the answer to one."""

    id: int
    """Number of the request, by its sender."""
    kind: str | None
    """Kind of the request; None in an answer."""
    payload: Any
    failed: bool = False
    """Whether the other side could not answer."""


class Channel:
    """One end of a socket pair."""

    def __init__(self, sock: socket.socket, handlers: Mapping[str, Handler]) -> None:
        """Talk over `sock`, which the channel closes, and answer requests by their kind."""
        self._socket, self._handlers = sock, handlers
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> asyncio.Task[None]:
        """Begin to send and receive; return the task that ends when the other side has gone."""
        reader, self._writer = await asyncio.open_connection(sock=self._socket)
        receiving = asyncio.create_task(self._receive_all(reader, self._writer))
        await asyncio.sleep(0)  # a task that is cancelled before it has begun would not close the socket
        return receiving

    async def _receive_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
                self._receive(msgspec.json.decode(await reader.readexactly(length), type=Message))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            await self._close(writer)

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        self._writer = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ChannelError(GONE, is_gone=True))
        for task in list(self._answering):
            task.cancel()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _receive(self, message: Message) -> None:
        if message.kind is not None:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        elif (future := self._waiting.get(message.id)) is not None and not future.done():
            if message.failed:
                future.set_exception(ChannelError("it failed"))
            else:
                future.set_result(message.payload)

    async def _answer(self, message: Message) -> None:
        try:
            payload = await self._handlers[message.kind or ""](message.payload)
        except Exception as exc:  # noqa: BLE001 - the other side gets the failure, and nobody else waits for this task
            log.error("a message between workers failed: %s, %s", message.kind, type(exc).__name__)  # noqa: TRY400
            self._send(Message(message.id, None, None, failed=True))
        else:
            self._send(Message(message.id, None, payload))

    def _send(self, message: Message) -> None:
        writer = self._writer
        if writer is None:
            return
        if writer.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            writer.transport.abort()
            return
        content = msgspec.json.encode(message)
        writer.write(len(content).to_bytes(LENGTH_BYTES, "big") + content)

    async def request(self, kind: str, payload: Any = None, seconds: float | None = None) -> Any:
        """
        Return the answer to a request, for which the other side has so many seconds.

        Raises:
            ChannelError: the other side has gone, does not answer in time, or failed.
        """
        if self._writer is None:
            raise ChannelError(GONE, is_gone=True)
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send(Message(number, kind, payload))
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            raise ChannelError("it does not answer") from None
        finally:
            del self._waiting[number]
