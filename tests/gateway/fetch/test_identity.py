"""Identity: ids are translated in both directions, links are confirmed, and doubtful records are withheld."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import NotOfferedError, RefusedError, UnavailableError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import Subject
from student_graph.adapters.sources import District, Source
from student_graph.gateway.fetch.identity import identified
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.telemetry import Telemetry
from student_graph.resolvers.context import Health
from tests.gateway.small_district import (
    DISTRICT,
    Ledger,
    district,
    enrollment,
    error_code,
    identity,
    section,
    submitted,
)

WORK = lookup_of(Adapter.assignment_work_by_student)
SECTION_WORK = lookup_of(Adapter.assignment_work_by_section)


class LinkedLms:
    """A small district whose LMS has ids of its own."""

    def __init__(self, ledger: Ledger, rules: IdentityRules | None = None) -> None:
        self.sis, unlinked = district(ledger).sources
        self.source: Source = replace(unlinked, identity=rules or unlinked.identity)
        self.telemetry = Telemetry()
        self.ledger = ledger
        districts = {DISTRICT: District(DISTRICT, "Hill", (self.sis, self.source))}
        self.fetch = identified(fetch_from_vendor, districts, self.telemetry)

    async def get(self, lookup: Any, *keys: str) -> dict[str, Any]:
        """The records for each key, or the code of its error."""
        answers = await self.fetch(self.source, Ask(lookup, keys))
        return {key: error_code(answer) or answer.value for key, answer in answers.items()}

    def health(self) -> Health:
        """The counts of the LMS."""
        return self.telemetry.health(self.source)


async def test_records_are_returned_under_the_districts_ids() -> None:
    """The vendor gets its own key; the record names the district's student and no vendor ids."""
    lms = LinkedLms(Ledger(identities=[identity("s1")], work=[submitted("s1")]))
    records = await lms.get(WORK, "s1")
    assert [(w.student_id, w.subject) for w in records["s1"]] == [("s1", None)]
    assert ("assignment_work_by_student", ("sis_user_id:s1",)) in lms.ledger.calls


async def test_a_student_unknown_to_the_source_is_an_error() -> None:
    """The answer is not an empty list."""
    lms = LinkedLms(Ledger(identities=[identity("s1"), identity("s2")], work=[submitted("s1")]))
    records = await lms.get(WORK, "s1", "s2")
    assert records["s2"] == "NO_IDENTITY_LINK"
    health = lms.health()
    assert (health.matched, health.unmatched, health.conflicted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("attributes", "withheld"),
    [
        ({"email": "ada@hill.example", "birth": date(2015, 1, 1)}, False),
        ({"email": "ADA@hill.example"}, False),
        ({}, False),
        ({"birth": date(2014, 1, 1)}, True),
        ({"email": "other@hill.example", "birth": date(2015, 1, 1)}, True),
    ],
)
async def test_a_second_attribute_must_agree(attributes: dict[str, Any], withheld: bool) -> None:
    """Attributes that both systems have must agree; otherwise the records are withheld as a conflict."""
    known = identity("s1", email="ada@hill.example", birth=date(2015, 1, 1))
    lms = LinkedLms(Ledger(identities=[known], work=[submitted("s1", **attributes)]))
    records = await lms.get(WORK, "s1")
    assert (records["s1"] == "IDENTITY_CONFLICT") is withheld
    assert lms.health().conflicted == withheld


@pytest.mark.parametrize(("named", "withheld"), [("s2", True), ("S1 ", False), ("", False)])
async def test_a_record_that_names_another_person_in_the_field_of_the_key_is_withheld(
    named: str, withheld: bool
) -> None:
    """A source that ignores a filter answers with somebody else's records; no e-mail address shows it here."""
    ledger = Ledger(identities=[identity("s1"), identity("s2")], work=[submitted("s1")])
    ledger.work[0].subject = Subject(ids=(("sis_user_id", named), ("id", "7")))
    records = await LinkedLms(ledger).get(WORK, "s1")
    assert (records["s1"] == "IDENTITY_CONFLICT") is withheld


async def test_identity_rules_are_tried_in_order() -> None:
    """The second rule links students that the first does not; two identifiers of one system link nobody."""
    rules = IdentityRules(
        students=(IdentityRule(field="sis_user_id", system="State"), IdentityRule(field="sis_user_id"))
    )
    ambiguous = identity("s3", State="x1")
    ambiguous.identifiers.append(replace(ambiguous.identifiers[0], value="x2"))
    ledger = Ledger(identities=[identity("s1", State="77"), identity("s2", State="88"), ambiguous])
    ledger.work = [submitted("77"), submitted("s2")]
    records = await LinkedLms(ledger, rules).get(WORK, "s1", "s2", "s3")
    assert [w.student_id for w in records["s1"]] == ["s1"]
    assert [w.student_id for w in records["s2"]] == ["s2"]
    assert records["s3"] == "IDENTITY_CONFLICT"


@pytest.mark.parametrize(("field", "system"), [("state_id", "studentUniqueId"), ("state_code", "State")])
async def test_records_with_the_ids_of_two_students_are_withheld_from_both(field: str, system: str) -> None:
    """An id that no student has does no harm."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"), IdentityRule(field=field, system=system)))
    ledger = Ledger(identities=[identity(s, State=s) for s in ("s1", "s2", "s3")])
    ledger.work = [submitted("s1", other_ids=((field, "s2"),)), submitted("s3", other_ids=((field, "ghost"),))]
    lms = LinkedLms(ledger, rules)
    records = await lms.get(WORK, "s1", "s2", "s3")
    assert records["s1"] == "IDENTITY_CONFLICT"
    assert records["s2"] == "NO_IDENTITY_LINK"
    assert [w.student_id for w in records["s3"]] == ["s3"]
    assert lms.health().conflicted == 1


async def test_a_record_with_a_second_id_is_withheld_while_that_id_cannot_be_resolved() -> None:
    """The second id could be that of another student."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"), IdentityRule(field="x", system="State")))
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1", other_ids=(("x", "77"),))])
    ledger.failing["student_identities_by_district"] = UnavailableError("failing (503)")
    assert await LinkedLms(ledger, rules).get(WORK, "s1") == {"s1": "SOURCE_UNAVAILABLE"}


async def test_an_identifier_that_two_students_share_links_neither() -> None:
    """Even if only one of them is requested."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id", system="State"),))
    twins = [identity("s1", State="77"), identity("s2", State="77"), identity("s3", State="88")]
    lms = LinkedLms(Ledger(identities=twins, work=[submitted("77"), submitted("88")]), rules)
    records = await lms.get(WORK, "s1", "s3")
    assert records["s1"] == "IDENTITY_CONFLICT"
    assert [w.student_id for w in records["s3"]] == ["s3"]
    assert ("assignment_work_by_student", ("sis_user_id:88",)) in lms.ledger.calls


@pytest.mark.parametrize("system", ["studentUniqueId", "State"])
async def test_records_of_a_section_are_resolved_to_their_students(system: str) -> None:
    """Records of unknown students, or with a second attribute that disagrees, are withheld with the reason."""
    rules = IdentityRules(
        students=(IdentityRule(field="sis_user_id", system=system),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
    )
    born = date(2015, 1, 1)
    ledger = Ledger(
        identities=[identity(s, State=s, birth=born) for s in ("s1", "s2")], sections=[section("ALG-1")]
    )
    ledger.work = [submitted("s1"), submitted("s2", birth=date(2014, 1, 1)), submitted("ghost")]
    lms = LinkedLms(ledger, rules)
    [answer] = (await lms.fetch(lms.source, Ask(SECTION_WORK, ("1/Fall/ALG-1",)))).values()
    assert [(w.student_id, w.section_id) for w in answer.value] == [("s1", "1/Fall/ALG-1")]
    assert sorted(e.code for e in answer.withheld) == ["IDENTITY_CONFLICT", "NO_IDENTITY_LINK"]
    assert lms.health().conflicted == 1


async def test_two_sections_with_the_same_identifier_are_a_conflict() -> None:
    """No work is returned for either of them."""
    ledger = Ledger(sections=[section("ALG-1"), section("ALG-1", "Spring"), section("GEO-1")])
    ledger.work = [submitted("s1")]
    records = await LinkedLms(ledger).get(SECTION_WORK, "1/Fall/ALG-1", "1/Fall/GEO-1")
    assert records == {"1/Fall/ALG-1": "IDENTITY_CONFLICT", "1/Fall/GEO-1": "NO_IDENTITY_LINK"}


async def test_records_are_withheld_while_the_system_of_record_is_down() -> None:
    """No link can be confirmed; the error says that a source is unavailable."""
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1")])
    ledger.failing["student_identities_by_id"] = UnavailableError("failing (503)")
    assert await LinkedLms(ledger).get(WORK, "s1") == {"s1": "SOURCE_UNAVAILABLE"}


async def test_a_link_by_unique_number_needs_no_right_to_read_identifiers() -> None:
    """The district's own number links by itself."""
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1")])
    ledger.failing["student_identities_by_id"] = RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
    records = await LinkedLms(ledger).get(WORK, "s1")
    assert [w.student_id for w in records["s1"]] == ["s1"]


async def test_records_of_a_student_name_the_districts_sections() -> None:
    """A section is named if exactly one section of the student's schools has its identifier."""
    ledger = Ledger(identities=[identity("s1")], enrollments=[enrollment("s1", "1")])
    ledger.sections = [section("ALG-1"), section("GEO-1"), section("GEO-1", "Spring")]
    ledger.work = [submitted("s1", section=name) for name in ("ALG-1", "GEO-1", "CHESS")]
    records = await LinkedLms(ledger).get(WORK, "s1")
    assert [w.section_id for w in records["s1"]] == ["1/Fall/ALG-1", None, None]


@pytest.mark.parametrize("failing", ["school_enrollments_by_student", "sections_by_school"])
@pytest.mark.parametrize("code", ["DEADLINE", "SOURCE_UNAVAILABLE"])
async def test_records_without_a_section_that_could_not_be_looked_up_say_so(failing: str, code: str) -> None:
    """The records are shown; without the reason, the missing section would pass for one that nobody linked."""
    ledger = Ledger(identities=[identity("s1")], enrollments=[enrollment("s1", "1")])
    ledger.sections, ledger.work = [section("ALG-1")], [submitted("s1", section="ALG-1")]
    ledger.failing[failing] = UnavailableError("too late", code=code)
    lms = LinkedLms(ledger)
    [answer] = (await lms.fetch(lms.source, Ask(WORK, ("s1",)))).values()
    assert [w.section_id for w in answer.value] == [None]
    assert [(error.source, error.code) for error in answer.withheld] == [("sis", code)]


async def test_a_district_without_lists_of_sections_does_not_name_them() -> None:
    """That is no failure, and another time would be the same."""
    ledger = Ledger(identities=[identity("s1")], enrollments=[enrollment("s1", "1")])
    ledger.sections, ledger.work = [section("ALG-1")], [submitted("s1", section="ALG-1")]
    ledger.failing["sections_by_school"] = NotOfferedError("no list of sections")
    lms = LinkedLms(ledger)
    [answer] = (await lms.fetch(lms.source, Ask(WORK, ("s1",)))).values()
    assert ([w.section_id for w in answer.value], answer.withheld) == ([None], ())
