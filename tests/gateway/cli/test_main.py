"""The command line: what it prints, and one line for every error."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
from graphql import build_schema

from student_graph.adapters.registry import adapter_kinds, installed_adapters
from student_graph.gateway.cli import main as main_module
from student_graph.gateway.cli import token
from student_graph.gateway.cli.main import main
from tests.gateway.servers import ROOT, error_line, run_command, run_here
from tests.style import PROSE

COMMANDS = [
    [],
    ["demo"],
    ["rehearse"],
    ["serve"],
    ["check"],
    ["health"],
    ["schema"],
    ["explain"],
    ["cache"],
    ["cache", "purge"],
    ["districts"],
    ["districts", "remove"],
    ["disclosures"],
    ["token"],
    ["adapters"],
    ["adapters", "list"],
    ["adapters", "schema"],
    ["init"],
    ["query"],
    ["completion"],
    ["scorecard"],
    ["aggregate"],
    ["warm"],
    ["webhook"],
    ["report"],
]
QUICK = """
import sys
from student_graph.gateway.cli import main as main_module
from student_graph.gateway.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    slow = {"pydantic", "httpx", "graphql", "strawberry", "starlette", "rich", "msgspec", "importlib.metadata"}
    print(sorted(slow & set(sys.modules)), file=sys.stderr)
"""


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run `student-graph` successfully, and return what it prints."""
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    output, error = capsys.readouterr()

    assert (exit_info.value.code, error) == (0, "")
    return output


def test_the_schema_is_printed() -> None:
    """The output is the schema file of the project, and can be read as a schema."""
    output = run_command("schema").stdout

    assert build_schema(output).query_type
    assert output == (ROOT / "schema.graphql").read_text()


def test_adapters_are_listed() -> None:
    """A row has the kind, the contract's version, the number of lookups, how it is written, and the class."""
    lines = [line.split() for line in run_here("adapters", "list").stdout.splitlines()]

    assert lines[0] == ["KIND", "CONTRACT", "LOOKUPS", "WRITTEN", "API", "CLASS"]
    assert [[*line[:3], line[-1]] for line in lines[1:]] == [
        [kind, str(adapter.contract), str(len(adapter.capabilities())), f"{adapter.__module__}:{adapter.__name__}"]
        for kind, adapter in installed_adapters().items()
    ]
    assert next(line[3:5] for line in lines if line[0] == "canvas") == ["code", "-"]


@pytest.mark.parametrize("kind", adapter_kinds())
def test_settings_have_a_json_schema(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    """An editor can check a settings file with it; it names the variables of secrets, not the secrets."""
    schema = json.loads(output_of(capsys, "adapters", "schema", kind))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert {"base_url", "location", "administrator", "token_env", "consumer_secret_env"} & set(schema["required"])
    assert not [name for name in schema["properties"] if name.endswith(("secret", "token"))]


@pytest.mark.parametrize(("arguments", "message"), [
    (["fly"], "student-graph: argument COMMAND: invalid choice: 'fly'"),
    (["cache", "fly"], "student-graph cache: argument COMMAND: invalid choice: 'fly'"),
    (["serve"], "student-graph serve: the following arguments are required: --config"),
    (["serve", "--config", "absent.toml"], "student-graph: absent.toml: No such file or directory"),
    (["check", "--config", "absent.toml"], "student-graph: absent.toml: No such file or directory"),
    (["adapters", "schema", "fly"],
     f"student-graph: there is no adapter 'fly'; installed are {', '.join(adapter_kinds())}"),
    (["schema", "--fast"], "student-graph: unrecognized arguments: --fast"),
    (["query", "{ viewer { role } }", "--url", "localhost:8000"],
     "student-graph query: argument --url: must be an address such as http://127.0.0.1:8000"),
    (["cache", "purge", "--district", "hill", "--url", "localhost:8000"],
     "student-graph cache purge: argument --url: must be an address such as http://127.0.0.1:8000"),
    (["rehearse", "--json", "nowhere/report.json"], "student-graph: --json: there is no folder nowhere"),
    (["rehearse", "--report", "."], "student-graph: --report: . is a folder"),
    (["disclosures", "--ready-file", "ready.json", "--since", "2026-13-45"],
     "student-graph: --since: must be a day, such as 2026-11-01"),
])  # fmt: skip
def test_a_wrong_command_is_one_readable_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """The line says what is wrong, and the exit status is 2."""
    assert error_line(capsys, *arguments).startswith(message)


def test_an_interrupted_command_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is no fault of the command: there is no traceback, and the exit status is that of shells for it."""

    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(token, "run", interrupted)
    with pytest.raises(SystemExit) as exit_info:
        main(["token", "teacher", "--ready-file", "ready.json"])

    assert exit_info.value.code == 130
    assert capsys.readouterr() == ("", "student-graph: interrupted\n")


@pytest.mark.parametrize("arguments", [[], ["cache"], ["adapters"]], ids=" ".join)
def test_a_command_without_its_subcommand_prints_its_help(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """The same text as with `--help`, and exit status 0."""
    assert output_of(capsys, *arguments) == output_of(capsys, *arguments, "--help")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_has_help_in_plain_words(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """`--help` works everywhere, and uses no phrase that `tests/style.toml` lists."""
    text = " ".join(output_of(capsys, *arguments, "--help").split())

    assert text.startswith(" ".join(["usage: student-graph", *arguments]))
    assert [pattern.pattern for pattern, _ in PROSE if pattern.search(text)] == []


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command has a line of its own."""
    lines = [line.split() for line in output_of(capsys, "--help").splitlines() if line.startswith("    ")]

    assert {arguments[0] for arguments in COMMANDS if arguments} == set(main_module.COMMANDS)
    assert set(main_module.COMMANDS) <= {words[0] for words in lines}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["fly"], ["completion", "--help"]], ids=" ".join)
def test_help_imports_no_command(arguments: list[str]) -> None:
    """It is there in a tenth of a second: what takes seconds to import is for the commands that use it."""
    process = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", QUICK, *arguments], capture_output=True, text=True, check=False
    )
    assert process.stderr.splitlines()[-1] == "[]"


def test_all_problems_are_printed_one_a_line(tmp_path: Path) -> None:
    """The status is 2; each line has the name of the command and of the file."""
    path = tmp_path / "gateway.toml"
    path.write_text('[server]\nprot = 1\n[[districts]]\nid = "hill"\n')
    result = run_here("check", "--config", str(path))

    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        f"student-graph: {path}: there is no setting server.prot",
        f"student-graph: {path}: district 'hill': name is missing",
        f"student-graph: {path}: district 'hill': time_zone is missing",
        f"student-graph: {path}: district 'hill': sources is missing",
    ]


def test_adapters_are_listed_as_json() -> None:
    """The same values as in the table."""
    rows = json.loads(run_here("adapters", "list", "--json").stdout)

    assert [row["kind"] for row in rows] == adapter_kinds()
    assert set(rows[0]) == {"kind", "contract", "lookups", "written", "api", "class"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the version of the installed package."""
    assert output_of(capsys, "--version") == f"student-graph {version('student-graph')}\n"
