"""Answers requests from a recording, in place of a vendor."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlencode

import httpx

from student_graph.adapters.errors import PayloadError
from student_graph.adapters.recording.bodies import comparable_body
from student_graph.adapters.recording.recorder import is_token_request
from student_graph.adapters.recording.recording import Exchange

_TOKEN = {"access_token": "recorded", "token_type": "bearer", "expires_in": 3600}


class UnrecordedRequestError(PayloadError):
    """The recording has no answer to a request."""


class Replay(httpx.AsyncBaseTransport):
    """A transport that answers from a recording, and refuses what was not recorded."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        """Answer with these exchanges. The responses to one request that was sent again come in their order."""
        self._exchanges: dict[tuple[str, str, str], list[Exchange]] = {}
        for exchange in exchanges:
            key = (exchange.method, _comparable(exchange.target), comparable_body(exchange.sent.encode()))
            self._exchanges.setdefault(key, []).append(exchange)
        self.refused: list[str] = []
        """Method and target of each request that was refused."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        The recorded response.

        Raises:
            UnrecordedRequestError: the request was not recorded; the message says how to record it.
        """
        if is_token_request(request):
            return httpx.Response(200, json=_TOKEN)
        target = _comparable(request.url.raw_path.decode("ascii"))
        sent = comparable_body(request.content)
        answers = self._exchanges.get((request.method, target, sent))
        if not answers:
            self.refused.append(f"{request.method} {target}")
            raise UnrecordedRequestError(
                f"the recording has no answer to {request.method} {target}; "
                "record the source again with `student-graph adapters record`"
            )
        exchange = answers.pop(0) if len(answers) > 1 else answers[0]
        headers = {"content-type": "application/json"} | exchange.headers
        if exchange.body is None:
            return httpx.Response(exchange.status, headers=headers)
        response = httpx.Response(exchange.status, json=exchange.body)
        response.headers.update(headers)
        return response


def _comparable(target: str) -> str:
    """A target in which neither the order of the parameters nor the way of quoting counts."""
    path, _, query = target.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return unquote(path) + (f"?{urlencode(pairs)}" if pairs else "")
