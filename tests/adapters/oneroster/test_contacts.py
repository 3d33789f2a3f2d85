"""Who is whose contact: parents, guardians and relatives, by student and by contact."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from student_graph.adapters.model import ContactId, DistrictId, StudentContact, StudentId
from student_graph.adapters.oneroster.sandbox import LEGACY_11, PUBLISHED_12, OneRosterSandbox, Quirks
from student_graph.adapters.sandbox.district import make_district
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, connected, user_row

FACTS = make_district(24)
RIGHTS = {"Mother", "Father", "Guardian"}
"""Relations of the facts whose OneRoster role is `parent` or `guardian`."""
DISTRICT = DistrictId("here")


@pytest.mark.parametrize(
    ("version", "quirks"), [("1.2", PUBLISHED_12), ("1.1", LEGACY_11)], ids=["version 1.2", "version 1.1"]
)
async def test_contacts_have_the_children_of_the_facts(version: Literal["1.1", "1.2"], quirks: Quirks) -> None:
    """By contact, by student and in the list of the district, with the rights that the role gives."""
    sandbox = OneRosterSandbox(FACTS, version=version, quirks=quirks)
    expected = {(fact.id, fact.student, fact.relation in RIGHTS) for fact in FACTS.contacts}
    contact_ids = [ContactId(key) for key in sandbox.known_keys("contact")]
    student_ids = [StudentId(student.id) for student in FACTS.students]
    async with connected(sandbox) as adapter:
        by_contact = await adapter.contacts_by_contact(contact_ids)
        by_student = await adapter.contacts_by_student(student_ids)
        by_district = await adapter.contacts_by_district([DISTRICT])

    assert links(by_contact) == links(by_student) == links(by_district) == expected
    assert {key for key, records in by_contact.items() if {r.contact_id for r in records} != {key}} == set()  # type: ignore[union-attr]


def links(batch: Any) -> set[tuple[str, str, bool]]:
    """Contact, student and whether the contact has a parent's rights, of all records of a batch."""
    records: list[StudentContact] = [record for records in batch.values() for record in records]
    return {(record.contact_id, record.student_id, bool(record.legal_guardian)) for record in records}


def contact_row(sourced_id: str, role: str, number: str | None = None, **properties: Any) -> dict[str, Any]:
    """The row of a contact; `begins` and `ends` are the days of the role."""
    days = {"beginDate": properties.pop("begins", None), "endDate": properties.pop("ends", None)}
    roles = [{"role": role, "roleType": "primary", "org": {"sourcedId": "org-1"}, **days}]
    return user_row(sourced_id, number, **properties) | {"roles": roles}


def agents(*sourced_ids: str) -> list[dict[str, str]]:
    """References to agents."""
    return [{"sourcedId": sourced_id} for sourced_id in sourced_ids]


async def children_of(contact: str, *users: dict[str, Any], **settings: Any) -> list[tuple[str, bool]] | None:
    """The numbers of a contact's children and whether the contact has rights; None for an unknown contact."""
    students = [user for user in users if user["roles"][0]["role"] == "student"]
    sandbox = ScriptedSandbox({"students": {"users": students}, "users": {"users": list(users)}})
    sandbox.bodies |= {f"students/{user['sourcedId']}": {"user": user} for user in students}
    async with connected(sandbox, **settings) as adapter:
        batch = await adapter.contacts_by_contact([ContactId(contact)])
    records: Any = batch.get(ContactId(contact))
    return None if records is None else [(record.student_id, bool(record.legal_guardian)) for record in records]


@pytest.mark.parametrize("students", [24, 50_000])
async def test_a_link_on_the_side_of_the_contact_is_enough(students: int) -> None:
    """The standard does not say which of two users names the other as an agent."""
    users = (contact_row("p", "parent", "P1", agents=agents("a")), user_row("a", "1"), user_row("b", "2"))

    assert await children_of("P1", *users, students=students) == [("1", True)]


async def test_a_link_on_the_side_of_the_student_is_enough() -> None:
    """Many servers fill only the agents of students."""
    users = (contact_row("p", "parent", "P1"), user_row("a", "1", agents=agents("p")), user_row("b", "2"))

    assert await children_of("P1", *users) == [("1", True)]


async def test_all_users_of_a_contact_are_one_contact() -> None:
    """A parent of children at two schools has a user for each of them."""
    users = (
        contact_row("p1", "parent", "P1", agents=agents("a")),
        contact_row("p2", "parent", "P1", agents=agents("b")),
        contact_row("q", "parent", "P2", agents=agents("c")),
        *(user_row(letter, number) for letter, number in (("a", "1"), ("b", "2"), ("c", "3"))),
    )

    assert await children_of("P1", *users) == [("1", True), ("2", True)]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "inactive"},
        {"status": "tobedeleted"},
        {"ends": "2001-01-01"},
        {"begins": "9001-01-01"},
        {"role": "aide"},
        {"role": "student"},
    ],
    ids=str,
)
async def test_a_contact_whose_row_or_role_does_not_count_reaches_nobody(change: dict[str, str]) -> None:
    """Neither by the agents of the contact nor by those of the student."""
    role = change.get("role", "parent")
    values = {name: value for name, value in change.items() if name != "role"}
    contact = contact_row("p", role, "P1", agents=agents("a"), **values)

    assert not await children_of("P1", contact, user_row("a", "1", agents=agents("p")))


async def test_a_child_whose_row_does_not_count_is_not_reached() -> None:
    """A deleted student may still be an agent of the parent."""
    users = (
        contact_row("p", "parent", "P1", agents=agents("a", "b")),
        user_row("a", "1", status="inactive", agents=agents("p")),
        user_row("b", "2"),
    )

    assert await children_of("P1", *users) == [("2", True)]


@pytest.mark.parametrize(
    ("role", "rights", "expected"),
    [
        ("parent", None, True),
        ("guardian", None, True),
        ("relative", None, False),
        ("relative", ["relative"], True),
        ("parent", ["guardian"], False),
        ("parent", [], False),
    ],
)
async def test_rights_follow_from_the_role_and_the_setting(
    role: str, rights: list[str] | None, expected: bool
) -> None:
    """A relative has no rights of a parent unless the district says so; the district may also say less."""
    users = (contact_row("p", role, "P1", agents=agents("a")), user_row("a", "1"))
    settings = {} if rights is None else {"legal_guardian_roles": rights}

    assert await children_of("P1", *users, **settings) == [("1", expected)]


async def test_a_student_is_not_a_contact() -> None:
    """The number of a student, or of a contact without a role, is the number of no contact."""
    # Of two users, the probe sees that this server ignores filters; of one it cannot.
    users = (user_row("a", "1", agents=agents("a")), user_row("b", "2"))
    assert await children_of("1", *users) is None


async def test_staff_of_the_district_have_all_their_addresses() -> None:
    """A teacher with a user for each school signs in with either address; students and contacts are no staff."""
    users = [
        contact_row("t1", "teacher", "T1", email="a@x.example"),
        contact_row("t2", "teacher", "T1", email="b@x.example"),
        contact_row("t3", "principal", "T2"),
        contact_row("t4", "teacher", "T3", status="inactive"),
        contact_row("p", "parent", "P1"),
        user_row("s", "1"),
    ]
    async with connected(ScriptedSandbox({"users": {"users": users}})) as adapter:
        (staff,) = (await adapter.staff_by_district([DISTRICT])).values()

    assert [(row.staff_id, row.emails) for row in staff] == [("T1", ("a@x.example", "b@x.example")), ("T2", ())]  # type: ignore[union-attr]
