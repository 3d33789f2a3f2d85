"""Every command that a page names exists, with the options that it names."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path

from student_graph.gateway.cli.main import complete_parser
from tests.docs.pages import ROOT, blocks, name, pages
from tests.subcases import subcases

INLINE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:\$ )?(?:\S+/)?(student-graph|make)(?: (.*))?")
PAGES = [page for page in pages() if page.name != "CHANGELOG.md"]  # which has old commands, too
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@cache
def root() -> argparse.ArgumentParser:
    """The parser of `student-graph` with all its commands."""
    return complete_parser()


def unknown(arguments: list[str]) -> list[str]:
    """Commands and options among the arguments of `student-graph` that it does not have."""
    parser: argparse.ArgumentParser = root()
    wrong = []
    for argument in arguments:
        choices = next((action.choices for action in parser._actions if isinstance(action.choices, dict)), None)
        if argument.startswith("--"):
            known = {option for action in parser._actions for option in action.option_strings}
            wrong += [] if argument.split("=")[0] in known else [argument]
        elif choices and argument in choices:
            parser = choices[argument]
        elif choices and re.fullmatch("[a-z]+", argument):
            wrong.append(argument)
    return wrong


def mentions(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Commands in code and in blocks of a page: the program, and its arguments up to a pipe or a comment."""
    lines = [
        line
        for block in blocks(page)
        if block.language in ("sh", "console")
        for line in block.content.splitlines()
    ]
    for text in [*INLINE.findall(page.read_text()), *lines]:
        if match := COMMAND.fullmatch(text.strip()):
            words = shlex.split(match[2] or "", comments=True)
            yield match[1], list(takewhile(lambda word: word not in ("|", "&", "&&", ">", "2>"), words))


@subcases("page", PAGES, ids=name)
def test_every_command_of_a_page_exists(page: Path) -> None:
    """`student-graph` has the command and its options, and the Makefile the target."""
    wrong = []
    for program, words in mentions(page):
        if program == "student-graph":
            wrong += unknown(words)
        else:
            wrong += [f"make {word}" for word in words if re.fullmatch("[a-z-]+", word) and word not in TARGETS]
    assert wrong == []


@subcases("page", PAGES, ids=name)
def test_every_path_behind_pytest_and_python_exists(page: Path) -> None:
    """`pytest PATH` runs tests that are there, and `python -m MODULE` a module."""
    wrong = []
    for text in INLINE.findall(page.read_text()):
        words = text.split()
        if "pytest" in words:
            wrong += [word for word in words if word.startswith("tests/") and not (ROOT / word).exists()]
        for module in re.findall(r"python -m ((?:tests|benchmarks)[\w.]*)", text):
            path = ROOT / module.replace(".", "/")
            wrong += [] if path.is_dir() or path.with_suffix(".py").exists() else [module]
    assert wrong == []
