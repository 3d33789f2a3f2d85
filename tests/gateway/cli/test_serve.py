"""`serve` and `check` as processes, over the sandboxes of two districts."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.registry import adapter_kinds
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.staged import SANDBOXES
from tests.gateway.servers import run_command, running_command

TOKEN = "0123456789abcdef0123456789abcdef"
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
    """A vendor of each kind for each of two districts, answering."""
    points = [point for kind in ("edfi", "canvas") for point in entry_points(group=SANDBOXES, name=kind)]
    made = [point.load()(make_district(12, seed)) for seed in (1, 2) for point in points]
    with served(*made):
        yield made


class Settings:
    """A settings file for sandboxes, and the environment with their secrets."""

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
            lines += [self._setting(f"{name}_{sandbox.kind}", *item) for item in sandbox.source_settings().items()]
        return "\n".join(lines)

    def _setting(self, source: str, name: str, value: Any) -> str:
        """A line of the file; what is secret goes to the environment."""
        if name not in ("client_secret", "token"):
            return f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        variable = f"{source}_{name}".upper()
        self.environ[variable] = value
        return f'{name}_env = "{variable}"'

    def replace(self, old: str, new: str) -> None:
        """Change the file's text."""
        text = self.path.read_text()
        assert old in text
        self.path.write_text(text.replace(old, new, 1))


@pytest.fixture
def settings(tmp_path: Path, sandboxes: list[Sandbox]) -> Settings:
    """Settings that hold."""
    return Settings(tmp_path, sandboxes)


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A gateway with these settings, and where its graph is."""
    with running_command(["serve", "--config", str(settings.path)], settings.environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line.removeprefix("student-graph answers at ").strip()


def refused(settings: Settings, name: str = "serve") -> str:
    """What is said about settings that do not hold, after the file's name."""
    ended = run_command(name, "--config", str(settings.path), environ=settings.environ)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    return ended.stderr.removeprefix(f"student-graph: {settings.path}: ").rstrip()


def test_several_districts_are_served(settings: Settings) -> None:
    """One gateway, two districts, each with its own sources."""
    with serving(settings) as (_, url):
        query = "{ districts { name students(first: 1) { edges { node { studentUniqueId } } } } }"
        answer = httpx.post(url, json={"query": query}, headers=HEADERS).json()
        page = httpx.get(url, headers={"Accept": "text/html"})

    assert [district["name"] for district in answer["data"]["districts"]] == ["District north", "District south"]
    assert all(district["students"]["edges"] for district in answer["data"]["districts"])
    assert page.status_code == 405


def test_requests_under_way_are_answered_before_it_stops(settings: Settings, sandboxes: list[Sandbox]) -> None:
    """SIGTERM while a vendor takes its time: the answer still comes, and the process ends with success."""
    sis = sandboxes[0]
    sis.switches.latency = 500
    with serving(settings) as (process, url), ThreadPoolExecutor() as pool:
        query = {"query": "{ districts { schools { name } } }"}
        answer = pool.submit(httpx.post, url, json=query, headers=HEADERS, timeout=30)
        while not sis.requests:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)

        assert answer.result().json()["data"]["districts"][0]["schools"]
        assert process.wait(timeout=30) == 0


def test_it_is_unready_before_it_closes_the_door(tmp_path: Path, sandboxes: list[Sandbox]) -> None:
    """For as long as the settings say, requests are answered while readiness sends new ones elsewhere."""
    settings = Settings(tmp_path, sandboxes, "port = 0\ndrain = 60")
    with serving(settings) as (process, url):
        ready = url.replace("/graphql", "/health/ready")
        process.send_signal(signal.SIGTERM)
        while (readiness := httpx.get(ready)).status_code == 200:
            time.sleep(0.01)
        answer = httpx.post(url, json={"query": "{ districts { schools { name } } }"}, headers=HEADERS)

        assert (readiness.status_code, readiness.json()) == (503, {"status": "draining"})
        assert answer.json()["data"]["districts"][0]["schools"]
        assert httpx.get(ready.replace("ready", "live")).status_code == 200

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=30) == 0


def test_sources_elsewhere_are_asked_by_https(settings: Settings, sandboxes: list[Sandbox]) -> None:
    """Only a source on this machine may be asked in the clear."""
    settings.replace(sandboxes[1].url, "http://canvas.example")

    assert refused(settings) == (
        "districts[0].sources[1].base_url: must be https: children's records do not travel in the clear"
    )


@pytest.mark.parametrize(("old", "new", "said"), [
    ('kind = "canvas"', 'kind = "canvass"',
     f"districts[0].sources[1]: there is no adapter 'canvass'; installed are {', '.join(adapter_kinds())}"),
    ('kind = "canvas"', 'kind = "canvas"\nlookups = ["schools_by_id"]',
     "districts[0].sources[1].lookups: 'canvas' does not answer schools_by_id"),
    ("token_env =", "tokn_env =",
     "districts[0].sources[1]: source 'canvas': token_env is missing; there is no setting tokn_env"),
    ('"NORTH_CANVAS_TOKEN"', '"UNSET_TOKEN"',
     "districts[0].sources[1]: source 'canvas': the environment variable of token_env is not set"),
    ("token_env =", "token =",
     "districts[0].sources[1]: source 'canvas': token is a secret; give token_env instead"),
    (VIEWER, "", "issuers is missing, and viewers: without one of them nobody may ask"),
])  # fmt: skip
def test_a_wrong_source_is_named(settings: Settings, old: str, new: str, said: str) -> None:
    """The place in the file, the source and what to change."""
    settings.replace(old, new)

    assert refused(settings) == said


def test_an_adapter_for_another_contract_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A package that was built for another version of the contract is found, and not used."""
    (tmp_path / "oldsis.py").write_text(
        "from student_graph.adapters.contract import Adapter\n\n\nclass OldSis(Adapter):\n    contract = 0\n"
    )
    package = tmp_path / "oldsis-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: oldsis\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[student_graph.adapters]\noldsis = oldsis:OldSis\n")
    settings.environ["PYTHONPATH"] = str(tmp_path)
    settings.replace('kind = "canvas"', 'kind = "oldsis"')

    assert refused(settings) == (
        "districts[0].sources[1]: adapter 'oldsis' was built for contract 0; this is contract 1"
    )


def test_a_port_in_use_is_named(settings: Settings) -> None:
    """Before any source is asked."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings.replace("port = 0", f"port = {port}")
        ended = run_command("serve", "--config", str(settings.path), environ=settings.environ)

    assert (ended.returncode, ended.stderr) == (2, f"student-graph: port {port} is in use; choose another one\n")


def test_check_says_that_every_source_answers(settings: Settings) -> None:
    """One row for each source, and success."""
    ended = run_command("check", "--config", str(settings.path), environ=settings.environ)
    rows = [line.split() for line in ended.stdout.splitlines()]

    assert ended.returncode == 0, ended.stderr
    assert [row[:3] for row in rows] == [
        ["DISTRICT", "SOURCE", "KIND"],
        ["north", "edfi", "edfi"],
        ["north", "canvas", "canvas"],
        ["south", "edfi", "edfi"],
        ["south", "canvas", "canvas"],
    ]
    assert {row[4] for row in rows[1:]} == {"ok"}


def test_check_names_the_source_that_fails(settings: Settings, sandboxes: list[Sandbox]) -> None:
    """A system that is down, and one that refuses the credentials; the others are asked all the same."""
    sandboxes[0].switches.down = True
    settings.environ["SOUTH_CANVAS_TOKEN"] = "revoked"
    ended = run_command("check", "--config", str(settings.path), environ=settings.environ)
    rows = [line.split(maxsplit=5) for line in ended.stdout.splitlines()[1:]]

    assert ended.returncode == 1
    assert [row[4] for row in rows] == ["failed", "ok", "ok", "failed"]
    assert rows[0][5].startswith("SOURCE_UNAVAILABLE: ")
    assert rows[3][5].startswith("SOURCE_AUTH: ")
    assert "revoked" not in ended.stdout + ended.stderr
