"""Sign-in from GraphiQL in a real browser: authorization code with PKCE, at an issuer on this machine."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import jwt
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from student_graph.gateway.auth import Issuer, IssuerKeys, SignIn
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.resolvers.context import ViewerRole
from tests.clients import async_client
from tests.gateway.auth.token_factory import AUDIENCE, EC_KEY, public_jwk
from tests.gateway.browser import browser_page, in_shared_browser, needs_graphiql
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district
from tests.graphiql.visit import Visit

pytestmark = [needs_graphiql, in_shared_browser]


@dataclass
class Provider:
    """An issuer that signs everyone in as the same teacher, and requires PKCE."""

    url: str = ""
    challenges: dict[str, str] = field(default_factory=dict)
    redeemed: list[str] = field(default_factory=list)

    async def authorize(self, request: Request) -> Response:
        parameters = request.query_params
        assert (parameters["response_type"], parameters["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = parameters["code_challenge"]
        return RedirectResponse(f"{parameters['redirect_uri']}?code={code}&state={parameters['state']}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(pair.split("=") for pair in (await request.body()).decode().split("&"))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if self.challenges.pop(form["code"], None) != challenge:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.redeemed.append(form["code"])
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600, "role": "Teacher"}
        access_token = jwt.encode(claims, EC_KEY, "ES256", headers={"kid": "one"})
        return JSONResponse({"access_token": access_token, "token_type": "Bearer", "expires_in": 600})

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [public_jwk(EC_KEY, "one")]})


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An issuer that runs until the test ends."""
    provider = Provider()
    routes = [
        Route("/authorize", provider.authorize),
        Route("/token", provider.token, methods=["POST"]),
        Route("/keys", provider.keys),
    ]
    cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["POST"])
    with client_for(Starlette(routes=routes, middleware=[cors])) as client:
        provider.url = str(client.base_url).rstrip("/")
        yield provider


async def test_a_teacher_signs_in_and_sends_a_query(provider: Provider) -> None:
    """The page redeems only the code that it requested, and keeps no code or token in its URL."""
    issuer = Issuer(
        provider.url,
        IssuerKeys(f"{provider.url}/keys", async_client()),
        AUDIENCE,
        frozenset({DISTRICT}),
        roles={"Teacher": ViewerRole.TEACHER},
        sign_in=SignIn(f"{provider.url}/authorize", f"{provider.url}/token", "graphiql"),
    )
    service = Service([district(Ledger())], {}, GraphiQLPage(issuers=[issuer]), issuers=(issuer,))
    with client_for(service.app()) as client:
        async with browser_page() as page:
            visit = Visit(page)
            await page.goto(f"{client.base_url}/graphql?code=forged&state=forged")
            await page.get_by_test_id("sign-in").click()
            await page.wait_for_url("**/graphql")
            visit.watch()
            await page.locator(".graphiql-query-editor", has_text="viewer").wait_for()
            await page.locator(".graphiql-execute-button").click()
            result = page.locator(".result-window", has_text="TEACHER")
            await result.wait_for()
            address = page.url
    assert provider.redeemed == ["code-0"]
    assert "code" not in address
    assert visit.other_hosts == []
