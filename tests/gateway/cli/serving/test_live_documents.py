"""Live documents are off by default, have the limits of the settings file, and end when other settings hold."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import httpx

from tests.gateway.cli.serving.gateway import QUERY, Gateway, SettingsFiles, running_gateway
from tests.gateway.web.live.gateway import Stream

LIVE = "[live]\nenabled = true\n"


def stream(gateway: Gateway) -> AbstractAsyncContextManager[httpx.Response]:
    """The response to a query that is sent as a live document."""
    headers = {**gateway.headers, "Accept": "text/event-stream"}
    return gateway.client.stream("POST", "/graphql", json={"query": QUERY}, headers=headers)


async def test_live_documents_are_off_by_default(files: SettingsFiles) -> None:
    """A client that accepts nothing else is refused, as before."""
    async with running_gateway(files) as gateway, stream(gateway) as response:
        assert response.status_code == 406


async def test_other_settings_end_live_documents(files: SettingsFiles) -> None:
    """The end says so, and the document that is opened again shows what holds now, within the limits of now."""
    async with running_gateway(files) as gateway:
        await gateway.change(extra=LIVE)
        async with stream(gateway) as response:
            events = Stream(response)
            name, first = await events.event()
            await gateway.change(extra=f"{LIVE}documents = 1\n", name="Elsewhere")
            ended, reason = await events.event()
            async with stream(gateway) as later:
                _, again = await Stream(later).event()
                async with stream(gateway) as third:
                    refused = third.status_code

    assert (name, ended) == ("next", "complete")
    assert reason["extensions"]["live"]["code"] == "SETTINGS_CHANGED"
    assert [answer["data"]["districts"][0]["name"] for answer in (first, again)] == ["District 0", "Elsewhere"]
    assert refused == 429


async def test_live_documents_need_the_cache(files: SettingsFiles) -> None:
    """Settings that switch it off are refused with the name of the setting; the earlier ones stay."""
    async with running_gateway(files) as gateway:
        files.write()
        files.path.write_text(files.path.read_text().replace("calendars = false", f"memory = 0\n{LIVE}"))
        status = await gateway.reload()

    assert status["refusal"] == "live.enabled: live documents need the cache, and cache.memory is 0"
