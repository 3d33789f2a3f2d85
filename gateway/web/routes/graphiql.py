"""
GraphiQL, served by the gateway alone: the page loads nothing from other hosts, and its HTML holds no token.

`make graphiql` builds its assets from `graphiql/` into `gateway/graphiql/`; without them, the page says so.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from student_graph.gateway.auth import Issuer
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.request import BadRequestError, read_body
from student_graph.gateway.web.routes.assets import ImmutableFiles

GATEWAY_FOLDER = Path(__file__).parents[2]
BUILD_FOLDER = GATEWAY_FOLDER / "graphiql"
EXAMPLE_FOLDERS = (GATEWAY_FOLDER / "examples", GATEWAY_FOLDER.parent / "examples" / "queries")
"""Where the example documents are: next to the code in a wheel, at the root in a checkout."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; worker-src 'self'; connect-src 'self'{origins}; "
    "img-src 'self' data:; font-src 'self' data:; style-src-elem 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""
Scripts and style sheets need the nonce of the page, and the page connects only to this gateway and to issuers.

Attributes `style` are allowed, because the editor places its lines with them.
"""
NONCE_PLACEHOLDER = "NONCE-OF-THE-PAGE"
"""What the built page has in place of the nonce; `graphiql/vite.config.js` names it too."""
NONCE_BYTES = 16

NOT_BUILT_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Student graph</title>
<h1>GraphiQL is not built</h1>
<p>This checkout was built without Node: run <code>make graphiql</code>, then start the gateway again.</p>
<p>Queries are answered all the same: <code>POST /graphql</code> with a JSON body.</p></html>
"""


class _CodeRequest(msgspec.Struct):
    """The body of a request for the demo's tokens."""

    code: str


def examples_folder() -> Path:
    """Return the folder of the example documents: that of a wheel, or that of a checkout."""
    return next((folder for folder in EXAMPLE_FOLDERS if folder.is_dir()), EXAMPLE_FOLDERS[-1])


class GraphiQLPage:
    """The routes that serve GraphiQL, its assets and the example documents."""

    def __init__(
        self,
        build_folder: Path = BUILD_FOLDER,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        demo_tokens: Mapping[str, str] | None = None,
        issuers: Sequence[Issuer] = (),
    ) -> None:
        """
        Serve the built page and the example documents; `variables` are the examples' variables, by name.

        `demo_tokens` are tokens by name for a client that sends `code`: the demo's, never those of real people.
        Browsers sign in at `issuers`.
        """
        self._sign_ins = [(issuer.name, issuer.sign_in) for issuer in issuers if issuer.sign_in is not None]
        self.code = secrets.token_urlsafe(16)
        """Secret in the fragment of the URL that the demo prints."""
        self._demo_tokens = demo_tokens
        self._build_folder = build_folder
        self._variables = variables or {}
        self._examples_folder = folder or examples_folder()

    def routes(self, purposes: Purposes) -> list[BaseRoute]:
        """Return the routes of the page and of what it loads; requests may state `purposes`."""
        routes: list[BaseRoute] = [
            Route("/graphql", lambda _: self._page()),
            Route("/graphql/examples.json", lambda _: JSONResponse(self._examples())),
            Route("/graphql/purposes.json", lambda _: JSONResponse(_purposes(purposes))),
            Route("/graphql/sign-in.json", lambda _: JSONResponse(self._issuers())),
        ]
        if self._demo_tokens is not None:
            routes.append(Route("/graphql/people", self._handle_demo_tokens, methods=["POST"]))
        assets = self._build_folder / "assets"
        if assets.is_dir():
            routes.append(Mount("/graphql/assets", ImmutableFiles(directory=assets)))
        return routes

    def _page(self) -> Response:
        """Return the page with a new nonce, or instructions if it is not built."""
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        origins = sorted({f" {sign_in.token_origin}" for _, sign_in in self._sign_ins})
        policy = CONTENT_SECURITY_POLICY.format(nonce=nonce, origins="".join(origins))
        index = self._build_folder / "index.html"
        page = index.read_text(encoding="utf-8") if index.is_file() else NOT_BUILT_PAGE
        return HTMLResponse(page.replace(NONCE_PLACEHOLDER, nonce), headers={"Content-Security-Policy": policy})

    def _issuers(self) -> list[dict[str, str]]:
        """Return the issuers at which a browser can sign in."""
        return [
            {
                "issuer": name,
                "authorizationUrl": sign_in.authorization_url,
                "tokenUrl": sign_in.token_url,
                "clientId": sign_in.client_id,
                "scope": sign_in.scope,
            }
            for name, sign_in in self._sign_ins
        ]

    async def _handle_demo_tokens(self, request: Request) -> Response:
        """Return the tokens of the demo's people to a client that sends the code."""
        try:
            code = msgspec.json.decode(await read_body(request.receive), type=_CodeRequest).code
        except (msgspec.DecodeError, BadRequestError):
            code = ""
        if not hmac.compare_digest(code.encode(), self.code.encode()):
            return JSONResponse({"message": "That is not the code that the demo printed."}, 403)
        return JSONResponse(self._demo_tokens)

    def _examples(self) -> list[dict[str, Any]]:
        """Return the example documents, sorted by file name."""
        return [self._example(path) for path in sorted(self._examples_folder.glob("*.graphql"))]

    def _example(self, path: Path) -> dict[str, Any]:
        """Return a document with its title, which is its first comment, and values for its variables."""
        query = path.read_text(encoding="utf-8")
        first_line = query.partition("\n")[0]
        title = first_line.lstrip("# ") if first_line.startswith("#") else path.stem
        variables = {name: value for name, value in self._variables.items() if f"${name}:" in query}
        return {"name": path.stem, "title": title, "query": query, "variables": variables}


def _purposes(purposes: Purposes) -> dict[str, Any]:
    """Return which purposes requests may state, sorted, none for any text; and whether they must state one."""
    return {"known": sorted(purposes.known), "required": purposes.required}
