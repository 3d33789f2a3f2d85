"""A gateway with settings becomes a subgraph, and stops to be one, while it runs."""

from __future__ import annotations

from tests.gateway.cli.serving.gateway import SettingsFiles, running_gateway

SERVICE = "{ _service { sdl } }"


async def test_the_setting_adds_the_fields_of_a_subgraph(files: SettingsFiles) -> None:
    """They are unknown without it, there after a reload with it, and unknown again when it is taken back."""
    async with running_gateway(files) as gateway:
        await gateway.change(server="introspection = true")
        before = (await gateway.ask(SERVICE)).json()
        await gateway.change(server="introspection = true\nfederation = true")
        during = (await gateway.ask(SERVICE)).json()
        await gateway.change(server="introspection = true\nfederation = false")
        after = (await gateway.ask(SERVICE)).json()

    for response in (before, after):
        assert [error["extensions"]["code"] for error in response["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    assert "@key" in during["data"]["_service"]["sdl"]
