"""A declared vendor that ships with a distribution: a folder with the declaration and an entry point."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import StudentId
from student_graph.adapters.registry import (
    SettingsError,
    build_settings,
    find_adapter,
    find_entry_points_again,
    settings_schema,
)
from student_graph.adapters.rest.adapter import Rest
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from student_graph.gateway.cli.main import main
from tests.adapters.rest.lakeside import LakesideSandbox
from tests.adapters.rest.vendors import LAKESIDE

MODULE = '''"""Lakeside SIS, as `lakeside.toml` declares it."""

from pathlib import Path

from student_graph.adapters.rest.adapter import declared

LakesideSIS = declared(Path(__file__).with_name("lakeside.toml"), __name__)
'''
DESCRIPTION = "Key of a read-only account, from Administration > Keys."


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Adapter]]:
    """Lakeside SIS as an installed distribution ships it."""
    folder = tmp_path / "lakeside_sis"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "adapter.py").write_text(MODULE)
    line = f'version = "5"\nsettings = {{ api_key = "{DESCRIPTION}" }}\n'
    (folder / "lakeside.toml").write_text(line + LAKESIDE.read_text())
    info = tmp_path / "lakeside_sis-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lakeside-sis\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[student_graph.adapters]\nlakeside = lakeside_sis.adapter:LakesideSIS\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("lakeside_sis", "lakeside_sis.adapter"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    find_entry_points_again()
    yield find_adapter("lakeside")
    monkeypatch.undo()
    find_entry_points_again()


async def test_a_shipped_vendor_needs_no_more_than_its_address_and_credentials(shipped: type[Adapter]) -> None:
    """The source names the kind only, and answers as the same declaration in a file of the district."""
    facts = make_district(10)
    sandbox = LakesideSandbox(facts)
    values = {"base_url": "https://sis.example.org", "api_key_env": "KEY"}
    settings = build_settings(shipped, "sis", values, {"KEY": "k"})

    async with open_adapter(sandbox, kind=shipped) as adapter:
        answers = await adapter.students_by_id([StudentId(facts.students[2].id)])

    assert str(settings.base_url).startswith("https://sis.example.org")
    student = answers[StudentId(facts.students[2].id)]
    assert not isinstance(student, Exception)
    assert student.name.last_name == facts.students[2].last


@pytest.mark.parametrize(("values", "problem"), [
    ({"declaration": "lakeside.toml"}, "there is no setting declaration"),
    ({"api_key": "k"}, "api_key is a secret; give api_key_env instead"),
    ({"api_key_envv": "KEY"}, "there is no setting api_key_envv"),
])  # fmt: skip
def test_settings_of_a_shipped_vendor_are_checked(
    shipped: type[Adapter], values: dict[str, str], problem: str
) -> None:
    """As those of a vendor in code: a source cannot give it another declaration."""
    with pytest.raises(SettingsError, match=problem):
        build_settings(shipped, "sis", {"base_url": "https://sis.example.org", **values}, {"KEY": "k"})


def test_the_declaration_describes_its_credentials(shipped: type[Adapter]) -> None:
    """An editor shows where the vendor issues them; they are no placeholders of requests."""
    assert issubclass(shipped, Rest)
    assert shipped.plan is not None

    assert DESCRIPTION in settings_schema(shipped)["properties"]["api_key_env"]["description"]
    assert shipped.plan.settings_names == ()


def test_a_shipped_vendor_is_listed_as_declared(
    shipped: type[Adapter], capsys: pytest.CaptureFixture[str]
) -> None:
    """With the version of its API and the class that its entry point names."""
    with pytest.raises(SystemExit) as exit_info:
        main(["adapters", "list"])
    assert exit_info.value.code == 0

    [row] = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("lakeside ")]
    assert row[3:] == ["declared", "5", "lakeside_sis.adapter:LakesideSIS"]
    assert shipped.__name__ == "LakesideSIS"
