"""Vendors that send a bad response to some requests, and are correct otherwise."""

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
"""A text in every bad response; it may appear in no response or log line of the gateway."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The origin of the faulty vendor, and that of another server, which must never receive credentials."""

    own: str
    foreign: str


BadResponse = Callable[[Origins], Response]
"""Builds a bad response."""


class FaultySandbox(Sandbox):
    """A sandbox that sends a bad response for paths with a certain ending, or for none."""

    def __init__(
        self, sandbox: Sandbox, ending: str = "", bad_response: BadResponse | None = None, foreign_origin: str = ""
    ) -> None:
        super().__init__()
        self._sandbox, self._app = sandbox, sandbox.app()
        self._ending, self._bad_response, self._foreign_origin = ending, bad_response, foreign_origin

    @property
    def vendor(self) -> str:
        """Name of the adapter for it."""
        return self._sandbox.kind

    def routes(self) -> Sequence[BaseRoute]:
        """Return one route for all paths."""
        return [Mount("/", app=self)]

    def settings(self) -> dict[str, Any]:
        """Return the settings for the correct sandbox, with this one's address."""
        return {**self._sandbox.settings(), "base_url": self.url}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of the correct sandbox."""
        return self._sandbox.known_keys(kind)

    def throttled_response(self) -> Response:
        """Return the throttling response of the correct sandbox."""
        return self._sandbox.throttled_response()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        app = self._app
        if self._bad_response is not None and Request(scope).url.path.endswith(self._ending):
            app = self._bad_response(Origins(self.url, self._foreign_origin))
        await app(scope, receive, send)


def login_page(_: Origins) -> Response:
    """Return the page of a single sign-on in front of the API, with status 200."""
    return HTMLResponse(f"<!doctype html><title>Sign in to {CANARY}</title><form><input name=user></form>")


def login_page_labeled_json(_: Origins) -> Response:
    """Return a login page whose content type promises JSON."""
    return Response(f"<!doctype html><title>{CANARY}</title>", media_type="application/json")


def error_with_status_200(_: Origins) -> Response:
    """Return a JSON error with status 200."""
    return JSONResponse({"error": "invalid_request", "errors": [{"message": f"{CANARY} was not found"}]})


def object_around_list(_: Origins) -> Response:
    """Return an object that holds the list one level down."""
    return JSONResponse({"items": [], "next": CANARY})


def list_around_object(_: Origins) -> Response:
    """Return a list that holds the requested object."""
    return JSONResponse([{"id": CANARY}])


def truncated(_: Origins) -> Response:
    """Return JSON that ends in the middle of a string."""
    return Response(f'[{{"id": "{CANARY}', media_type="application/json")


def not_unicode(_: Origins) -> Response:
    """Return JSON in Latin-1; JSON is always UTF-8."""
    return Response(f'[{{"id": "Zo\u00eb {CANARY}"}}]'.encode("latin-1"), media_type="application/json")


def endless(_: Origins) -> Response:
    """Return a list that never ends."""

    async def rows() -> AsyncIterator[bytes]:
        yield b"["
        while True:
            yield f'{{"id": "{CANARY}"}},'.encode() * 1000
            await asyncio.sleep(0)  # lets the server notice that the client has disconnected

    return StreamingResponse(rows(), media_type="application/json")


def redirect(origins: Origins) -> Response:
    """Redirect the request, with its credentials, to the foreign server."""
    return RedirectResponse(f"{origins.foreign}/{CANARY}")


def next_page(link: str) -> BadResponse:
    """Return an empty first page that links to a next page at another address."""
    return lambda origins: JSONResponse([], headers={"Link": f'<{_fill(link, origins)}>; rel="next"'})


def discovery(oauth: str, data: str) -> BadResponse:
    """Return a discovery document with these addresses."""

    def document(origins: Origins) -> Response:
        urls = {"oauth": _fill(oauth, origins), "dataManagementApi": _fill(data, origins)}
        models = [{"name": "Ed-Fi", "version": "5.1.0"}]
        return JSONResponse({"version": "7.3", "suite": CANARY, "dataModels": models, "urls": urls})

    return document


def token(text: str) -> BadResponse:
    """Return this text as the access token."""
    return lambda _: JSONResponse({"access_token": text, "expires_in": 1800, "token_type": "bearer"})


def _fill(template: str, origins: Origins) -> str:
    """Fill in an address: `OWN` and `FOREIGN` are origins; with `_HOST`, they are without the scheme."""
    values = {
        "OWN_HOST": origins.own.removeprefix("http://"),
        "FOREIGN_HOST": origins.foreign.removeprefix("http://"),
        "OWN": origins.own,
        "FOREIGN": origins.foreign,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template
