"""A gateway over a district of the demo that offers tools, and the official client of the protocol."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from student_graph.adapters.testing.transports import tls_context
from student_graph.gateway.demo.districts import DemoDistrict, all_people
from student_graph.gateway.demo.people import DemoIssuer
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.assistants.settings import AssistantSettings, ToolSettings
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.clients import TIMEOUT_SECONDS
from tests.gateway.servers import client_for
from tests.patience import OPERATION_SECONDS, SOURCE_SECONDS
from tests.scenarios.helpers.demo_gateway import DemoGateway

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult

OPERATOR = "operator"
URL = "https://graph.example/mcp"
CLIENT_ID = "a-helper"


@dataclass(frozen=True)
class AssistantStage:
    """A running gateway with tools, and the tokens that assistants have for people of the demo."""

    graph: DemoGateway
    tokens: Mapping[str, str]
    """By name of the person."""
    issuer: DemoIssuer

    @property
    def address(self) -> str:
        """Where the tools are on this machine."""
        return f"{str(self.graph.client.base_url).rstrip('/')}/mcp"

    @contextlib.asynccontextmanager
    async def client(self, viewer: str = "teacher", mode: str = "auto") -> AsyncIterator[Client]:
        """Connect the official client as an assistant of a person."""
        import httpx2  # noqa: PLC0415 - slow to import, and few processes need it
        from mcp import Client  # noqa: PLC0415 - slow to import, and few processes need it
        from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - slow to import, and few processes need it

        headers = {"Authorization": f"Bearer {self.tokens[viewer]}"}
        http = httpx2.AsyncClient(headers=headers, verify=tls_context(), trust_env=False, timeout=TIMEOUT_SECONDS)
        async with (
            http,
            Client(streamable_http_client(self.address, http_client=http), mode=mode) as client,
        ):
            yield client

    async def call(self, tool: str, viewer: str = "teacher", **arguments: Any) -> CallToolResult:
        """Call a tool as an assistant of a person."""
        async with self.client(viewer) as client:
            return await client.call_tool(tool, arguments)


def trusted(*texts: str) -> dict[str, str]:
    """Trusted documents by SHA-256."""
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


@contextlib.contextmanager
def assistant_stage(
    districts: Sequence[DemoDistrict],
    texts: Sequence[str],
    tools: Sequence[ToolSettings],
    options: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Iterator[AssistantStage]:
    """
    Run a gateway whose first district offers tools; its sandboxes are served already.

    `options` are keywords of `AssistantSettings`, and `settings` those of `Service`. `OPERATOR` is the token of an
    operator of all districts.
    """
    issuer = DemoIssuer(all_people(districts))
    offered = {districts[0].id: tools}
    operator = Viewer(
        OPERATOR, ViewerRole.SUPERINTENDENT, frozenset(district.id for district in districts), operator=True
    )
    service = Service(
        [district.connect(timeout=SOURCE_SECONDS) for district in districts],
        {OPERATOR: operator},
        issuers=(issuer.issuer(),),
        trusted_documents=trusted(*texts),
        assistants=AssistantSettings(URL, offered, hosts=("127.0.0.1:*",), **(options or {})),
        operation_seconds=OPERATION_SECONDS,
        metric_settings={district.id: district.metrics.settings for district in districts},
        **settings,
    )
    with client_for(service.app()) as client:
        graph = DemoGateway(client, issuer.tokens())
        yield AssistantStage(graph, issuer.tokens(URL, CLIENT_ID), issuer)
