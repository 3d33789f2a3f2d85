"""Filters of the OneRoster sandbox, and how servers differ from the standard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.sandbox_client import Rows, Server, running


def facts() -> DistrictFacts:
    """A district in which the first student is an O'Neil and the second an O''Neil."""
    facts = make_district(60)
    facts.students[0].last, facts.students[1].last = "O'Neil", "O''Neil"
    return facts


def sandbox_with(quirks: Quirks) -> OneRosterSandbox:
    """A sandbox of that district with quirks."""
    return OneRosterSandbox(facts(), version="1.1" if quirks is LEGACY_11 else "1.2", quirks=quirks)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with running(sandbox_with(PUBLISHED_12)) as server:
        yield server


def names(rows: Rows) -> list[str]:
    """The family names of rows."""
    return [row["familyName"] for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("identifier='401001'", {"401001"}),
        ("identifier = '401001'", {"401001"}),
        ("identifier='401001' OR identifier='401002'", {"401001", "401002"}),
        ("identifier>='401001' AND identifier<'401003'", {"401001", "401002"}),
        ("identifier>'401058' AND identifier<='401060'", {"401059", "401060"}),
        ("identifier~'0100' AND identifier!='401001'", {"401002", "401003", "401006", "401007", "401009"}),
        ("userIds.identifier='401001'", {"401001"}),
        ("identifier='999999'", set()),
    ],
)
def test_predicates_select_rows(server: Server, text: str, expected: set[str]) -> None:
    """All operators, joined by `AND` and `OR`, for texts and for values in lists."""
    matching = {row["identifier"] for row in server.rows("/students", filter=text)}

    assert matching >= expected
    assert bool(matching) is bool(expected)
    assert "~" in text or matching == expected


def test_a_dotted_path_filters_by_a_reference(server: Server) -> None:
    """`class.sourcedId` selects the enrollments of a class, and `sourcedId` the row itself."""
    section = server.rows("/enrollments")[0]["class"]["sourcedId"]
    matching = server.all_rows("/enrollments", filter=f"class.sourcedId='{section}'")

    assert matching == [row for row in server.all_rows("/enrollments") if row["class"]["sourcedId"] == section]
    assert [row["sourcedId"] for row in server.rows("/classes", filter=f"sourcedId='{section}'")] == [section]


def test_numbers_are_compared_by_size_and_texts_by_letter(server: Server) -> None:
    """A score of 9 is less than 80; `"0401001"` is not `401001`."""
    scores = [row["score"] for row in server.rows("/results", filter="score>='9' AND score<'80'", limit=1000)]

    assert scores
    assert all(9 <= score < 80 for score in scores)
    assert server.rows("/students", filter="identifier='0401001'") == []


def test_booleans_are_compared_as_the_standard_spells_them(server: Server) -> None:
    """`'true'` and `'false'` select different students, together all."""
    true, false = (server.all_rows("/students", filter=f"enabledUser='{value}'") for value in ("true", "false"))

    assert len(true) + len(false) == 60
    assert true
    assert false


def test_a_quote_may_be_single_or_doubled(server: Server) -> None:
    """Both forms select the O'Neil; `AND` has no meaning within a value."""
    assert names(server.rows("/students", filter="familyName='O'Neil'")) == ["O'Neil"]
    assert names(server.rows("/students", filter="familyName='O''Neil'")) == ["O'Neil"]
    assert server.rows("/students", filter="familyName='A AND B' OR familyName='O'Neil'") != []


@pytest.mark.parametrize(
    "text",
    [
        "nope='1'",
        "identifier",
        "identifier=401001",
        "identifier='401001",
        "identifier='1' XOR",
        "identifier='1' AND",
        "identifier='1' AND identifier='2' AND identifier='3'",
    ],
)
def test_an_invalid_filter_is_refused(server: Server, text: str) -> None:
    """400 with the published minor code, also for more than two predicates."""
    response = server.get("/users", filter=text)
    (field,) = response.json()["imsx_CodeMinor"]["imsx_codeMinorField"]

    assert (response.status_code, field["imsx_codeMinorFieldValue"]) == (400, "invalid_filter_field")


def test_many_predicates_are_joined_from_left_to_right() -> None:
    """Up to twenty predicates; `AND` has no precedence over `OR`."""
    students = [student.id for student in facts().students]
    with running(sandbox_with(EDFI_SERVICE)) as server:
        first, second, *_ = predicates = [f"identifier='{number}'" for number in students[:20]]
        twenty = " OR ".join(predicates)
        matching = {row["identifier"] for row in server.rows("/students", filter=twenty)}
        mixed = server.rows("/students", filter=f"{first} OR {second} AND {second}")

        assert server.get("/students", filter=f"{twenty} OR identifier='x'").status_code == 400

    assert {row["identifier"] for row in mixed} == {students[1]}
    assert len(matching) > 15
    assert matching <= set(students[:20])


@pytest.mark.parametrize(
    ("path", "text"),
    [("/users", "role='student'"), ("/users", "roles.role='student'"), ("/enrollments", "class.sourcedId='x'")],
)
def test_the_ed_fi_service_filters_by_listed_fields_only(path: str, text: str) -> None:
    """Not by the roles of users, and not by a dotted path."""
    with running(sandbox_with(EDFI_SERVICE)) as server:
        assert server.get(path, filter=text).status_code == 400
        assert server.get("/enrollments", filter="role='student'").status_code == 200


def test_a_doubled_quote_may_mean_two_quotes() -> None:
    """Such a server returns other students for the usual way of escaping."""
    with running(sandbox_with(EDFI_SERVICE)) as server:
        assert set(names(server.rows("/students", filter="familyName='O''Neil'"))) <= {"O''Neil"}
        assert set(names(server.rows("/students", filter="familyName='O'Neil'"))) == {"O'Neil"}


def test_equality_may_ignore_case() -> None:
    """`o'neil` selects the O'Neil on such a server, and nobody on others."""
    text = "familyName='o'neil'"
    with running(sandbox_with(LEGACY_11)) as server:
        assert names(server.rows("/students", filter=text)) == ["O'Neil"]
        assert server.rows("/users", filter="role='STUDENT'", limit=1) != []
    with running(sandbox_with(PUBLISHED_12)) as server:
        assert server.rows("/students", filter=text) == []


@pytest.mark.parametrize("text", ["nope='1'", "identifier=401001", "((("])
def test_an_invalid_filter_may_return_no_rows(text: str) -> None:
    """200 without rows, as in a district without people."""
    with running(sandbox_with(LEGACY_11)) as server:
        assert server.get("/students", filter=text).json() == {"students": []}


def test_a_gradebook_may_accept_only_unquoted_numbers() -> None:
    """The published form is a 400 and an unquoted number works; rostering filters as published."""
    with running(sandbox_with(UNUSUAL_GRADEBOOK)) as server:
        item = server.rows("/results")[0]["lineItem"]["sourcedId"]

        assert server.get("/results", filter="score>'80'").status_code == 400
        assert server.get("/results", filter=f"lineItem.sourcedId='{item}'").status_code == 400
        assert all(row["score"] > 80 for row in server.rows("/results", filter="score>80"))
        assert names(server.rows("/students", filter="familyName='O'Neil'")) == ["O'Neil"]


@pytest.mark.parametrize(("fails", "status"), [(True, 500), (False, 200)])
def test_a_gradebook_may_fail_for_and(fails: bool, status: int) -> None:
    """500 for two predicates that the standard allows; `OR` works."""
    with running(sandbox_with(replace(UNUSUAL_GRADEBOOK, and_fails=fails))) as server:
        assert server.get("/results", filter="score>80 AND score<90").status_code == status
        assert server.get("/results", filter="score>80 OR score<20").status_code == 200


@pytest.mark.parametrize(
    ("path", "name"), [("/enrollments", "class"), ("/results", "student"), ("/lineItems", "class")]
)
def test_the_index_finds_the_rows_of_a_filter(path: str, name: str) -> None:
    """A filter by the ids of references, which an index answers, has the rows of the same filter with a blank."""
    with running(OneRosterSandbox(make_district(20))) as server:
        rows = server.all_rows(path, limit=500)
        first, second = list(dict.fromkeys(row[name]["sourcedId"] for row in rows))[:2]
        text = f"{name}.sourcedId='{first}' OR {name}.sourcedId='{second}'"
        rows_of_index = server.all_rows(path, filter=text, sort="sourcedId")
        scanned = server.all_rows(path, filter=text.replace("=", " = "), sort="sourcedId")

    assert rows_of_index == scanned
    assert {row[name]["sourcedId"] for row in rows_of_index} == {first, second}
