"""Each way in which OneRoster servers differ, as the sandbox does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    UNUSUAL_GRADEBOOK,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    Quirks,
)
from tests.adapters.oneroster.sandbox_client import DISTRICT, asking, serving

PRESETS = {
    "published 1.2": PUBLISHED_12,
    "published 1.1": PUBLISHED_11,
    "Ed-Fi service": EDFI_SERVICE,
    "legacy 1.1": LEGACY_11,
    "odd gradebook": UNUSUAL_GRADEBOOK,
}


def leaves(value: Any) -> Iterator[Any]:
    """All that is no object and no list."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        yield value


def references(value: Any) -> Iterator[dict[str, Any]]:
    """All references in a row."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        if value.keys() == {"href", "sourcedId", "type"}:
            yield value
        for each in value.values():
            yield from references(each)


@pytest.mark.parametrize("quirks", PRESETS.values(), ids=PRESETS)
def test_each_preset_serves_everything_it_offers(quirks: Quirks) -> None:
    """Every collection answers, its rows have ids of their own, and each row is found again by its id."""
    with asking(serving(quirks)) as server:
        for path in [each.path for each in server.sandbox.operations if each.path.count("/") == 1]:
            rows = server.every(path)
            assert len({row["sourcedId"] for row in rows}) == len(rows), path
            for row in rows[:2]:
                assert [row] == list(server.get(f"{path}/{row['sourcedId']}").json().values())


@pytest.mark.parametrize(("quirks", "kept"), [(LEGACY_11, True), (PUBLISHED_12, False)], ids=["null", "left out"])
def test_what_is_absent_is_null_or_left_out(quirks: Quirks, kept: bool) -> None:
    """Nulls for all that there is not, or none at all."""
    with asking(serving(quirks)) as server:
        rows = server.rows("/students") + server.rows("/results")

    assert (None in leaves(rows)) is kept
    assert ("email" in next(row for row in rows if not row.get("email"))) is kept


@pytest.mark.parametrize(("booleans", "kind"), [("text", str), ("real", bool)])
def test_booleans_are_texts_or_real(booleans: str, kind: type) -> None:
    """Of users, enrollments, demographics and results alike."""
    with asking(serving(booleans=booleans)) as server:
        late = next(row["late"] for row in server.rows("/results") if "late" in row)
        found = [
            late,
            server.rows("/users")[0]["enabledUser"],
            server.rows("/enrollments")[0]["primary"],
            server.rows("/demographics")[0]["white"],
        ]

    assert {type(each) for each in found} == {kind}


def test_addresses_lead_to_the_row() -> None:
    """As published, each reference can be followed to a row of the same id, in whichever service it is."""
    with asking(serving()) as server:
        for path in ("/users", "/classes", "/enrollments", "/results", "/lineItems", "/assessmentResults"):
            for reference in references(server.rows(path, limit=3)):
                (row,) = server.client.get(reference["href"]).json().values()
                assert row["sourcedId"] == reference["sourcedId"]


@pytest.mark.parametrize(("hrefs", "start"), [("relative", "/"), ("undefined", "undefined/")])
def test_addresses_can_lead_nowhere(hrefs: str, start: str) -> None:
    """Relative to what, or to nothing at all: the id is what counts."""
    with asking(serving(hrefs=hrefs)) as server:
        found = list(references(server.rows("/enrollments")))

    assert found
    assert all(each["href"] == f"{start}{each['href'].split('/')[-2]}/{each['sourcedId']}" for each in found)


def test_grades_are_codes_or_phrases() -> None:
    """`10`, or `Tenth grade`."""
    with asking(serving()) as server:
        codes = {grade for row in server.rows("/students") for grade in row.get("grades", ())}
    with asking(serving(grades="phrases")) as server:
        phrases = {grade for row in server.rows("/students") for grade in row.get("grades", ())}

    assert codes == {"KG", *(f"{number:02}" for number in range(1, 13))}
    assert {"Kindergarten", "Tenth grade"} <= phrases


def test_usernames_are_logins_or_addresses() -> None:
    """An e-mail address or an empty text; a login everybody has."""
    with asking(serving(usernames="emails")) as server:
        rows = server.rows("/students")
    with asking(serving()) as server:
        logins = [row["username"] for row in server.rows("/students")]

    assert all(row["username"] == row.get("email", "") for row in rows)
    assert "" in {row["username"] for row in rows}
    assert all(logins)


def test_one_child_is_one_user_or_one_at_each_school() -> None:
    """Two rows with two ids and one identifier, each with the enrollments of its school and its demographics."""
    (child,) = DISTRICT.special_cases["dual_enrollment"]
    text = f"identifier='{child}'"
    with asking(serving()) as server:
        (one,) = server.rows("/students", filter=text)
    with asking(serving(EDFI_SERVICE)) as server:
        two = server.rows("/students", filter=text)
        places = [row for row in server.every("/enrollments") if row["user"]["sourcedId"] in ids(two)]
        told = {row["sourcedId"] for row in server.every("/demographics")}

    assert len(one["roles"]) == len(two) == 2
    assert len(ids(two)) == 2
    assert {row["identifier"] for row in two} == {child}
    assert ids(two) <= told
    homes = {row["sourcedId"]: row["roles"][0]["org"]["sourcedId"] for row in two}
    assert all(homes[place["user"]["sourcedId"]] == place["school"]["sourcedId"] for place in places)
    assert {place["user"]["sourcedId"] for place in places} == ids(two)


def ids(rows: list[dict[str, Any]]) -> set[str]:
    """Ids of rows."""
    return {row["sourcedId"] for row in rows}


def test_unmapped_staff_disappear() -> None:
    """A counselor or a specialist is an aide, or nowhere."""
    others = {"Counselor", "Specialist/Consultant"}
    unmapped = {member.id for member in DISTRICT.staff if member.classification in others}
    with asking(serving()) as server:
        shown = {row["identifier"] for row in server.rows("/users", filter="roles.role='aide'")}
    with asking(serving(unmapped_staff=False)) as server:
        everybody = {row["identifier"] for row in server.every("/users")}

    assert shown == unmapped != set()
    assert not unmapped & everybody


def test_terms_are_terms_or_semesters() -> None:
    """Grading periods hang on terms; where sessions are semesters there are neither."""
    with asking(serving()) as server:
        terms = ids(server.rows("/terms"))
        assert {row["parent"]["sourcedId"] for row in server.rows("/gradingPeriods")} == terms
    with asking(serving(terms="semesters")) as server:
        assert server.rows("/terms") == server.rows("/gradingPeriods") == []
        assert ids(server.rows("/academicSessions", filter="type='semester'")) == terms


def test_rows_marked_for_deletion() -> None:
    """Among the others in each collection; elsewhere all are active."""
    with asking(serving(deleted_rows=True)) as server:
        for operation in [each for each in server.sandbox.operations if each.path.count("/") == 1]:
            if operation.path in {"/terms", "/schools", "/gradingPeriods", "/teachers"}:
                continue  # parts of other collections
            found = server.every(operation.path, filter="status='tobedeleted'")
            assert found, operation.path
    with asking(serving()) as server:
        assert server.rows("/users", filter="status='tobedeleted'") == []


def test_a_deleted_enrollment_is_of_another_class() -> None:
    """Whoever does not look at the status puts a child into a class; the class's own route does not."""
    with asking(serving(deleted_rows=True)) as server:
        text = "status='tobedeleted' AND role='student'"
        gone = server.rows("/enrollments", filter=text)[0]
        section, user = gone["class"]["sourcedId"], gone["user"]["sourcedId"]
        living = server.every("/enrollments", filter=f"status='active' AND user.sourcedId='{user}'")
        roster = ids(server.every(f"/classes/{section}/students"))

    assert section not in {row["class"]["sourcedId"] for row in living}
    assert user not in roster


@pytest.mark.parametrize(
    ("quirks", "kind"), [(LEGACY_11, "student"), (PUBLISHED_11, "user")], ids=["legacy", "1.1"]
)
def test_a_result_may_call_a_user_a_student(quirks: Quirks, kind: str) -> None:
    """The type of the reference, and with it the address."""
    with asking(serving(quirks)) as server:
        student = server.rows("/results")[0]["student"]
        (row,) = server.client.get(student["href"]).json().values()

    assert (student["type"], row["sourcedId"]) == (kind, student["sourcedId"])


@pytest.mark.parametrize("swapped", [False, True])
def test_days_and_instants_can_be_swapped(swapped: bool) -> None:
    """Line items have instants and results days; or the other way round."""
    with asking(serving(swapped_dates=swapped)) as server:
        item, result = server.rows("/lineItems")[0], server.rows("/results")[0]

    assert len(item["assignDate"]) == len(item["dueDate"]) == (10 if swapped else 24)
    assert len(result["scoreDate"]) == (24 if swapped else 10)


def test_fields_can_come_with_others() -> None:
    """Null limits and an empty class, which are not what the line item has."""
    with asking(serving(UNUSUAL_GRADEBOOK)) as server:
        row = server.rows("/lineItems", fields="title")[0]
        whole = server.rows("/lineItems")[0]

    assert row == {
        "sourcedId": whole["sourcedId"],
        "resultValueMin": None,
        "resultValueMax": None,
        "class": {},
        "title": whole["title"],
    }
