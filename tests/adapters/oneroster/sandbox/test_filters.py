"""The filter language of the OneRoster sandbox, and where servers depart from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    UNUSUAL_GRADEBOOK,
    LEGACY_11,
    PUBLISHED_12,
    Quirks,
    OneRosterSandbox,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.sandbox_client import Rows, Server, asking


def facts() -> DistrictFacts:
    """A district in which the first student is an O'Neil, the second an O''Neil, and one has leading zeros."""
    facts = make_district(60)
    facts.students[0].last, facts.students[1].last = "O'Neil", "O''Neil"
    return facts


def serving(quirks: Quirks) -> OneRosterSandbox:
    """That district in a manner."""
    return OneRosterSandbox(facts(), version="1.1" if quirks is LEGACY_11 else "1.2", quirks=quirks)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with asking(serving(PUBLISHED_12)) as server:
        yield server


def names(rows: Rows) -> list[str]:
    """Family names."""
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
def test_predicates(server: Server, text: str, expected: set[str]) -> None:
    """All operators, joined by `AND` and `OR`, over texts and what lists hold."""
    found = {row["identifier"] for row in server.rows("/students", filter=text)}

    assert found >= expected
    assert bool(found) is bool(expected)
    assert "~" in text or found == expected


def test_references_are_filtered_by_a_dotted_path(server: Server) -> None:
    """`class.sourcedId` finds a class's enrollments, and `sourcedId` the row itself."""
    section = server.rows("/enrollments")[0]["class"]["sourcedId"]
    found = server.every("/enrollments", filter=f"class.sourcedId='{section}'")

    assert found == [row for row in server.every("/enrollments") if row["class"]["sourcedId"] == section]
    assert [row["sourcedId"] for row in server.rows("/classes", filter=f"sourcedId='{section}'")] == [section]


def test_numbers_are_compared_by_size_and_texts_by_letter(server: Server) -> None:
    """A score of 9 is below 80; `"0401001"` is not `401001`."""
    scores = [row["score"] for row in server.rows("/results", filter="score>='9' AND score<'80'", limit=1000)]

    assert scores
    assert all(9 <= score < 80 for score in scores)
    assert server.rows("/students", filter="identifier='0401001'") == []


def test_booleans_are_compared_as_the_standard_spells_them(server: Server) -> None:
    """`'true'` and `'false'` part the users."""
    true, false = (server.every("/students", filter=f"enabledUser='{each}'") for each in ("true", "false"))

    assert len(true) + len(false) == 60
    assert true
    assert false


def test_a_quote_may_be_doubled_or_not(server: Server) -> None:
    """Both ways find the O'Neil; a word that joins predicates means nothing inside a value."""
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
def test_what_is_no_filter_is_refused(server: Server, text: str) -> None:
    """400 with the published minor code; more than two predicates are more than the standard has."""
    response = server.get("/users", filter=text)
    (field,) = response.json()["imsx_CodeMinor"]["imsx_codeMinorField"]

    assert (response.status_code, field["imsx_codeMinorFieldValue"]) == (400, "invalid_filter_field")


def test_many_predicates_are_joined_from_left_to_right() -> None:
    """Up to twenty; `AND` binds no closer than `OR`."""
    students = [student.id for student in facts().students]
    with asking(serving(EDFI_SERVICE)) as server:
        one, other, *_ = predicates = [f"identifier='{each}'" for each in students[:20]]
        twenty = " OR ".join(predicates)
        found = {row["identifier"] for row in server.rows("/students", filter=twenty)}
        mixed = server.rows("/students", filter=f"{one} OR {other} AND {other}")

        assert server.get("/students", filter=f"{twenty} OR identifier='x'").status_code == 400

    assert {row["identifier"] for row in mixed} == {students[1]}
    assert len(found) > 15
    assert found <= set(students[:20])


@pytest.mark.parametrize(
    ("path", "text"),
    [("/users", "role='student'"), ("/users", "roles.role='student'"), ("/enrollments", "class.sourcedId='x'")],
)
def test_only_listed_fields_may_be_filterable(path: str, text: str) -> None:
    """Neither roles of users nor anything by a dotted path."""
    with asking(serving(EDFI_SERVICE)) as server:
        assert server.get(path, filter=text).status_code == 400
        assert server.get("/enrollments", filter="role='student'").status_code == 200


def test_a_doubled_quote_can_be_two() -> None:
    """The usual way of escaping finds somebody else."""
    with asking(serving(EDFI_SERVICE)) as server:
        assert set(names(server.rows("/students", filter="familyName='O''Neil'"))) <= {"O''Neil"}
        assert set(names(server.rows("/students", filter="familyName='O'Neil'"))) == {"O'Neil"}


def test_equality_can_be_blind_to_case() -> None:
    """`o'neil` finds the O'Neil on such a server, and nobody elsewhere."""
    text = "familyName='o'neil'"
    with asking(serving(LEGACY_11)) as server:
        assert names(server.rows("/students", filter=text)) == ["O'Neil"]
        assert server.rows("/users", filter="role='STUDENT'", limit=1) != []
    with asking(serving(PUBLISHED_12)) as server:
        assert server.rows("/students", filter=text) == []


@pytest.mark.parametrize("text", ["nope='1'", "identifier=401001", "((("])
def test_a_bad_filter_can_find_nobody(text: str) -> None:
    """200 and no rows, which looks like a district without anybody."""
    with asking(serving(LEGACY_11)) as server:
        assert server.get("/students", filter=text).json() == {"students": []}


def test_a_gradebook_can_take_bare_numbers_only() -> None:
    """The published form is a 400 there, an unquoted number works; rostering filters as published."""
    with asking(serving(UNUSUAL_GRADEBOOK)) as server:
        item = server.rows("/results")[0]["lineItem"]["sourcedId"]

        assert server.get("/results", filter="score>'80'").status_code == 400
        assert server.get("/results", filter=f"lineItem.sourcedId='{item}'").status_code == 400
        assert all(row["score"] > 80 for row in server.rows("/results", filter="score>80"))
        assert names(server.rows("/students", filter="familyName='O'Neil'")) == ["O'Neil"]


@pytest.mark.parametrize(("breaks", "status"), [(True, 500), (False, 200)])
def test_a_gradebook_can_break_on_and(breaks: bool, status: int) -> None:
    """500 for two predicates that the standard allows; `OR` works."""
    with asking(serving(replace(UNUSUAL_GRADEBOOK, and_fails=breaks))) as server:
        assert server.get("/results", filter="score>80 AND score<90").status_code == status
        assert server.get("/results", filter="score>80 OR score<20").status_code == 200
