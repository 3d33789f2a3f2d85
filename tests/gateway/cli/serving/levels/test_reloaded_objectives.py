"""Objectives of a district are applied by a reload, and changed by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.gateway.cli.serving.gateway import Gateway, SettingsFiles, running_gateway, small_district, until


def with_objectives(objectives: str) -> str:
    """The name of the district, with its objectives in the lines after it."""
    return f'District 0"\nobjectives = {objectives}\nschool_year_starts = "07-01'


async def judged(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """The objectives that the status shows, by name."""
    report = (await gateway.client.get("/status", headers=gateway.headers)).json()
    return {row["objective"]: row for row in report["districts"][0]["objectives"]}


async def test_objectives_that_a_reload_brings_count_from_then_on(tmp_path: Path) -> None:
    """Pages before it were not counted; a later reload judges what was counted by other objectives."""
    with small_district() as sandboxes:
        files = SettingsFiles(tmp_path, [*sandboxes.values()])
        async with running_gateway(files) as gateway:
            await gateway.ask()
            assert await judged(gateway) == {}
            await gateway.change(name=with_objectives("{ answered = 0.99 }"))
            for _ in range(2):
                await gateway.ask()
            gateway.application.recorder.update()
            before = await judged(gateway)
            await gateway.change(name=with_objectives("{ answered = 0.9, in_time = 0.95, seconds = 10 }"))
            await until(lambda: "in_time" in gateway.application.recorder.windows()["hill"])
            after = await judged(gateway)

    assert {name: (row["pages"], row["target"]) for name, row in before.items()} == {"answered": (2, 0.99)}
    assert {name: (row["pages"], row["target"]) for name, row in after.items()} == {
        "answered": (2, 0.9),
        "in_time": (2, 0.95),
    }
