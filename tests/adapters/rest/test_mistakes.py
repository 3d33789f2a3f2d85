"""Every mistake in a declaration is an error with the file, the line and the fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from student_graph.adapters.rest.adapter import declared
from student_graph.adapters.rest.declaration.errors import DeclarationError

HERE = "# here"
GOOD = """
vendor = "Lakeside SIS"
check = "/api/status"
auth = { kind = "api_key", header = "X-Key" }

[codes.levels]
nine = "NINTH"

[records.Student]
vendor_id = "id"
student_id = "number"
name.first_name = "first"
name.last_name = "last"

[records.SchoolEnrollment]
vendor_id = "id"
student_id = "number"
school_id = "school"
entry_date = { path = "from", date = "%m/%d/%Y" }
grade_level = { path = "grade", codes = "levels" }

[lookups.students_by_id]
get = "/students/{key}"

[lookups.school_enrollments_by_student]
get = "/students/{key}/enrollments?year=2027"
rows = "items"
"""


def file_with(folder: Path, old: str, new: str) -> Path:
    """A declaration in which one part is replaced, and the line of the mistake ends in a comment."""
    assert GOOD.count(old) == 1
    path = folder / "lakeside.toml"
    path.write_text(GOOD.replace(old, new))
    return path


def test_the_declaration_without_a_mistake_is_read(tmp_path: Path) -> None:
    """What the other tests spoil is good."""
    kind = declared(
        file_with(tmp_path, HERE, "") if HERE in GOOD else file_with(tmp_path, "Lakeside SIS", "Lakeside")
    )

    assert len(kind.capabilities()) == 2


MISTAKES = {
    "an unknown setting": (
        'check = "',
        'chek = 1 # here\ncheck = "',
        "there is no setting chek; did you mean check?",
    ),
    "an unknown setting of a lookup": (
        'rows = "items"',
        'rowz = "items" # here',
        "no setting rowz; did you mean rows?",
    ),
    "an unknown lookup": (
        "[lookups.students_by_id]",
        "[lookups.student_by_id] # here",
        "there is no lookup student_by_id; did you mean students_by_id?",
    ),
    "an unknown record": ("[records.Student]", "[records.Pupil] # here", "there is no type of record Pupil"),
    "an unknown attribute": (
        'student_id = "number"\nschool_id = "school"',
        'student_id = "number"\nscool_id = "school" # here',
        "SchoolEnrollment has no scool_id; did you mean school_id?",
    ),
    "a missing attribute": (
        '[records.SchoolEnrollment]\nvendor_id = "id"',
        "[records.SchoolEnrollment] # here",
        "SchoolEnrollment needs vendor_id, a str",
    ),
    "a missing part of a name": ('name.last_name = "last"\n', "", "PersonName needs last_name"),
    "a path that is no JMESPath": (
        'school_id = "school"',
        'school_id = "school[" # here',
        "not a JMESPath expression",
    ),
    "a path that is too deep": (
        'school_id = "school"',
        f'school_id = "{"to_string(" * 30}school{")" * 30}" # here',
        "at most 20 levels; write this one in Python",
    ),
    "a path that is too long": (
        'school_id = "school"',
        f'school_id = "{"a." * 300}b" # here',
        "at most 500 characters; write this one in Python",
    ),
    "an option of another type": (
        'school_id = "school"',
        'school_id = { path = "school", scale = 2 } # here',
        "a value of the type str has no option scale",
    ),
    "a constant of the wrong type": (
        'entry_date = { path = "from", date = "%m/%d/%Y" }',
        "entry_date = { value = true } # here",
        "the constant is not a date",
    ),
    "a format without a year": (
        '"%m/%d/%Y"',
        '"%m/%d" } # here\nexit_withdraw_date = { path = "until"',
        "a format of a date has day, month, year",
    ),
    "a year of two digits": ('"%m/%d/%Y" }', '"%m/%d/%y" } # here', "%y cannot be read; known are %Y"),
    "a table of codes that is not there": (
        'codes = "levels" }',
        'codes = "level" } # here',
        "there is no table [codes.level]",
    ),
    "a code with a meaning that is not there": (
        'codes = "levels" }',
        'codes = { nine = "GRADE_9" } } # here',
        "the code nine means GRADE_9, which is none of INFANT_TODDLER",
    ),
    "a placeholder that is not there": (
        'get = "/students/{key}"',
        'get = "/students/{kee}" # here',
        "there is no placeholder {kee}; did you mean {key}?",
    ),
    "an expression in braces": (
        'get = "/students/{key}"',
        'get = "/students/{key.__class__}" # here',
        "a placeholder is a name, no expression is evaluated",
    ),
    "a request without the key": ('get = "/students/{key}"', 'get = "/students" # here', "does not name the key"),
    "an address of another server": (
        'get = "/students/{key}"',
        'get = "https://evil.example/{key}" # here',
        "a request begins with / and is a path on the vendor's server",
    ),
    "a secret in a parameter": (
        'get = "/students/{key}"',
        'get = "/students/{key}?api_key=f00ba4" # here',
        "the parameter api_key looks like a secret; use `auth`",
    ),
    "a secret in place of its setting": (
        'header = "X-Key" }',
        'header = "X-Key", secret = "sk_live_51H8x" } # here',
        "looks like a secret, and a declaration has none",
    ),
    "a secret with its own name": (
        'header = "X-Key" }',
        'header = "X-Key", token = "abc" } # here',
        "looks like a secret, and a declaration has none",
    ),
    "a secret in a header": (
        'check = "',
        'headers = { Authorization = "Bearer abc" } # here\ncheck = "',
        "looks like a secret, and a declaration has none",
    ),
    "a secret in the address": (
        'check = "',
        'base_url = "https://ada:secret@sis.example" # here\ncheck = "',
        "looks like a secret, and a declaration has none",
    ),
    "an unknown kind of authentication": ('kind = "api_key"', 'kind = "magic"', "there is no such kind"),
    "an unknown kind of paging": (
        'check = "',
        'paging = { kind = "magic" } # here\ncheck = "',
        "there is no such kind; it is one of 'none', 'offset', 'page', 'link', 'cursor'",
    ),
    "pages that are always the same": (
        'rows = "items"',
        'rows = "items"\npaging = { kind = "page", page = "year" }',
        "the parameter year is set by `paging`: with a fixed one every page would be the same",
    ),
    "one parameter for page and size": (
        'check = "',
        'paging = { kind = "page", page = "p", size = "p" } # here\ncheck = "',
        "one parameter has two meanings in `paging`: the pages would never end",
    ),
    "a cursor that is nowhere": (
        'check = "',
        'paging = { kind = "cursor", parameter = "after" } # here\ncheck = "',
        "a cursor is in one of: `next` (in the body), `header`, or `row` (in the last row)",
    ),
    "an unknown time zone": (
        'check = "',
        'time_zone = "Denver" # here\ncheck = "',
        "No time zone found with key Denver",
    ),
    "a guess of the import": (
        'rows = "items"',
        'rows = "items" # here TODO guess',
        "this line is a guess of the import: check it",
    ),
    "no TOML": ('check = "', '= # here\ncheck = "', "is not TOML"),
    "a lookup without a request": ('get = "/students/{key}"\n', "", "or `split` with the lookup of the district"),
    "several keys in a path": (
        'get = "/students/{key}"',
        'get = "/students/{keys}" # here\nkeys = 5',
        "several keys belong to the parameters, not to the path",
    ),
    "a list that cannot be split": (
        'get = "/students/{key}"',
        'split = "roster_by_district" # here',
        "roster_by_district is no list that this file declares",
    ),
    "an unknown coarser lookup": (
        'rows = "items"',
        'rows = "items"\ncoarse = ["school_enrollments_by_school"] # here',
        "school_enrollments_by_school is no lookup that this file declares",
    ),
    "changes without a version": (
        'rows = "items"',
        'rows = "items"\nchanges = { parameter = "since" } # here',
        "changes need [data_version]",
    ),
}


@pytest.mark.parametrize(("old", "new", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_a_line_and_a_fix(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """The message begins with the file and the line, and says what to change."""
    file = file_with(tmp_path, old, new)
    lines = file.read_text().splitlines()

    with pytest.raises(DeclarationError) as caught:
        declared(file)

    error = caught.value
    assert problem in str(error)
    assert str(error).startswith(f"{file}:{error.line}: ")
    if HERE in new:
        assert HERE in lines[error.line - 1], f"line {error.line}: {error}"


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    """A secret in a file is refused without repeating it: messages end up in logs."""
    for old, new, _ in MISTAKES.values():
        with pytest.raises(DeclarationError) as caught:
            declared(file_with(tmp_path, old, new))

        assert not [
            secret
            for secret in ("sk_live_51H8x", "f00ba4", "ada:secret", "Bearer abc")
            if secret in str(caught.value)
        ]


def with_sample(folder: Path, row: dict[str, object]) -> Path:
    """A declaration with a sample of one row."""
    (folder / "students.json").write_text(json.dumps([row]))
    return file_with(folder, 'get = "/students/{key}"', 'get = "/students/{key}"\nsample = "students.json"')


def test_paths_are_compared_with_a_sample(tmp_path: Path) -> None:
    """A path that finds nothing in the vendor's own answer is an error at the line of the path."""
    row: dict[str, object] = {"id": 1, "number": "7", "first": "Ada", "last": "Lee"}
    assert declared(with_sample(tmp_path, row))
    file = with_sample(tmp_path, {**row, "number": None, "numbr": "7"})
    with pytest.raises(DeclarationError) as caught:
        declared(file)

    assert "number finds nothing in the sample" in str(caught.value)
    assert file.read_text().splitlines()[caught.value.line - 1] == 'student_id = "number"'


def test_a_missing_name_in_a_sample_has_a_suggestion(tmp_path: Path) -> None:
    """The names of the sample's rows are known, so a similar one is suggested."""
    with pytest.raises(DeclarationError, match=r"number finds nothing in the sample; did you mean numbr\?"):
        declared(with_sample(tmp_path, {"id": 1, "numbr": "7", "first": "Ada", "last": "Lee"}))


def test_a_sample_that_is_not_a_record_is_refused(tmp_path: Path) -> None:
    """A path to a value of another type finds something, and still no record."""
    with pytest.raises(DeclarationError, match="no row of the sample becomes a Student: not a text"):
        declared(with_sample(tmp_path, {"id": 1, "number": [7], "first": "Ada", "last": "Lee"}))


@pytest.mark.parametrize(("content", "problem"), [
    (b"[[1]", "is not JSON"),
    (b"{}", "finds no rows in the sample"),
])  # fmt: skip
def test_a_sample_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """A sample without rows would let every path pass."""
    (tmp_path / "rows.json").write_bytes(content)
    file = file_with(tmp_path, 'rows = "items"', 'rows = "items"\nsample = "rows.json"')

    with pytest.raises(DeclarationError, match=problem):
        declared(file)
