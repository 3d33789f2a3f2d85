"""`student-graph init`: writes a commented settings file, from options or from answers to questions."""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from student_graph.adapters.registry import (
    SettingsError,
    adapter_kinds,
    build_settings,
    find_adapter,
    secret_names,
)
from student_graph.gateway.cli.parser import Commands, printable
from student_graph.gateway.cli.setup.settings_text import NewDistrict, NewSource, secrets_text, settings_text
from student_graph.gateway.config.problems import Problems
from student_graph.gateway.config.sections import NAME_PATTERN
from student_graph.gateway.demo.ready_file import write_private

DESCRIPTION = (
    "Write a settings file in which each setting has its description and its default, and a file beside it for "
    "the secrets. In a terminal it asks for what the options leave out. No file is overwritten."
)
EPILOG = """\
example:
  student-graph init gateway.toml --district hill --name "Hill County" --time-zone America/Denver \\
    --source sis=edfi --set sis.base_url=https://edfi.hill.example --set sis.client_id=abc \\
    --source lms=canvas --set lms.base_url=https://hill.instructure.example
"""
PLACEHOLDER = "a secret that is filled in later, with enough characters"


def add_command(commands: Commands) -> None:
    """Add `init` to the command line."""
    command = commands.add_parser(
        "init",
        description=textwrap.fill(DESCRIPTION),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", type=Path, nargs="?", default=Path("gateway.toml"), metavar="FILE",
                         help="the new file (default: gateway.toml)")  # fmt: skip
    command.add_argument("--district", metavar="ID", help="short name of the district; it must never change")
    command.add_argument("--name", metavar="NAME", help="full name of the district")
    command.add_argument("--time-zone", metavar="ZONE", help="time zone of the district, such as America/Chicago")
    command.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="NAME=KIND",
        help="a source, such as sis=edfi; repeatable; the first one has precedence. Kinds: "
        + ", ".join(adapter_kinds()),
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SOURCE.SETTING=VALUE",
        help="a setting of a source; the value is JSON, or else text; repeatable",
    )
    command.add_argument(
        "--viewer", default="operator", metavar="NAME", help="who operates the gateway (default: operator)"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Write the files, and print what to do next.

    Raises:
        SettingsError: options are missing or wrong, or a file exists or cannot be written.
    """
    path: Path = options.file
    secrets_path = path.with_suffix(".env")
    problems = Problems()
    for file in (path, secrets_path):
        if file.exists():
            problems.add(f"FILE: {file} exists; nothing is overwritten")
    problems.raise_all()
    district = _district(options)
    text, missing = secrets_text(district)
    try:
        path.write_text(settings_text(district), encoding="utf-8")
        write_private(secrets_path, text)
    except OSError as exc:
        raise SettingsError(f"FILE: {path}: {exc.strerror}") from None
    files = f"--config {path} --env-file {secrets_path}"
    print(printable(f"{path}: each setting with its default"))
    print(printable(f"{secrets_path}: fill in {', '.join(missing) or 'nothing'}"))
    print(printable(f"then: student-graph check {files}"))
    print(printable(f"then: student-graph serve {files}"))
    return 0


def _district(options: argparse.Namespace) -> NewDistrict:
    """What the options and the answers to questions say."""
    problems = Problems()
    ask = _question if sys.stdin.isatty() and sys.stdout.isatty() else _no_question
    texts: dict[str, str] = {}
    for name, check, text in (
        ("district", _check_name, "Short name of the district, such as hill"),
        ("name", _check_text, "Full name of the district"),
        ("time_zone", _check_zone, "Time zone, such as America/Chicago"),
    ):
        with problems.collected():
            option = f"--{name.replace('_', '-')}"
            texts[name] = check(option, getattr(options, name) or ask(option, text))
    sources: list[NewSource] = []
    with problems.collected():
        sources = _sources(options.source or _sources_from_answers(ask), options.file.parent)
    with problems.collected():
        _set_values(sources, options.set)
    for source in sources:
        with problems.collected():
            _complete(source, texts.get("district", ""), ask)
    problems.raise_all()
    return NewDistrict(texts["district"], texts["name"], texts["time_zone"], sources, options.viewer)


def _question(_: str, text: str) -> str:
    try:
        return input(f"{text}: ").strip()
    except EOFError:  # Ctrl-D in place of an answer
        raise KeyboardInterrupt from None


def _no_question(option: str, text: str) -> str:
    raise SettingsError(f"{option} is missing: {text[:1].lower()}{text[1:]}")


def _check_name(option: str, value: str) -> str:
    if not re.match(NAME_PATTERN, value):
        raise SettingsError(f"{option}: must be of small letters, digits, - and _, such as hill")
    return value


def _check_text(option: str, value: str) -> str:
    if not value or not value.isprintable():
        raise SettingsError(f"{option}: must be a text on one line")
    return value


def _check_zone(option: str, value: str) -> str:
    if value not in available_timezones():
        raise SettingsError(f"{option}: must be a time zone of the IANA database, such as America/Chicago")
    return value


def _sources_from_answers(ask: Callable[[str, str], str]) -> list[str]:
    first = ask("--source", f"First source as NAME=KIND, such as sis=edfi. Kinds: {', '.join(adapter_kinds())}")
    sources = [first]
    while more := ask("--source", "Next source as NAME=KIND, or nothing"):
        sources.append(more)
    return sources


def _sources(options: list[str], folder: Path) -> list[NewSource]:
    sources: dict[str, NewSource] = {}
    problems = Problems()
    for option in options:
        name, _, kind = option.partition("=")
        with problems.collected():
            _check_name("--source", name)
            find_adapter(kind)
            if name in sources:
                raise SettingsError(f"--source: two sources have the name {name!r}; give each its own")
            sources[name] = NewSource(name, kind, folder)
    problems.raise_all()
    return list(sources.values())


def _set_values(sources: list[NewSource], options: list[str]) -> None:
    by_name = {source.name: source for source in sources}
    problems = Problems()
    for option in options:
        setting, _, text = option.partition("=")
        name, _, key = setting.partition(".")
        if name not in by_name or not key or "=" not in option:
            problems.add(f"--set: must be SOURCE.SETTING=VALUE, with a source of --source: {', '.join(by_name)}")
            continue
        by_name[name].values[key] = _value(
            text, find_adapter(by_name[name].kind).settings_type().model_fields.get(key)
        )
    problems.raise_all()


def _value(text: str, field: FieldInfo | None) -> Any:
    """The value of a setting: the text itself if the setting is a text, otherwise JSON if it is that."""
    try:
        if (
            field is not None
            and field.annotation
            and TypeAdapter[Any](field.annotation).validate_python(text, strict=True)
        ):
            return text
    except ValidationError:
        pass
    try:
        return json.loads(text)
    except ValueError:
        return text


def _complete(source: NewSource, district: str, ask: Callable[[str, str], str]) -> None:
    """Ask for required settings, name the variables of secrets, and check all of it as `serve` would."""
    fields = source.settings.model_fields
    secrets = secret_names(source.settings)
    problems = Problems()
    for name, field in fields.items():
        if field.is_required() and name not in secrets and name not in source.values:
            with problems.collected():
                description = " ".join((field.description or name).split())
                source.values[name] = _value(ask(f"--set {source.name}.{name}=VALUE", description), field)
    problems.raise_all()
    for name in secrets:
        if fields[name].is_required():
            _name_variable(source, district, name)
    optional = [name for name in secrets if not fields[name].is_required()]
    while (error := _error_of(source)) is not None and optional:
        _name_variable(source, district, optional.pop(0))
    if error is not None:
        raise error


def _name_variable(source: NewSource, district: str, secret: str) -> None:
    variable = re.sub(r"\W", "_", f"{district}_{source.name}_{secret}").upper()
    source.values.setdefault(f"{secret}_env", variable)


def _error_of(source: NewSource) -> SettingsError | None:
    """What is wrong with the settings of a source once its secrets are filled in; None if nothing is."""
    environ = {str(source.values[name]): PLACEHOLDER for name in source.secret_settings()}
    try:
        build_settings(source.adapter, source.name, source.values, environ, source.folder)
    except SettingsError as exc:
        return exc
    return None
