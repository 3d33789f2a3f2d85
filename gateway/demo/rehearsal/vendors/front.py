"""A vendor of a rehearsal: a sandbox behind a server that can also lie, answer late, or have another clock."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message, Receive, Scope, Send

from student_graph.adapters.sandbox.serving import Sandbox

_WORD = re.compile(r"[\w.@+-]+")
"""A part of a request that may be the key of a student."""
MAX_REMEMBERED_ANSWERS = 200


@dataclass(slots=True)
class Trouble:
    """What a vendor does wrong in addition to the switches of its sandbox."""

    lies: float = 0.0
    """Share of requests about students that get the answer to the same request about other students."""
    late: float = 0.0
    """Share of requests that are answered after `late_seconds`."""
    late_seconds: float = 0.0
    clock_hours: float = 0.0
    """Hours by which the vendor's clock is wrong."""
    closes: float = 0.0
    """Share of answers that end in the middle."""

    def change(self, values: dict[str, Any]) -> None:
        """
        Set what is named.

        Raises:
            ValueError: there is no trouble of such a name.
        """
        if unknown := values.keys() - {f.name for f in fields(self)}:
            raise ValueError(f"no such trouble: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, float(value))


@dataclass
class _Answer:
    """A complete answer of the sandbox."""

    start: Message
    parts: list[Message] = field(default_factory=list)

    @cached_property
    def words(self) -> set[str]:
        """Everything in it that may be the key of a student."""
        body = b"".join(part.get("body", b"") for part in self.parts)
        return set(_WORD.findall(body.decode(errors="replace")))


class VendorFront(Sandbox):
    """Serves another sandbox, with trouble; `/-/trouble` shows and changes it and counts requests."""

    def __init__(self, inner: Sandbox, change: Callable[[], int] | None = None) -> None:
        """
        Serve a sandbox that is not served itself.

        `change` changes the vendor's data for `/-/change`, and returns how many rows; None if it cannot change.
        """
        super().__init__()
        self.inner = inner
        self.kind = inner.kind  # type: ignore[misc] # a class variable of other sandboxes
        self.token_path = inner.token_path  # type: ignore[misc] # the same
        self.trouble = Trouble()
        self._change_data = change
        self._students = {key.rpartition(":")[2] for key in inner.known_keys("student")}
        self._remembered: dict[str, dict[str, _Answer]] = {}
        self._rng = random.Random(1)  # noqa: S311 - not used for security

    def routes(self) -> Sequence[BaseRoute]:
        """The switch of trouble, and all of the vendor."""
        return [
            Route("/-/trouble", self._change, methods=["GET", "POST"]),
            Route("/-/change", self._change_rows, methods=["POST"]),
            Mount("/", app=self._answer),
        ]

    def settings(self) -> dict[str, Any]:
        """The settings of the sandbox, at the address where it is served."""
        return self.inner.settings()

    def known_keys(self, kind: str) -> list[str]:
        """The keys of the sandbox."""
        return self.inner.known_keys(kind)

    def unavailable_response(self) -> Response:
        """The vendor's response during an outage."""
        return self.inner.unavailable_response()

    def throttled_response(self) -> Response:
        """The vendor's response to too many requests."""
        return self.inner.throttled_response()

    async def _change(self, request: Request) -> Response:
        if request.method == "POST":
            self.trouble.change(dict(await request.json()))
            if self.trouble.clock_hours and self.inner.token_path is not None:
                self.inner.revoke()  # by its new clock, all tokens have expired
        return JSONResponse({**asdict(self.trouble), "requests": len(self.requests)})

    async def _change_rows(self, _: Request) -> Response:
        return JSONResponse({"rows": 0 if self._change_data is None else self._change_data()})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do what the trouble is."""
        trouble, app = self.trouble, self.inner.app()
        body = b"".join([part async for part in Request(scope, receive).stream()])
        if trouble.late and self._rng.random() < trouble.late:
            await asyncio.sleep(trouble.late_seconds)
        if scope["path"] == self.inner.token_path:
            await app(scope, _receiving(body), self._sending(send))
            return
        target = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()} {body.decode()}"
        about = {word for word in _WORD.findall(target) if word in self._students}
        if not about:  # lists of everybody are long, and name no single student
            await app(scope, _receiving(body), self._sending(send))
            return
        others = self._remembered.setdefault(self._kind_of(target), {})
        if trouble.lies and self._rng.random() < trouble.lies:
            # Nobody can notice a lie that names nobody, such as an empty list, or another student's courses.
            lies = [answer for answer in others.values() if (answer.words & self._students) - about]
            if lies:
                lie = self._rng.choice(lies)
                for message in (lie.start, *lie.parts):
                    await send(message)
                return
        await app(scope, _receiving(body), self._remembering(others, target, self._sending(send)))

    def _kind_of(self, target: str) -> str:
        """A request without the keys of students: those of one kind differ in nothing else."""
        return _WORD.sub(lambda match: "#" if match[0] in self._students else match[0], target)

    def _remembering(self, others: dict[str, _Answer], target: str, send: Send) -> Send:
        """Send an answer, and keep it for lies."""
        answer: list[_Answer] = []

        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.append(_Answer(message))
            else:
                answer[0].parts.append(message)
                is_complete = answer[0].start["status"] == 200 and not message.get("more_body")
                if is_complete and len(others) < MAX_REMEMBERED_ANSWERS:
                    others[target] = answer[0]
            await send(message)

        return remember

    def _sending(self, send: Send) -> Send:
        """Send an answer by the vendor's clock, or only its beginning."""
        hours, cut = self.trouble.clock_hours, self.trouble.closes and self._rng.random() < self.trouble.closes

        async def send_changed(message: Message) -> None:
            if message["type"] == "http.response.start" and hours:
                moved = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True).encode()
                headers = [header for header in message["headers"] if header[0].lower() != b"date"]
                message = {**message, "headers": [*headers, (b"date", moved)]}
            elif message["type"] == "http.response.body" and cut:
                await send({**message, "body": message.get("body", b"")[:-1], "more_body": True})
                raise ConnectionError("the vendor closes the connection in the middle of an answer")
            await send(message)

        return send_changed


def _receiving(body: bytes) -> Receive:
    """A request's body that was read before."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return] # it never disconnects

    return receive
