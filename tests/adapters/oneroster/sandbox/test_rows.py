"""What the OneRoster sandbox makes of a district's facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    Quirks,
    OneRosterSandbox,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.sandbox_client import DISTRICT, Rows, Server, asking

FACTS = DISTRICT
TODAY = FACTS.now.date().isoformat()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with asking(OneRosterSandbox(FACTS)) as server:
        yield server


def ids(rows: Rows) -> set[str]:
    """Ids of rows."""
    return {row["sourcedId"] for row in rows}


def student(server: Server, case: str) -> dict[str, Any]:
    """The user of a student who shows an awkward case."""
    (row,) = server.rows("/students", filter=f"identifier='{FACTS.special_cases[case][0]}'")
    return row


def lasting(row: dict[str, Any]) -> bool:
    """Whether an enrollment has not ended."""
    return bool(row.get("endDate", TODAY) >= TODAY)


def test_the_same_facts_are_the_same_rows(server: Server) -> None:
    """Ids are made of natural keys: another server of the district has them too."""
    with asking(OneRosterSandbox(make_district(60))) as other:
        for path in ("/users", "/classes", "/enrollments", "/results", "/assessmentResults"):
            assert ids(other.rows(path)) == ids(server.rows(path))


def test_people_have_their_numbers(server: Server) -> None:
    """`identifier` is the district's number of students, staff and contacts."""
    everybody = {row["identifier"] for row in server.every("/users")}

    people = (FACTS.students, FACTS.staff, FACTS.contacts)
    assert everybody == {each.id for group in people for each in group}
    assert {row["identifier"] for row in server.every("/students")} == {each.id for each in FACTS.students}


def test_schools_are_below_the_district(server: Server) -> None:
    """School numbers are identifiers, and the district has the schools as children."""
    (district,) = server.rows("/orgs", filter="type='district'")
    schools = server.rows("/schools")

    assert {row["identifier"] for row in schools} == {str(school.id) for school in FACTS.schools}
    assert {row["parent"]["sourcedId"] for row in schools} == {district["sourcedId"]}
    assert ids(schools) == ids(district["children"])


def test_a_stay_is_a_role_with_dates(server: Server) -> None:
    """Two schools are two roles, one of them primary; a re-entry has no end; who left is not enabled."""
    dual, again, gone = (student(server, case) for case in ("dual_enrollment", "re_entry", "withdrawn"))

    assert sorted(role["roleType"] for role in dual["roles"]) == ["primary", "secondary"]
    assert [role.keys() & {"beginDate", "endDate"} for role in again["roles"]] == [{"beginDate"}]
    assert (gone["enabledUser"], [role["endDate"] < TODAY for role in gone["roles"]]) == ("false", [True])


def test_a_user_of_1_1_has_one_role_and_organizations() -> None:
    """`role` and `orgs` in place of `roles`; in neither version the other's."""
    with asking(OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11)) as server:
        dual = student(server, "dual_enrollment")

    assert (dual["role"], len(dual["orgs"])) == ("student", 2)
    assert not {"roles", "primaryOrg", "userMasterIdentifier"} & dual.keys()


def test_contacts_and_children_know_each_other(server: Server) -> None:
    """A student's agents are contacts, whose agents are their children."""
    child = next(row for row in server.rows("/students") if "agents" in row)
    for agent in child["agents"]:
        contact = server.get(f"/users/{agent['sourcedId']}").json()["user"]
        assert contact["roles"][0]["role"] in {"parent", "guardian", "relative"}
        assert child["sourcedId"] in ids(contact["agents"])


@pytest.mark.parametrize(("role", "path"), [("student", "students"), ("teacher", "teachers")])
def test_a_class_has_those_enrolled(server: Server, role: str, path: str) -> None:
    """The nested route has whom enrollments put into the class and who has not left, both ways."""
    places = [row for row in server.every("/enrollments") if row["role"] == role and lasting(row)]
    section, user = places[0]["class"]["sourcedId"], places[0]["user"]["sourcedId"]

    assert ids(server.every(f"/classes/{section}/{path}")) == {
        row["user"]["sourcedId"] for row in places if row["class"]["sourcedId"] == section
    }
    assert ids(server.every(f"/{path}/{user}/classes")) == {
        row["class"]["sourcedId"] for row in places if row["user"]["sourcedId"] == user
    }


def test_a_school_has_what_points_to_it(server: Server) -> None:
    """Classes, courses, enrollments and terms by reference, students by role; nothing of another school."""
    one, two, _ = server.rows("/schools")
    for path, name in (("classes", "school"), ("courses", "org"), ("enrollments", "school")):
        found = server.every(f"/schools/{one['sourcedId']}/{path}")
        assert ids(found) == {
            row["sourcedId"] for row in server.every(f"/{path}") if row[name]["sourcedId"] == one["sourcedId"]
        }
    dual = {student(server, "dual_enrollment")["sourcedId"]}
    rosters = [ids(server.every(f"/schools/{school['sourcedId']}/students")) for school in server.rows("/schools")]

    nowhere = {student(server, "nothing_recorded")["sourcedId"]}
    assert set.union(*rosters) == ids(server.every("/students")) - nowhere
    assert [roster >= dual for roster in rosters].count(True) == 2
    terms = [ids(server.rows(f"/schools/{school['sourcedId']}/terms")) for school in (one, two)]
    assert not terms[0] & terms[1]
    assert all(terms)


def test_a_class_of_another_school_is_empty_there(server: Server) -> None:
    """`/schools/{id}/classes/{id}/students` holds both ids to their word."""
    one, two, _ = server.rows("/schools")
    place = next(row for row in server.every(f"/schools/{one['sourcedId']}/enrollments") if lasting(row))
    section = place["class"]["sourcedId"]

    for path in ("students", "teachers", "enrollments"):
        assert server.rows(f"/schools/{two['sourcedId']}/classes/{section}/{path}") == []
        assert server.rows(f"/schools/{one['sourcedId']}/classes/{section}/{path}") != []


@pytest.mark.parametrize("path", ["/classes/nothing/students", "/schools/nothing/classes", "/students/x/classes"])
def test_below_what_does_not_exist_there_is_nothing(server: Server, path: str) -> None:
    """404 rather than an empty collection."""
    assert server.get(path).status_code == 404


@pytest.mark.parametrize("quirks", [PUBLISHED_12, EDFI_SERVICE, PUBLISHED_11, LEGACY_11])
def test_what_is_known_can_be_found(quirks: Quirks) -> None:
    """Keys of each kind are those by which a client finds rows; what is not offered has none."""
    sandbox = OneRosterSandbox(
        FACTS, version="1.1" if quirks in {PUBLISHED_11, LEGACY_11} else "1.2", quirks=quirks
    )
    with asking(sandbox) as server:
        assert set(sandbox.known_keys("student")) == {row["identifier"] for row in server.every("/students")}
        assert set(sandbox.known_keys("staff")) == {row["identifier"] for row in server.every("/teachers")}
        assert set(sandbox.known_keys("school")) == {row["identifier"] for row in server.every("/schools")}
        assert set(sandbox.known_keys("section")) == ids(server.every("/classes"))
        offered = server.get("/assessmentLineItems", limit=1000)
        rows = offered.json()["assessmentLineItems"] if offered.status_code == 200 else []
        assert set(sandbox.known_keys("assessment")) == ids(rows)

    assert (sandbox.known_keys("district"), sandbox.known_keys("bus")) == (["here"], [])
    assert sandbox.arguments() == {"school_year": FACTS.year}


def test_settings_are_those_of_the_manner() -> None:
    """A signature's method or a token's address and scopes, and which category holds course grades."""
    signed = OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11).settings()
    token = OneRosterSandbox(FACTS, quirks=EDFI_SERVICE).settings()

    assert (signed["auth"], signed["version"], signed["signature"]) == ("oauth1", "1.1", "HMAC-SHA1")
    assert (token["auth"], len(token["scopes"])) == ("oauth2", 3)
    assert signed["course_grade_categories"] == ["Posted grades"]


def test_an_empty_district_is_served() -> None:
    """Nobody and nothing but the district itself."""
    empty = DistrictFacts(lea=1, name="Nowhere", year=FACTS.year, now=FACTS.now)
    with asking(OneRosterSandbox(empty)) as server:
        assert [row["name"] for row in server.rows("/orgs")] == ["Nowhere"]
        for path in ("/schools", "/users", "/academicSessions", "/enrollments", "/results", "/assessmentResults"):
            assert server.rows(path) == []


def test_tests_are_served_without_a_roster() -> None:
    """An assessment vendor knows students and results, and no school of theirs."""
    facts = DistrictFacts(lea=1, name="Tests", year=FACTS.year, now=FACTS.now)
    facts.students, facts.assessments, facts.results = FACTS.students[:3], FACTS.assessments, FACTS.results[:5]
    with asking(OneRosterSandbox(facts)) as server:
        users, results = server.rows("/students"), server.rows("/assessmentResults")

    assert {row["roles"][0]["org"]["sourcedId"] for row in users} == {users[0]["primaryOrg"]["sourcedId"]}
    assert {row["student"]["sourcedId"] for row in results} & ids(users)
