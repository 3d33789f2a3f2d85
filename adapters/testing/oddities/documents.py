"""Transports that change what a vendor sends: its JSON documents, the total in its headers, or one of its ids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode

import httpx

from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.transports import RecordingTransport

Rows: TypeAlias = list[dict[str, Any]]
TOTAL_HEADERS = ("total-count", "x-total-count")
"""Headers with the length of a list."""
FORM = "application/x-www-form-urlencoded"


class DocumentTransport(RecordingTransport):
    """Changes the JSON document of each good response, and the total in its headers."""

    def __init__(
        self,
        sandbox: Sandbox,
        change: Callable[[Any], Any] = lambda document: document,
        change_total: Callable[[int], int] = lambda total: total,
    ) -> None:
        super().__init__(sandbox)
        self._change, self._change_total = change, change_total
        self.changed = 0
        """Number of responses that were changed."""

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response, changed."""
        response = await super().respond(request)
        body = await response.aread()
        if response.status_code != httpx.codes.OK or not body.startswith((b"{", b"[")):
            return response
        document = json.loads(body)
        changed = self._change(document)
        headers = httpx.Headers([(k, v) for k, v in response.headers.multi_items() if k != "content-length"])
        totals = {name: headers[name] for name in TOTAL_HEADERS if headers.get(name, "").isdigit()}
        changed_totals = {name: str(self._change_total(int(text))) for name, text in totals.items()}
        self.changed += changed != document or changed_totals != totals
        headers.update(changed_totals)
        return httpx.Response(response.status_code, headers=headers, content=json.dumps(changed).encode())


def row_lists(document: Any) -> Iterator[Rows]:
    """The lists of rows of a document: the document itself, or the lists of objects nearest to its root."""
    level = [document]
    while level:
        lists = [node for node in level if isinstance(node, list) and node and isinstance(node[0], dict)]
        if lists:
            yield from lists
            return
        level = [child for node in level if isinstance(node, dict) for child in node.values()]


def with_rows(document: Any, change: Callable[[Rows], Rows]) -> Any:
    """A copy of a document in which each of its lists of rows is changed."""
    lists = {id(rows) for rows in row_lists(document)}

    def copy(node: Any) -> Any:
        if id(node) in lists:
            return change(node)
        return {name: copy(child) for name, child in node.items()} if isinstance(node, dict) else node

    return copy(document) if lists else document


class RenamedIdTransport(RecordingTransport):
    """A vendor that has an odd id: it replaces an id of the sandbox in requests and responses."""

    def __init__(self, sandbox: Sandbox, known: str, odd: str) -> None:
        super().__init__(sandbox)
        self._known, self._odd = known, odd
        self.is_number = False
        """Whether the vendor sends the id as a number, which has no other characters."""

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the vendor's response to the request with the id that the sandbox knows."""
        response = await super().respond(self._known_request(request))
        body = await response.aread()
        if not body.startswith((b"{", b"[")):
            return response
        headers = [(k, v) for k, v in response.headers.multi_items() if k != "content-length"]
        content = json.dumps(self._renamed(json.loads(body))).encode()
        return httpx.Response(response.status_code, headers=headers, content=content)

    def _known_request(self, request: httpx.Request) -> httpx.Request:
        """The request as it would be for the id that the sandbox knows, however the odd one is escaped."""
        path, _, query = request.url.raw_path.decode().partition("?")
        segments = [quote(self._known_text(unquote(part)), safe=":@,;=+$!*'()~ ") for part in path.split("/")]
        pairs = [(name, self._known_text(text)) for name, text in parse_qsl(query, keep_blank_values=True)]
        params = "&".join(f"{quote(name, safe='$')}={quote(text, safe='')}" for name, text in pairs)
        raw_path = "/".join(segments).replace(" ", "%20") + (f"?{params}" if query else "")
        content = self._known_text(request.content.decode()).encode() if request.content else b""
        if request.headers.get("content-type") == FORM:
            fields = parse_qsl(request.content.decode(), keep_blank_values=True)
            content = urlencode([(name, self._known_text(text)) for name, text in fields]).encode()
        headers = httpx.Headers([(k, v) for k, v in request.headers.multi_items() if k != "content-length"])
        url = request.url.copy_with(raw_path=raw_path.encode())
        return httpx.Request(request.method, url, headers=headers, content=content)

    def _known_text(self, text: str) -> str:
        for odd in {self._odd.replace("'", "''"), json.dumps(self._odd)[1:-1], self._odd}:
            text = text.replace(odd, self._known)
        return text

    def _renamed(self, node: Any) -> Any:
        match node:
            case dict():
                return {name: self._renamed(child) for name, child in node.items()}
            case list():
                return [self._renamed(child) for child in node]
            case str() if self._known in node:
                return node.replace(self._known, quote(self._odd, safe="") if "://" in node else self._odd)
            case int():
                self.is_number = self.is_number or str(node) == self._known
                return node
            case _:
                return node
