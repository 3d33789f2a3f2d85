"""A gateway with settings offers tools of assistants, or refuses those that it must not offer, while it runs."""

from __future__ import annotations

import json

from tests.gateway.cli.serving.gateway import Gateway, SettingsFiles, running_gateway
from tests.gateway.web.assistants.stage import trusted

METADATA = "/.well-known/oauth-protected-resource/mcp"
ROLE = "# The role of a person\nquery Role { viewer { role } }"
INCIDENTS = (
    "# Incidents\nquery Incidents { students(filter: {}) { edges { node { disciplineIncidents { date } } } } }"
)
SECTIONS = """
[documents]
manifest = "trusted.json"

[assistants]
url = "https://graph.example/mcp"

[[districts.assistants]]
document = "{document}"

[[issuers]]
issuer = "https://login.example"
audience = "student-graph"
jwks_url = "https://login.example/keys"
districts = ["hill"]
roles = {{ Teacher = "teacher" }}
"""


async def offer(gateway: Gateway, document: str) -> None:
    """Offer a document as a tool, and wait until the settings are applied or refused."""
    files = gateway.files
    files.write()
    files.path.with_name("trusted.json").write_text(json.dumps(trusted(ROLE, INCIDENTS)))
    files.path.write_text(f"{files.path.read_text()}\n{SECTIONS.format(document=document)}")
    await gateway.reload()


async def test_tools_are_offered_and_taken_back_by_the_settings(files: SettingsFiles) -> None:
    """The metadata names the issuer of the district."""
    async with running_gateway(files) as gateway:
        before = await gateway.client.get(METADATA)
        await offer(gateway, "Role")
        during = await gateway.client.get(METADATA)
        await gateway.change()
        after = await gateway.client.get(METADATA)

    assert (before.status_code, after.status_code) == (404, 404)
    assert during.json()["resource"] == "https://graph.example/mcp"
    assert during.json()["authorization_servers"] == ["https://login.example"]


async def test_a_tool_that_reads_a_restricted_class_is_not_applied(files: SettingsFiles) -> None:
    """The earlier settings stay, and operators see the reason."""
    async with running_gateway(files) as gateway:
        await offer(gateway, "Incidents")
        status, metadata = await gateway.status(), await gateway.client.get(METADATA)

    assert "district 'hill', assistants: document 'Incidents': reads data of a restricted class" in json.dumps(
        status
    )
    assert metadata.status_code == 404
