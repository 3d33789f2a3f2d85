"""What is installed: one package, `student_graph`, in a wheel as in a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


FAKE_PYTHON = """#!/bin/sh
echo "$0 $*" >> "$LOG"
case "$*" in
  "-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  *"pip uv") cp "$0" .venv/bin/uv ;;
esac
"""
"""Stands for Python and uv: notes what it is called with, and installs nothing."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    environ = os.environ | {"PATH": ""}  # without npm: building GraphiQL is another test's business
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True)  # noqa: S603 - our own words
    [path] = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_a_wheel_installs_one_package(wheel: set[str]) -> None:
    """Nothing of it can overwrite another distribution's `adapters` or `gateway`."""
    assert {name.split("/")[0].partition("-")[0] for name in wheel} == {"student_graph"}


@pytest.mark.parametrize("package", ["gateway", "resolvers", "adapters"])
def test_a_wheel_holds_every_module(wheel: set[str], package: str) -> None:
    """The links of the checkout are plain files in the wheel."""
    modules = {f"student_graph/{path.relative_to(ROOT)}" for path in (ROOT / package).rglob("*.py")}
    assert modules - wheel == set()


def test_a_wheel_is_typed_and_holds_the_example_queries(wheel: set[str]) -> None:
    """Type checkers read its annotations, and the demo's GraphiQL has its examples."""
    queries = {f"student_graph/gateway/examples/{path.name}" for path in (ROOT / "examples" / "queries").iterdir()}
    assert {"student_graph/py.typed", *queries} - wheel == set()


def test_a_wheel_holds_the_pages_that_are_built(wheel: set[str]) -> None:
    """GraphiQL and the dashboard are files of the wheel, with the licenses of what is in them."""
    built = [path for page in ("graphiql", "dashboard") for path in (ROOT / "gateway" / page).rglob("*.*")]
    assert {f"student_graph/{path.relative_to(ROOT)}" for path in built} - wheel == set()


def test_a_checkout_loads_no_module_twice() -> None:
    """Modules come from the real files, and none under a bare name; a debugger's breakpoints hold."""
    code = (
        "import sys, student_graph.gateway.cli.main as main\n"
        "print(main.__file__)\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('gateway', 'resolvers', 'adapters')])\n"
    )
    output = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert output.splitlines() == [str(ROOT / "gateway" / "cli" / "main.py"), "[]"]


def test_a_checkout_without_links_works(tmp_path: Path) -> None:
    """On Windows git may write a link as a text file; the package finds the directories beside it all the same."""
    package = tmp_path / "student_graph"
    package.mkdir()
    (package / "__init__.py").write_text((ROOT / "student_graph" / "__init__.py").read_text())
    (package / "adapters").write_text("../adapters")
    (package / "gateway").write_text("../gateway")
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "__init__.py").write_text("NAME = 'kit'\n")
    output = subprocess.run(
        [sys.executable, "-c", "import student_graph.adapters as kit; print(kit.NAME)"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert output == "kit\n"


def test_make_installs_what_a_command_needs_and_only_once(tmp_path: Path) -> None:
    """`make run` installs no tools, `make upstream` adds them, and a changed pyproject.toml installs again."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").write_text(FAKE_PYTHON)
    (tmp_path / "bin" / "python3").chmod(0o755)
    for name in ("Makefile", "pyproject.toml", "hatch_build.py", "examples/third_party_adapter/pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    log = tmp_path / "log"
    environ = os.environ | {"PATH": f"{tmp_path / 'bin'}:/bin", "LOG": str(log), "MAKEFLAGS": ""}

    def installed(target: str) -> list[str]:
        """What a target installs into .venv; without npm, and with nothing to start."""
        log.write_text("")
        command = [make, target, "NPM=", "PYTHON=python3"]
        subprocess.run(command, cwd=tmp_path, env=environ, check=False, capture_output=True)  # noqa: S603
        lines = log.read_text().splitlines()
        return [
            line.partition(" pip install --quiet --python .venv/bin/python ")[2]
            for line in lines
            if "/uv " in line
        ]

    tools = ["--editable .[dev]", "--no-deps --editable examples/third_party_adapter"]
    assert installed("run") == ["--editable ."]
    assert installed("run") == []
    assert installed("upstream") == tools
    assert installed("run") == installed("upstream") == []
    changed = (tmp_path / ".venv" / ".installed-tools").stat().st_mtime + 60
    os.utime(tmp_path / "pyproject.toml", (changed, changed))
    assert installed("run") == ["--editable ."]
    assert installed("upstream") == tools
    shutil.rmtree(tmp_path / ".venv")
    assert installed("upstream") == tools
