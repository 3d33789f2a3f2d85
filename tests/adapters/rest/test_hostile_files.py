"""Files that try to run something, to expand without end, or to take long: none is expanded or evaluated."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration.errors import DeclarationError
from student_graph.adapters.rest.openapi.reading import read_document
from tests.adapters.rest.test_mistakes import GOOD

EXPRESSIONS = (
    "{key.__class__.__mro__}", "{{7*7}}", "{% for x in y %}", "${7*7}", "{__import__('os')}", "{key!r}",
    "{key:>1000000000}", "{0}", "{settings.__init__}",
)  # fmt: skip
LAUGHS = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))])
MERGES = "\n".join(
    ["a0: &a0 {k: v}", *(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
)


@pytest.mark.row("C05")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_no_expression_in_a_declaration_is_evaluated(tmp_path: Path, expression: str) -> None:
    """Braces hold the name of a placeholder, and nothing else: not in a request, and not in a mapping."""
    file = tmp_path / "vendor.toml"
    file.write_text(GOOD.replace("/students/{key}/enrollments", f"/students/{{key}}/{expression}"))
    with pytest.raises(DeclarationError) as caught:
        declared(file)
    problem = str(caught.value)
    assert "there is no placeholder" in problem or "braces hold the name" in problem or "begins with /" in problem

    text = GOOD.replace('school_id = "school"', f'school_id = "{expression}"')
    file.write_text(text)
    with pytest.raises(DeclarationError):
        declared(file)


@pytest.mark.row("C06")
@pytest.mark.parametrize("name", ["vendor.yaml", "vendor.yml"])
def test_a_declaration_in_yaml_is_not_loaded(tmp_path: Path, name: str) -> None:
    """YAML has anchors that expand, and tags that name Python objects."""
    file = tmp_path / name
    file.write_text("vendor: !!python/object/apply:os.system ['id']")

    with pytest.raises(DeclarationError, match="a declaration is TOML; YAML is not loaded"):
        declared(file)


@pytest.mark.row("C06")
@pytest.mark.parametrize(("text", "problem"), [
    (LAUGHS, "more than"),
    (MERGES, "a merge key"),
    ("a: &a [*a]", "more than 64 levels"),
    ("a: !!python/object/apply:os.system ['id']", "is not YAML: could not determine a constructor"),
    ("a: !!python/name:os.system", "is not YAML: could not determine a constructor"),
    ("a: " + "[" * 5000, "cannot be read|is not YAML|more than"),
])  # fmt: skip
def test_an_openapi_document_does_not_expand(tmp_path: Path, text: str, problem: str) -> None:
    """Anchors, merge keys, tags and depth of a document of the vendor are refused within the limits."""
    file = tmp_path / "openapi.yaml"
    file.write_text("openapi: 3.1.0\n" + text)

    with pytest.raises(SettingsError, match=problem):
        read_document(file)


@pytest.mark.parametrize(("text", "problem"), [
    ("x = " + "[\n" * 50_000, "more than 12 levels"),
    ("x = " + "[" * 20 + "]" * 20, "more than 12 levels"),
    ("x = [" + "1,\n" * 20_000 + "]", "more than 10000 values"),
    ("#\n" * 150_000, "at most 256 KiB"),
    ("a\n" * 50_000, "is not TOML"),
    (("a." * 50_000) + "a = 1", "a line has at most 2000 characters"),
    (("a." * 900) + "a = 1", "more than 12 levels"),
])  # fmt: skip
def test_a_declaration_is_read_within_limits(tmp_path: Path, text: str, problem: str) -> None:
    """Size, depth and number of values are limited before anything looks at the values."""
    file = tmp_path / "vendor.toml"
    file.write_text(text)

    with pytest.raises(DeclarationError, match=problem):
        declared(file)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """The message names the line."""
    file = tmp_path / "vendor.toml"
    file.write_bytes(b'vendor = "x"\n\xff\xfe')

    with pytest.raises(DeclarationError, match=r"vendor.toml:2: is not UTF-8"):
        declared(file)
