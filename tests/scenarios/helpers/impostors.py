"""Vendors that answer something else than they promise, in one place of an otherwise honest API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from student_graph.adapters.sandbox.serving import Sandbox

CANARY = "canary-4f1d09"
"""Stands in whatever an impostor says, and may stand nowhere else."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the impostor answers, and another server that credentials must never reach."""

    here: str
    elsewhere: str


Lie = Callable[[Origins], Response]


class Impostor(Sandbox):
    """An honest sandbox, save for what is asked under paths that end so."""

    def __init__(self, honest: Sandbox, ending: str = "", lie: Lie | None = None, elsewhere: str = "") -> None:
        super().__init__()
        self._honest, self._app = honest, honest.app()
        self._ending, self._lie, self._elsewhere = ending, lie, elsewhere

    @property
    def vendor(self) -> str:
        """Name of the adapter that speaks to it."""
        return self._honest.kind

    def routes(self) -> Sequence[BaseRoute]:
        """Everything."""
        return [Mount("/", app=self)]

    def settings(self) -> dict[str, Any]:
        """The honest one's, at this address."""
        return {**self._honest.settings(), "base_url": self.url}

    def known_keys(self, kind: str) -> list[str]:
        """What the honest one knows."""
        return self._honest.known_keys(kind)

    def throttled_response(self) -> Response:
        """As the honest one does."""
        return self._honest.throttled_response()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        lies = self._lie is not None and Request(scope).url.path.endswith(self._ending)
        app = self._lie(Origins(self.url, self._elsewhere)) if self._lie and lies else self._app
        await app(scope, receive, send)


def login_page(_: Origins) -> Response:
    """A single sign-on in front of the API: status 200, and a page for people."""
    return HTMLResponse(f"<!doctype html><title>Sign in to {CANARY}</title><form><input name=user></form>")


def login_page_called_json(_: Origins) -> Response:
    """The same under a label that promises JSON."""
    return Response(f"<!doctype html><title>{CANARY}</title>", media_type="application/json")


def error_inside(_: Origins) -> Response:
    """Status 200, and an error all the same."""
    return JSONResponse({"error": "invalid_request", "errors": [{"message": f"{CANARY} was not found"}]})


def an_object(_: Origins) -> Response:
    """An object that holds the list one level down."""
    return JSONResponse({"items": [], "next": CANARY})


def a_list(_: Origins) -> Response:
    """A list around what was asked for."""
    return JSONResponse([{"id": CANARY}])


def other_rows(_: Origins) -> Response:
    """A list of something else."""
    return JSONResponse([{"id": {"value": CANARY}, CANARY: 1}])


def truncated(_: Origins) -> Response:
    """JSON that ends in the middle of a text."""
    return Response(f'[{{"id": "{CANARY}', media_type="application/json")


def not_unicode(_: Origins) -> Response:
    """JSON in another encoding than JSON has."""
    return Response(f'[{{"id": "Zo\u00eb {CANARY}"}}]'.encode("latin-1"), media_type="application/json")


def endless(_: Origins) -> Response:
    """A list that never ends."""

    async def rows() -> AsyncIterator[bytes]:
        yield b"["
        while True:
            yield f'{{"id": "{CANARY}"}},'.encode() * 1000
            await asyncio.sleep(0)  # lets the server notice that nobody listens any more

    return StreamingResponse(rows(), media_type="application/json")


def redirect(origins: Origins) -> Response:
    """Another server is to answer, credentials and all."""
    return RedirectResponse(f"{origins.elsewhere}/{CANARY}")


def next_page(link: str) -> Lie:
    """A first page whose next one is at another address."""
    return lambda origins: JSONResponse([], headers={"Link": f'<{_filled(link, origins)}>; rel="next"'})


def discovery(oauth: str, data: str) -> Lie:
    """A discovery document with these addresses."""

    def document(origins: Origins) -> Response:
        urls = {"oauth": _filled(oauth, origins), "dataManagementApi": _filled(data, origins)}
        models = [{"name": "Ed-Fi", "version": "5.1.0"}]
        return JSONResponse({"version": "7.3", "suite": CANARY, "dataModels": models, "urls": urls})

    return document


def token(text: str) -> Lie:
    """A token endpoint that gives out this."""
    return lambda _: JSONResponse({"access_token": text, "expires_in": 1800, "token_type": "bearer"})


def _filled(address: str, origins: Origins) -> str:
    """An address whose places are filled in; `HOST` is an origin without its scheme."""
    host = origins.elsewhere.removeprefix("http://")
    own = origins.here.removeprefix("http://")
    filled = address.replace("HERE", origins.here).replace("ELSEWHERE", origins.elsewhere)
    return filled.replace("OWN", own).replace("HOST", host)
