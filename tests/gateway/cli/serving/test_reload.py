"""A running gateway applies new settings without dropping a request, or refuses them as a whole."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.gateway.cli.serving.gateway import SettingsFiles, names, running_gateway, students, until
from tests.long_runs import size

CLIENTS = 2
"""Clients that send requests one after the other during a reload under load."""
EVERY_BAD = 10
"""Every so many-th change of the files is a mistake."""
OTHER_TOKEN, THIRD_TOKEN = "a" * 32, "b" * 32


@pytest.mark.long_run
async def test_no_request_fails_while_the_settings_change(
    files: SettingsFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Clients send requests without a pause while the files change 20 times, in the long run 100 times.

    Each change renames the district, and adds or removes a source. Every tenth one is a mistake. Each response is
    complete, and of the settings that held at some time while the client waited.
    """
    changes = size(20, 100)
    canvas = files.sources["canvas"]
    refused, seconds, answered = 0, [], 0
    async with running_gateway(files) as gateway:
        expected = students(await gateway.ask())
        valid, is_over = {"District 0"}, False

        async def send_requests() -> None:
            nonlocal answered
            while not is_over:
                allowed = set(valid)
                response = await gateway.ask()
                assert response.status_code == 200
                assert "errors" not in response.json()
                assert students(response) == expected
                assert set(names(response)) <= allowed | valid
                answered += 1

        clients = [asyncio.create_task(send_requests()) for _ in range(CLIENTS)]
        for number in range(1, changes + 1):
            is_bad = not number % EVERY_BAD
            name = f"District {number}"
            files.sources = {"edfi": files.sources["edfi"]} | ({"canvas": canvas} if number % 2 else {})
            before = answered
            if not is_bad:
                valid.add(name)
            status = await gateway.change(name=name, server="graphiql = 7" if is_bad else "")
            if is_bad:
                refused += status["refusal"] is not None
                assert names(await gateway.ask()) == [f"District {number - 1}"]
            else:
                seconds.append(status["seconds"])
                assert names(await gateway.ask()) == [name]
                valid.intersection_update({name})
            await until(lambda before=before: answered > before + CLIENTS)
        is_over = True
        await asyncio.gather(*clients)
        await until(lambda: gateway.application.readiness.settings.retired == 0)

    assert refused == changes // EVERY_BAD
    assert len(seconds) == changes - refused
    median, longest = sorted(seconds)[len(seconds) // 2], max(seconds)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{changes} changes, {refused} refused, {answered} requests, 0 failed; "
            f"in effect after {median:.2f} s (median), {longest:.2f} s at most\n"
        )


async def test_a_new_token_for_metrics_is_not_taken_for_applied(files: SettingsFiles) -> None:
    """It needs a restart, as a new key of the record does. Until then the old one counts; the reload says so."""
    pytest.importorskip("prometheus_client", reason="the extra 'telemetry' is not installed")
    files.extra = "[telemetry]\nmetrics = true\nmetrics_token_env = 'METRICS'"
    files.secrets["METRICS"] = OTHER_TOKEN
    files.write()
    async with running_gateway(files) as gateway:
        files.secrets["METRICS"] = THIRD_TOKEN
        status = await gateway.change()
        statuses = [
            (await gateway.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})).status_code
            for token in (OTHER_TOKEN, THIRD_TOKEN)
        ]

    assert "telemetry.metrics_token_env: the secret cannot change while the gateway runs" in status["refusal"]
    assert statuses == [200, 401]
