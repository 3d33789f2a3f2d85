"""Whose record it is: outward and inward, confirmed, withheld where in doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.contract import Adapter
from student_graph.adapters.errors import RefusedError, UnavailableError
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import District, Source
from student_graph.gateway.fetch.identity import identified
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.gateway.telemetry import Telemetry
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
CLASS_WORK = lookup_of(Adapter.assignment_work_by_section)


class Asked:
    """A small district whose LMS is asked through `identified`."""

    def __init__(self, ledger: Ledger, rules: IdentityRules | None = None) -> None:
        made = district(ledger)
        lms = replace(made.sources[1], identity=rules or made.sources[1].identity)
        self.district = District(DISTRICT, "Hill", (made.sources[0], lms))
        self.lms: Source = lms
        self.telemetry = Telemetry()
        self.ledger = ledger

    async def of(self, lookup: Any, *keys: str) -> dict[str, Any]:
        """Records by key, or the code of the error in their place."""
        fetch = identified(fetch_from_vendor, {DISTRICT: self.district}, self.telemetry)
        told = await fetch(self.lms, Ask(lookup, keys))
        return {k: error_code(a) or a.value for k, a in told.items()}


async def test_records_come_back_under_the_districts_ids() -> None:
    """The vendor is asked by its field, the record names our student and no longer the vendor's."""
    asked = Asked(Ledger(identities=[identity("s1")], work=[submitted("s1")]))
    told = await asked.of(WORK, "s1")
    assert [(w.student_id, w.subject) for w in told["s1"]] == [("s1", None)]
    assert ("assignment_work_by_student", ("sis_user_id:s1",)) in asked.ledger.calls


async def test_a_student_whom_the_source_does_not_know_has_no_link() -> None:
    """No login is a reason, not an empty list."""
    asked = Asked(Ledger(identities=[identity("s1"), identity("s2")], work=[submitted("s1")]))
    told = await asked.of(WORK, "s1", "s2")
    assert told["s2"] == "NO_IDENTITY_LINK"
    health = asked.telemetry.health(asked.lms)
    assert (health.matched, health.unmatched, health.conflicted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("theirs", "withheld"),
    [
        ({"email": "ada@hill.example", "birth": date(2015, 1, 1)}, False),
        ({"email": "ADA@hill.example"}, False),
        ({}, False),
        ({"birth": date(2014, 1, 1)}, True),
        ({"email": "other@hill.example", "birth": date(2015, 1, 1)}, True),
    ],
)
async def test_a_second_attribute_must_agree(theirs: dict[str, Any], withheld: bool) -> None:
    """What both sides have must agree; crossed ids are withheld as the conflict that they are."""
    known = identity("s1", email="ada@hill.example", birth=date(2015, 1, 1))
    asked = Asked(Ledger(identities=[known], work=[submitted("s1", **theirs)]))
    told = await asked.of(WORK, "s1")
    assert (told["s1"] == "IDENTITY_CONFLICT") is withheld
    assert asked.telemetry.health(asked.lms).conflicted == withheld


async def test_rules_are_tried_in_their_order() -> None:
    """Whom the first rule does not link, the second may; two codes of one system link nobody."""
    rules = IdentityRules(
        students=(IdentityRule(field="sis_user_id", system="State"), IdentityRule(field="sis_user_id"))
    )
    two = identity("s3", State="x1")
    two.identifiers.append(replace(two.identifiers[0], value="x2"))
    ledger = Ledger(identities=[identity("s1", State="77"), identity("s2", State="88"), two])
    ledger.work = [submitted("77"), submitted("s2")]
    told = await Asked(ledger, rules).of(WORK, "s1", "s2", "s3")
    assert [w.student_id for w in told["s1"]] == ["s1"]
    assert [w.student_id for w in told["s2"]] == ["s2"]
    assert told["s3"] == "IDENTITY_CONFLICT"


@pytest.mark.parametrize(("field", "system"), [("state_id", "studentUniqueId"), ("state_code", "State")])
async def test_ids_that_cross_are_withheld_from_both(field: str, system: str) -> None:
    """Work under one child's number and another's goes to neither; a number that nobody has takes nothing away."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"), IdentityRule(field=field, system=system)))
    ledger = Ledger(identities=[identity(s, State=s) for s in ("s1", "s2", "s3")])
    ledger.work = [submitted("s1", also=((field, "s2"),)), submitted("s3", also=((field, "ghost"),))]
    asked = Asked(ledger, rules)
    told = await asked.of(WORK, "s1", "s2", "s3")
    assert told["s1"] == "IDENTITY_CONFLICT"
    assert told["s2"] == "NO_IDENTITY_LINK"
    assert [w.student_id for w in told["s3"]] == ["s3"]
    assert asked.telemetry.health(asked.lms).conflicted == 1


async def test_ids_that_cross_are_withheld_while_the_other_cannot_be_looked_up() -> None:
    """When nobody can say whose the second number is, nothing is shown."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id"), IdentityRule(field="x", system="State")))
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1", also=(("x", "77"),))])
    ledger.failing["student_identities_by_district"] = UnavailableError("failing (503)")
    assert await Asked(ledger, rules).of(WORK, "s1") == {"s1": "SOURCE_UNAVAILABLE"}


async def test_an_identifier_of_two_students_links_neither() -> None:
    """A code that the SIS holds for two children gives its work to nobody, even when only one is asked for."""
    rules = IdentityRules(students=(IdentityRule(field="sis_user_id", system="State"),))
    twins = [identity("s1", State="77"), identity("s2", State="77"), identity("s3", State="88")]
    asked = Asked(Ledger(identities=twins, work=[submitted("77"), submitted("88")]), rules)
    told = await asked.of(WORK, "s1", "s3")
    assert told["s1"] == "IDENTITY_CONFLICT"
    assert [w.student_id for w in told["s3"]] == ["s3"]
    assert ("assignment_work_by_student", ("sis_user_id:88",)) in asked.ledger.calls


@pytest.mark.parametrize("system", ["studentUniqueId", "State"])
async def test_rows_of_a_section_find_their_students(system: str) -> None:
    """Rows about nobody of ours, or with a second attribute that disagrees, are withheld and said so."""
    rules = IdentityRules(
        students=(IdentityRule(field="sis_user_id", system=system),),
        sections=(IdentityRule(field="sis_section_id", system="sectionIdentifier"),),
    )
    born = date(2015, 1, 1)
    ledger = Ledger(
        identities=[identity(s, State=s, birth=born) for s in ("s1", "s2")], sections=[section("ALG-1")]
    )
    ledger.work = [submitted("s1"), submitted("s2", birth=date(2014, 1, 1)), submitted("ghost")]
    asked = Asked(ledger, rules)
    fetch = identified(fetch_from_vendor, {DISTRICT: asked.district}, asked.telemetry)
    [answer] = (await fetch(asked.lms, Ask(CLASS_WORK, ("1/Fall/ALG-1",)))).values()
    assert [(w.student_id, w.section_id) for w in answer.value] == [("s1", "1/Fall/ALG-1")]
    assert sorted(e.code for e in answer.withheld) == ["IDENTITY_CONFLICT", "NO_IDENTITY_LINK"]
    assert asked.telemetry.health(asked.lms).conflicted == 1


async def test_two_sections_of_one_name_are_a_conflict() -> None:
    """A section whose name stands for another one too gets nobody's work."""
    ledger = Ledger(sections=[section("ALG-1"), section("ALG-1", "Spring"), section("GEO-1")])
    ledger.work = [submitted("s1")]
    told = await Asked(ledger).of(CLASS_WORK, "1/Fall/ALG-1", "1/Fall/GEO-1")
    assert told == {"1/Fall/ALG-1": "IDENTITY_CONFLICT", "1/Fall/GEO-1": "NO_IDENTITY_LINK"}


async def test_an_outage_of_the_system_of_record_withholds() -> None:
    """While nothing can be confirmed, nothing is shown, and the reason names the system of record."""
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1")])
    ledger.failing["student_identities_by_id"] = UnavailableError("failing (503)")
    assert await Asked(ledger).of(WORK, "s1") == {"s1": "SOURCE_UNAVAILABLE"}


async def test_identifiers_that_we_may_not_read_do_not_break_a_link_by_unique_number() -> None:
    """Without the right to read identifiers, the district's own number still links."""
    ledger = Ledger(identities=[identity("s1")], work=[submitted("s1")])
    ledger.failing["student_identities_by_id"] = RefusedError("access refused (403)", code="SOURCE_FORBIDDEN")
    told = await Asked(ledger).of(WORK, "s1")
    assert [w.student_id for w in told["s1"]] == ["s1"]


async def test_work_of_a_student_names_our_sections() -> None:
    """The vendor's section becomes ours when one of the student's schools has one of that name, else none."""
    ledger = Ledger(identities=[identity("s1")], enrollments=[enrollment("s1", "1")])
    ledger.sections = [section("ALG-1"), section("GEO-1"), section("GEO-1", "Spring")]
    ledger.work = [submitted("s1", section=name) for name in ("ALG-1", "GEO-1", "CHESS")]
    told = await Asked(ledger).of(WORK, "s1")
    assert [w.section_id for w in told["s1"]] == ["1/Fall/ALG-1", None, None]
