"""Someone who does what a page says, block by block, with a demo that runs already."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from graphql import OperationDefinitionNode, parse, print_ast

from tests.clients import post
from tests.deploy.files import program
from tests.docs.pages import ROOT, Block, blocks
from tests.gateway.servers import COMMAND, RunningDemo

SETTINGS = """
[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Chicago"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "{edfi}"
client_id = "sandbox-key"
client_secret_env = "DEMO_EDFI"
networks = ["127.0.0.1/32"]

[[districts.sources]]
name = "lms"
kind = "canvas"
base_url = "{canvas}"
token_env = "DEMO_CANVAS"
networks = ["127.0.0.1/32"]
"""
"""The settings file of the reader: the demo's sources under the names that the pages use."""
MAKE = """#!/bin/sh
exec env -u MAKEFLAGS -u MAKELEVEL {make} -n -C {root} "$@" >/dev/null
"""
"""`make` says whether it could make its target."""
STUDENT_GRAPH = """#!/bin/sh
if [ "$1" = serve ]; then exec {installed} "$@"; fi
if [ "$1" != demo ]; then exec {program} "$@"; fi
while [ $# -gt 0 ]; do
  if [ "$1" = --ready-file ] && [ "$2" != ready.json ]; then cp {ready} "$2"; fi
  shift
done
"""
"""`student-graph demo` writes its ready file only. `serve` gets signals, which are for the process itself."""
STUDENT_NUMBER = "401363"
"""The value of a document's variable that is a string. One that is an id is that of the same student."""
NUMBERS = re.compile(r"[0-9a-f]{8,}|\d+")


class Reader:
    """The folder, the environment and the last output of someone who reads one page."""

    def __init__(self, folder: Path, demo: RunningDemo, student_graph: Path) -> None:
        """`student_graph` is the program for commands that end by themselves."""
        self.folder, self.demo = folder, demo
        self._commands = folder / ".venv" / "bin"
        self.output: Any = None
        """What the last block printed or answered."""
        sources = demo.ready["sources"]
        self.environ = {
            **os.environ,
            "PATH": f"{self._commands}:{os.environ['PATH']}",
            "DEMO_EDFI": sources["edfi"]["settings"]["client_secret"],
            "DEMO_CANVAS": sources["canvas"]["settings"]["token"],
        }
        for part in ("deploy", "examples", "schema.graphql"):
            (folder / part).symlink_to(ROOT / part)
        (folder / "gateway.toml").write_text(
            SETTINGS.format(edfi=sources["edfi"]["url"], canvas=sources["canvas"]["url"])
        )
        ready = folder / "ready.json"
        self._commands.mkdir(parents=True)
        ready.write_text(json.dumps(demo.ready))
        self._write_command("make", MAKE.format(make=shutil.which("make"), root=ROOT))
        if caddy := program("caddy"):
            self._write_command("caddy", f'#!/bin/sh\nexec {caddy} "$@"\n')
        self._write_command(
            "student-graph", STUDENT_GRAPH.format(installed=COMMAND, program=student_graph, ready=ready)
        )

    def _write_command(self, name: str, script: str) -> None:
        path = self._commands / name
        path.write_text(script)
        path.chmod(0o755)

    def follow(self, block: Block) -> None:
        """Execute a block, or compare it with what the block before it gave."""
        if block.kind == "output":
            shown = json.loads(block.content) if block.language == "json" else block.content
            problems = differences(shown, self.output)
            assert problems == [], f"{block}: {problems}"
        elif block.language == "sh":
            # The demo runs, and what the next line needs is there as soon as the command ends.
            self.output = self._run(
                re.sub(r"^(student-graph demo [^\n&]*)&", r"\1", block.content, flags=re.MULTILINE), block
            )
        elif block.language == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.content, re.MULTILINE):
                problems = differences(shown, self._run(command, block))
                assert block.kind == "output differs" or problems == [], f"{block}: {problems}"
        elif block.language == "graphql":
            self.output = self._query(block)

    def _run(self, script: str, block: Block) -> str:
        """Run a script, which must not fail, and return what it prints; keep what it exports for the next one."""
        exports = self._commands / "exports"
        before = f"source {exports}\n" if exports.exists() else ""
        done = subprocess.run(  # noqa: S603 - a block of our own pages
            ["bash", "-c", f"set -euo pipefail\n{before}{script}\nexport -p > {exports}"],  # noqa: S607
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{block}: {done.stderr}"
        return done.stdout

    def _query(self, block: Block) -> dict[str, Any]:
        """Execute a document as the viewer that the page names, with values for its variables."""
        document = parse(block.content)
        [operation] = [part for part in document.definitions if isinstance(part, OperationDefinitionNode)]
        declared = {
            part.variable.name.value: print_ast(part.type) for part in operation.variable_definitions or ()
        }
        variables = {name: self._value(kind) for name, kind in declared.items()}
        viewer = block.text if block.kind == "viewer" else "superintendent"
        if "@defer" in block.content:
            return self._deferred(block.content)
        answer = self.demo.post(block.content, viewer, **variables)
        following = next((other for other in blocks(block.page) if other.line > block.line), None)
        if following is None or following.kind != "output":
            assert "errors" not in answer, f"{block}: {answer['errors']}"
            assert all(value is not None for value in answer["data"].values()), str(block)
        return answer

    def _value(self, kind: str) -> str:
        if not kind.startswith("ID"):
            return STUDENT_NUMBER
        answer = self.demo.post(f'{{ student(studentUniqueId: "{STUDENT_NUMBER}") {{ id }} }}')
        student: str = answer["data"]["student"]["id"]
        return student

    def _deferred(self, document: str) -> dict[str, Any]:
        """Execute a document with deferred parts, and return the last part."""
        token = self.demo.ready["tokens"]["superintendent"]
        headers = {"Accept": "multipart/mixed", "Authorization": f"Bearer {token}"}
        text = post(self.demo.ready["graphql"], json={"query": document}, headers=headers).text
        parts = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        assert len(parts) > 1
        assert '"errors"' not in text, text
        last: dict[str, Any] = parts[-1]
        return last

    def end_processes(self) -> None:
        """End the processes whose numbers the page has put into files, for a page that did not come to its end."""
        for file in self.folder.glob("*/*.pid"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(file.read_text()), signal.SIGKILL)

    def switch_sources_on(self) -> None:
        """Switch the demo's sources on again, and wait until the gateway asks them."""
        work = '{ student(studentUniqueId: "401002") { assignments { title } } }'
        for source in self.demo.ready["sources"].values():
            post(f"{source['url']}/-/switches", json={"down": False})
        self.demo.wait_for(lambda: "errors" not in self.demo.post(work))


def differences(shown: Any, actual: Any) -> list[str]:
    """Where an output has not what a page shows; it may have more, and its numbers and ids may be others."""
    if isinstance(shown, dict) and isinstance(actual, dict):
        return [line for key, value in shown.items() for line in differences(value, actual.get(key))]
    if isinstance(shown, list) and isinstance(actual, list) and len(shown) == len(actual):
        return [line for pair in zip(shown, actual, strict=True) for line in differences(*pair)]
    if isinstance(shown, str) and isinstance(actual, str):
        shown, actual = (re.sub(r"\s+", " ", NUMBERS.sub("N", text)).strip() for text in (shown, actual))
    return [] if shown == actual else [f"{actual!r} is not {shown!r}"]
