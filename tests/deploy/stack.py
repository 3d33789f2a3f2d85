"""The parts of the compose file as processes: the same files, with other ports, paths and vendors."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from student_graph.adapters.sandbox.serving import Sandbox
from tests.deploy.files import COMPOSE, program
from tests.gateway.servers import COMMAND

KEY = base64.b64encode(b"s" * 32).decode()
PASSWORD = "a password of the test"
TOKEN = "0123456789abcdef0123456789abcdef"
SECONDS_TO_START = 120.0


def free_ports(count: int) -> list[int]:
    """Ports that nobody has now."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


def wait_for(
    condition: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = SECONDS_TO_START
) -> None:
    """Wait until a condition holds; fail if the process ends before, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass
class Stack:
    """A running proxy, with gateways and Redis if they were started."""

    folder: Path
    sandboxes: dict[str, Sandbox]
    """The vendors by kind."""
    https_port: int = 0
    http_port: int = 0
    gateways: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the graph behind TLS."""
        return f"https://localhost:{self.https_port}"

    @property
    def authority(self) -> Path:
        """The certificate of Caddy's own authority."""
        return self.folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def client(self) -> httpx.Client:
        """A client that trusts Caddy's authority and nobody else."""
        return httpx.Client(
            base_url=self.url,
            verify=ssl.create_default_context(cafile=str(self.authority)),
            trust_env=False,
            timeout=60,
        )

    def start_proxy(self, *upstreams: str) -> None:
        """Start Caddy by the file of the compose file, and wait until it answers over TLS."""
        self.https_port, self.http_port = free_ports(2)
        text = (COMPOSE / "Caddyfile").read_text()
        text = text.replace(
            "\tadmin off\n", f"\tadmin off\n\thttp_port {self.http_port}\n\tdefault_bind 127.0.0.1\n"
        )
        (self.folder / "Caddyfile").write_text(text)
        environ = {
            "SITE_ADDRESS": self.url,
            "TLS_ISSUER": "internal",
            "GATEWAYS": " ".join(upstreams),
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        command = [str(program("caddy")), "run", "--config", "Caddyfile", "--adapter", "caddyfile"]
        caddy = self._start(command, environ, "caddy.log")
        wait_for(self._proxy_answers, caddy)

    def _proxy_answers(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/health/live").status_code == 200
        except (OSError, httpx.HTTPError):
            return False

    def start_redis(self, port: int) -> None:
        """Start Redis by the file of the compose file."""
        secret = self.folder / "redis-password.conf"
        secret.write_text(f'requirepass "{PASSWORD}"\n')
        text = (COMPOSE / "redis.conf").read_text()
        for old, new in {
            "/run/secrets/redis-password.conf": str(secret),
            "bind 0.0.0.0": "bind 127.0.0.1",
            "port 6379": f"port {port}",
        }.items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "redis.conf").write_text(text)
        self._start([str(shutil.which("redis-server")), "redis.conf"], {}, "redis.log")

    def start_gateways(self, redis_port: int, ports: list[int]) -> None:
        """Start a gateway on each port by the settings file of the compose file, and wait until all are ready."""
        environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', (COMPOSE / "gateway.toml").read_text()), "unused")
        environ |= {
            "FLEET_KEY": KEY,
            "RECORD_KEY": KEY,
            "OPERATOR_TOKEN": TOKEN,
            "METRICS_TOKEN": TOKEN[::-1],
            "REDIS_PASSWORD": PASSWORD,
        }
        for port in ports:
            folder = self.folder / str(port)
            folder.mkdir()
            text = (COMPOSE / "gateway.toml").read_text()
            for old, new in {
                'host = "0.0.0.0"': 'host = "127.0.0.1"',
                "port = 8000": f"port = {port}",
                '"172.30.10.2"': '"127.0.0.1"',
                "http://collector:4318": "http://127.0.0.1:9",  # nobody: a collector that is away costs nothing
                "redis://redis:6379/0": f"redis://127.0.0.1:{redis_port}/0",
                "/var/lib/student-graph/disclosures": str(folder / "disclosures"),
            }.items():
                assert old in text
                text = text.replace(old, new)
            (folder / "gateway.toml").write_text(self._with_vendors(text, environ))
            secrets = folder / "gateway.env"
            secrets.write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
            secrets.chmod(0o600)
            arguments = ["serve", "--config", "gateway.toml", "--env-file", "gateway.env"]
            gateway = self._start([str(COMMAND), *arguments], {}, "gateway.log", folder)
            self.gateways.append(gateway)
        for gateway, port in zip(self.gateways, ports, strict=True):
            wait_for(lambda port=port: is_ready(port), gateway)  # type: ignore[misc]

    def _with_vendors(self, text: str, environ: dict[str, str]) -> str:
        """The settings with the sandboxes as vendors, whose secrets go to the environment."""
        for kind, address in re.findall(r'kind = "(\w+)"\nbase_url = "([^"]+)"', text):
            settings: dict[str, Any] = dict(self.sandboxes[kind].source_settings())
            [variable] = re.findall(rf'"{re.escape(address)}"\n(?:client_id = .*\n)?\w+_env = "(\w+)"', text)
            environ[variable] = str(settings.get("client_secret") or settings["token"])
            text = text.replace(f'"{address}"', f'"{settings["base_url"]}"\nnetworks = ["127.0.0.0/8"]')
            if "client_id" in settings:
                text = text.replace('client_id = "student-graph"', f'client_id = "{settings["client_id"]}"', 1)
        return text

    def _start(
        self, command: list[str], environ: dict[str, str], log: str, folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        with (folder or self.folder).joinpath(log).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - programs of the environment and the PATH
                command, cwd=folder or self.folder, env=os.environ | environ, stdout=output, stderr=output
            )
        self._processes.append(process)
        return process

    def stop(self) -> None:
        """End every process."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def is_ready(port: int) -> bool:
    """Whether the gateway on a port accepts requests."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class Requests:
    """Requests of one client after another in a thread, until it is stopped."""

    stack: Stack
    document: str
    statuses: list[str] = field(default_factory=list)
    """What came of each request: its status, or the name of the error."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._send)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._stopped.wait(0.15):  # below the rate of one viewer
            # A client of its own each time: a new connection is what a proxy has to find a gateway for.
            with self.stack.client() as client:
                try:
                    response = client.post(
                        "/graphql", json={"query": self.document}, headers={"Authorization": f"Bearer {TOKEN}"}
                    )
                    self.statuses.append(f"{response.status_code} {'errors' in response.json()}")
                except (httpx.HTTPError, ValueError) as exc:
                    self.statuses.append(type(exc).__name__)
