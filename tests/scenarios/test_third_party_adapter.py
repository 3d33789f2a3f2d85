"""A third-party adapter: a distribution of its own with entry points, which uses only public names of the kit."""

from __future__ import annotations

import ast
import os
import re
import shutil
import site
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from student_graph.adapters.registry import ENTRY_POINT_GROUP, find_adapter, find_entry_points_again
from student_graph.gateway.cli.authors.new_package import package_files, write_package
from student_graph.gateway.cli.main import main
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.gateway.forked import forked
from tests.long_runs import LONG_RUNS
from tests.subcases import subcases

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


@subcases("path", MODULES, ids=lambda path: path.name)
def test_it_imports_only_public_names(path: Path) -> None:
    """It imports no private name, no other vendor's adapter, and nothing from the gateway."""
    assert [pair for pair in imports(path) if pair[0] not in PUBLIC or pair[1].startswith("_")] == []


@subcases("path", MODULES, ids=lambda path: path.name)
def test_it_uses_no_private_attribute_of_the_kit(path: Path) -> None:
    """Attributes that begin with an underscore are its own."""
    attributes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    private = [node.attr for node in attributes if node.attr.startswith("_") and not node.attr.startswith("__")]
    owners = {name.id for node in attributes if isinstance(name := node.value, ast.Name) and node.attr in private}

    assert owners <= {"self"}


def test_an_adapter_needs_fewer_than_150_lines() -> None:
    """Counted are all lines of the adapter that are not blank; its sandbox is the vendor and not the adapter."""
    code = "".join(path.read_text() for path in MODULES if path.name != "sandbox.py")

    assert sum(1 for line in code.splitlines() if line.strip()) < 150


@pytest.fixture
def lakeview(tmp_path: Path) -> Path:
    """A package that `student-graph adapters new` wrote, with metadata as if it were installed."""
    write_package("lakeview", tmp_path)
    points = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["entry-points"]
    metadata = tmp_path / "lakeview-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lakeview\nVersion: 0.1.0\n")
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in points.items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines))
    return tmp_path


def run_conformance_suite(folder: Path, *options: str) -> tuple[int, str]:
    """Run pytest in the folder, in a forked process, and return its exit code and output."""
    with forked(_run_pytest, folder, options, PYTHONPATH=str(folder)) as process:
        output = process.stdout.read()
        return process.wait(timeout=600), output


def _run_pytest(folder: Path, options: Sequence[str]) -> None:
    """Run pytest as `python -m pytest` does in a folder."""
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    find_entry_points_again()  # the process that this one was forked from has no adapter of the folder
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *options]))


def test_the_page_shows_the_files_that_a_new_package_has() -> None:
    """`docs/add-a-vendor.md` shows each file as `student-graph adapters new lakeview` writes it."""
    page = (ROOT / "docs" / "add-a-vendor.md").read_text()
    shown = dict(re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)```", page, re.MULTILINE | re.DOTALL))
    written = package_files("lakeview")

    assert shown == {name: text for name, text in written.items() if name in shown}
    assert written.keys() - shown.keys() == {"README.md", "lakeview/__init__.py", "lakeview/py.typed"}


@pytest.mark.row("M07")
@pytest.mark.long_run
def test_the_adapter_of_the_docs_passes_the_conformance_suite(lakeview: Path) -> None:
    """A developer who follows the page ends with a suite that passes. `test_starter` runs it in this process."""
    sample = ("-k", "names_the_server or missed_or_repeated or contract_it_was_built_for")
    status, output = run_conformance_suite(lakeview, *(() if LONG_RUNS else sample))

    assert status == 0, output
    assert re.search(r"^\d+ passed", output, re.MULTILINE)


@pytest.mark.long_run
class TestInstallation:
    """Installing takes its time: it is left to the long run."""

    __test__ = LONG_RUNS

    def test_a_new_package_is_installed_and_passes(self, lakeview: Path) -> None:
        """pip installs it into an empty environment, the command line finds it, and its tests pass there."""
        environment = lakeview / "environment"
        venv.create(environment, with_pip=True)
        python = str(environment / "bin" / "python")
        [packages] = (environment / "lib").glob("python*/site-packages")
        # The kit and what it needs are those of this environment; nothing is downloaded.
        (packages / "kit.pth").write_text("".join(f"{path}\n" for path in [*site.getsitepackages(), str(ROOT)]))
        shutil.rmtree(lakeview / "lakeview-0.1.0.dist-info")
        install = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(lakeview)]
        subprocess.run(install, check=True, capture_output=True, timeout=600)  # noqa: S603 - our own words
        command = [
            python,
            "-c",
            "from student_graph.gateway.cli.main import main; main()",
            "adapters",
            "schema",
            "lakeview",
        ]
        schema = subprocess.run(  # noqa: S603 - our own words
            command, check=True, capture_output=True, text=True, timeout=600
        ).stdout
        (lakeview / "lakeview").rename(lakeview / "renamed")  # so that only the installed one is found
        result = subprocess.run(  # noqa: S603 - our own words
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=lakeview,
            env={**os.environ, "PYTHONPATH": str(lakeview)},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

        assert "api_key_env" in schema
        assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Hill", "'Hill' cannot be the name of a package; use lower-case letters"),
        ("hill-sis", "'hill-sis' cannot be the name of a package"),
        ("../hill", "'../hill' cannot be the name of a package"),
        ("class", "'class' cannot be the name of a package"),
        ("canvas", "there is an adapter 'canvas' already"),
        ("json", "there is a package 'json' already"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    name: str, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says why, and nothing is written."""
    with pytest.raises(SystemExit) as stop:
        main(["adapters", "new", name, "--dir", str(tmp_path / "new")])

    assert stop.value.code == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_new_package_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with anything in it is refused."""
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(SystemExit) as stop:
        main(["adapters", "new", "lakeview", "--dir", str(tmp_path)])

    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith("is not empty; nothing is overwritten\n")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_suite_fails_if_the_adapter_of_the_docs_hides_an_error(lakeview: Path) -> None:
    """The page says so, and invites the reader to try it."""
    client = lakeview / "lakeview" / "client.py"
    request = '    response = await http.get("/api/learners", params={"number": query_text(number)})\n'
    head, tail = client.read_text().split(request)
    hidden = f"    try:\n    {request}    except httpx.HTTPError:\n        return None\n"
    client.write_text(head + hidden + tail)
    _, output = run_conformance_suite(lakeview, "-k", "test_a_failing_vendor_is_a_failure")

    assert "test_a_failing_vendor_is_a_failure[students_by_id]" in output
    assert "1 failed, 1 passed" in output
