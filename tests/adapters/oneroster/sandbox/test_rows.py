"""Rows of the OneRoster sandbox, from the facts of a district."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from student_graph.adapters.oneroster.sandbox import (
    EDFI_SERVICE,
    LEGACY_11,
    PUBLISHED_11,
    PUBLISHED_12,
    OneRosterSandbox,
    Quirks,
)
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts
from tests.adapters.oneroster.sandbox_client import DISTRICT, Rows, Server, running

FACTS = DISTRICT
TODAY = FACTS.now.date().isoformat()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with running(OneRosterSandbox(FACTS)) as server:
        yield server


def ids(rows: Rows) -> set[str]:
    """The ids of rows."""
    return {row["sourcedId"] for row in rows}


def student(server: Server, case: str) -> dict[str, Any]:
    """The user of the student of a special case."""
    (row,) = server.rows("/students", filter=f"identifier='{FACTS.special_cases[case][0]}'")
    return row


def is_current(row: dict[str, Any]) -> bool:
    """Whether an enrollment has not ended; its end date is the day after the last one."""
    return "endDate" not in row or row["endDate"] > TODAY


def test_equal_facts_have_equal_ids(server: Server) -> None:
    """Ids depend on natural keys, so that another server of the district has the same ones."""
    with running(OneRosterSandbox(make_district(60))) as other:
        for path in ("/users", "/classes", "/enrollments", "/results", "/assessmentResults"):
            assert ids(other.rows(path)) == ids(server.rows(path))


def test_the_identifier_of_people_is_their_number(server: Server) -> None:
    """`identifier` is the district's number of students, staff and contacts."""
    numbers = {row["identifier"] for row in server.all_rows("/users")}

    people = (FACTS.students, FACTS.staff, FACTS.contacts)
    assert numbers == {person.id for group in people for person in group}
    assert {row["identifier"] for row in server.all_rows("/students")} == {
        student.id for student in FACTS.students
    }


def test_schools_are_children_of_the_district(server: Server) -> None:
    """School numbers are identifiers, and the schools are children of the district."""
    (district,) = server.rows("/orgs", filter="type='district'")
    schools = server.rows("/schools")

    assert {row["identifier"] for row in schools} == {str(school.id) for school in FACTS.schools}
    assert {row["parent"]["sourcedId"] for row in schools} == {district["sourcedId"]}
    assert ids(schools) == ids(district["children"])


def test_a_school_enrollment_is_a_role_with_dates(server: Server) -> None:
    """
    Two schools are two roles, one of them primary; a student who came back has no end, one who left is disabled.
    """
    dual, returned, withdrawn = (student(server, case) for case in ("dual_enrollment", "re_entry", "withdrawn"))

    assert sorted(role["roleType"] for role in dual["roles"]) == ["primary", "secondary"]
    assert [role.keys() & {"beginDate", "endDate"} for role in returned["roles"]] == [{"beginDate"}]
    assert (withdrawn["enabledUser"], [role["endDate"] < TODAY for role in withdrawn["roles"]]) == (
        "false",
        [True],
    )


def test_a_user_of_1_1_has_one_role_and_organizations() -> None:
    """`role` and `orgs` instead of `roles`; each version has only its own properties."""
    with running(OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11)) as server:
        dual = student(server, "dual_enrollment")

    assert (dual["role"], len(dual["orgs"])) == ("student", 2)
    assert not {"roles", "primaryOrg", "userMasterIdentifier"} & dual.keys()


def test_contacts_and_students_are_mutual_agents(server: Server) -> None:
    """The agents of a student are contacts, and the agents of a contact are the students."""
    student_row = next(row for row in server.rows("/students") if "agents" in row)
    for agent in student_row["agents"]:
        contact = server.get(f"/users/{agent['sourcedId']}").json()["user"]
        assert contact["roles"][0]["role"] in {"parent", "guardian", "relative"}
        assert student_row["sourcedId"] in ids(contact["agents"])


@pytest.mark.parametrize(("role", "path"), [("student", "students"), ("teacher", "teachers")])
def test_a_class_has_its_current_users(server: Server, role: str, path: str) -> None:
    """The nested routes have the users with a current enrollment in the class, and the classes of a user."""
    enrollments = [row for row in server.all_rows("/enrollments") if row["role"] == role and is_current(row)]
    section, user = enrollments[0]["class"]["sourcedId"], enrollments[0]["user"]["sourcedId"]

    assert ids(server.all_rows(f"/classes/{section}/{path}")) == {
        row["user"]["sourcedId"] for row in enrollments if row["class"]["sourcedId"] == section
    }
    assert ids(server.all_rows(f"/{path}/{user}/classes")) == {
        row["class"]["sourcedId"] for row in enrollments if row["user"]["sourcedId"] == user
    }


def test_a_school_has_the_rows_that_refer_to_it(server: Server) -> None:
    """
    Classes, courses, enrollments and terms by reference and students by role, without those of other schools.
    """
    first, second, _ = server.rows("/schools")
    for path, name in (("classes", "school"), ("courses", "org"), ("enrollments", "school")):
        rows = server.all_rows(f"/schools/{first['sourcedId']}/{path}")
        assert ids(rows) == {
            row["sourcedId"] for row in server.all_rows(f"/{path}") if row[name]["sourcedId"] == first["sourcedId"]
        }
    dual = {student(server, "dual_enrollment")["sourcedId"]}
    rosters = [
        ids(server.all_rows(f"/schools/{school['sourcedId']}/students")) for school in server.rows("/schools")
    ]

    without_school = {student(server, "nothing_recorded")["sourcedId"]}
    assert set.union(*rosters) == ids(server.all_rows("/students")) - without_school
    assert [roster >= dual for roster in rosters].count(True) == 2
    terms = [ids(server.rows(f"/schools/{school['sourcedId']}/terms")) for school in (first, second)]
    assert not terms[0] & terms[1]
    assert all(terms)


def test_a_class_is_empty_below_another_school(server: Server) -> None:
    """`/schools/{id}/classes/{id}/students` checks both ids."""
    first, second, _ = server.rows("/schools")
    enrollment = next(
        row for row in server.all_rows(f"/schools/{first['sourcedId']}/enrollments") if is_current(row)
    )
    section = enrollment["class"]["sourcedId"]

    for path in ("students", "teachers", "enrollments"):
        assert server.rows(f"/schools/{second['sourcedId']}/classes/{section}/{path}") == []
        assert server.rows(f"/schools/{first['sourcedId']}/classes/{section}/{path}") != []


@pytest.mark.parametrize("path", ["/classes/nothing/students", "/schools/nothing/classes", "/students/x/classes"])
def test_a_route_below_an_unknown_row_is_a_404(server: Server, path: str) -> None:
    """404 and not an empty collection."""
    assert server.get(path).status_code == 404


@pytest.mark.parametrize("quirks", [PUBLISHED_12, EDFI_SERVICE, PUBLISHED_11, LEGACY_11])
def test_known_keys_find_rows(quirks: Quirks) -> None:
    """The known keys of each kind are those that find rows; there are none of what is not served."""
    sandbox = OneRosterSandbox(
        FACTS, version="1.1" if quirks in {PUBLISHED_11, LEGACY_11} else "1.2", quirks=quirks
    )
    with running(sandbox) as server:
        assert set(sandbox.known_keys("student")) == {row["identifier"] for row in server.all_rows("/students")}
        assert set(sandbox.known_keys("staff")) == {row["identifier"] for row in server.all_rows("/teachers")}
        assert set(sandbox.known_keys("school")) == {row["identifier"] for row in server.all_rows("/schools")}
        assert set(sandbox.known_keys("section")) == ids(server.all_rows("/classes"))
        response = server.get("/assessmentLineItems", limit=1000)
        rows = response.json()["assessmentLineItems"] if response.status_code == 200 else []
        assert set(sandbox.known_keys("assessment")) == ids(rows)

    assert (sandbox.known_keys("district"), sandbox.known_keys("bus")) == (["here"], [])
    assert sandbox.arguments() == {"school_year": FACTS.year}


def test_settings_match_the_quirks() -> None:
    """The method of signatures or the scopes of a token, and the category of course grades."""
    signed = OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11).settings()
    token = OneRosterSandbox(FACTS, quirks=EDFI_SERVICE).settings()

    assert (signed["auth"], signed["version"], signed["signature"]) == ("oauth1", "1.1", "HMAC-SHA1")
    assert (token["auth"], len(token["scopes"])) == ("oauth2", 3)
    assert signed["course_grade_categories"] == ["Posted grades"]


def test_an_empty_district_is_served() -> None:
    """It has no rows except for the district itself."""
    empty = DistrictFacts(lea=1, name="Nowhere", year=FACTS.year, now=FACTS.now)
    with running(OneRosterSandbox(empty)) as server:
        assert [row["name"] for row in server.rows("/orgs")] == ["Nowhere"]
        for path in ("/schools", "/users", "/academicSessions", "/enrollments", "/results", "/assessmentResults"):
            assert server.rows(path) == []


def test_assessments_are_served_without_a_roster() -> None:
    """An assessment vendor has students and results and no schools."""
    facts = DistrictFacts(lea=1, name="Tests", year=FACTS.year, now=FACTS.now)
    facts.students, facts.assessments, facts.results = FACTS.students[:3], FACTS.assessments, FACTS.results[:5]
    with running(OneRosterSandbox(facts)) as server:
        users, results = server.rows("/students"), server.rows("/assessmentResults")

    assert {row["roles"][0]["org"]["sourcedId"] for row in users} == {users[0]["primaryOrg"]["sourcedId"]}
    assert {row["student"]["sourcedId"] for row in results} & ids(users)
