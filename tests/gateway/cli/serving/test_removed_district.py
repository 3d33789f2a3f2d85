"""A reload without a district leaves nothing of it in the memory of a gateway."""

from __future__ import annotations

import asyncio
import gc
import heapq
import weakref
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.model import Fetched, Record
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.sources import District, Source
from student_graph.gateway.cache.entries import Bucket
from student_graph.gateway.cli.serving import one_process
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.http.client import VendorClient
from student_graph.gateway.server.service import Service
from tests.gateway.cli.serving.gateway import QUERY, TOKEN, SettingsFiles, running_gateway, until

DALE_TOKEN = "d" * 40
DALE = """
[[districts]]
id = "dale"
name = "Dale"
time_zone = "America/Denver"
[[districts.sources]]
name = "sis"
kind = "edfi"
client_secret_env = "EDFI_CLIENT_SECRET"
"""


class TwoDistricts(SettingsFiles):
    """Hill, and Dale as long as it has not left; both have the same vendor."""

    has_dale = True

    def write(self) -> None:
        """Write both files."""
        super().write()
        if self.has_dale:
            source = {k: v for k, v in self.sources["edfi"].items() if k != "client_secret"}
            lines = [DALE, *(f"{name} = {value!r}" for name, value in source.items())]
            lines.append('[[viewers]]\nsubject = "dora"\nrole = "superintendent"\ndistricts = ["dale"]')
            self.path.write_text(self.path.read_text() + "\n".join(lines) + '\ntoken_env = "DORA"')
            self.environment_file.write_text(f"{self.environment_file.read_text()}DORA={DALE_TOKEN}\n")


def of_dale() -> list[str]:
    """What is in memory of Dale: types of its objects."""
    gc.collect()
    types = []
    for thing in gc.get_objects():
        match thing:
            case Source(district="dale") | District(id="dale") | Bucket(source=Source(district="dale")):
                types.append(type(thing).__name__)
            case Record(fetched=Fetched(district="dale")):
                types.append(type(thing).__name__)
    return types


def drop_cancelled_timers() -> None:
    """Drop the timers that were cancelled: asyncio's own loop keeps them until they are due, uvloop does not."""
    timers: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    timers[:] = [timer for timer in timers if not timer.cancelled()]
    heapq.heapify(timers)


async def test_a_reload_without_a_district_leaves_no_object_of_it_in_memory(
    tmp_path: Path, sandboxes: dict[str, Sandbox]
) -> None:
    """No source, no record, no connection, no viewer's budget; the other district keeps its answers."""
    files = TwoDistricts(tmp_path, [sandboxes["edfi"]])
    async with running_gateway(files) as gateway:
        assert (await gateway.ask(QUERY, DALE_TOKEN)).json()["data"]["districts"][0]["name"] == "Dale"
        assert (await gateway.ask()).status_code == 200
        pipeline = gateway.application.pipeline
        client = pipeline.districts["dale"].sources[0].adapter.http  # type: ignore[index]
        assert isinstance(client, VendorClient)
        store, budgets = pipeline.cache.store, gateway.application.load_shedder.budgets
        bytes_of_hill = store.bytes_by_district()["hill"]  # type: ignore[index]
        assert {"Source", "District", "Bucket", "Student"} <= set(of_dale())
        assert len(budgets) == 2
        client_of_dale = weakref.ref(client)
        del pipeline, client

        files.has_dale = False
        status = await gateway.change()
        await until(lambda: gateway.application.readiness.settings.retired == 0)

        assert status["refusal"] is None
        left = client_of_dale()
        assert left is None or left.is_closed
        del left
        assert store.bytes_by_district() == {"hill": bytes_of_hill}
        assert len(budgets) == 1
        assert (await gateway.ask(QUERY, DALE_TOKEN)).status_code == 401
        assert (await gateway.ask(QUERY, TOKEN)).status_code == 200
        drop_cancelled_timers()
        assert of_dale() == []


class Districts(list[Any]):
    """A list that weak references may have."""


def test_a_gateway_without_workers_keeps_no_settings_that_a_reload_has_replaced(
    files: SettingsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The secrets of a removed district are gone without a restart."""

    def run(service: Any, *_: object) -> int:
        districts = weakref.ref(service.districts)
        del service
        gc.collect()
        assert districts() is None
        return 0

    files.write()
    monkeypatch.setattr(ServiceLoader, "start", lambda _: Service(Districts(), {}))
    monkeypatch.setattr(one_process, "run", run)

    assert one_process.serve(files.path, files.environment_file) == 0


@pytest.fixture(autouse=True)
def _collected() -> None:
    """Begin without garbage of other tests."""
    gc.collect()
