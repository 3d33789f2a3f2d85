"""Tests of the installed adapters and of errors in their settings."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import SecretStr

from student_graph.adapters.contract import Adapter
from student_graph.adapters.registry import (
    ENTRY_POINT_GROUP,
    SettingsError,
    adapter_kinds,
    build_settings,
    find_adapter,
    load_adapter,
    settings_schema,
)
from tests.adapters.helpers.small_vendor import SmallVendor, SmallVendorSettings
from tests.subcases import subcases

ENVIRON = {"SIS_TOKEN": "sis-secret"}
VALID_SETTINGS = {"base_url": "https://sis.example/api", "token_env": "SIS_TOKEN"}


class OutdatedAdapter(Adapter):
    """An adapter for an older contract."""

    contract = 0


class NewerAdapter(Adapter):
    """An adapter for a newer contract."""

    contract = 2


class UndeclaredAdapter(Adapter):
    """An adapter that does not say for which contract it was built."""


def entry_point(target: str) -> EntryPoint:
    """An entry point of a package."""
    return EntryPoint("small", target, ENTRY_POINT_GROUP)


def test_the_projects_adapters_are_registered_by_entry_points() -> None:
    """The adapters of this project are found in the same way as third-party ones."""
    assert {"canvas", "edfi"} <= set(adapter_kinds())


def test_an_unknown_kind_is_an_error_with_the_known_kinds() -> None:
    """The error for a misspelled kind names the installed kinds."""
    with pytest.raises(SettingsError, match=r"no adapter 'canvass'; installed are .*canvas, .*edfi"):
        find_adapter("canvass")


def test_an_entry_point_is_loaded() -> None:
    """The adapter is the class that the entry point names."""
    assert load_adapter(entry_point("tests.adapters.helpers.small_vendor:SmallVendor")) is SmallVendor


@subcases(
    ("target", "problem"),
    [
        (
            "tests.adapters.test_registry:OutdatedAdapter",
            r"was built for contract 0; this is contract 1\. Install its newer",
        ),
        ("tests.adapters.test_registry:NewerAdapter", r"was built for contract 2; this is contract 1\. Update"),
        ("tests.adapters.test_registry:UndeclaredAdapter", "does not say .* its class needs `contract = 1`"),
        ("tests.adapters.helpers.small_vendor:SmallVendorSandbox", "is not a subclass of student_graph.adapters"),
        ("tests.adapters.helpers.small_vendor:STUDENT_ROWS", "is not a subclass of student_graph.adapters"),
        ("tests.adapters.helpers.small_vendor:Missing", r"cannot be imported \(AttributeError\)"),
        ("tests.adapters.missing:SmallVendor", r"cannot be imported \(ModuleNotFoundError\)"),
    ],
)
def test_an_incompatible_adapter_is_refused(target: str, problem: str) -> None:
    """The error for another contract, another class or a missing module names the adapter."""
    with pytest.raises(SettingsError, match=f"adapter 'small' {problem}"):
        load_adapter(entry_point(target))


def package(folder: Path, name: str, entry: str, keywords: str = "") -> None:
    """Install a package with an adapter."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    (info / "METADATA").write_text(metadata + (f"Keywords: {keywords}\n" if keywords else ""))
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{entry}\n")


def output_of(folder: Path, statement: str) -> str:
    """The output of a process that also has the packages of `folder`."""
    command = [sys.executable, "-c", f"from student_graph.adapters import registry\n{statement}"]
    environ = os.environ | {"PYTHONPATH": str(folder)}
    root = Path(__file__).parents[2]
    return subprocess.run(  # noqa: S603 - the arguments are constants
        command, env=environ, cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_a_third_party_adapter_is_loaded(tmp_path: Path) -> None:
    """A third-party package provides an adapter with an entry point only."""
    package(tmp_path, "district-sis", "small = tests.adapters.helpers.small_vendor:SmallVendor")

    assert (
        output_of(tmp_path, "print(registry.find_adapter('small'))")
        == "<class 'tests.adapters.helpers.small_vendor.SmallVendor'>\n"
    )


def test_a_package_for_another_contract_is_not_imported(tmp_path: Path) -> None:
    """Its keywords state the version, so that the refusal is the same if its imports from the kit are gone."""
    package(tmp_path, "old-sis", "old = missing:OldSis", "sis,student-graph-contract-7")
    output = output_of(
        tmp_path, "try: registry.find_adapter('old')\nexcept registry.SettingsError as exc: print(exc)"
    )

    assert output == "adapter 'old' was built for contract 7; this is contract 1. Update student-graph\n"


def test_two_packages_with_one_kind_are_refused(tmp_path: Path) -> None:
    """Two packages that provide the same kind are an error."""
    package(tmp_path, "district-sis", "small = tests.adapters.helpers.small_vendor:SmallVendor")
    package(tmp_path, "town-sis", "small = tests.adapters.helpers.small_vendor:SmallVendor")
    output = output_of(
        tmp_path, "try: registry.find_adapter('small')\nexcept registry.SettingsError as exc: print(exc)"
    )

    assert output == "several packages provide an adapter 'small': district-sis, town-sis\n"


def test_one_broken_adapter_does_not_hide_the_others(tmp_path: Path) -> None:
    """Only the requested kind is loaded."""
    package(tmp_path, "broken-sis", "broken = missing:SmallVendor")
    package(tmp_path, "district-sis", "small = tests.adapters.helpers.small_vendor:SmallVendor")

    assert output_of(tmp_path, "print(registry.find_adapter('small').__name__)") == "SmallVendor\n"


def test_a_secret_is_read_from_the_environment() -> None:
    """The settings hold the value of the environment variable, and do not show it."""
    settings = build_settings(SmallVendor, "north", VALID_SETTINGS, ENVIRON)

    assert isinstance(settings, SmallVendorSettings)
    assert settings.token == SecretStr("sis-secret")
    assert "sis-secret" not in f"{settings!r} {settings}"


@subcases(
    ("changed", "problem"),
    [
        ({"token_env": None}, "token_env is missing"),
        ({"base_url": None}, "base_url is missing"),
        ({"token_env": "OTHER"}, "the environment variable of token_env is not set"),
        ({"token_env": 7}, "the environment variable of token_env is not set"),
        ({"token": "written-down"}, "token is a secret; give token_env instead"),
        ({"tokn_env": "SIS_TOKEN"}, "there is no setting tokn_env"),
        ({"base_url": "written-down"}, "base_url: Input should be a valid URL, relative URL without a base"),
        ({"timeout": -1}, "timeout: Input should be greater than 0"),
        ({"concurrency": 0}, "concurrency: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, Any], problem: str) -> None:
    """The error is one line with the source and the setting, and without the value."""
    values = {name: value for name, value in (VALID_SETTINGS | changed).items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        build_settings(SmallVendor, "north", values, ENVIRON)

    assert str(caught.value) == f"source 'north': {problem}"
    assert "written-down" not in str(caught.value)


def test_several_wrong_settings_are_named_together() -> None:
    """One error names all wrong settings."""
    message = r"base_url is missing; .*token_env is missing; .*there is no setting x"
    with pytest.raises(SettingsError, match=message):
        build_settings(SmallVendor, "north", {"x": 1}, ENVIRON)


class FileSettings(SmallVendorSettings):
    """Settings that name files."""

    key_file: Path | None = None
    """One file."""
    maps: tuple[Path, ...] = ()
    """Several files."""


class FileVendor(SmallVendor):
    """A vendor with files, as a package of somebody else may have."""

    settings: FileSettings


def test_paths_of_any_adapter_begin_at_the_folder_of_the_settings_file(tmp_path: Path) -> None:
    """Whole paths stay as they are, and without a settings file paths begin in the working folder."""
    values = {**VALID_SETTINGS, "key_file": "key.json", "maps": ["maps/own.toml", "/srv/other.toml"]}
    of_file = build_settings(FileVendor, "north", values, ENVIRON, tmp_path)
    of_command = build_settings(FileVendor, "north", values, ENVIRON)

    assert isinstance(of_file, FileSettings)
    assert of_file.key_file == tmp_path / "key.json"
    assert of_file.maps == (tmp_path / "maps/own.toml", Path("/srv/other.toml"))
    assert isinstance(of_command, FileSettings)
    assert of_command.key_file == Path("key.json")


@pytest.mark.parametrize("setting", ["key_file", "maps"])
def test_a_file_that_is_in_the_working_folder_only_is_refused_with_both_folders(
    setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it was read by earlier versions."""
    folder, working_folder = tmp_path / "settings", tmp_path / "working"
    folder.mkdir()
    working_folder.mkdir()
    (working_folder / "key.json").touch()
    monkeypatch.chdir(working_folder)
    values = {**VALID_SETTINGS, setting: "key.json" if setting == "key_file" else ["key.json"]}
    with pytest.raises(SettingsError) as refused:
        build_settings(FileVendor, "north", values, ENVIRON, folder)
    (folder / "key.json").touch()

    assert f"{setting}: there is no such file in {folder}, " in str(refused.value)
    assert str(working_folder) in str(refused.value)
    assert build_settings(FileVendor, "north", values, ENVIRON, folder)


def test_the_schema_describes_the_configuration_file() -> None:
    """The JSON Schema has the name of the environment variable in place of a secret, and a description."""
    schema = settings_schema(SmallVendor)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(VALID_SETTINGS)
    assert not validator.is_valid({**VALID_SETTINGS, "token": "x"})
    assert not validator.is_valid({"base_url": VALID_SETTINGS["base_url"]})
    assert schema["properties"]["token_env"]["description"].endswith("Token of the small vendor.")
