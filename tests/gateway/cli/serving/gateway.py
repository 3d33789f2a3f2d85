"""A gateway with a settings file that tests change while it runs, over real HTTP and in the test's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.cli.serving.loader import ServiceLoader
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from student_graph.gateway.server.clients.connection_table import ConnectionTable
from student_graph.gateway.server.process import server_config
from student_graph.gateway.server.reloading import ReloadableApplication
from student_graph.gateway.server.service import Application
from tests.clients import async_client
from tests.patience import SOURCE_SECONDS

TOKEN = "0123456789abcdef0123456789abcdef"
QUERY = "{ districts { name students(first: 50) { edges { node { studentUniqueId } } } } }"
STATUS = "/health/settings"


@contextlib.contextmanager
def small_district() -> Iterator[dict[str, Sandbox]]:
    """Run sandboxes of one small district, by kind."""
    facts = make_district(12, 3)
    running = {
        kind: entry_point.load()(facts)
        for kind in ("edfi", "canvas")
        for entry_point in entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    }
    with served(*running.values()):
        yield running


class SettingsFiles:
    """A settings file and its file of environment variables: one district with the sources of some sandboxes."""

    def __init__(self, folder: Path, sandboxes: Sequence[Sandbox], extra: str = "") -> None:
        self.path, self.environment_file = folder / "gateway.toml", folder / "secrets.env"
        self.name, self.viewers, self.extra, self.server = "District 0", ["ADA"], extra, ""
        self.cache = ""
        """Further settings of the cache, as lines of TOML."""
        self.drain = 0.0
        """Seconds; most tests are over when they stop the gateway."""
        self.sources = {sandbox.kind: sandbox.source_settings() for sandbox in sandboxes}
        self.source_lines = dict.fromkeys(self.sources, "")
        """Further settings of each source, as lines of TOML."""
        self.secrets = {"ADA": TOKEN, "RECORD": "cmVjb3JkLW9mLWRpc2Nsb3N1cmVzLWZvci10ZXN0cyE="}
        self.write()

    def write(self) -> None:
        """Write both files."""
        lines = [f"[server]\nport = 0\ndrain = {self.drain}\n{self.server}"]
        lines.append(f"[disclosure]\nkey_env = 'RECORD'\n{self.extra}")
        lines.append(f"[cache]\ncalendars = false\n{self.cache}")
        lines.append(f'[load]\nviewer_rate = 100000\n[[districts]]\nid = "hill"\nname = "{self.name}"')
        lines.append('time_zone = "America/Denver"')
        secrets = dict(self.secrets)
        for name, settings in self.sources.items():
            lines.append(f'[[districts.sources]]\nname = "{name}"\nkind = "{name}"\n{self.source_lines[name]}')
            for key, value in ({"timeout": SOURCE_SECONDS} | settings).items():
                if key in ("client_secret", "token"):
                    secrets[f"{name}_{key}".upper()] = value
                    lines.append(
                        f'{key}_env = "{name}_{key}"'.replace(f'"{name}_{key}"', f'"{name.upper()}_{key.upper()}"')
                    )
                else:
                    lines.append(f"{key} = {json.dumps(value)}")
        for viewer in self.viewers:
            lines.append(f'[[viewers]]\nsubject = "{viewer}"\nrole = "superintendent"\ndistricts = ["hill"]')
            lines.append(f'operator = true\ntoken_env = "{viewer}"')
        self.environment_file.write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
        self.path.write_text("\n".join(lines))


class _Server(uvicorn.Server):
    """A server that does not handle the process's signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Gateway:
    """A running gateway and a client for it."""

    def __init__(self, files: SettingsFiles, app: ReloadableApplication, client: httpx.AsyncClient) -> None:
        self.files, self.app, self.client = files, app, client
        self.headers = {"Authorization": f"Bearer {TOKEN}"}

    @property
    def application(self) -> Application:
        """The application that answers requests now."""
        return self.app._running.application

    async def ask(self, query: str = QUERY, token: str = TOKEN) -> httpx.Response:
        """Send a query."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.client.post("/graphql", json={"query": query}, headers=headers)

    async def status(self) -> dict[str, Any]:
        """What operators see of the settings."""
        status: dict[str, Any] = (await self.client.get(STATUS, headers=self.headers)).json()
        return status

    async def reload(self) -> dict[str, Any]:
        """Read the files again, and return the status once they are applied or refused."""
        settings = self.application.readiness.settings
        before = settings.applied_at, settings.refused_at
        self.app.request_reload()
        await until(lambda: (settings.applied_at, settings.refused_at) != before)
        return settings.report()

    async def change(self, **changes: Any) -> dict[str, Any]:
        """Change attributes of the files, write them, and reload."""
        for name, value in changes.items():
            setattr(self.files, name, value)
        self.files.write()
        return await self.reload()


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a condition holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running_gateway(files: SettingsFiles) -> AsyncIterator[Gateway]:
    """Run a gateway with these files until the block ends."""
    loader = ServiceLoader(files.path, files.environment_file)
    app = ReloadableApplication(Application(loader.start()), loader)
    server = _Server(server_config(app, ConnectionTable()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await until(lambda: server.started or serving.done())
            async with async_client(base_url=f"http://{host}:{port}") as client:
                yield Gateway(files, app, client)
        finally:
            server.should_exit = True
            await serving


def names(response: httpx.Response) -> list[str]:
    """The names of the districts in a response to `QUERY`."""
    return [district["name"] for district in response.json()["data"]["districts"]]


def students(response: httpx.Response) -> list[str]:
    """The students in a response to `QUERY`."""
    [district] = response.json()["data"]["districts"]
    return [edge["node"]["studentUniqueId"] for edge in district["students"]["edges"]]
