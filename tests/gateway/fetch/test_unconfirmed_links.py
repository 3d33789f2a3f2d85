"""Confirmation closes when its source fails: what must confirm a link and cannot be read withholds the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.errors import NotOfferedError, RefusedError, UnavailableError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.model import SchoolId, SectionId
from tests.gateway.fetch.test_identity import SECTION_WORK, WORK, LinkedLms
from tests.gateway.small_district import Ledger, enrollment, identity, section, submitted

ADA, BEN = "ada@hill.example", "ben@hill.example"
BORN = date(2015, 1, 1)
REFUSALS = {
    "403": RefusedError("access refused (403)", code="SOURCE_FORBIDDEN"),
    "401": RefusedError("access refused (401)"),
    "404": NotOfferedError("the resource is not there (404)"),
    "503": UnavailableError("failing (503)"),
}
"""Errors of the system of record, by the status of its response."""


def crossed_accounts() -> Ledger:
    """Two students whose accounts in the LMS have each other's number; only their e-mail addresses show it."""
    ledger = Ledger(identities=[identity("s1", email=ADA, birth=BORN), identity("s2", email=BEN, birth=BORN)])
    ledger.sections = [section("ALG-1")]
    ledger.work = [submitted("s1", email=BEN), submitted("s2", email=ADA)]
    return ledger


async def section_work(lms: LinkedLms) -> tuple[list[str], set[str]]:
    """The students whose work of the section is shown, and the codes of what is not."""
    [answer] = (await lms.fetch(lms.source, Ask(SECTION_WORK, ("1/Fall/ALG-1",)))).values()
    if not isinstance(answer.value, list):
        return [], {answer.value.code}
    return [work.student_id for work in answer.value], {error.code for error in answer.withheld}


async def test_crossed_accounts_are_a_conflict_while_the_source_answers() -> None:
    """The state that no failure may open."""
    assert await LinkedLms(crossed_accounts()).get(WORK, "s1", "s2") == dict.fromkeys(
        ("s1", "s2"), "IDENTITY_CONFLICT"
    )
    assert await section_work(LinkedLms(crossed_accounts())) == ([], {"IDENTITY_CONFLICT"})


@pytest.mark.row("K10")
@pytest.mark.parametrize("status", REFUSALS)
async def test_crossed_accounts_are_withheld_when_the_source_fails(status: str) -> None:
    """By student and by section; the code says that nothing confirms the link, or that the source is down."""
    ledger = crossed_accounts()
    ledger.failing["student_identities_by_id"] = REFUSALS[status]
    code = "SOURCE_UNAVAILABLE" if status == "503" else "IDENTITY_UNCONFIRMED"
    assert await LinkedLms(ledger).get(WORK, "s1", "s2") == {"s1": code, "s2": code}
    assert await section_work(LinkedLms(ledger)) == ([], {code})


@pytest.mark.row("K10")
@pytest.mark.parametrize("identities", [
    [],
    [identity("s1"), identity("s2")],
    [identity("s1", birth=BORN), identity("s2", birth=BORN)],
    [identity("s1", birth=BORN, State="77"), identity("s2", birth=BORN, State="88")],
])  # fmt: skip
async def test_crossed_accounts_are_withheld_when_the_source_shows_nothing(identities: list[Any]) -> None:
    """No student, or students without the attribute that tells them apart; another attribute is no substitute."""
    ledger = crossed_accounts()
    ledger.identities = identities
    closed = dict.fromkeys(("s1", "s2"), "IDENTITY_UNCONFIRMED")
    assert await LinkedLms(ledger).get(WORK, "s1", "s2") == closed
    students, codes = await section_work(LinkedLms(ledger))
    assert (students, codes) == ([], {"IDENTITY_UNCONFIRMED" if identities else "NO_IDENTITY_LINK"})


@pytest.mark.parametrize(("confirm", "attributes", "known"), [
    (("birth_date",), {"birth": BORN}, {"email": ADA}),
    (("email",), {"email": ADA}, {"birth": BORN}),
    (("birth_date", "email"), {"birth": BORN, "email": ADA}, {"birth": BORN}),
    (("birth_date", "email"), {"birth": BORN, "email": ADA}, {"email": ADA}),
])  # fmt: skip
async def test_every_attribute_that_the_source_has_must_be_recorded(
    confirm: Any, attributes: dict[str, Any], known: dict[str, Any]
) -> None:
    """One that agrees does not make up for one that is not there: twins have one birth date."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"),), confirm=confirm)
    ledger = Ledger(identities=[identity("s1", **known)], work=[submitted("s1", **attributes)])
    assert await LinkedLms(ledger, rules).get(WORK, "s1") == {"s1": "IDENTITY_UNCONFIRMED"}
    ledger.identities = [identity("s1", **(attributes | known))]
    records = await LinkedLms(ledger, rules).get(WORK, "s1")
    assert [work.student_id for work in records["s1"]] == ["s1"]


@pytest.mark.parametrize("status", ["403", "404"])
async def test_without_confirmation_the_number_alone_links(status: str) -> None:
    """An operator who trusts the number sets `confirm = []`; nothing else is read then to link a student."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"),), confirm=())
    ledger = crossed_accounts()
    ledger.failing["student_identities_by_id"] = REFUSALS[status]
    records = await LinkedLms(ledger, rules).get(WORK, "s1")
    assert [work.student_id for work in records["s1"]] == ["s1"]


async def test_an_unconfirmed_link_counts_as_none() -> None:
    """It is no conflict that somebody could correct in the source."""
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1", email=ADA)])
    lms = LinkedLms(ledger)
    await lms.get(WORK, "s1")
    health = lms.health()
    assert (health.matched, health.unmatched, health.conflicted) == (0, 1, 0)


BY_STATE = IdentityRules(students=(IdentityRule(field="sis_user_id", system="State"),), confirm=())
BY_BOTH = IdentityRules(
    students=(IdentityRule(field="sis_user_id"), IdentityRule(field="state_id", system="State")), confirm=()
)


def two_with_one_identifier() -> Ledger:
    """Two students who share an identifier, and work under it."""
    ledger = Ledger(identities=[identity("s1", State="77"), identity("s2", State="77")])
    ledger.work = [submitted("77"), submitted("s1", other_ids=(("state_id", "77"),))]
    return ledger


@pytest.mark.parametrize("rules", [BY_STATE, BY_BOTH], ids=["one rule", "two rules"])
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_shared_identifier_is_withheld_when_the_list_fails(rules: IdentityRules, status: str) -> None:
    """Only the list of all students shows that two share it."""
    ledger = two_with_one_identifier()
    assert await LinkedLms(ledger, rules).get(WORK, "s1") == {"s1": "IDENTITY_CONFLICT"}
    ledger.failing["student_identities_by_district"] = REFUSALS[status]
    assert await LinkedLms(ledger, rules).get(WORK, "s1") == {"s1": REFUSALS[status].code}


class EmptyList(Ledger):
    """A ledger whose list of all students is empty, although it knows each of them."""

    def record_call(self, name: str, keys: Sequence[Any]) -> None:
        """Forget the students before they are listed."""
        super().record_call(name, keys)
        if name == "student_identities_by_district":
            self.identities = []


@pytest.mark.parametrize("rules", [BY_STATE, BY_BOTH], ids=["one rule", "two rules"])
async def test_a_shared_identifier_is_withheld_when_the_list_is_empty(rules: IdentityRules) -> None:
    """A list without the student says nothing about the student's identifiers."""
    ledger = EmptyList(**vars(two_with_one_identifier()))
    assert await LinkedLms(ledger, rules).get(WORK, "s1") == {"s1": "IDENTITY_UNCONFIRMED"}


def two_sections() -> Ledger:
    """Two sections of a school that share an identifier, and work under it."""
    ledger = Ledger(identities=[identity("s1")], sections=[section("ALG-1"), section("ALG-1", "Spring")])
    ledger.enrollments, ledger.work = [enrollment("s1", "1")], [submitted("s1")]
    return ledger


@pytest.mark.parametrize("status", REFUSALS)
async def test_a_shared_section_identifier_is_withheld_when_the_list_fails(status: str) -> None:
    """A request for the section is an error, and a student's records name no section."""
    ledger = two_sections()
    ledger.failing["sections_by_school"] = REFUSALS[status]
    assert await section_work(LinkedLms(ledger)) == ([], {REFUSALS[status].code})
    records = await LinkedLms(ledger).get(WORK, "s1")
    assert [work.section_id for work in records["s1"]] == [None]


class OneSchoolFails(Ledger):
    """A ledger whose school 2 has sections that cannot be read."""

    def record_call(self, name: str, keys: Sequence[Any]) -> None:
        """Refuse the list of the school."""
        super().record_call(name, keys)
        if name == "sections_by_school" and "2" in keys:
            raise REFUSALS["403"]


@pytest.mark.parametrize("kind", [Ledger, OneSchoolFails])
async def test_a_section_of_another_school_could_have_the_identifier(kind: type[Ledger]) -> None:
    """A student of two schools has work in a section; it is named only if the sections of both are known."""
    ledger = kind(identities=[identity("s1")], sections=[section("ALG-1")])
    ledger.sections.append(
        replace(section("ALG-1"), school_id=SchoolId("2"), section_id=SectionId("2/Fall/ALG-1"))
    )
    ledger.enrollments = [enrollment("s1", "1"), enrollment("s1", "2")]
    ledger.work = [submitted("s1")]
    records = await LinkedLms(ledger).get(WORK, "s1")
    assert [work.section_id for work in records["s1"]] == [None]


async def test_a_section_that_its_school_does_not_list_is_withheld() -> None:
    """The list is what shows that the identifier is the section's own."""
    ledger = Ledger(identities=[identity("s1")], sections=[replace(section("ALG-1"), school_id=SchoolId("2"))])
    ledger.work = [submitted("s1")]
    assert (await section_work(LinkedLms(ledger)))[0] == ["s1"]
    ledger = ListlessSchool(**vars(ledger))
    assert await section_work(LinkedLms(ledger)) == ([], {"IDENTITY_UNCONFIRMED"})


class ListlessSchool(Ledger):
    """A ledger whose schools have empty lists of sections, although it knows each of them."""

    def record_call(self, name: str, keys: Sequence[Any]) -> None:
        """Forget the sections before they are listed."""
        super().record_call(name, keys)
        if name == "sections_by_school":
            self.sections = []
