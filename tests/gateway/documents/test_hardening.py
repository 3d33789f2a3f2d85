"""Changes to graphql-core and Strawberry: only in a process that asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

PROBE = """
import json, logging
from importlib import import_module

def probe():
    record = logging.LogRecord("strawberry.execution", logging.ERROR, "", 1, "", (), None)
    print(json.dumps({
        "complexity": import_module(
            "graphql.validation.rules.overlapping_fields_can_be_merged"
        ).MAX_COMPLEXITY_BUDGET,
        "logged": bool(logging.getLogger("strawberry.execution").filter(record)),
        "filters": len(logging.getLogger("strawberry.execution").filters),
    }))

"""
IMPORT_DOCUMENTS = """
import pkgutil
import student_graph.gateway.documents as documents

for module in pkgutil.iter_modules(documents.__path__):
    import_module(f"{documents.__name__}.{module.name}")
"""
IMPORT_SERVER = "import student_graph.gateway.server"
BUILD_SERVER = "from student_graph.gateway.server.service import Service; Service([], {}).app()"


def states_after(*steps: str) -> list[dict[str, Any]]:
    """The changeable parts of graphql-core and Strawberry in a new process, after each piece of code."""
    code = "\n".join([PROBE, *(f"{step}\nprobe()" for step in steps)])
    process = subprocess.run(  # noqa: S603 - this file's own code
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return [json.loads(line) for line in process.stdout.splitlines()]


def test_importing_the_packages_changes_nothing() -> None:
    """After an import of every module of `documents`, and of the server, both libraries are as installed."""
    installed, imported = states_after("", f"{IMPORT_DOCUMENTS}\n{IMPORT_SERVER}")

    assert installed["logged"]
    assert imported == installed


def test_a_server_hardens_its_process() -> None:
    """A smaller budget for overlapping fields, and no log lines by Strawberry; once is enough."""
    hardened = {"complexity": 10_000, "logged": False, "filters": 1}

    assert states_after(BUILD_SERVER, BUILD_SERVER) == [hardened, hardened]
