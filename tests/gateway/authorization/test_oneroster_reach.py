"""Whom parents, teachers and principals of a district on OneRoster reach: what its facts say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from student_graph.adapters.model import ContactId, StaffId
from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.authorization.reach_lookup import MissingCaseloads, ReachLookup
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.scenarios.helpers.sandbox_district import DISTRICT_ID, SandboxDistrict, sandbox_district

FACTS = make_district(24)
TODAY = FACTS.now.date()


@pytest.fixture
async def district() -> AsyncIterator[SandboxDistrict]:
    """A district with one source: a OneRoster server."""
    async with sandbox_district(FACTS, ["oneroster"]) as started:
        yield started


async def reached(district: SandboxDistrict, viewer: Viewer, *, parents_keep_rights: bool = True) -> set[str]:
    """The numbers of the students whom a viewer reaches."""
    lookup = ReachLookup(
        viewer,
        district.district,
        TODAY,
        fetch_from_vendor,
        timedelta(),
        MissingCaseloads(lambda: 0.0, timedelta(1)),
    )
    return set((await lookup.reach(parents_keep_rights=parents_keep_rights)).students)


def viewer(role: ViewerRole, **ids: str) -> Viewer:
    """A viewer of the district."""
    return Viewer("ada", role, frozenset({DISTRICT_ID}), **ids)  # type: ignore[arg-type]


async def test_parents_reach_their_own_children(district: SandboxDistrict) -> None:
    """Mothers, fathers and guardians do, other relatives do not; no one is left out."""
    children: dict[str, set[str]] = defaultdict(set)
    for fact in FACTS.contacts:
        children[fact.id] |= {fact.student} if fact.relation in {"Mother", "Father", "Guardian"} else set()
    assert {len(numbers) for numbers in children.values()} >= {1}
    for contact, numbers in list(children.items())[:8]:
        parent = viewer(ViewerRole.PARENT, contact_id=ContactId(contact))
        assert await reached(district, parent) == numbers


async def test_an_unknown_contact_and_a_student_number_reach_nobody(district: SandboxDistrict) -> None:
    """The number of a token may be that of a contact who has left, or of somebody else."""
    for number in ("no-such-contact", FACTS.students[0].id, FACTS.staff[0].id):
        assert await reached(district, viewer(ViewerRole.PARENT, contact_id=ContactId(number))) == set()


async def test_an_unknown_teacher_or_principal_reaches_nobody(district: SandboxDistrict) -> None:
    """Also the number of a student or of a contact."""
    for role in (ViewerRole.TEACHER, ViewerRole.PRINCIPAL, ViewerRole.COUNSELOR):
        for number in ("no-such-person", FACTS.students[0].id, FACTS.contacts[0].id):
            assert await reached(district, viewer(role, staff_id=StaffId(number))) == set()


async def test_the_address_of_a_token_identifies_a_teacher(district: SandboxDistrict) -> None:
    """A token without a staff number is that of the only member of staff with its address."""
    teacher = next(member for member in FACTS.staff if member.classification == "Teacher" and member.email)
    by_number = await reached(district, viewer(ViewerRole.TEACHER, staff_id=StaffId(teacher.id)))

    assert by_number
    assert await reached(district, viewer(ViewerRole.TEACHER, email=teacher.email.casefold())) == by_number
