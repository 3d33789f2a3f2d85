"""A third-party adapter: its own distribution, found by entry points, that uses only public names of the kit."""

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
    """(module, name) of everything that a module imports of ours."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return [pair for pair in found if pair[0].split(".")[0] in {"student_graph", "tests"}]


def test_it_is_found_by_its_entry_points() -> None:
    """Installed beside ours, from a distribution of its own."""
    for group in (ENTRY_POINT_GROUP, SANDBOX_ENTRY_POINTS):
        [point] = entry_points(group=group, name="hillside")
        assert point.dist is not None
        assert point.dist.name == "hillside-sis"
    assert find_adapter("hillside").__module__ == "hillside_sis.adapter"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_it_imports_public_names_only(path: Path) -> None:
    """Nothing with an underscore, nothing of another vendor, nothing of the gateway."""
    assert [pair for pair in imports(path) if pair[0] not in PUBLIC or pair[1].startswith("_")] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_it_reaches_for_no_private_attribute(path: Path) -> None:
    """What begins with an underscore is its own."""
    reached = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    private = [node.attr for node in reached if node.attr.startswith("_") and not node.attr.startswith("__")]
    own = {name.id for node in reached if isinstance(name := node.value, ast.Name) and node.attr in private}

    assert own <= {"self"}


def test_a_vendor_is_joined_in_few_lines() -> None:
    """Adapter and payloads, blank lines left out."""
    code = "".join((EXAMPLE / "hillside_sis" / name).read_text() for name in ("adapter.py", "api.py"))

    assert sum(1 for line in code.splitlines() if line.strip()) < 150


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The distribution of `docs/add-a-vendor.md`: files taken from the page, entry points as if installed."""
    page = (ROOT / "docs" / "add-a-vendor.md").read_text()
    for name, text in re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)```", page, re.MULTILINE | re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "lakeview" / "__init__.py").touch()
    points = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["entry-points"]
    told = tmp_path / "lakeview-0.1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: lakeview\nVersion: 0.1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in named.items()) for group, named in points.items()]
    (told / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def conformance(folder: Path) -> subprocess.CompletedProcess[str]:
    """What pytest says in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.row("M07")
def test_the_vendor_of_the_docs_is_green(written: Path) -> None:
    """Whoever follows the page from an empty folder ends with the suite passed."""
    told = conformance(written)

    assert told.returncode == 0, told.stdout
    assert re.search(r"^\d+ passed in", told.stdout, re.MULTILINE)


def test_the_vendor_of_the_docs_turns_red_when_it_swallows_an_error(written: Path) -> None:
    """The page says so, and invites its reader to try."""
    adapter = written / "lakeview" / "adapter.py"
    head, body = adapter.read_text().split("        response = await")
    lines = "".join(f"    {line}\n" for line in f"        response = await{body}".splitlines())
    adapter.write_text(f"{head}        try:\n{lines}        except httpx.HTTPError:\n            return None\n")

    assert "test_a_failing_vendor_is_a_failure[students_by_id]" in conformance(written).stdout
