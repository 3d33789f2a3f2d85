"""A third-party adapter: a distribution of its own with entry points, which uses only public names of the kit."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from student_graph.adapters.registry import ENTRY_POINT_GROUP, find_adapter
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "third_party_adapter"
MODULES = sorted((EXAMPLE / "hillside_sis").glob("*.py"))
PUBLIC = {
    "student_graph.adapters",
    "student_graph.adapters.auth",
    "student_graph.adapters.bisection",
    "student_graph.adapters.concurrency",
    "student_graph.adapters.keys",
    "student_graph.adapters.paging",
    "student_graph.adapters.reading",
    "student_graph.adapters.sandbox.facts",
    "student_graph.adapters.sandbox.serving",
    "student_graph.adapters.testing",
}
"""Modules that the documentation names as public for authors of adapters."""


def imports(path: Path) -> list[tuple[str, str]]:
    """Return the module and name of every import from this repository in a file."""
    names: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            names += [(alias.name, "") for alias in node.names]
    return [pair for pair in names if pair[0].split(".")[0] in {"student_graph", "tests"}]


def test_its_entry_points_register_it() -> None:
    """The adapter and the sandbox come from a distribution of their own."""
    for group in (ENTRY_POINT_GROUP, SANDBOX_ENTRY_POINTS):
        [point] = entry_points(group=group, name="hillside")
        assert point.dist is not None
        assert point.dist.name == "hillside-sis"
    assert find_adapter("hillside").__module__ == "hillside_sis.adapter"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_it_imports_only_public_names(path: Path) -> None:
    """It imports no private name, no other vendor's adapter, and nothing from the gateway."""
    assert [pair for pair in imports(path) if pair[0] not in PUBLIC or pair[1].startswith("_")] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_it_uses_no_private_attribute_of_the_kit(path: Path) -> None:
    """Attributes that begin with an underscore are its own."""
    attributes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    private = [node.attr for node in attributes if node.attr.startswith("_") and not node.attr.startswith("__")]
    owners = {name.id for node in attributes if isinstance(name := node.value, ast.Name) and node.attr in private}

    assert owners <= {"self"}


def test_an_adapter_needs_fewer_than_150_lines() -> None:
    """Counted are the lines of the adapter and of its payloads that are not blank."""
    code = "".join((EXAMPLE / "hillside_sis" / name).read_text() for name in ("adapter.py", "api.py"))

    assert sum(1 for line in code.splitlines() if line.strip()) < 150


@pytest.fixture
def lakeview(tmp_path: Path) -> Path:
    """The distribution in `docs/add-a-vendor.md`: the files on the page, with metadata as if it were installed."""
    page = (ROOT / "docs" / "add-a-vendor.md").read_text()
    for name, text in re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)```", page, re.MULTILINE | re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "lakeview" / "__init__.py").touch()
    points = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["entry-points"]
    metadata = tmp_path / "lakeview-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lakeview\nVersion: 0.1.0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def run_conformance_suite(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest in the folder, and return its output and exit code."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.row("M07")
def test_the_adapter_of_the_docs_passes_the_conformance_suite(lakeview: Path) -> None:
    """A developer who follows the page from an empty folder ends with a suite that passes."""
    result = run_conformance_suite(lakeview)

    assert result.returncode == 0, result.stdout
    assert re.search(r"^\d+ passed in", result.stdout, re.MULTILINE)


def test_the_suite_fails_if_the_adapter_of_the_docs_hides_an_error(lakeview: Path) -> None:
    """The page says so, and invites the reader to try it."""
    adapter = lakeview / "lakeview" / "adapter.py"
    head, body = adapter.read_text().split("        response = await")
    lines = "".join(f"    {line}\n" for line in f"        response = await{body}".splitlines())
    adapter.write_text(f"{head}        try:\n{lines}        except httpx.HTTPError:\n            return None\n")

    assert "test_a_failing_vendor_is_a_failure[students_by_id]" in run_conformance_suite(lakeview).stdout
