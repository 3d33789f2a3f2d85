"""Runs programs of Node with the client libraries of this folder's npm project."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parent
PACKAGES = PROJECT / "node_modules"
TIMEOUT_SECONDS = 300
"""Longer than any program takes on a slow and busy machine; one that hangs still fails."""


def node_executable() -> str:
    """Return the path of Node; skips the test if Node or the packages are missing, and says why."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node, which is not installed")
    if not (PACKAGES / ".package-lock.json").is_file():
        pytest.skip("needs the packages of tests/client_libraries: run make setup with npm installed")
    return node


def run_node(
    program: Path, *arguments: object, folder: Path = PROJECT, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder until it ends; with `check`, fail with its output if it fails."""
    process = subprocess.run(  # noqa: S603 - our own program, or a package that our lock file names
        [node_executable(), program, *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert not check or process.returncode == 0, process.stdout + process.stderr
    return process


def run_script(name: str, folder: Path, **members: Any) -> Any:
    """
    Run a script of this folder, and return the JSON that it prints.

    It runs in `folder`, beside the files that the test wrote there, with `members` in a file of JSON.
    """
    node_executable()
    shutil.copy(PROJECT / "scripts" / name, folder)
    shutil.copy(PROJECT / "scripts" / "common.mjs", folder)
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(PACKAGES, target_is_directory=True)
    (folder / "input.json").write_text(json.dumps(members))
    return json.loads(run_node(folder / name, "input.json", folder=folder).stdout)
