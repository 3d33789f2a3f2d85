"""Which gateway a query is sent to, and whose token it has."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.terminal import progress

DEMO_VIEWER = "superintendent"
DEMO_STUDENTS = 100
"""Students of a demo that runs for one query."""
DEMO_START_SECONDS = 120.0
POLL_SECONDS = 0.02
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """A running gateway, with the token of a viewer."""

    url: str
    """Where queries are sent."""
    token: str
    is_demo: bool = False
    """Whether the gateway knows values for the variables of the example documents."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def variables_of(self, document: str) -> dict[str, str]:
        """Values for variables of a document that the demo suggests, such as the number of a student."""
        if not self.is_demo:
            return {}
        names = set(re.findall(r"\$(\w+)\s*:", document))
        try:
            examples = httpx.get(f"{self.url}/examples.json", trust_env=False).json()
        except (httpx.HTTPError, ValueError):
            return {}
        suggested = {name: value for example in examples for name, value in example["variables"].items()}
        return {name: value for name, value in suggested.items() if name in names}


@contextlib.contextmanager
def target_of(options: argparse.Namespace) -> Iterator[Target]:
    """
    The gateway that the options name; without one, a demo that runs until the block ends.

    Raises:
        SettingsError: the options name no gateway, or no token.
    """
    if options.url is not None:
        yield _at_address(options)
    elif options.config is not None:
        yield _configured(options)
    elif options.ready_file is not None:
        yield _demo_target(_read_ready_file(options.ready_file), options.viewer)
    else:
        with _demo() as ready:
            yield _demo_target(ready, options.viewer)


def _at_address(options: argparse.Namespace) -> Target:
    if options.viewer is not None:
        raise SettingsError(f"--viewer: at an address, the token in {options.token_env} says who asks")
    token = os.environ.get(options.token_env, "")
    _check_token(token, "--token-env", options.token_env)
    url = options.url.rstrip("/")
    return Target(url if url.endswith("/graphql") else f"{url}/graphql", token)


def _check_token(token: str, option: str, variable: str) -> None:
    """
    Check the token of an environment variable that an option names.

    Raises:
        SettingsError: the variable is not set, or holds something that no header can have, such as a line end.
    """
    if not token:
        raise SettingsError(f"{option}: the environment variable {variable} is not set")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise SettingsError(f"{option}: the environment variable {variable} holds no token, or more than a token")


def _configured(options: argparse.Namespace) -> Target:
    """The gateway of a settings file, and the token of a viewer in it."""
    # Only a settings file needs its models, which take a while to import.
    from student_graph.gateway.config import settings_file  # noqa: PLC0415

    settings = settings_file.load(options.config)
    viewers = {viewer.subject: viewer.token_env for viewer in settings.viewers}
    known = ", ".join(viewers) or "none"
    if options.viewer is None or options.viewer not in viewers:
        raise SettingsError(f"--viewer: must be the subject of a viewer in {options.config}: {known}")
    token = os.environ.get(viewers[options.viewer], "")
    _check_token(token, "--viewer", viewers[options.viewer])
    host, port = settings.server.host, settings.server.port
    if port == 0:
        raise SettingsError("--config: server.port is 0, so the gateway picks its port: name it with --url")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - all addresses of this machine
    return Target(f"http://{f'[{host}]' if ':' in host else host}:{port}/graphql", token)


def _demo_target(ready: Mapping[str, Any], viewer: str | None) -> Target:
    name = viewer or DEMO_VIEWER
    if name not in ready["tokens"]:
        raise SettingsError(f"--viewer: the demo has no {name!r}; it has {', '.join(ready['tokens'])}")
    return Target(ready["graphql"], ready["tokens"][name], is_demo=True)


def _read_ready_file(path: Path) -> dict[str, Any]:
    try:
        ready: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {"graphql": ready["graphql"], "tokens": ready["tokens"]}
    except OSError as exc:
        raise SettingsError(f"--ready-file: {path}: {exc.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--ready-file: {path} is not a ready file of the demo") from None


@contextlib.contextmanager
def _demo() -> Iterator[dict[str, Any]]:
    """
    A demo in a process of its own, which ends with the block.

    Raises:
        SettingsError: it does not start.
    """
    code = "import sys; from student_graph.gateway.cli.main import main; main(sys.argv[1:])"
    with tempfile.TemporaryDirectory(prefix="student-graph-") as folder:
        file = Path(folder) / "ready.json"
        options = ["--port", "0", "--students", str(DEMO_STUDENTS), "--ready-file", str(file)]
        process = subprocess.Popen(  # noqa: S603 - this command itself
            [sys.executable, "-c", code, "demo", *options], stdout=subprocess.DEVNULL
        )
        try:
            with progress("starting a demo for this query"):
                _wait_for(file, process)
            yield _read_ready_file(file)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEMO_START_SECONDS
    while not file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SettingsError("the demo did not start; student-graph demo says why")
        time.sleep(POLL_SECONDS)
