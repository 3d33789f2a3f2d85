"""Sign-in from the dashboard at an issuer: authorization code with PKCE, as GraphiQL does it."""

from __future__ import annotations

import pytest

from student_graph.gateway.auth import Issuer, IssuerKeys, SignIn
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.routes.dashboard import DashboardPage
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.resolvers.context import ViewerRole
from tests.clients import async_client
from tests.dashboard.visit import COMPLETE, needs_dashboard
from tests.gateway.auth.token_factory import AUDIENCE
from tests.gateway.browser import browser_page, in_shared_browser
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, district
from tests.gateway.web.routes import test_sign_in as graphiql_sign_in
from tests.long_runs import LONG_RUNS

pytestmark = [needs_dashboard, in_shared_browser, pytest.mark.long_run]
__test__ = LONG_RUNS
provider = graphiql_sign_in.provider
"""An issuer that signs everyone in as the same teacher."""


async def test_a_teacher_signs_in_at_the_issuer(provider: graphiql_sign_in.Provider) -> None:
    """A code that the page did not ask for is not redeemed; after sign-in the pages of a teacher are there."""
    issuer = Issuer(
        provider.url,
        IssuerKeys(f"{provider.url}/keys", async_client()),
        AUDIENCE,
        frozenset({DISTRICT}),
        roles={"Teacher": ViewerRole.TEACHER},
        sign_in=SignIn(f"{provider.url}/authorize", f"{provider.url}/token", "dashboard"),
    )
    service = Service(
        [district(Ledger())],
        {},
        GraphiQLPage(issuers=[issuer]),
        issuers=(issuer,),
        defer=True,
        dashboard=DashboardPage(issuers=[issuer]),
    )
    with client_for(service.app()) as client:
        async with browser_page() as page:
            errors: list[str] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(f"{client.base_url}/dashboard?code=forged&state=forged")
            await page.get_by_role("button", name="Sign in").click()
            await page.get_by_role("link", name="My classes").wait_for()
            await page.locator(COMPLETE).wait_for()
            address = page.url

    assert provider.redeemed == ["code-0"]
    assert "code=" not in address
    assert errors == []
