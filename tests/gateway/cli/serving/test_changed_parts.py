"""Files and packages that a source depends on are read again with the settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.google_classroom.sandbox.tokens import ADMINISTRATOR, KEY_ID, key_file
from student_graph.adapters.packages import LoadedPackages
from student_graph.adapters.registry import SettingsError, find_adapter, find_entry_points_again
from student_graph.adapters.rest.adapter import Rest
from student_graph.gateway.cli.serving.watching import watch_files
from student_graph.gateway.config.districts import connect_districts, files_of_sources
from student_graph.gateway.config.environment_file import read_environment_file
from student_graph.gateway.config.issuers import build_issuers
from student_graph.gateway.config.settings_file import Config
from tests.adapters.files.test_results import OWN_MAP

ADAPTER = """
from student_graph.adapters.contract import Adapter


class Reloaded(Adapter):
    contract = 1
    release = "{release}"
"""
DECLARATION = Path(__file__).parents[4] / "adapters" / "aeries" / "aeries.toml"


def install(folder: Path, release: str, code: str = ADAPTER) -> None:
    """Install a package with the adapter `reloaded`, in place of another version of it."""
    for info in folder.glob("reloaded-*.dist-info"):
        info.rename(folder / f"removed-{info.name}.old")
    package = folder / f"reloaded-{release}.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: reloaded\nVersion: {release}\n")
    (package / "entry_points.txt").write_text("[student_graph.adapters]\nreloaded = reloaded_sis:Reloaded\n")
    (folder / "reloaded_sis.py").write_text(code.format(release=release) + "\n" * len(release))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which Python finds packages."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    sys.modules.pop("reloaded_sis", None)
    find_entry_points_again()


def release_of(packages: LoadedPackages) -> str:
    """The release of the adapter that a reload finds."""
    with packages.up_to_date():
        release: str = vars(find_adapter("reloaded"))["release"]
        return release


def test_an_adapter_in_another_version_is_imported_again(folder: Path) -> None:
    """The same version is the same class; another version is another one."""
    packages = LoadedPackages()
    install(folder, "1.0")
    first, same = release_of(packages), release_of(packages)
    install(folder, "1.0.1")

    assert (first, same) == ("1.0", "1.0")
    assert release_of(packages) == "1.0.1"


def test_a_version_that_cannot_be_imported_leaves_the_earlier_one(folder: Path) -> None:
    """The reload is refused, and what was imported stays."""
    packages = LoadedPackages()
    install(folder, "1.0")
    release_of(packages)
    module = sys.modules["reloaded_sis"]
    install(folder, "2.0.0", "import a_package_that_is_not_there\n")

    with pytest.raises(SettingsError, match="'reloaded' cannot be imported"):
        release_of(packages)

    assert sys.modules["reloaded_sis"] is module


def test_a_declaration_is_another_adapter_once_its_content_changed(tmp_path: Path) -> None:
    """A source whose declaration is the same keeps its class, and so its answers."""
    file = tmp_path / "sis.toml"
    file.write_bytes(DECLARATION.read_bytes())
    settings = {"declaration": "sis.toml"}
    first, same = (Rest.for_source(settings, tmp_path) for _ in range(2))
    file.write_bytes(DECLARATION.read_bytes() + b"\n# changed\n")

    assert first is same
    assert Rest.for_source(settings, tmp_path) is not first
    assert list(Rest.files_of_source(settings, tmp_path)) == [file]


@pytest.mark.parametrize("kind", ["google_classroom", "files"])
async def test_a_source_is_another_one_once_a_file_that_it_names_has_changed(tmp_path: Path, kind: str) -> None:
    """
    So a new key in the file of a service account is used after a reload, and a new column map too.

    Paths begin at the folder of the settings file, and not at the working folder.
    """
    file = tmp_path / "named"
    if kind == "files":
        pytest.importorskip("pyarrow", reason="the extra 'files' is not installed")
        first, second = OWN_MAP, OWN_MAP.replace("Words per minute", "Words")
        source: dict[str, Any] = {"location": str(tmp_path), "column_maps": ["named"]}
    else:
        first, second = key_file(), key_file().replace(KEY_ID, "a-newer-key")
        source = {"administrator": ADMINISTRATOR, "service_account_file": "named"}
    file.write_text(first)
    district = {
        "id": "hill",
        "name": "Hill",
        "time_zone": "UTC",
        "sources": [{"name": "lms", "kind": kind, **source}],
    }
    settings, path = Config.model_validate({"districts": [district]}), tmp_path / "gateway.toml"

    before = connect_districts(settings, path, {})
    unchanged = connect_districts(settings, path, {}, before)
    file.write_text(second)
    changed = connect_districts(settings, path, {}, before)

    assert unchanged[0].sources[0] is before[0].sources[0]
    assert changed[0].sources[0].adapter is not before[0].sources[0].adapter
    assert files_of_sources(settings, tmp_path) == [file]
    for [built] in (before[0].sources, changed[0].sources):
        await built.adapter.http.aclose()


def test_a_file_of_variables_is_read(tmp_path: Path) -> None:
    """Comments, empty lines and quotes are left out, and nothing is replaced in a value."""
    file = tmp_path / "secrets.env"
    file.write_text("# secrets\n\nexport TOKEN='a$b'\nKEY=a=b\nQUOTE=\"\n")

    assert read_environment_file(file) == {"TOKEN": "a$b", "KEY": "a=b", "QUOTE": '"'}


def test_a_wrong_line_is_named_without_its_text(tmp_path: Path) -> None:
    """A secret without a name is not shown."""
    file = tmp_path / "secrets.env"
    file.write_text("TOKEN=a\nhunter2\n")

    with pytest.raises(SettingsError, match="line 2: must be NAME=value") as error:
        read_environment_file(file)

    assert "hunter2" not in str(error.value)


def test_an_issuer_with_the_same_address_keeps_its_keys() -> None:
    """An issuer with the same address keeps its keys; one with another address gets new ones."""
    first = config("https://id.example/keys")
    issuers = build_issuers(first)

    assert build_issuers(first, issuers)[0].keys is issuers[0].keys
    assert build_issuers(config("https://id.example/other"), issuers)[0].keys is not issuers[0].keys


def config(keys: str) -> Config:
    """Settings with one issuer."""
    source = {"name": "sis", "kind": "edfi"}
    district = {"id": "hill", "name": "Hill", "time_zone": "UTC", "sources": [source]}
    issuer = {"issuer": "https://id.example", "jwks_url": keys, "audience": "graph", "districts": ["hill"]}
    issuer |= {"roles": {"teacher": "teacher"}}
    return Config.model_validate({"districts": [district], "issuers": [issuer]})


async def test_a_file_that_is_being_written_is_no_change_yet(tmp_path: Path) -> None:
    """A change counts once two looks find the same; a file that is new among the watched ones does not count."""
    file, other = tmp_path / "gateway.toml", tmp_path / "other.toml"
    file.write_text("a")
    looks = 0
    changes: list[int] = []

    class EndOfTestError(Exception):
        pass

    def files() -> list[Path]:
        nonlocal looks
        looks += 1
        if looks in {2, 3, 4}:  # three parts of the new file
            file.write_text("a" * looks)
        if looks == 7:
            raise EndOfTestError
        return [file] if looks < 3 else [file, other]

    with pytest.raises(EndOfTestError):
        await watch_files(files, lambda: changes.append(looks))

    assert changes == [5]
