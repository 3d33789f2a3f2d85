"""What a reload applies, what it keeps, and what it refuses."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import pytest

from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.gateway.server.reloading import MAX_RETIRED_APPLICATIONS
from tests.clients import get, post
from tests.gateway.cli.serving.gateway import (
    QUERY,
    STATUS,
    TOKEN,
    SettingsFiles,
    names,
    running_gateway,
    students,
    until,
)
from tests.gateway.forked import forked_command

OTHER_TOKEN, THIRD_TOKEN = "fedcba9876543210fedcba9876543210", "b" * 32
SOURCES = "{ sources { name calls district { name } } }"


def without_districts(files: SettingsFiles) -> None:
    text = files.path.read_text()
    districts, viewers = text.index("[[districts]]"), text.index("[[viewers]]")
    files.path.write_text(text[:districts] + text[viewers:])


def with_a_district_twice(files: SettingsFiles) -> None:
    text = files.path.read_text()
    district = text[text.index("[[districts]]") : text.index("[[viewers]]")]
    files.path.write_text(text + "\n" + district)


def replaced(old: str, new: str) -> Callable[[SettingsFiles], None]:
    """A mistake: one text in place of another."""

    def change(files: SettingsFiles) -> None:
        text = files.path.read_text()
        assert old in text
        files.path.write_text(text.replace(old, new, 1))

    return change


def with_other_record_key(files: SettingsFiles) -> None:
    text = files.environment_file.read_text()
    files.environment_file.write_text(text.replace("RECORD=cmVj", "RECORD=bmVj"))


MISTAKES: dict[str, tuple[Callable[[SettingsFiles], Any], str]] = {
    "not TOML": (replaced("[server]", "[server"), "not TOML"),
    "no file": (lambda files: files.path.unlink(), "No such file"),
    "no districts": (without_districts, "districts is missing"),
    "a second district of the same id": (with_a_district_twice, "two districts have the id 'hill'"),
    "an unknown setting": (replaced("port = 0", "port = 0\nprot = 1"), "there is no setting server.prot"),
    "another port": (replaced("port = 0", "port = 1"), "server.port: cannot change while the gateway runs"),
    "another address": (
        replaced("port = 0", 'port = 0\nhost = "127.0.0.2"'), "server.host: cannot change while the gateway runs",
    ),
    "a Redis": (
        replaced("[cache]", '[cache]\nredis = "redis://127.0.0.1:6379/0"\nkey_env = "RECORD"'),
        "cache.redis: cannot change while the gateway runs",
    ),
    "another record": (
        replaced("[disclosure]", '[disclosure]\ndirectory = "other"'), "disclosure.directory: cannot change",
    ),
    "a folder of counts": (
        replaced("[cache]", '[service_levels]\ndirectory = "counts"\n[cache]'),
        "service_levels.directory: cannot change",
    ),
    "an objective over 100 %": (
        replaced("time_zone", "objectives = { answered = 99.9 }\ntime_zone"),
        "district 'hill': objectives.answered: must be a share from 0.5 to less than 1",
    ),
    "another key of the record": (with_other_record_key, "disclosure.key_env: the secret cannot change"),
    "a missing secret": (replaced('"CANVAS_TOKEN"', '"UNSET"'), "variable of token_env is not set"),
    "an adapter that is not there": (replaced('kind = "canvas"', 'kind = "canvass"'), "no adapter 'canvass'"),
    "a source that does not answer": (
        replaced('client_id = "', 'client_id = "wrong-'), "the source hill/edfi does not answer (SOURCE_AUTH",
    ),
    "no list of documents": (replaced("[load]", '[documents]\nmanifest = "none.json"\n[load]'), "none.json"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_one_mistake_refuses_all_settings(files: SettingsFiles, mistake: str) -> None:
    """The earlier settings go on, and the reason names the setting; the next correct file is applied."""
    change, reason = MISTAKES[mistake]
    async with running_gateway(files) as gateway:
        files.name = "District 1"
        files.write()
        change(files)
        status = await gateway.reload()
        answer, ready = await gateway.ask(), await gateway.client.get("/health/ready")

        assert reason in status["refusal"]
        assert TOKEN not in status["refusal"]
        assert names(answer) == ["District 0"]
        assert (ready.status_code, ready.json()) == (200, {"status": "ready", "settings": "refused"})

        files.write()
        status = await gateway.reload()

        assert (status["refusal"], status["reloads"]) == (None, 1)
        assert names(await gateway.ask()) == ["District 1"]


async def test_a_source_that_does_not_answer_may_be_applied(
    files: SettingsFiles, sandboxes: dict[str, Sandbox]
) -> None:
    """`server.check_sources = false` takes a vendor up that is down; without it, the reload is refused."""
    canvas = files.sources.pop("canvas")
    files.write()
    async with running_gateway(files) as gateway:
        sandboxes["canvas"].switches.down = True
        files.sources["canvas"] = canvas
        files.write()
        refused = await gateway.reload()
        applied = await gateway.change(server="check_sources = false")

    assert "hill/canvas does not answer (SOURCE_UNAVAILABLE" in refused["refusal"]
    assert applied["changes"] == ["hill/canvas: added"]


async def test_an_unchanged_source_keeps_its_answers_and_what_was_learned(
    files: SettingsFiles, sandboxes: dict[str, Sandbox]
) -> None:
    """A reload that leaves a source unchanged costs its vendor nothing; a changed source is asked again."""
    async with running_gateway(files) as gateway:
        expected = students(await gateway.ask())
        edfi = gateway.application.pipeline.sources[0]
        requests = len(sandboxes["edfi"].requests)
        status = await gateway.change(name="District 1")

        assert status["changes"] == []
        assert students(await gateway.ask()) == expected
        assert len(sandboxes["edfi"].requests) == requests
        assert gateway.application.pipeline.sources[0] is edfi

        files.source_lines["edfi"] = "cache.students_by_district = { fresh = 5 }"
        status = await gateway.change()
        changed = gateway.application.pipeline.sources[0]

        assert status["changes"] == ["hill/edfi: changed"]
        assert students(await gateway.ask()) == expected
        assert len(sandboxes["edfi"].requests) > requests
        assert (changed is edfi, changed.adapter is edfi.adapter) == (False, True)

        files.source_lines["edfi"] = "concurrency = 3"
        await gateway.change()

        assert gateway.application.pipeline.sources[0].adapter is not edfi.adapter
        assert students(await gateway.ask()) == expected


async def test_requests_under_way_end_on_the_earlier_settings(
    files: SettingsFiles, sandboxes: dict[str, Sandbox]
) -> None:
    """A request that waits for a source gets its answer, although its source is removed; then that is closed."""
    query = "{ sources { name } districts { students(first: 50) { edges { node { assignments { title } } } } } }"
    async with running_gateway(files) as gateway:
        earlier = gateway.application
        canvas = earlier.pipeline.sources[1]
        sandboxes["canvas"].switches.latency = 300
        slow = asyncio.create_task(gateway.ask(query))
        await until(lambda: bool(sandboxes["canvas"].requests))
        del files.sources["canvas"]
        status = await gateway.change()
        ready_now = await gateway.ask("{ sources { name } }")

        assert (status["changes"], status["retired"]) == (["hill/canvas: removed"], 1)
        assert [source["name"] for source in ready_now.json()["data"]["sources"]] == ["edfi"]
        assert not canvas.adapter.http.is_closed

        response = (await slow).json()
        await until(lambda: gateway.application.readiness.settings.retired == 0)

        assert [source["name"] for source in response["data"]["sources"]] == ["edfi", "canvas"]
        assert all("IDENTITY" in error["extensions"]["code"] for error in response.get("errors", ()))
        assert canvas.adapter.http.is_closed
        assert not earlier.pipeline.sources[0].adapter.http.is_closed
        assert all(
            entry.bucket.source is not canvas for entry in gateway.application.pipeline.cache.store.entries()
        )


async def test_tokens_are_checked_by_the_present_settings(files: SettingsFiles) -> None:
    """A token that was replaced in the file of variables is refused at once; so is a viewer who was removed."""
    async with running_gateway(files) as gateway:
        secrets = {**files.secrets, "ADA": OTHER_TOKEN, "BEN": THIRD_TOKEN}
        status = await gateway.change(secrets=secrets, viewers=["ADA", "BEN"])
        assert status["refusal"] is None
        statuses = [(await gateway.ask(QUERY, token)).status_code for token in (TOKEN, OTHER_TOKEN, THIRD_TOKEN)]
        await gateway.change(viewers=["ADA"])
        last = [(await gateway.ask(QUERY, token)).status_code for token in (OTHER_TOKEN, THIRD_TOKEN)]

    assert statuses == [401, 200, 200]
    assert last == [200, 401]


async def test_operators_see_what_a_reload_changed(files: SettingsFiles) -> None:
    """`sources` lists the present sources, and says since when each is counted; nobody else sees the reason."""
    async with running_gateway(files) as gateway:
        before = (await gateway.ask("{ sources { name configuredAt } }")).json()["data"]["sources"]
        files.source_lines["canvas"] = "concurrency = 3"
        await gateway.change()
        after = (await gateway.ask("{ sources { name configuredAt } }")).json()["data"]["sources"]
        stranger = await gateway.client.get(STATUS)

    assert stranger.status_code == 401
    assert [source["name"] for source in after] == ["edfi", "canvas"]
    assert after[0] == before[0]
    assert after[1]["configuredAt"] > before[1]["configuredAt"]


async def test_many_requests_for_a_reload_are_few_reloads(files: SettingsFiles) -> None:
    """Requests that come at once are one reload, and the last files win."""
    async with running_gateway(files) as gateway:
        for number in range(1, 30):
            files.name = f"District {number}"
            files.write()
            gateway.app.request_reload()
        await until(lambda: gateway.application.readiness.settings.reloads == 1)
        gateway.app.request_reload()
        gateway.app.request_reload()
        await until(lambda: gateway.application.readiness.settings.reloads == 2)
        await until(lambda: gateway.application.pipeline.districts["hill"].name == "District 29")
        status = await gateway.status()

    assert status["reloads"] == 2


async def test_earlier_settings_in_use_are_few(files: SettingsFiles, sandboxes: dict[str, Sandbox]) -> None:
    """While clients are slow, a further reload waits until one of the earlier settings has ended."""
    async with running_gateway(files) as gateway:
        sandboxes["edfi"].switches.latency = 1500
        slow = []
        for number in range(1, MAX_RETIRED_APPLICATIONS + 1):
            slow.append(asyncio.create_task(gateway.ask("{ districts { schools { name } } }")))
            await until(lambda: bool(gateway.app._running.requests))
            await gateway.change(name=f"District {number}", server="check_sources = false")
        files.name = "District last"
        files.write()
        gateway.app.request_reload()
        most = 0
        while gateway.application.pipeline.districts["hill"].name != "District last":
            most = max(most, len(gateway.app._retiring))
            await asyncio.sleep(0.01)
        responses = await asyncio.gather(*slow)

    assert most <= MAX_RETIRED_APPLICATIONS
    assert all("errors" not in response.json() for response in responses)


async def test_changed_files_are_applied_by_themselves(files: SettingsFiles) -> None:
    """With `server.watch`, changed settings and a changed file of variables take effect without a signal."""
    files.server = "watch = true"
    files.write()
    async with running_gateway(files) as gateway:
        status = gateway.application.readiness.settings
        await asyncio.sleep(0.3)  # so that the first look at the files comes before the change
        files.name = "District 1"
        files.write()
        await until(lambda: status.reloads == 1)
        name = names(await gateway.ask())
        files.environment_file.write_text(files.environment_file.read_text().replace(TOKEN, OTHER_TOKEN))
        await until(lambda: status.reloads == 2)

        assert name == ["District 1"]
        assert (await gateway.ask(QUERY, OTHER_TOKEN)).status_code == 200


def test_sighup_reads_the_settings_again(files: SettingsFiles) -> None:
    """The process goes on after SIGHUP, with the new settings; SIGTERM still stops it with success."""
    arguments = ["serve", "--config", str(files.path), "--env-file", str(files.environment_file)]
    with forked_command(arguments) as process:
        url = process.stdout.readline().removeprefix("student-graph answers at ").strip()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        files.name = "District 1"
        files.write()
        process.send_signal(signal.SIGHUP)
        while not get(url.replace("/graphql", STATUS), headers=headers).json()["reloads"]:
            assert process.poll() is None
        response = post(url, json={"query": QUERY}, headers=headers)
        process.send_signal(signal.SIGTERM)

        assert names(response) == ["District 1"]
        assert process.wait(timeout=60) == 0
