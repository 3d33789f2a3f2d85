"""The code and its texts use plain words, and no folder or file outgrows a reader."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.figures import cycle, dependencies, public_definitions
from tests.style import CODE, ROOT, checked, files, names, prose

MAX_FILES_PER_FOLDER = 16
MAX_LINES_PER_FILE = 300
MAX_DEPENDENCIES = {"gateway": 60, "resolvers": 20}
"""Pairs of folders or modules directly inside a package; the first one imports the second."""
MODULES = [path for path in files(".py") if path.relative_to(ROOT).parts[0] in CODE]
PACKAGES = ("gateway", "resolvers", "adapters")


def where(path: Path) -> str:
    """A file as people name it."""
    return str(path.relative_to(ROOT))


def top_of(path: Path) -> str:
    """The first folder of a file, or the name of a file without a folder."""
    return path.relative_to(ROOT).parts[0]


def by_top(paths: Iterable[Path]) -> list[Any]:
    """Files by their first folder, as cases of one test each: a test for each file would take a minute."""
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault(top_of(path), []).append(path)
    return [pytest.param(group, id=top) for top, group in groups.items()]


@pytest.mark.parametrize("paths", by_top(checked(code=True)))
def test_names_say_what_a_thing_is(paths: list[Path]) -> None:
    """No name is on the list of `style.toml`, and a numeric constant says what it bounds or counts."""
    assert [str(finding) for path in paths for finding in names(path)] == []


@pytest.mark.parametrize("paths", by_top(checked(code=False)))
def test_sentences_use_plain_words(paths: list[Path]) -> None:
    """No docstring, comment, message or page uses a phrase on the list of `style.toml`."""
    assert [str(finding) for path in paths for finding in prose(path)] == []


@pytest.mark.parametrize("paths", by_top(MODULES))
def test_no_file_outgrows_a_reader(paths: list[Path]) -> None:
    """A file of more than 300 lines is more than one idea."""
    lengths = {where(path): len(path.read_text().splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES_PER_FILE} == {}


def test_no_folder_outgrows_a_reader() -> None:
    """A folder holds at most 16 modules, its `__init__` left out."""
    modules = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert {where(folder): count for folder, count in modules.items() if count > MAX_FILES_PER_FOLDER} == {}


@pytest.mark.parametrize("paths", by_top(MODULES))
def test_every_public_definition_says_what_it_is(paths: list[Path]) -> None:
    """Every module, and every public class, function and method in the packages, opens with a docstring."""
    assert [line for path in paths for line in undocumented(path)] == []


def undocumented(path: Path) -> Iterator[str]:
    """The module, and the public definitions in a package, that have no docstring."""
    tree = ast.parse(path.read_text())
    if tree.body and not ast.get_docstring(tree):
        yield where(path)
    if top_of(path) in PACKAGES:
        yield from (f"{where(path)}: {n}" for n, node in public_definitions(tree) if not ast.get_docstring(node))


@pytest.mark.parametrize("package", MAX_DEPENDENCIES)
def test_parts_of_a_package_have_few_dependencies_and_no_cycle(package: str) -> None:
    """`pyproject.toml` says which part may import which; this limits their number."""
    pairs = dependencies(package)
    assert len(pairs) <= MAX_DEPENDENCIES[package]
    assert cycle(pairs) == []
