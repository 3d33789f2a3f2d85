"""What would otherwise be review comments: docstrings, classes of data, lengths, and vendors' documentation."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from student_graph.adapters import model
from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import About, lookups_of
from student_graph.adapters.model import Record, Sensitivity
from student_graph.adapters.registry import find, kinds

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path for room in ("adapters", "resolvers", "gateway", "tests") for path in (ROOT / room).rglob("*.py")
)
RECORDS = [
    made
    for made in vars(model).values()
    if isinstance(made, type) and issubclass(made, Record) and made is not Record
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    """A module opens with one line that says what it is; an empty one needs none."""
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_outgrows_a_reader(path: Path) -> None:
    """A file of more than 300 lines is more than one idea."""
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("made", RECORDS, ids=lambda made: made.__name__)
def test_every_record_has_a_class_of_data(made: type[Record]) -> None:
    """A record without a sensitivity class does not pass; one about a person names the person."""
    assert isinstance(made.sensitivity, Sensitivity)
    names = {field.name for field in dataclasses.fields(made)} | set(dir(made))
    about = {"student_id", "staff_id"} & names
    assert (made.about in about) if about else made.about is None


@pytest.mark.parametrize("lookup", lookups_of(Adapter), ids=lambda lookup: lookup.name)
def test_every_lookup_says_whom_it_is_about(lookup: object) -> None:
    """A lookup whose records are about a person says so; restricted classes are never served stale."""
    found = next(each for each in lookups_of(Adapter) if each is lookup)
    expected = {"student_id": About.STUDENTS, "staff_id": About.STAFF, None: About.NOBODY}[found.record.about]
    assert found.about is expected
    assert found.description
    if found.sensitivity.restricted:
        assert found.stale.total_seconds() == 0
        assert found.fresh.total_seconds() <= 60


@pytest.mark.parametrize("kind", [kind for kind in kinds() if (ROOT / "adapters" / kind).is_dir()])
def test_a_vendors_readme_names_every_setting_and_lookup(kind: str) -> None:
    """What an operator can set and what an adapter answers stands in its README."""
    readme = (ROOT / "adapters" / kind / "README.md").read_text()
    adapter = find(kind)
    wanted = [*adapter.settings_type().model_fields, *(lookup.name for lookup in adapter.capabilities())]
    assert [name for name in wanted if f"`{name}`" not in readme] == []
