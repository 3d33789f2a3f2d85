"""What would otherwise be review comments: classes of data, subjects of lookups, and vendors' documentation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, Lookup, lookups_of
from student_graph.adapters.model import Record, Sensitivity
from student_graph.adapters.registry import adapter_kinds, find_adapter
from tests.subcases import subcases

ROOT = Path(__file__).parents[1]
RECORDS = [
    record
    for record in vars(model).values()
    if isinstance(record, type) and issubclass(record, Record) and record is not Record
]


@subcases("record", RECORDS, ids=lambda record: record.__name__)
def test_every_record_has_a_class_of_data(record: type[Record]) -> None:
    """A record without a sensitivity class does not pass; one about a person names the person."""
    assert isinstance(record.sensitivity, Sensitivity)
    names = {field.name for field in dataclasses.fields(record)} | set(dir(record))
    about = {"student_id", "staff_id"} & names
    assert (record.about in about) if about else record.about is None


@subcases("lookup", lookups_of(Adapter), ids=lambda lookup: lookup.name)
def test_every_lookup_names_its_subject(lookup: Lookup) -> None:
    """A lookup whose records are about a person says so; restricted classes are never served stale."""
    people = {"student_id": About.STUDENTS, "staff_id": About.STAFF, None: About.NOBODY}
    expected = people[lookup.record_type.about]
    assert lookup.about is expected
    assert lookup.description
    if lookup.sensitivity.restricted:
        assert lookup.stale.total_seconds() == 0
        assert lookup.fresh.total_seconds() <= 60


@pytest.mark.parametrize("kind", [kind for kind in adapter_kinds() if (ROOT / "adapters" / kind).is_dir()])
def test_a_vendors_readme_names_every_setting_and_lookup(kind: str) -> None:
    """An adapter's README names each of its settings and lookups."""
    readme = (ROOT / "adapters" / kind / "README.md").read_text()
    adapter = find_adapter(kind)
    names = [*adapter.settings_type().model_fields, *(lookup.name for lookup in adapter.capabilities())]
    assert [name for name in names if f"`{name}`" not in readme] == []


FOLDERS = sorted(
    path for path in (ROOT / "adapters").iterdir() if path.is_dir() and (path / "README.md").is_file()
)
NAMES = {"adapter", "api", "client", "mapping", "sandbox"}
NOT_A_VENDOR = {"rest"}
"""The engine of declared vendors: its adapter is made from a file."""


@subcases("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_files_of_an_adapter_have_fixed_names(folder: Path) -> None:
    """
    A vendor in code has an adapter, payloads, a mapping and a sandbox, and a client if it needs one; nothing else.

    A declared vendor has its declaration in place of payloads, mapping and client.
    """
    names = {path.stem for path in folder.glob("*.py")} | {
        path.parent.name for path in folder.glob("*/__init__.py")
    }
    declarations = [path.name for path in folder.glob("*.toml")]
    if folder.name in NOT_A_VENDOR:
        return

    if declarations:
        assert declarations == [f"{folder.name}.toml"]
        assert names - {"__init__"} == {"adapter", "sandbox"}
    else:
        assert {"adapter", "api", "mapping", "sandbox"} <= names
        assert names - {"__init__"} <= NAMES


def test_every_installed_adapter_has_a_folder() -> None:
    """An adapter of this project is in a folder with its name, except a second kind of source of one folder."""
    modules = {find_adapter(kind).__module__ for kind in adapter_kinds()}
    folders = {module.split(".")[2] for module in modules if module.startswith("student_graph.adapters.")}

    assert folders <= {folder.name for folder in FOLDERS}
