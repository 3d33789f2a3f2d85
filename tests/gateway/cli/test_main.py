"""The command line: what it prints, and one line for whatever is wrong."""

from __future__ import annotations

import json

import jsonschema
import pytest
from graphql import build_schema

from student_graph.adapters.registry import adapter_kinds, installed_adapters
from student_graph.gateway.cli.main import main
from tests.gateway.servers import ROOT, error_line, run_command


def test_the_schema_is_printed() -> None:
    """What is printed can be read back, and is the file of the project."""
    printed = run_command("schema").stdout

    assert build_schema(printed).query_type
    assert printed == (ROOT / "schema.graphql").read_text()


def test_adapters_are_listed() -> None:
    """Kind, contract, how many lookups, and where the class is."""
    lines = run_command("adapters", "list").stdout.splitlines()

    assert lines[0].split() == ["KIND", "CONTRACT", "LOOKUPS", "CLASS"]
    assert [line.split() for line in lines[1:]] == [
        [kind, str(adapter.contract), str(len(adapter.capabilities())), f"{adapter.__module__}:{adapter.__name__}"]
        for kind, adapter in installed_adapters().items()
    ]


@pytest.mark.parametrize("kind", installed_adapters())
def test_settings_have_a_json_schema(kind: str) -> None:
    """An editor can check a settings file with it; secrets are named by their variables."""
    schema = json.loads(run_command("adapters", "schema", kind).stdout)

    jsonschema.Draft202012Validator.check_schema(schema)
    assert "base_url" in schema["required"]
    assert not [name for name in schema["properties"] if name.endswith(("secret", "token"))]


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "student-graph: the following arguments are required: COMMAND; see student-graph --help"),
    (["fly"], "student-graph: argument COMMAND: invalid choice: 'fly'"),
    (["serve"], "student-graph serve: the following arguments are required: --config"),
    (["serve", "--config", "absent.toml"], "student-graph: absent.toml: No such file or directory"),
    (["check", "--config", "absent.toml"], "student-graph: absent.toml: No such file or directory"),
    (["adapters", "schema", "fly"],
     f"student-graph: there is no adapter 'fly'; installed are {', '.join(adapter_kinds())}"),
    (["schema", "--fast"], "student-graph: unrecognized arguments: --fast"),
])  # fmt: skip
def test_a_wrong_command_is_one_readable_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """What is wrong, and status 2."""
    assert error_line(capsys, *arguments).startswith(said)


@pytest.mark.parametrize("arguments", [[], ["demo"], ["serve"], ["check"], ["schema"], ["adapters"]])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """`--help` answers everywhere."""
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: student-graph")
