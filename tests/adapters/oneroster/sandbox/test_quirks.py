"""How OneRoster servers differ: every quirk of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    UNUSUAL_GRADEBOOK,
    Quirks,
)
from tests.adapters.oneroster.sandbox_client import DISTRICT, running, sandbox_with

PRESETS = {
    "published 1.2": PUBLISHED_12,
    "published 1.1": PUBLISHED_11,
    "Ed-Fi service": EDFI_SERVICE,
    "legacy 1.1": LEGACY_11,
    "unusual gradebook": UNUSUAL_GRADEBOOK,
}


def leaves(value: Any) -> Iterator[Any]:
    """The values that are neither objects nor lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def references(value: Any) -> Iterator[dict[str, Any]]:
    """The references in a row."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if value.keys() == {"href", "sourcedId", "type"}:
            yield value
        for item in value.values():
            yield from references(item)


@pytest.mark.parametrize("quirks", PRESETS.values(), ids=PRESETS)
def test_every_collection_of_a_preset_is_served(quirks: Quirks) -> None:
    """Rows of a collection have different ids, and each can be read by its id."""
    with running(sandbox_with(quirks)) as server:
        for path in [operation.path for operation in server.sandbox.operations if operation.path.count("/") == 1]:
            rows = server.all_rows(path)
            assert len({row["sourcedId"] for row in rows}) == len(rows), path
            for row in rows[:2]:
                assert [row] == list(server.get(f"{path}/{row['sourcedId']}").json().values())


@pytest.mark.parametrize(
    ("quirks", "with_nulls"), [(LEGACY_11, True), (PUBLISHED_12, False)], ids=["null", "left out"]
)
def test_absent_values_are_null_or_omitted(quirks: Quirks, with_nulls: bool) -> None:
    """Every absent value is null, or none is."""
    with running(sandbox_with(quirks)) as server:
        rows = server.rows("/students") + server.rows("/results")

    assert (None in leaves(rows)) is with_nulls
    assert ("email" in next(row for row in rows if not row.get("email"))) is with_nulls


@pytest.mark.parametrize(("booleans", "kind"), [("text", str), ("real", bool)])
def test_booleans_are_texts_or_real(booleans: str, kind: type) -> None:
    """Users, enrollments, demographics and results have the same type of booleans."""
    with running(sandbox_with(booleans=booleans)) as server:
        late = next(row["late"] for row in server.rows("/results") if "late" in row)
        values = [
            late,
            server.rows("/users")[0]["enabledUser"],
            server.rows("/enrollments")[0]["primary"],
            server.rows("/demographics")[0]["white"],
        ]

    assert {type(value) for value in values} == {kind}


def test_addresses_lead_to_the_row() -> None:
    """As published, the address of each reference leads to the row with its id, in either service."""
    with running(sandbox_with()) as server:
        for path in ("/users", "/classes", "/enrollments", "/results", "/lineItems", "/assessmentResults"):
            for reference in references(server.rows(path, limit=3)):
                (row,) = server.client.get(reference["href"]).json().values()
                assert row["sourcedId"] == reference["sourcedId"]


@pytest.mark.parametrize(("hrefs", "start"), [("relative", "/"), ("undefined", "undefined/")])
def test_addresses_may_be_unusable(hrefs: str, start: str) -> None:
    """A relative address has no base, an undefined one has no host; the id is what counts."""
    with running(sandbox_with(hrefs=hrefs)) as server:
        links = list(references(server.rows("/enrollments")))

    assert links
    assert all(link["href"] == f"{start}{link['href'].split('/')[-2]}/{link['sourcedId']}" for link in links)


def test_grades_are_codes_or_phrases() -> None:
    """`10`, or `Tenth grade`."""
    with running(sandbox_with()) as server:
        codes = {grade for row in server.rows("/students") for grade in row.get("grades", ())}
    with running(sandbox_with(grades="phrases")) as server:
        phrases = {grade for row in server.rows("/students") for grade in row.get("grades", ())}

    assert codes == {"KG", *(f"{number:02}" for number in range(1, 13))}
    assert {"Kindergarten", "Tenth grade"} <= phrases


def test_usernames_are_logins_or_addresses() -> None:
    """As an e-mail address it may be an empty text; every user has a login."""
    with running(sandbox_with(usernames="emails")) as server:
        rows = server.rows("/students")
    with running(sandbox_with()) as server:
        logins = [row["username"] for row in server.rows("/students")]

    assert all(row["username"] == row.get("email", "") for row in rows)
    assert "" in {row["username"] for row in rows}
    assert all(logins)


def test_a_student_is_one_user_or_has_one_per_school() -> None:
    """Two rows have two ids and one identifier, each with demographics and with the enrollments of its school."""
    (student_number,) = DISTRICT.special_cases["dual_enrollment"]
    text = f"identifier='{student_number}'"
    with running(sandbox_with()) as server:
        (single,) = server.rows("/students", filter=text)
    with running(sandbox_with(EDFI_SERVICE)) as server:
        pair = server.rows("/students", filter=text)
        enrollments = [row for row in server.all_rows("/enrollments") if row["user"]["sourcedId"] in ids(pair)]
        demographics_ids = {row["sourcedId"] for row in server.all_rows("/demographics")}

    assert len(single["roles"]) == len(pair) == 2
    assert len(ids(pair)) == 2
    assert {row["identifier"] for row in pair} == {student_number}
    assert ids(pair) <= demographics_ids
    homes = {row["sourcedId"]: row["roles"][0]["org"]["sourcedId"] for row in pair}
    assert all(
        homes[enrollment["user"]["sourcedId"]] == enrollment["school"]["sourcedId"] for enrollment in enrollments
    )
    assert {enrollment["user"]["sourcedId"] for enrollment in enrollments} == ids(pair)


def ids(rows: list[dict[str, Any]]) -> set[str]:
    """The ids of rows."""
    return {row["sourcedId"] for row in rows}


def test_unmapped_staff_are_aides_or_left_out() -> None:
    """Counselors and specialists are aides, or are not served."""
    others = {"Counselor", "Specialist/Consultant"}
    unmapped = {member.id for member in DISTRICT.staff if member.classification in others}
    with running(sandbox_with()) as server:
        shown = {row["identifier"] for row in server.rows("/users", filter="roles.role='aide'")}
    with running(sandbox_with(unmapped_staff=False)) as server:
        all_numbers = {row["identifier"] for row in server.all_rows("/users")}

    assert shown == unmapped != set()
    assert not unmapped & all_numbers


def test_terms_are_terms_or_semesters() -> None:
    """Terms are the parents of grading periods; with semesters both collections are empty."""
    with running(sandbox_with()) as server:
        terms = ids(server.rows("/terms"))
        assert {row["parent"]["sourcedId"] for row in server.rows("/gradingPeriods")} == terms
    with running(sandbox_with(terms="semesters")) as server:
        assert server.rows("/terms") == server.rows("/gradingPeriods") == []
        assert ids(server.rows("/academicSessions", filter="type='semester'")) == terms


def test_collections_may_have_deleted_rows() -> None:
    """Every collection has some of them; by default all rows are active."""
    with running(sandbox_with(deleted_status="tobedeleted")) as server:
        for operation in [o for o in server.sandbox.operations if o.path.count("/") == 1]:
            if operation.path in {"/terms", "/schools", "/gradingPeriods", "/teachers"}:
                continue  # parts of other collections
            deleted_rows = server.all_rows(operation.path, filter="status='tobedeleted'")
            assert deleted_rows, operation.path
    with running(sandbox_with()) as server:
        assert server.rows("/users", filter="status='tobedeleted'") == []


def test_a_deleted_enrollment_is_of_another_class() -> None:
    """A client that ignores the status puts a student into a wrong class; the route of the class does not."""
    with running(sandbox_with(deleted_status="tobedeleted")) as server:
        text = "status='tobedeleted' AND role='student'"
        deleted_row = server.rows("/enrollments", filter=text)[0]
        section, user = deleted_row["class"]["sourcedId"], deleted_row["user"]["sourcedId"]
        active_rows = server.all_rows("/enrollments", filter=f"status='active' AND user.sourcedId='{user}'")
        roster = ids(server.all_rows(f"/classes/{section}/students"))

    assert section not in {row["class"]["sourcedId"] for row in active_rows}
    assert user not in roster


@pytest.mark.parametrize(
    ("quirks", "kind"), [(LEGACY_11, "student"), (PUBLISHED_11, "user")], ids=["legacy", "1.1"]
)
def test_a_reference_of_a_result_may_have_the_type_student(quirks: Quirks, kind: str) -> None:
    """The address of the reference has the same type."""
    with running(sandbox_with(quirks)) as server:
        student = server.rows("/results")[0]["student"]
        (row,) = server.client.get(student["href"]).json().values()

    assert (student["type"], row["sourcedId"]) == (kind, student["sourcedId"])


@pytest.mark.parametrize("swapped", [False, True])
def test_dates_and_instants_may_be_swapped(swapped: bool) -> None:
    """Line items have instants and results have dates, or the other way round."""
    with running(sandbox_with(swapped_dates=swapped)) as server:
        item, result = server.rows("/lineItems")[0], server.rows("/results")[0]

    assert len(item["assignDate"]) == len(item["dueDate"]) == (10 if swapped else 24)
    assert len(result["scoreDate"]) == (24 if swapped else 10)


def test_selected_fields_may_come_with_others() -> None:
    """The others are null limits and an empty class, which are not the values of the line item."""
    with running(sandbox_with(UNUSUAL_GRADEBOOK)) as server:
        row = server.rows("/lineItems", fields="title")[0]
        complete_row = server.rows("/lineItems")[0]

    assert row == {
        "sourcedId": complete_row["sourcedId"],
        "resultValueMin": None,
        "resultValueMax": None,
        "class": {},
        "title": complete_row["title"],
    }
