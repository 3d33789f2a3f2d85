"""A gateway process over sandboxes, whose every answer is searched for what vendors said."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.sandbox.serving import Sandbox
from tests.gateway.servers import running_command
from tests.scenarios.helpers.impostors import CANARY

VIEWER_TOKEN = "0123456789abcdef0123456789abcdef"
LOAD = "[load]\nviewer_in_flight = 2000\nviewer_rate = 1e6\nviewer_burst = 100000"
"""Tests ask more than any person does."""
RECORD_KEY = "cmVjb3JkLW9mLWRpc2Nsb3N1cmVzLWZvci10ZXN0cyE="
SECRETS = {"client_secret": "CLIENT_SECRET", "token": "CANVAS_TOKEN"}
"""Variables that hold the settings which are secret."""


@dataclass
class Gateway:
    """A `student-graph serve` that answers."""

    settings: Path
    environ: Mapping[str, str]
    process: subprocess.Popen[str]
    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The answer, in which no vendor is quoted; nor does the process say anything."""
        answer = httpx.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {VIEWER_TOKEN}"},
            timeout=30,
            trust_env=False,
        )
        found: dict[str, Any] = answer.json()
        assert CANARY not in answer.text
        assert self.said() == ""
        return found

    def said(self) -> str:
        """What the process has written to its standard error since the last time."""
        assert self.process.stderr is not None
        written = b""
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self.process.stderr.fileno(), 65536):
                written += part
        return written.decode()


@contextlib.contextmanager
def serving(
    folder: Path,
    districts: Mapping[str, Mapping[str, Sandbox]],
    cache: str = "",
    secrets: Mapping[str, str] | None = None,
) -> Iterator[Gateway]:
    """
    A gateway over these districts, each with its sandboxes by kind, until the block ends.

    `cache` are lines of its settings, and `secrets` what they name.
    """
    path = folder / "gateway.toml"
    path.write_text(f'{settings(districts)}\n[disclosure]\nkey_env = "RECORD"\n{LOAD}\n[cache]\n{cache}\n')
    environ = {"ADA": VIEWER_TOKEN, "RECORD": RECORD_KEY, **(secrets or {})}
    for sources in districts.values():
        for source in sources.values():
            environ |= {SECRETS[name]: text for name, text in source.settings().items() if name in SECRETS}
    with running_command(["serve", "--config", str(path)], environ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().removeprefix("student-graph answers at ").strip()
        os.set_blocking(process.stderr.fileno(), False)
        yield Gateway(path, environ, process, url)


def settings(districts: Mapping[str, Mapping[str, Sandbox]]) -> str:
    """The settings file; secrets are named by their variables."""
    lines = ["[server]", "port = 0"]
    for name, sources in districts.items():
        lines += ["[[districts]]", f'id = "{name}"', f'name = "{name}"', 'time_zone = "America/Chicago"']
        for kind, source in sources.items():
            given = {"name": kind, "kind": kind, **source.source_settings()}
            told = {f"{key}_env" if key in SECRETS else key: SECRETS.get(key, text) for key, text in given.items()}
            lines += ["[[districts.sources]]", *(f"{key} = {json.dumps(text)}" for key, text in told.items())]
    lines += ["[[viewers]]", 'subject = "ada"', 'role = "superintendent"', "operator = true", 'token_env = "ADA"']
    return "\n".join([*lines, f"districts = {list(districts)}"])
