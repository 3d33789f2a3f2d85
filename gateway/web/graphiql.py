"""
GraphiQL as a page of our own: every file from here, nothing asked of another host, no token in the page.

Its assets are built from `graphiql/` into `gateway/graphiql/`; a checkout without them says so in words.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from student_graph.gateway.auth import Issuer
from student_graph.gateway.web.purge import bounded_body
from student_graph.gateway.web.request import BadRequestError

GATEWAY = Path(__file__).parents[1]
BUILT = GATEWAY / "graphiql"
EXAMPLES = (GATEWAY / "examples", GATEWAY.parent / "examples" / "queries")
"""Where the example documents are: beside the code in a wheel, at the root in a checkout."""

POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'{}; img-src 'self' data:; "
    "font-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What the page may load and ask: this gateway alone. The editor writes its style sheets as it goes."""

UNBUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Student graph</title>
<h1>GraphiQL is not built</h1>
<p>This checkout was built without Node: run <code>make graphiql</code>, then start the gateway again.</p>
<p>Queries are answered all the same: <code>POST /graphql</code> with a JSON body.</p></html>
"""


class _Assets(StaticFiles):
    """Files whose names change with their contents: a browser may keep them."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class _Code(msgspec.Struct):
    code: str


class GraphiQLPage:
    """GraphiQL and the example documents, from the folders where they are."""

    def __init__(
        self,
        built: Path = BUILT,
        examples: Path | None = None,
        variables: Mapping[str, str] | None = None,
        people: Mapping[str, str] | None = None,
        issuers: Sequence[Issuer] = (),
    ) -> None:
        """
        Serve those folders; `variables` are values for variables of the examples, by name.

        `people` are tokens by name, for whoever has the code: a demo's, never a real person's. One may sign in at
        `issuers`.
        """
        self._sign_in = [(issuer.name, issuer.sign_in) for issuer in issuers if issuer.sign_in is not None]
        self.code = secrets.token_urlsafe(16)
        """Stands in the fragment of the address that the demo prints."""
        self._people = people
        self._built = built
        self._variables = variables or {}
        self._documents = examples or next((folder for folder in EXAMPLES if folder.is_dir()), EXAMPLES[-1])

    def page(self) -> Response:
        """The page itself, or what to do when it was not built."""
        asked = {
            f" {parts.scheme}://{parts.netloc}"
            for _, told in self._sign_in
            for parts in [urlsplit(told.token_url)]
        }
        index, headers = (
            self._built / "index.html",
            {"Content-Security-Policy": POLICY.format("".join(sorted(asked)))},
        )
        return FileResponse(index, headers=headers) if index.is_file() else HTMLResponse(UNBUILT, headers=headers)

    def routes(self) -> list[BaseRoute]:
        """What the page asks for."""
        found: list[BaseRoute] = [
            Route("/graphql", lambda _: self.page()),
            Route("/graphql/examples.json", lambda _: JSONResponse(self.examples())),
            Route("/graphql/sign-in.json", lambda _: JSONResponse(self.issuers())),
        ]
        if self._people is not None:
            found.append(Route("/graphql/people", self._told, methods=["POST"]))
        if (self._built / "assets").is_dir():
            found.append(Mount("/graphql/assets", _Assets(directory=self._built / "assets")))
        return found

    def issuers(self) -> list[dict[str, str]]:
        """The issuers at which one may sign in, as the page asks them."""
        return [
            {
                "issuer": name,
                "authorizationUrl": told.authorization_url,
                "tokenUrl": told.token_url,
                "clientId": told.client_id,
                "scope": told.scope,
            }
            for name, told in self._sign_in
        ]

    async def _told(self, request: Request) -> Response:
        """The demo's people and their tokens, for whoever has the code."""
        try:
            given = msgspec.json.decode(await bounded_body(request), type=_Code).code
        except (msgspec.DecodeError, BadRequestError):
            given = ""
        if not hmac.compare_digest(given.encode(), self.code.encode()):
            return JSONResponse({"message": "That is not the code that the demo printed."}, 403)
        return JSONResponse(self._people)

    def examples(self) -> list[dict[str, Any]]:
        """The example documents, by file name; the first comment of each is its title."""
        return [self._example(path) for path in sorted(self._documents.glob("*.graphql"))]

    def _example(self, path: Path) -> dict[str, Any]:
        query = path.read_text(encoding="utf-8")
        first = query.partition("\n")[0]
        title = first.lstrip("# ") if first.startswith("#") else path.stem
        variables = {name: value for name, value in self._variables.items() if f"${name}:" in query}
        return {"name": path.stem, "title": title, "query": query, "variables": variables}
