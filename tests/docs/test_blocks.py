"""
Every fenced block says what it is, and is executed on the demo unless a comment above it says otherwise.

The rule is in CONTRIBUTING.md, under "Documentation".
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.registry import build_settings, find_adapter
from student_graph.gateway.config import settings_file
from tests.deploy.files import needs
from tests.docs.pages import ROOT, Block, blocks, name, pages
from tests.docs.reader import Reader
from tests.gateway.command_server import command_program
from tests.gateway.servers import RunningDemo, running_demo
from tests.long_runs import LONG_RUNS
from tests.subcases import subcases

EXECUTED = {"sh", "console", "graphql"}
"""Languages whose blocks are executed on the demo."""
READ = {"toml", "json", "python"}
"""Languages whose blocks are read by their parser; settings are loaded."""
SHOWN = {"text", "mermaid", "http"}
"""Languages of blocks that show something: an output, a picture, a message."""
REASONS = {
    "needs a sign-in",
    "needs a vendor's server",
    "needs certificates",
    "installs packages",
    "runs until it is stopped",
}
"""Why a block may not be executed."""
PROGRAMS = ("bash", "curl", "jq", "make", "npm", "openssl", "patch")
SETTINGS = re.compile(rf"\[{{1,2}}({'|'.join(settings_file.Config.model_fields)})[].]")
DISTRICT = '[[districts]]\nid = "hill"\nname = "Hill"\ntime_zone = "America/Denver"\n'
SOURCE = '[[districts.sources]]\nname = "lms"\nkind = "canvas"\nbase_url = "https://x.example"\ntoken_env = "T"\n'
DECLARED_KINDS = {"rest", "lakeside"}
"""Kinds whose adapter is a file that the page is about, and not beside it."""


def followed(page: Path) -> list[Block]:
    """The blocks of a page that a reader executes, or compares with an output."""
    return [block for block in blocks(page) if block.kind not in ("not executed", "tested by")]


@subcases("page", pages(), ids=name)
def test_every_block_has_a_language_and_a_comment_that_holds(page: Path) -> None:
    """A comment names a test that reads the page, or one of the reasons."""
    wrong = [
        f"{block}: {block.language!r} {block.comment!r}"
        for block in blocks(page)
        if block.language not in EXECUTED | READ | SHOWN
        or (block.comment and not block.kind)
        or (block.kind == "not executed" and block.text not in REASONS)
        or (block.kind == "tested by" and page.name not in (ROOT / block.text).read_text())
    ]
    assert wrong == []


def test_no_reason_is_left_over() -> None:
    """The list of reasons is as short as it can be."""
    assert {block.text for page in pages() for block in blocks(page) if block.kind == "not executed"} == REASONS


@subcases("page", pages(), ids=name)
def test_every_block_of_data_or_code_is_read(page: Path) -> None:
    """TOML, JSON and Python have no wrong syntax."""
    for block in blocks(page):
        if block.language == "json":
            json.loads(block.content)
        elif block.language == "python":
            compile(textwrap.dedent(block.content), str(block), "exec")
        elif block.language == "toml":
            tomllib.loads(block.content)


def settings(page: Path) -> list[str]:
    """
    The examples of settings on a page, each as a whole file.

    A block that begins inside a source continues the one before it, as it would in the file.
    """
    examples: list[str] = []
    for text in (block.content for block in followed(page) if block.language == "toml"):
        if text.startswith("[districts.") or not SETTINGS.match(text):
            examples += [examples[-1] + text] if examples else []
        elif "[[districts]]" in text:
            examples.append(text)
        else:
            examples.append(DISTRICT + ("" if "[[districts.sources]]" in text else SOURCE) + text)
    return examples


@pytest.mark.parametrize("page", [page for page in pages() if settings(page)], ids=name)
def test_every_example_of_settings_is_accepted(page: Path, tmp_path: Path) -> None:
    """The file loads, and the shipped adapters take the settings of their sources."""
    path = tmp_path / "gateway.toml"
    for text in settings(page):
        path.write_text(text)
        environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', text), "x" * 32)
        for district in settings_file.load(path).districts:
            for source in (source for source in district.sources if source.kind not in DECLARED_KINDS):
                assert build_settings(find_adapter(source.kind), source.name, source.settings, environ)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """The demo that all pages share."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--assistants") as running:
        yield running


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """`student-graph` for the commands of all pages."""
    with command_program() as path:
        yield path


needs_programs = pytest.mark.skipif(
    any(shutil.which(program) is None for program in PROGRAMS), reason=f"needs {', '.join(PROGRAMS)} on the PATH"
)
LONG = ("docs/certificates/README.md", "docs/first-hour.md", "docs/recordings.md", "docs/scorecard.md")
"""Pages whose commands ask for every kind of record, run a suite or build a dashboard: left to the long run."""
TO_FOLLOW = [page for page in pages() if any(block.language in EXECUTED for block in followed(page))]


def follow(page: Path, folder: Path, demo: RunningDemo, program: Path) -> None:
    """Do what a page says, and leave the demo as it was."""
    reader = Reader(folder, demo, program)
    try:
        for block in followed(page):
            reader.follow(block)
    finally:
        reader.end_processes()
        if "/-/switches" in page.read_text():
            reader.switch_sources_on()


FLEET = "docs/operations.md"
"""The page whose commands start a proxy, Redis and a gateway."""


@needs_programs
@pytest.mark.parametrize("page", [page for page in TO_FOLLOW if name(page) not in (*LONG, FLEET)], ids=name)
def test_every_command_and_every_query_of_a_page_works(
    page: Path, tmp_path: Path, demo: RunningDemo, program: Path
) -> None:
    """They are executed in their order, and print or answer what the page shows."""
    follow(page, tmp_path, demo, program)


@needs_programs
@pytest.mark.long_run
class TestLongPages:
    """Pages with commands that take their time."""

    __test__ = LONG_RUNS

    @pytest.mark.parametrize("page", LONG)
    def test_every_command_and_every_query_of_a_long_page_works(
        self, page: str, tmp_path: Path, demo: RunningDemo, program: Path
    ) -> None:
        """They are executed in their order, and print or answer what the page shows."""
        follow(ROOT / page, tmp_path, demo, program)

    @needs("caddy")
    @pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
    def test_a_new_operator_comes_from_an_empty_folder_to_two_districts_behind_tls(
        self, tmp_path: Path, demo: RunningDemo, program: Path
    ) -> None:
        """The steps of the page are executed in their order, from the settings to the stop."""
        follow(ROOT / FLEET, tmp_path, demo, program)
