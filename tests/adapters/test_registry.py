"""How adapters are found, and what an operator is told about their settings."""

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

ENVIRON = {"HALL_TOKEN": "hall-secret"}
GOOD = {"base_url": "https://hall.example/api", "token_env": "HALL_TOKEN"}


class Elder(Adapter):
    """An adapter for a contract of the past."""

    contract = 0


def point(target: str) -> EntryPoint:
    """An entry point that a package might declare."""
    return EntryPoint("hall", target, ENTRY_POINT_GROUP)


def test_our_vendors_are_installed_like_anybodys() -> None:
    """The adapters of this distribution are found by its entry points."""
    assert {"canvas", "edfi"} <= set(adapter_kinds())


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    """An operator's typing error is told with what there is."""
    with pytest.raises(SettingsError, match=r"no adapter 'canvass'; installed are .*canvas, edfi"):
        find_adapter("canvass")


def test_an_entry_point_is_loaded() -> None:
    """What an entry point names is the adapter."""
    assert load_adapter(point("tests.adapters.helpers.small_vendor:SmallVendor")) is SmallVendor


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("tests.adapters.test_registry:Elder", "was built for contract 0; this is contract 1"),
        ("tests.adapters.helpers.small_vendor:SmallVendorSandbox", "is not a subclass of adapters.Adapter"),
        ("tests.adapters.helpers.small_vendor:STUDENT_ROWS", "is not a subclass of adapters.Adapter"),
        ("tests.adapters.helpers.small_vendor:Nobody", r"cannot be imported \(AttributeError\)"),
        ("tests.adapters.nowhere:SmallVendor", r"cannot be imported \(ModuleNotFoundError\)"),
    ],
)
def test_what_is_no_adapter_for_this_contract_is_refused(target: str, problem: str) -> None:
    """Another contract, another class or nothing at all is said by the adapter's name."""
    with pytest.raises(SettingsError, match=f"adapter 'hall' {problem}"):
        load_adapter(point(target))


def package(folder: Path, name: str, entry: str) -> None:
    """Install a package that brings an adapter."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{entry}\n")


def elsewhere(folder: Path, statement: str) -> str:
    """What another process prints that has the packages of `folder` beside ours."""
    command = [sys.executable, "-c", f"from student_graph.adapters import registry\n{statement}"]
    environ = os.environ | {"PYTHONPATH": str(folder)}
    root = Path(__file__).parents[2]
    return subprocess.run(  # noqa: S603 - our own interpreter and our own words
        command, env=environ, cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_a_third_partys_adapter_is_found(tmp_path: Path) -> None:
    """A package that is none of ours brings an adapter by its entry point alone."""
    package(tmp_path, "district-hall", "hall = tests.adapters.helpers.small_vendor:SmallVendor")

    assert (
        elsewhere(tmp_path, "print(registry.find_adapter('hall'))")
        == "<class 'tests.adapters.helpers.small_vendor.SmallVendor'>\n"
    )


def test_two_packages_with_one_kind_are_refused(tmp_path: Path) -> None:
    """Which of two adapters answers is never left to chance."""
    package(tmp_path, "district-hall", "hall = tests.adapters.helpers.small_vendor:SmallVendor")
    package(tmp_path, "town-hall", "hall = tests.adapters.helpers.small_vendor:SmallVendor")
    told = elsewhere(
        tmp_path, "try: registry.find_adapter('hall')\nexcept registry.SettingsError as exc: print(exc)"
    )

    assert told == "several packages provide an adapter 'hall': district-hall, town-hall\n"


def test_one_broken_adapter_does_not_hide_the_others(tmp_path: Path) -> None:
    """Only the kind that is asked for is loaded."""
    package(tmp_path, "broken-hall", "broken = nowhere:SmallVendor")
    package(tmp_path, "district-hall", "hall = tests.adapters.helpers.small_vendor:SmallVendor")

    assert elsewhere(tmp_path, "print(registry.find_adapter('hall').__name__)") == "SmallVendor\n"


def test_a_secret_is_read_from_the_environment() -> None:
    """The file names a variable, the settings hold its value, and neither prints it."""
    settings = build_settings(SmallVendor, "north", GOOD, ENVIRON)

    assert isinstance(settings, SmallVendorSettings)
    assert settings.token == SecretStr("hall-secret")
    assert "hall-secret" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"token_env": None}, "token_env is missing"),
        ({"base_url": None}, "base_url is missing"),
        ({"token_env": "OTHER"}, "the environment variable of token_env is not set"),
        ({"token_env": 7}, "the environment variable of token_env is not set"),
        ({"token": "written-down"}, "token is a secret; give token_env instead"),
        ({"tokn_env": "HALL_TOKEN"}, "there is no setting tokn_env"),
        ({"base_url": "written-down"}, "base_url: Input should be a valid URL, relative URL without a base"),
        ({"timeout": -1}, "timeout: Input should be greater than 0"),
        ({"concurrency": 0}, "concurrency: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_told_by_source_and_name(changed: dict[str, Any], problem: str) -> None:
    """One readable line, never with a value."""
    values = {name: each for name, each in (GOOD | changed).items() if each is not None}
    with pytest.raises(SettingsError) as caught:
        build_settings(SmallVendor, "north", values, ENVIRON)

    assert str(caught.value) == f"source 'north': {problem}"
    assert "written-down" not in str(caught.value)


def test_several_wrong_settings_are_told_at_once() -> None:
    """An operator need not start five times to find five errors."""
    with pytest.raises(SettingsError, match=r"base_url is missing; token_env is missing; there is no setting x"):
        build_settings(SmallVendor, "north", {"x": 1}, ENVIRON)


def test_the_schema_describes_what_stands_in_the_file() -> None:
    """JSON Schema of the settings: secrets by the name of their variable, everything described."""
    schema = settings_schema(SmallVendor)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(GOOD)
    assert not validator.is_valid({**GOOD, "token": "x"})
    assert not validator.is_valid({"base_url": GOOD["base_url"]})
    assert schema["properties"]["token_env"]["description"].endswith("Token of the hall.")
