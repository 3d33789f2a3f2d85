"""Starting a declaration from an OpenAPI document."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from student_graph.adapters.lookup import Window
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration.errors import DeclarationError
from student_graph.adapters.rest.openapi.reading import read_document
from student_graph.adapters.rest.openapi.writing import write_declaration
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter
from student_graph.gateway.cli.main import main
from tests.adapters.rest.lakeside import LakesideSandbox
from tests.long_runs import size

DOCUMENT = Path(__file__).with_name("lakeside_openapi.json")
SHARED = Path(__file__).parents[4] / "shared" / "data"
_WINDOW = Window(5)
PUBLISHED = (
    "edfi-api-specifications/enrollment-api-1.0.yaml",
    "oneroster-1.2-vendor-openapi/timeback-oneroster-openapi.yaml",
)


def imported(file: Path) -> str:
    return write_declaration(read_document(file), file.name)


def test_the_declaration_has_the_facts_of_the_document() -> None:
    """Address, credentials, pages, rows and names come from the document, also if its schemas are circles."""
    data = tomllib.loads(imported(DOCUMENT))

    assert data["vendor"] == "Lakeside SIS"
    assert data["base_url"] == "https://sis.lakeside.example"
    assert data["auth"] == {"kind": "api_key", "header": "X-Lakeside-Key"}
    assert data["paging"] == {"kind": "page", "page": "page", "size": "per_page", "total": "meta.count"}
    assert data["records"]["Student"]["name"] == {"first_name": "name.given", "last_name": "name.family"}
    assert data["records"]["Section"]["session_name"] == "term"
    assert data["lookups"]["students_by_district"] == {"get": "/api/learners", "rows": "items"}
    assert data["lookups"]["sections_by_id"] == {"get": "/api/classes/{key}", "rows": "class"}


async def test_an_author_confirms_the_guesses(tmp_path: Path) -> None:
    """No lookup runs before every guess is confirmed; then the declaration answers."""
    file = tmp_path / "lakeside.toml"
    text = imported(DOCUMENT)
    file.write_text(text)
    with pytest.raises(
        DeclarationError, match="this line is a guess of the import: check it, and remove the word"
    ):
        declared(file)
    lines = [line.partition(" # TODO")[0] for line in text.splitlines()]
    confirmed = "\n".join(lines).replace('student_id = ""', 'student_id = "numbers.local"')
    confirmed = (
        confirmed[: confirmed.index("[records.Section]")] + confirmed[confirmed.index("[lookups.students_by") :]
    )
    file.write_text(confirmed)
    sandbox = LakesideSandbox(make_district(12))
    async with open_adapter(sandbox, kind=declared(file)) as adapter:
        [(_, roster)] = (await adapter.students_by_district(["hill"], window=_WINDOW)).items()

    assert [student.student_id for student in roster.items] == sandbox.known_keys("student")[:5]


def test_the_command_writes_a_new_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It never overwrites one, and says how many lines are to be checked."""
    file = tmp_path / "lakeside.toml"
    for status in (0, 2):
        with pytest.raises(SystemExit) as caught:
            main(["adapters", "import", str(DOCUMENT), "--output", str(file)])
        assert caught.value.code == status
    captured = capsys.readouterr()

    assert f"{file}: " in captured.out
    assert "lines to check" in captured.out
    assert "it is not overwritten" in captured.err


@pytest.mark.long_run
@pytest.mark.parametrize("name", PUBLISHED[: size(1, 2)])
def test_published_documents_become_declarations(name: str) -> None:
    """Documents of real interfaces give at least a school, a section and a student, with guesses marked."""
    file = SHARED / name
    if not file.exists():
        pytest.skip("the published documents are not here")
    text = imported(file)
    data = tomllib.loads(text)

    assert {"schools_by_id", "sections_by_id", "students_by_id"} <= data["lookups"].keys()
    assert [line for line in text.splitlines() if line.startswith("get = ") and "TODO" not in line] == []


@pytest.mark.parametrize(("name", "text", "problem"), [
    ("a.json", '{"swagger": "2.0"}', "is Swagger 2.0; convert it to OpenAPI 3 first"),
    ("a.json", '{"openapi": "2.9"}', "`openapi` is 2.9; known are 3.0 and 3.1"),
    ("a.json", "[]", "is no OpenAPI document: it is not an object"),
    ("a.json", '{\n"openapi": }', "a.json:2: is not JSON"),
    ("a.yaml", "openapi: 3.1.0\n  paths: {", "a.yaml:2: is not YAML"),
    ("none.yaml", None, "No such file"),
    ("a.json", '{"openapi": "3.1.0", "x": ' + "[" * 100 + "]" * 100 + "}", "more than 64 levels"),
])  # fmt: skip
def test_a_document_that_cannot_be_read_is_refused(
    tmp_path: Path, name: str, text: str | None, problem: str
) -> None:
    """The message names the file, and the line where there is one."""
    file = tmp_path / name
    if text is not None:
        file.write_text(text)

    with pytest.raises(SettingsError) as caught:
        read_document(file)

    assert problem in str(caught.value)
