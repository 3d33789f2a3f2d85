"""A vendor whose answers a test writes down, and a declaration for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.contract import Adapter
from student_graph.adapters.rest.adapter import declared

Answer = Callable[[httpx.Request], httpx.Response]


def json_at(answers: Mapping[str, Any]) -> Answer:
    """The answers by path and query; all others are 404."""

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        return httpx.Response(200, json=answers[target]) if target in answers else httpx.Response(404, json={})

    return answer


def adapter_of(
    folder: Path, declaration: str, answer: Answer, **settings: Any
) -> tuple[Adapter, list[httpx.Request]]:
    """A declared adapter, and the requests that it sends. The caller closes `adapter.http`."""
    file = folder / "vendor.toml"
    file.write_text(declaration)
    kind = declared(file)
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answer(request)

    values = {"base_url": "http://sis.example/api", **settings}
    http = httpx.AsyncClient(base_url=values["base_url"], transport=httpx.MockTransport(handler))
    adapter = kind("sis", kind.settings_type().model_validate(values), http)
    http.auth = adapter.auth()  # type: ignore[assignment] # None is allowed; the annotation omits it
    return adapter, sent
