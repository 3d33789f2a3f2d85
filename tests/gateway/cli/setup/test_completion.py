"""`student-graph completion`: a shell completes commands, options and files without starting the command."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.gateway.cli.main import COMMANDS, complete_parser
from student_graph.gateway.cli.setup.completion import SHELLS
from tests.gateway.servers import run_here
from tests.subcases import subcases

BASH = """
source "$1"; cd "$2"
COMP_WORDS=("${{@:3}}"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
{function}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for Bash."""
    path = tmp_path_factory.mktemp("completion") / "student-graph.bash"
    path.write_text(run_here("completion", "bash").stdout)
    return path


def completed(script: Path, folder: Path, *words: str) -> list[str]:
    """What Bash offers for the last word. Only the shell runs: the command is not in its PATH."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("Bash is not installed")
    process = subprocess.run(  # noqa: S603 - our own script
        [bash, "--norc", "-c", BASH.format(function="_shtab_student_graph"), "bash", script, folder, *words],
        capture_output=True, text=True, check=True, env={"PATH": "/nowhere"},
    )  # fmt: skip
    return [line for line in process.stdout.splitlines() if line]


def test_commands_and_options_are_completed(script: Path, tmp_path: Path) -> None:
    """Of the command itself, of commands and of their subcommands."""
    assert completed(script, tmp_path, "student-graph", "qu") == ["query"]
    assert set(completed(script, tmp_path, "student-graph", "")) >= set(COMMANDS)
    assert completed(script, tmp_path, "student-graph", "query", "--vi") == ["--viewer"]
    assert completed(script, tmp_path, "student-graph", "adapters", "li") == ["list"]
    assert completed(script, tmp_path, "student-graph", "demo", "--data-standard", "6") == ["6.0"]


def test_files_are_completed(script: Path, tmp_path: Path) -> None:
    """Where an option takes the name of a file."""
    (tmp_path / "gateway.toml").touch()

    assert completed(script, tmp_path, "student-graph", "serve", "--config", "gate") == ["gateway.toml"]


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """All long options of a parser and its commands, from argparse itself."""
    for action in parser._actions:
        yield from (option for option in action.option_strings if option.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options_of(command)


@subcases("shell", SHELLS)
def test_all_shells_have_scripts_with_all_commands(shell: str) -> None:
    """A new command or option is in it without being listed again."""
    text = run_here("completion", shell).stdout

    assert [name for name in COMMANDS if name not in text] == []
    if shell != "tcsh":  # shtab's scripts for tcsh complete commands only
        assert [name for name in set(options_of(complete_parser())) if name.removeprefix("--") not in text] == []
