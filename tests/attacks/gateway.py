"""
The attacked gateway: a served process with the settings' defaults, its vendors, and an issuer.

The district `hill` has well-behaved vendors. Each hostile vendor is the LMS of a district of its own, so that the
circuit breaker of one attack does not shorten the next one.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from student_graph.adapters.sandbox.district import DistrictFacts
from tests.attacks.good_vendors import GoodVendors, facts, good_vendors
from tests.clients import get
from tests.gateway.auth.token_factory import AUDIENCE, EC_KEY, ISSUER_NAME, public_jwk, signed_token
from tests.gateway.servers import COMMAND, client_for

DISTRICT = "hill"
SECRETS = {"client_secret": "SIS_SECRET", "token": "LMS_TOKEN"}
"""Environment variables of the sandboxes' secrets, by setting."""
ENVIRONMENT = {"RECORD": base64.b64encode(b"r" * 32).decode(), "HOOK": base64.b64encode(b"h" * 32).decode()}
TOKEN_SECONDS = 86_400
"""How long tokens are valid: longer than an hour of mixed load."""
CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
BYTES_PER_MIB = 1 << 20


@dataclass(frozen=True)
class Figures:
    """What the gateway's process has used so far."""

    cpu_seconds: float
    resident_mib: float
    peak_mib: float
    """The largest resident memory since `AttackedGateway.reset_peak`."""
    open_files: int
    log_bytes: int
    """Bytes that it has written to its standard error."""
    record_bytes: int
    """Bytes of the record of disclosures."""


@dataclass
class AttackedGateway:
    """A running gateway."""

    process: subprocess.Popen[str]
    host: str
    port: int
    facts: DistrictFacts
    folder: Path
    vendors: GoodVendors
    """The vendors of the district `hill`."""
    hostile_vendors: Mapping[str, socket.socket]
    """The listening socket of each hostile vendor, by the name of its attack and district."""

    def figures(self) -> Figures:
        """Read the figures of the process."""
        folder = Path(f"/proc/{self.process.pid}")
        times = (folder / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in (folder / "status").read_text(encoding="ascii").splitlines())
        return Figures(
            cpu_seconds=(int(times[11]) + int(times[12])) / CLOCK_TICKS_PER_SECOND,
            resident_mib=int(status["VmRSS"].split()[0]) / 1024,
            peak_mib=int(status["VmHWM"].split()[0]) / 1024,
            open_files=len(list((folder / "fd").iterdir())),
            log_bytes=(self.folder / "log").stat().st_size,
            record_bytes=sum(file.stat().st_size for file in (self.folder / "disclosures").rglob("*.jsonl")),
        )

    def reset_peak(self) -> None:
        """Count the peak of the resident memory from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5", encoding="ascii")

    def cached_mib(self) -> dict[str, float]:
        """What the process says that each of its caches takes, and all of them (`total`)."""
        headers = {"Authorization": f"Bearer {self.token('operator')}"}
        account = get(f"http://{self.host}:{self.port}/health/memory", headers=headers).json()
        return {name: round(cache["bytes"] / BYTES_PER_MIB, 2) for name, cache in account.items()}

    def token(self, viewer: str, *, district: str = DISTRICT, role: str = "Head") -> str:
        """A valid token of any viewer; a superintendent unless `role` says otherwise."""
        return _token(viewer, district, role)


@cache
def _token(viewer: str, district: str, role: str) -> str:
    now = int(time.time())
    return signed_token(sub=viewer, role=role, district=district, auth_time=now, exp=now + TOKEN_SECONDS)


@contextlib.contextmanager
def attacked_gateway(folder: Path, hostile_vendors: Sequence[str]) -> Iterator[AttackedGateway]:
    """Serve a gateway until the block ends; each hostile vendor gets a district and a socket of its name."""
    with contextlib.ExitStack() as stack:
        vendors = stack.enter_context(good_vendors())
        client = stack.enter_context(client_for(_people()))
        sockets = {name: stack.enter_context(_listening_socket()) for name in hostile_vendors}
        settings = folder / "gateway.toml"
        settings.write_text(_settings_text(vendors, sockets, str(client.base_url).rstrip("/")), encoding="utf-8")
        log = stack.enter_context((folder / "log").open("w", encoding="utf-8"))
        secrets = {
            SECRETS[name]: text
            for source in vendors.settings.values()
            for name, text in source.items()
            if name in SECRETS
        }
        process = subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, "serve", "--config", str(settings)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **ENVIRONMENT, **secrets},
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().removeprefix("student-graph answers at ").strip()
            assert url, (folder / "log").read_text(encoding="utf-8")
            host, _, port = url.removeprefix("http://").removesuffix("/graphql").rpartition(":")
            yield AttackedGateway(process, host, int(port), facts(), folder, vendors, sockets)
        finally:
            process.kill()
            process.communicate()


def _people() -> Starlette:
    """The issuer's keys, and the reviewers who are notified when break-glass is used."""

    async def keys(_: Request) -> JSONResponse:
        return JSONResponse({"keys": [public_jwk(EC_KEY, "one")]})

    async def opened(_: Request) -> JSONResponse:
        return JSONResponse({})

    return Starlette(routes=[Route("/keys", keys), Route("/opened", opened, methods=["POST"])])


def _listening_socket() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _settings_text(vendors: GoodVendors, hostile_vendors: Mapping[str, socket.socket], people: str) -> str:
    sis, lms = vendors.settings["edfi"], vendors.settings["canvas"]
    lines = [
        "[server]\nport = 0\nintrospection = true\ndefer = true",
        "[cache]\ncalendars = false",
        '[disclosure]\nkey_env = "RECORD"',
        f'[policy]\nreviewers = "{people}/opened"',
        *_district(DISTRICT, sis, lms),
    ]
    for name, listener in hostile_vendors.items():
        lines += _district(name, sis, {**lms, "base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    districts = [DISTRICT, *hostile_vendors]
    tenants = ", ".join(f'"{name}" = "{name}"' for name in districts)
    issuer = [
        f'[[issuers]]\nissuer = "{ISSUER_NAME}"\naudience = "{AUDIENCE}"\njwks_url = "{people}/keys"',
        f"districts = {json.dumps(districts)}",
        f'tenant_claim = "district"\ntenants = {{ {tenants} }}',
        f'operators = ["operator"]\nlongest = {TOKEN_SECONDS}',
        'roles = { Head = "superintendent", Principal = "principal", Guardian = "parent" }',
    ]
    return "\n".join([*lines, *issuer])


def _district(name: str, sis: Mapping[str, Any], lms: Mapping[str, Any]) -> list[str]:
    lines = [f'[[districts]]\nid = "{name}"\nname = "{name}"\ntime_zone = "America/Chicago"']
    for source, kind, settings in (("sis", "edfi", sis), ("lms", "canvas", lms)):
        lines.append(f'[[districts.sources]]\nname = "{source}"\nkind = "{kind}"')
        lines += [_setting(setting, content) for setting, content in settings.items()]
        if kind == "edfi":
            lines.append('hook_env = "HOOK"')
    return lines


def _setting(name: str, content: Any) -> str:
    return f'{name}_env = "{SECRETS[name]}"' if name in SECRETS else f"{name} = {json.dumps(content)}"
