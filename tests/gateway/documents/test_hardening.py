"""Changes to graphql-core and Strawberry: only in a process that asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

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
STEPS = {
    "installed": "",
    "imported": f"{IMPORT_DOCUMENTS}\n{IMPORT_SERVER}",
    "built": BUILD_SERVER,
    "built again": BUILD_SERVER,
}


@pytest.fixture(scope="module")
def states() -> dict[str, dict[str, Any]]:
    """The changeable parts of graphql-core and Strawberry in a new process, after each step that it takes."""
    code = "\n".join([PROBE, *(f"{step}\nprobe()" for step in STEPS.values())])
    process = subprocess.run(  # noqa: S603 - this file's own code
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    return dict(zip(STEPS, map(json.loads, process.stdout.splitlines()), strict=True))


def test_importing_the_packages_changes_nothing(states: dict[str, dict[str, Any]]) -> None:
    """After an import of every module of `documents`, and of the server, both libraries are as installed."""
    assert states["installed"]["logged"]
    assert states["imported"] == states["installed"]


def test_a_server_hardens_its_process(states: dict[str, dict[str, Any]]) -> None:
    """A smaller budget for overlapping fields, and no log lines by Strawberry; once is enough."""
    hardened = {"complexity": 10_000, "logged": False, "filters": 1}

    assert states["installed"] != hardened
    assert (states["built"], states["built again"]) == (hardened, hardened)
