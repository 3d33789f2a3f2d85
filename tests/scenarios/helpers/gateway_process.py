"""A gateway process over sandboxes. No response and no log line of it may quote a vendor."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from student_graph.adapters.sandbox.serving import Sandbox
from tests.clients import post
from tests.gateway.forked import ForkedProcess, forked_command
from tests.patience import SOURCE_SECONDS
from tests.scenarios.helpers.bad_responses import CANARY

VIEWER_TOKEN = "0123456789abcdef0123456789abcdef"
LOAD = "[load]\nwait = 10\nviewer_in_flight = 2000\nviewer_rate = 1e6\nviewer_burst = 100000"
"""Limits far above what tests need: one viewer sends all requests, on a machine that may be busy."""
DISCLOSURE_KEY = "cmVjb3JkLW9mLWRpc2Nsb3N1cmVzLWZvci10ZXN0cyE="
SECRET_VARIABLES = {"client_secret": "CLIENT_SECRET", "token": "CANVAS_TOKEN"}
"""Environment variables of the settings that are secret, by setting."""


@dataclass
class GatewayProcess:
    """A running `student-graph serve`."""

    settings: Path
    environ: Mapping[str, str]
    process: ForkedProcess
    url: str

    def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send a query and return the response. Fails if it quotes a vendor, or if the process logs anything."""
        response = post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {VIEWER_TOKEN}"},
            timeout=60,
        )
        content: dict[str, Any] = response.json()
        assert CANARY not in response.text
        log = self.read_log()
        assert log == "", log
        return content

    def read_log(self) -> str:
        """Return what the process has written to its standard error since the last time."""
        log = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.process.stderr.fileno(), 65536):
                log += part
        return log.decode()


@contextlib.contextmanager
def gateway_process(
    folder: Path,
    districts: Mapping[str, Mapping[str, Sandbox]],
    cache: str = "",
    secrets: Mapping[str, str] | None = None,
) -> Iterator[GatewayProcess]:
    """
    Run a gateway process over these districts: the sandboxes of each by kind.

    `cache` are lines of the settings section of that name, and `secrets` the environment variables that they name.
    Nothing is read before it is asked for, because tests count calls.
    """
    path = folder / "gateway.toml"
    cache_text = f"[cache]\ncalendars = false\n{cache}"
    path.write_text(f'{settings_text(districts)}\n[disclosure]\nkey_env = "RECORD"\n{LOAD}\n{cache_text}\n')
    environ = {"ADA": VIEWER_TOKEN, "RECORD": DISCLOSURE_KEY, **(secrets or {})}
    for sources in districts.values():
        for source in sources.values():
            environ |= {
                SECRET_VARIABLES[name]: text
                for name, text in source.settings().items()
                if name in SECRET_VARIABLES
            }
    with forked_command(["serve", "--config", str(path)], environ) as process:
        url = process.stdout.readline().removeprefix("student-graph answers at ").strip()
        os.set_blocking(process.stderr.fileno(), False)
        yield GatewayProcess(path, environ, process, url)


def settings_text(districts: Mapping[str, Mapping[str, Sandbox]]) -> str:
    """Return the first part of the settings file. Secrets are named by their environment variables."""
    lines = ["[server]", "port = 0"]
    for district, sources in districts.items():
        lines += ["[[districts]]", f'id = "{district}"', f'name = "{district}"', 'time_zone = "America/Chicago"']
        for kind, source in sources.items():
            lines += ["[[districts.sources]]", f'name = "{kind}"', f'kind = "{kind}"']
            for name, setting in (source.source_settings() | {"timeout": SOURCE_SECONDS}).items():
                variable = SECRET_VARIABLES.get(name)
                lines.append(f'{name}_env = "{variable}"' if variable else f"{name} = {json.dumps(setting)}")
    lines += ["[[viewers]]", 'subject = "ada"', 'role = "superintendent"', "operator = true", 'token_env = "ADA"']
    return "\n".join([*lines, f"districts = {list(districts)}"])
