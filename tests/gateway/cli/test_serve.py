"""`serve` and `check` as processes, with the sandboxes of two districts."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.registry import adapter_kinds
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.clients import get, post
from tests.gateway.forked import forked_command
from tests.gateway.servers import run_command, run_here, running_command, table_rows
from tests.patience import SOURCE_SECONDS

CANVAS = "district 'north', source 'canvas'"
TOKEN = "0123456789abcdef0123456789abcdef"
NOBODY = (
    "issuers and viewers are missing: add one, or nobody can send queries\n"
    "disclosure.key_env: set it to the name of the variable with the key of the record"
)
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
VIEWER = """
[disclosure]
key_env = "RECORD"

[[viewers]]
subject = "ada"
role = "superintendent"
districts = ["north", "south"]
token_env = "ADA"
"""


@pytest.fixture
def sandboxes() -> Iterator[list[Sandbox]]:
    """Running sandboxes: Ed-Fi and Canvas of the first district, then those of the second one."""
    loaders = [
        entry_point.load()
        for kind in ("edfi", "canvas")
        for entry_point in entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    ]
    running = [loader(make_district(30, seed)) for seed in (1, 2) for loader in loaders]
    with served(*running):
        yield running


class Settings:
    """A settings file for the sandboxes, and the environment variables with their secrets."""

    def __init__(self, folder: Path, sandboxes: list[Sandbox], server: str = "port = 0") -> None:
        self.environ = {"ADA": TOKEN, "RECORD": "cmVjb3JkLW9mLWRpc2Nsb3N1cmVzLWZvci10ZXN0cyE="}
        self.path = folder / "gateway.toml"
        districts = [self._district(name, pair) for name, pair in zip(
            ("north", "south"), (sandboxes[:2], sandboxes[2:]), strict=True)]  # fmt: skip
        self.path.write_text("\n".join([f"[server]\n{server}", *districts, VIEWER]))

    def _district(self, name: str, sandboxes: list[Sandbox]) -> str:
        lines = [f'[[districts]]\nid = "{name}"\nname = "District {name}"\ntime_zone = "America/Denver"']
        for sandbox in sandboxes:
            lines.append(f'[[districts.sources]]\nname = "{sandbox.kind}"\nkind = "{sandbox.kind}"')
            settings = sandbox.source_settings() | {"timeout": SOURCE_SECONDS}
            lines += [self._setting(f"{name}_{sandbox.kind}", *item) for item in settings.items()]
        return "\n".join(lines)

    def _setting(self, source: str, name: str, value: Any) -> str:
        """A line of the file; a secret goes to the environment."""
        if name not in ("client_secret", "token"):
            return f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        variable = f"{source}_{name}".upper()
        self.environ[variable] = value
        return f'{name}_env = "{variable}"'

    def replace(self, old: str, new: str) -> None:
        """Change the first occurrence of a text in the file."""
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new, 1))


@pytest.fixture
def settings(tmp_path: Path, sandboxes: list[Sandbox]) -> Settings:
    """Correct settings."""
    return Settings(tmp_path, sandboxes)


@contextlib.contextmanager
def serving(settings: Settings, run: Callable[..., Any] = forked_command) -> Iterator[tuple[Any, str]]:
    """Run a gateway with these settings; yield its process and the URL of its graph."""
    with run(["serve", "--config", str(settings.path)], settings.environ) as process:
        line = process.stdout.readline()
        yield process, line.removeprefix("student-graph answers at ").strip()


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a condition holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def settings_error(settings: Settings, run: Callable[..., subprocess.CompletedProcess[str]] = run_here) -> str:
    """Run `serve` with wrong settings; return its problems, one a line, without the name of the file."""
    process = run("serve", "--config", str(settings.path), environ=settings.environ)

    assert (process.returncode, process.stdout) == (2, "")
    begin = f"student-graph: {settings.path}: "
    assert all(line.startswith(begin) for line in process.stderr.splitlines())
    return process.stderr.replace(begin, "").rstrip()


def test_several_districts_are_served(settings: Settings) -> None:
    """One gateway serves two districts, each with its own sources."""
    with serving(settings) as (_, url):
        query = "{ districts { name students(first: 1) { edges { node { studentUniqueId } } } } }"
        response = post(url, json={"query": query}, headers=HEADERS).json()
        page = get(url, headers={"Accept": "text/html"})

    assert [district["name"] for district in response["data"]["districts"]] == ["District north", "District south"]
    assert all(district["students"]["edges"] for district in response["data"]["districts"])
    assert page.status_code == 405


def test_requests_in_flight_are_answered_before_it_stops(tmp_path: Path, sandboxes: list[Sandbox]) -> None:
    """After SIGTERM, a request that waits for a vendor gets its response, and the exit status is 0."""
    settings = Settings(
        tmp_path, sandboxes, "port = 0\ndrain = 0\n[cache]\ncalendars = false"
    )  # only the query reads
    sis = sandboxes[0]
    sis.switches.latency = 500
    with serving(settings, running_command) as (process, url), ThreadPoolExecutor() as pool:
        query = {"query": "{ districts { schools { name } } }"}
        response = pool.submit(httpx.post, url, json=query, headers=HEADERS, timeout=60)
        wait_until(lambda: bool(sis.requests))
        process.send_signal(signal.SIGTERM)

        assert response.result().json()["data"]["districts"][0]["schools"]
        assert process.wait(timeout=60) == 0


def test_it_is_not_ready_before_it_closes_the_port(tmp_path: Path, sandboxes: list[Sandbox]) -> None:
    """For `server.drain` seconds it still answers requests, while a load balancer learns to send none."""
    settings = Settings(tmp_path, sandboxes, "port = 0\ndrain = 60")
    with serving(settings) as (process, url):
        ready = url.replace("/graphql", "/health/ready")
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: get(ready).status_code != 200)
        readiness = get(ready)
        response = post(url, json={"query": "{ districts { schools { name } } }"}, headers=HEADERS)

        assert (readiness.status_code, readiness.json()) == (503, {"status": "draining"})
        assert response.json()["data"]["districts"][0]["schools"]
        assert get(ready.replace("ready", "live")).status_code == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=60) == 0


def test_a_source_on_another_machine_needs_https(settings: Settings, sandboxes: list[Sandbox]) -> None:
    """Only a source on this machine may use http."""
    settings.replace(sandboxes[1].url, "http://canvas.example")

    assert settings_error(settings) == (
        f"{CANVAS}: base_url: must be https, so that students' records are encrypted"
    )


@pytest.mark.parametrize(("old", "new", "message"), [
    ('kind = "canvas"', 'kind = "canvass"',
     f"{CANVAS}: there is no adapter 'canvass'; installed are {', '.join(adapter_kinds())}"),
    ('kind = "canvas"', 'kind = "canvas"\nlookups = ["schools_by_id"]',
     f"{CANVAS}: lookups: the adapter 'canvas' has no lookup schools_by_id"),
    ("token_env =", "tokn_env =",
     f"{CANVAS}: token_env is missing\n{CANVAS}: there is no setting tokn_env"),
    ('"NORTH_CANVAS_TOKEN"', '"UNSET_TOKEN"',
     f"{CANVAS}: the environment variable of token_env is not set"),
    ("token_env =", "token =",
     f"{CANVAS}: token is a secret; give token_env instead"),
    (VIEWER, "", NOBODY),
])  # fmt: skip
def test_a_wrong_source_is_named(settings: Settings, old: str, new: str, message: str) -> None:
    """The error names the setting, the source and what to change."""
    settings.replace(old, new)

    assert settings_error(settings) == message


def test_an_adapter_for_another_contract_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A package for another version of the adapters' contract is not used."""
    (tmp_path / "oldsis.py").write_text(
        "from student_graph.adapters.contract import Adapter\n\n\nclass OldSis(Adapter):\n    contract = 0\n"
    )
    package = tmp_path / "oldsis-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: oldsis\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[student_graph.adapters]\noldsis = oldsis:OldSis\n")
    settings.environ["PYTHONPATH"] = str(tmp_path)
    settings.replace('kind = "canvas"', 'kind = "oldsis"')

    assert (
        settings_error(settings, run_command)
        == f"{CANVAS}: adapter 'oldsis' was built for contract 0; this is contract 1. Install its newer version"
    )


def test_a_port_in_use_is_named(settings: Settings) -> None:
    """The error comes before anything else starts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings.replace("port = 0", f"port = {port}")
        process = run_here("serve", "--config", str(settings.path), environ=settings.environ)

    assert (process.returncode, process.stderr) == (
        2,
        f"student-graph: port {port} is in use; choose another one\n",
    )


def test_an_address_of_another_machine_is_named(settings: Settings) -> None:
    """The error comes before anything else starts."""
    settings.replace("port = 0", 'host = "192.0.2.1"')
    process = run_here("serve", "--config", str(settings.path), environ=settings.environ)

    assert process.returncode == 2
    assert process.stderr.startswith("student-graph: cannot listen on 192.0.2.1 port 8000: ")


def test_check_prints_a_row_for_every_source(settings: Settings) -> None:
    """The exit status is 0 if every source answers."""
    process = run_here("check", "--config", str(settings.path), environ=settings.environ)
    rows = table_rows(process.stdout)

    assert process.returncode == 0, process.stderr
    assert [row[:3] for row in rows] == [
        ["DISTRICT", "SOURCE", "KIND"],
        ["north (District north)", "edfi", "edfi"],
        ["north (District north)", "canvas", "canvas"],
        ["south (District south)", "edfi", "edfi"],
        ["south (District south)", "canvas", "canvas"],
    ]
    assert {row[4] for row in rows[1:]} == {"ok"}


def test_check_names_the_source_that_fails(settings: Settings, sandboxes: list[Sandbox]) -> None:
    """One source is down and one refuses the credentials; the others are checked too."""
    sandboxes[0].switches.down = True
    settings.environ["SOUTH_CANVAS_TOKEN"] = "revoked"
    process = run_here("check", "--config", str(settings.path), environ=settings.environ)
    rows = table_rows(process.stdout)[1:]

    assert process.returncode == 1
    assert [row[4] for row in rows] == ["failed", "ok", "ok", "failed"]
    assert rows[0][5].startswith("SOURCE_UNAVAILABLE: ")
    assert rows[3][5].startswith("SOURCE_AUTH: ")
    assert "revoked" not in process.stdout + process.stderr
