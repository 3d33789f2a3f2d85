"""The code and its texts use plain words, and no folder or file outgrows a reader."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.figures import arrows, circle, public_definitions
from tests.style import CODE, ROOT, checked, files, names, prose

MAX_FILES_PER_FOLDER = 16
MAX_LINES_PER_FILE = 300
MAX_ARROWS = {"gateway": 60, "resolvers": 20}
"""Pairs of rooms of a package, of which one imports the other."""
MODULES = [path for path in files(".py") if path.relative_to(ROOT).parts[0] in CODE]
PACKAGES = ("gateway", "resolvers", "adapters")


def where(path: Path) -> str:
    """A file as people name it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", checked(code=True), ids=where)
def test_names_say_what_a_thing_is(path: Path) -> None:
    """No name is on the list of `style.toml`, and a numeric constant says what it bounds or counts."""
    assert [str(finding) for finding in names(path)] == []


@pytest.mark.parametrize("path", checked(code=False), ids=where)
def test_sentences_use_plain_words(path: Path) -> None:
    """No docstring, comment, message or page uses a phrase on the list of `style.toml`."""
    assert [str(finding) for finding in prose(path)] == []


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_no_file_outgrows_a_reader(path: Path) -> None:
    """A file of more than 300 lines is more than one idea."""
    assert len(path.read_text().splitlines()) <= MAX_LINES_PER_FILE


def test_no_folder_outgrows_a_reader() -> None:
    """A folder holds at most 16 modules, its `__init__` left out."""
    modules = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert {where(folder): count for folder, count in modules.items() if count > MAX_FILES_PER_FOLDER} == {}


@pytest.mark.parametrize("path", MODULES, ids=where)
def test_every_public_definition_says_what_it_is(path: Path) -> None:
    """Every module, and every public class, function and method in the packages, opens with a docstring."""
    tree = ast.parse(path.read_text())
    undocumented = [] if ast.get_docstring(tree) or not tree.body else ["module"]
    if path.relative_to(ROOT).parts[0] in PACKAGES:
        undocumented += [name for name, node in public_definitions(tree) if not ast.get_docstring(node)]
    assert undocumented == []


@pytest.mark.parametrize("package", MAX_ARROWS)
def test_rooms_know_few_others_and_never_in_a_circle(package: str) -> None:
    """Which room may import which is in `pyproject.toml`; this bounds how many do."""
    pairs = arrows(package)
    assert len(pairs) <= MAX_ARROWS[package]
    assert circle(pairs) == []
