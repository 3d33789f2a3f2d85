"""The command line: what it prints, and one line for every error."""

from __future__ import annotations

import json
from importlib.metadata import version

import jsonschema
import pytest
from graphql import build_schema

from student_graph.adapters.registry import adapter_kinds, installed_adapters
from student_graph.gateway.cli.main import main
from tests.gateway.servers import ROOT, error_line, run_command, run_here
from tests.style import PROSE

COMMANDS = [
    [],
    ["demo"],
    ["serve"],
    ["check"],
    ["schema"],
    ["explain"],
    ["cache"],
    ["cache", "purge"],
    ["disclosures"],
    ["token"],
    ["adapters"],
    ["adapters", "list"],
    ["adapters", "schema"],
]


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
])  # fmt: skip
def test_a_wrong_command_is_one_readable_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """The line says what is wrong, and the exit status is 2."""
    assert error_line(capsys, *arguments).startswith(message)


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

    assert {arguments[0] for arguments in COMMANDS if arguments} <= {words[0] for words in lines}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """It is the version of the installed package."""
    assert output_of(capsys, "--version") == f"student-graph {version('student-graph')}\n"
