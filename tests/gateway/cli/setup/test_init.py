"""`student-graph init`: its file is true to the settings, and accepted once the secrets are filled in."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.registry import find_adapter, secret_names
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.cli.main import main
from student_graph.gateway.cli.setup.writing import models_in
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.environment_file import read_environment_file
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.adapters.rest.lakeside import DECLARATION, LakesideSandbox
from tests.gateway.servers import COMMAND, run_here
from tests.gateway.terminal import shown_in_terminal

DISTRICT = ("--district", "hill", "--name", 'Hill "County"', "--time-zone", "America/Denver")
SANDBOXES = {point.name: point for point in entry_points(group=SANDBOX_ENTRY_POINTS) if point.name != "hillside"}
SIS_KINDS = ("aeries", "clever", "edfi", "oneroster", "oneroster_files", "powerschool")
EDFI = ("--source", "sis=edfi", "--set", "sis.base_url=https://edfi.example", "--set", "sis.client_id=abc")


def source_options(name: str, sandbox: Sandbox) -> tuple[list[str], dict[str, str]]:
    """Options for a source that reads a sandbox, and its secrets by setting."""
    settings = sandbox.source_settings()
    secrets = set(secret_names(find_adapter(sandbox.kind).settings_type()))
    options = ["--source", f"{name}={sandbox.kind}"]
    for key, value in settings.items():
        if key not in secrets:
            options += ["--set", f"{name}.{key}={value if isinstance(value, str) else json_text(value)}"]
    return options, {f"{name}_{key}": str(value) for key, value in settings.items() if key in secrets}


def json_text(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value)


def fill_in(path: Path, secrets: Mapping[str, str]) -> None:
    """Fill in the empty lines of a file with secrets."""
    lines = path.read_text().splitlines()
    for index, line in enumerate(lines):
        if match := re.fullmatch(r"HILL_(\w+)=", line):
            lines[index] = line + secrets[match[1].lower()]
    path.write_text("\n".join(lines))


@pytest.mark.parametrize("kind", sorted(SANDBOXES))
def test_check_accepts_the_file_once_secrets_are_filled_in(tmp_path: Path, kind: str) -> None:
    """For each kind of adapter that is shipped with a sandbox; other kinds than an SIS have one beside them."""
    facts = make_district(20)
    sandboxes = [] if kind in SIS_KINDS else [SANDBOXES["edfi"].load()(facts)]
    sandboxes.append(SANDBOXES[kind].load()(facts))
    config, secrets_file = tmp_path / "gateway.toml", tmp_path / "gateway.env"
    with served(*sandboxes):
        options, secrets = [], {}
        for name, sandbox in zip(("sis", "other")[-len(sandboxes) :], sandboxes, strict=True):
            own_options, own_secrets = source_options(name, sandbox)
            options += own_options
            secrets |= own_secrets
        written = run_here("init", str(config), *DISTRICT, *options)
        assert written.returncode == 0, written.stderr
        fill_in(secrets_file, secrets)
        result = run_here("check", "--config", str(config), "--env-file", str(secrets_file))

    assert result.returncode == 0, result.stdout + result.stderr


def test_check_accepts_a_declared_vendor(tmp_path: Path) -> None:
    """The declaration names secrets that the kind `rest` does not have by itself."""
    sandbox = LakesideSandbox(make_district(20))
    config = tmp_path / "gateway.toml"
    shutil.copy(DECLARATION, tmp_path)
    with served(sandbox):
        settings = sandbox.source_settings()
        secrets = {"sis_api_key": settings.pop("api_key")}
        options = [
            f"sis.{key}={value if isinstance(value, str) else json_text(value)}" for key, value in settings.items()
        ]
        options = ["sis.declaration=lakeside.toml", *options]
        arguments = [part for option in options for part in ("--set", option)]
        written = run_here("init", str(config), *DISTRICT, "--source", "sis=rest", *arguments)
        assert written.returncode == 0, written.stderr
        fill_in(tmp_path / "gateway.env", secrets)
        result = run_here("check", "--config", str(config), "--env-file", str(tmp_path / "gateway.env"))

    assert result.returncode == 0, result.stdout + result.stderr


def uncommented(text: str) -> str:
    """The file with each setting that has a default taken out of its comment, in tables that are none."""
    lines, is_active = [], True
    for line in text.splitlines():
        if re.match(r"#?\[", line):
            is_active = not line.startswith("#")
        if is_active and re.match(r"#\w+ = ", line) and not line.endswith("# not set"):
            line = line[1:]  # noqa: PLW2901 - the same line
        lines.append(line)
    return "\n".join(lines)


def test_the_file_has_the_defaults_of_the_settings(tmp_path: Path) -> None:
    """Whoever takes all comments away has the same settings, and every setting is in the file."""
    path = tmp_path / "gateway.toml"
    run_here("init", str(path), *DISTRICT, *EDFI)
    written = settings_file.load(path)
    text = path.read_text()
    path.write_text(uncommented(text))
    changed = settings_file.load(path)

    [source], [own] = changed.districts[0].sources, written.districts[0].sources
    defaults = find_adapter("edfi").settings_type().model_fields
    assert changed.model_copy(update={"districts": ()}) == written.model_copy(update={"districts": ()})
    assert {name: value for name, value in source.settings.items() if name not in own.settings} == {
        name: field.get_default(call_default_factory=True)
        if not isinstance(field.get_default(call_default_factory=True), tuple)
        else list(field.get_default(call_default_factory=True))
        for name, field in defaults.items()
        if not field.is_required() and field.get_default(call_default_factory=True) is not None
    }
    content = tomllib.loads(uncommented(text))
    for name, section in settings_file.Config.model_fields.items():
        for model in models_in(section.annotation):
            for key, field in model.model_fields.items():
                if not models_in(field.annotation):
                    assert re.search(rf"(?m)^#?{field.alias or key} = ", text), f"{name}.{key}"
    assert content["districts"][0]["name"] == 'Hill "County"'


def test_new_secrets_are_private_and_random(tmp_path: Path) -> None:
    """Only the owner reads the file; two files have different keys, and no secret is in the settings."""
    values = []
    for name in ("a", "b"):
        assert run_here("init", str(tmp_path / f"{name}.toml"), *DISTRICT, *EDFI).returncode == 0
        assert (tmp_path / f"{name}.env").stat().st_mode & 0o077 == 0
        values.append(read_environment_file(tmp_path / f"{name}.env"))
    first, second = values

    assert first["STUDENT_GRAPH_TOKEN"] != second["STUDENT_GRAPH_TOKEN"]
    assert first["STUDENT_GRAPH_RECORD_KEY"] != second["STUDENT_GRAPH_RECORD_KEY"]
    assert first["HILL_SIS_CLIENT_SECRET"] == ""
    assert not [value for value in first.values() if value and value in (tmp_path / "a.toml").read_text()]


def test_check_names_the_secrets_that_are_still_missing(tmp_path: Path) -> None:
    """All at once, with the names of district, source and setting."""
    path = tmp_path / "gateway.toml"
    lms = ("--source", "lms=canvas", "--set", "lms.base_url=https://canvas.example")
    run_here("init", str(path), *DISTRICT, *EDFI, *lms)
    result = run_here("check", "--config", str(path))

    lines = [line.removeprefix(f"student-graph: {path}: ") for line in result.stderr.splitlines()]
    assert result.returncode == 2
    assert lines == [
        "district 'hill', source 'sis': the environment variable of client_secret_env is not set",
        "district 'hill', source 'lms': the environment variable of token_env is not set",
        "viewer 'operator': token_env: the environment variable STUDENT_GRAPH_TOKEN is not set",
        "disclosure.key_env: the environment variable STUDENT_GRAPH_RECORD_KEY is not set",
    ]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Neither of the two files."""
    path = tmp_path / "gateway.toml"
    (tmp_path / "gateway.env").write_text("mine")
    result = run_here("init", str(path), *DISTRICT, *EDFI)

    assert (result.returncode, result.stdout) == (2, "")
    assert "gateway.env exists" in result.stderr
    assert not path.exists()


@pytest.mark.parametrize(("options", "problems"), [
    ((), ["--district is missing", "--name is missing", "--time-zone is missing", "--source is missing"]),
    ((*DISTRICT, "--source", "sis=edfi"), ["--set sis.base_url=VALUE is missing", "--set sis.client_id=VALUE is"]),
    ((*DISTRICT, "--source", "sis=fly"), ["there is no adapter 'fly'"]),
    ((*DISTRICT, "--source", "SIS=edfi"), ["--source: must be of small letters"]),
    ((*DISTRICT, *EDFI, "--set", "lms.x=1"), ["--set: must be SOURCE.SETTING=VALUE"]),
    ((*DISTRICT, *EDFI, "--set", "sis.x=1"), ["source 'sis': there is no setting x"]),
    ((*DISTRICT[:4], "--time-zone", "Mars", *EDFI), ["--time-zone: must be a time zone"]),
])  # fmt: skip
def test_all_missing_values_are_named_together(
    tmp_path: Path, options: tuple[str, ...], problems: list[str]
) -> None:
    """Without a terminal nothing is asked; each problem is a line, and no file is written."""
    result = run_here("init", str(tmp_path / "gateway.toml"), *options)
    lines = [line.removeprefix("student-graph: ") for line in result.stderr.splitlines()]

    assert result.returncode == 2
    assert [problem for problem, line in zip(problems, lines, strict=True) if not line.startswith(problem)] == []
    assert list(tmp_path.iterdir()) == []


def test_ctrl_d_instead_of_an_answer_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, as Ctrl-C does, and no file is written."""

    def closed(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(SystemExit) as exit_info:
        main(["init", str(tmp_path / "gateway.toml")])

    assert exit_info.value.code == 130
    assert capsys.readouterr().err == "student-graph: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_asks_for_what_the_options_leave_out(tmp_path: Path) -> None:
    """The names of the district, its sources, and the settings that they need, with their descriptions."""
    path = tmp_path / "gateway.toml"
    answers = ["hill", "Hill County", "America/Denver", "sis=edfi", "", "https://edfi.example", "abc"]
    typed = "".join(f"{answer}\n" for answer in answers)
    shown = shown_in_terminal([COMMAND, "init", path], typed=typed)

    [district] = settings_file.load(path).districts
    [source] = district.sources
    assert (district.id, district.name, district.time_zone) == ("hill", "Hill County", "America/Denver")
    assert (source.name, source.kind) == ("sis", "edfi")
    assert source.settings["base_url"] == "https://edfi.example"
    assert source.settings["client_id"] == "abc"
    assert "Key of an API client that may read the district" in shown
