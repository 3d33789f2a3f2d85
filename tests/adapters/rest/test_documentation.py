"""The page for authors and the JSON Schema say what is so."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel

from student_graph.adapters.contract import Adapter
from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.lookup import lookups_of
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration import models
from student_graph.adapters.rest.declaration.schema import declaration_schema
from student_graph.adapters.rest.mapping.values import OPTIONS
from student_graph.gateway.cli.main import main
from tests.adapters.rest.test_mistakes import GOOD
from tests.adapters.rest.vendors import HILLSIDE, LAKESIDE, LAKESIDE_IN_ALL_WAYS, SHIPPED
from tests.subcases import subcases

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "declare-a-vendor.md").read_text()
ROWS = "\n".join(line for line in PAGE.splitlines() if line.startswith("| "))
"""The rows of the tables of the page."""
SCHEMA = json.loads((ROOT / "adapters" / "rest" / "declaration.schema.json").read_text())


def test_the_first_example_of_the_page_is_a_declaration(tmp_path: Path) -> None:
    """It can be pasted into a file."""
    file = tmp_path / "lakeside.toml"
    file.write_text(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0])

    assert {lookup.name for lookup in declared(file).capabilities()} == {
        "attendance_events_by_student",
        "students_by_id",
    }


def sections(kind: type[models.Section]) -> list[type[models.Section]]:
    """The kinds of sections that a declaration may have, with the kinds of these."""
    return [part for kind_of in kind.__subclasses__() for part in (kind_of, *sections(kind_of))]


@subcases("section", [*sections(models.Section), IdentityRules], ids=lambda section: section.__name__)
def test_every_setting_of_a_declaration_is_in_a_table_of_the_page(section: type[BaseModel]) -> None:
    """An author does not have to read the code."""
    assert [name for name in section.model_fields if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", ROWS)] == []


def test_every_option_of_a_value_is_in_a_table_of_the_page() -> None:
    """With what it means."""
    assert [name for name in OPTIONS if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", ROWS)] == []


def test_the_schema_for_editors_is_up_to_date() -> None:
    """`student-graph adapters schema rest --declaration` writes it."""
    assert declaration_schema() == SCHEMA
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["lookups"]["properties"].keys() == {lookup.name for lookup in lookups_of(Adapter)}


@pytest.mark.parametrize("file", [HILLSIDE, LAKESIDE, LAKESIDE_IN_ALL_WAYS, *SHIPPED], ids=lambda file: file.stem)
def test_the_schema_accepts_declarations(file: Path) -> None:
    """An editor shows no mistake in a good file."""
    jsonschema.validate(tomllib.loads(file.read_text()), SCHEMA)


@pytest.mark.parametrize(("old", "new"), [
    ("check = ", "chek = "), ("[lookups.students_by_id]", "[lookups.pupils_by_id]"),
    ('school_id = "school"', 'scool_id = "s"'), ('kind = "api_key"', 'kind = "magic"'),
    ('rows = "items"', "rows = 7"),
])  # fmt: skip
def test_the_schema_refuses_mistakes(old: str, new: str) -> None:
    """An editor shows the mistake while it is typed."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(GOOD.replace(old, new)), SCHEMA)


def test_only_declarations_have_this_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """Other adapters are not declared in a file."""
    with pytest.raises(SystemExit):
        main(["adapters", "schema", "canvas", "--declaration"])

    assert "only vendors of the adapter rest are declared in a file" in capsys.readouterr().err
