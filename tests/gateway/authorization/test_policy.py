"""Deny by default: before asking, and again on what comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Ask, Ref
from student_graph.adapters.contract import Adapter, Window
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    DistrictId,
    Fetched,
    SchoolId,
    SectionEnrollment,
    SectionId,
    Sensitivity,
    StudentId,
    Subject,
)
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.authorization.policy import authorized
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.resolvers.access import Grant, Reach, unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.small_district import DISTRICT, Ledger, Sis, error_code, source

STUDENTS = lookup_of(Adapter.students_by_id)
ACTIONS = lookup_of(Adapter.discipline_actions_by_student)
HEAD = Viewer("h", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
DISTRICTS = {name: District(name, name, ()) for name in (DISTRICT, DistrictId("dale"))}
EVERYBODY = Reach(everybody=True)
MINE = Reach(through={Ref("section", "a"): frozenset({StudentId("s1"), StudentId("s2")})})


def seen_by(viewer: Viewer, reach: Reach = EVERYBODY, fetch: Fetch = fetch_from_vendor) -> Fetch:
    """What a viewer with that reach gets of a fetch."""

    async def reach_of(_: DistrictId) -> Reach:
        return reach

    return authorized(fetch, viewer, DISTRICTS, reach_of)


async def test_another_districts_record_is_like_one_that_does_not_exist() -> None:
    """A source outside the viewer's districts is not even asked."""
    ledger = Ledger(students=["s1"])
    elsewhere = source(Sis, ledger, "sis", DistrictId("dale"))
    assert await seen_by(HEAD)(elsewhere, Ask(STUDENTS, ("s1",))) == {}
    assert ledger.calls == []


async def test_a_class_that_is_not_granted_is_forbidden_and_not_asked() -> None:
    """The verdict depends on the viewer alone, so it tells nothing of the child."""
    ledger = Ledger(students=["s1"])
    sis = source(Sis, ledger, "sis")
    told = await seen_by(HEAD)(sis, Ask(ACTIONS, ("s1", "nobody")))
    assert {key: error_code(answer) for key, answer in told.items()} == {"s1": "FORBIDDEN", "nobody": "FORBIDDEN"}
    assert ledger.calls == []


async def test_a_grant_opens_its_class_and_no_other() -> None:
    """Discipline needs the grant for discipline."""
    sis = source(Sis, Ledger(), "sis")
    for grants, code in [({Sensitivity.DISCIPLINE}, None), ({Sensitivity.MEAL, Sensitivity.PII}, "FORBIDDEN")]:
        viewer = replace(HEAD, grants=unlimited_grants(*grants))
        told = await seen_by(viewer)(sis, Ask(ACTIONS, ("s1",)))
        assert error_code(told["s1"]) == code


async def test_what_comes_back_is_decided_again() -> None:
    """A record of another district, and one whose subject is not established, are dropped from any answer."""
    sis = source(Sis, Ledger(students=["s1", "s2", "s3"]), "sis")

    async def crossed(source: Any, ask: Ask[Any], /) -> Any:
        told = dict(await fetch_from_vendor(source, ask))
        for answer in told.values():
            for record in getattr(answer.value, "items", [answer.value]):
                if record.student_id == "s1":
                    record.fetched = replace(record.fetched, district=DistrictId("dale"))
                if record.student_id == "s2":
                    record.subject = Subject(ids=())
        return told

    fetch = seen_by(HEAD, fetch=crossed)
    assert set(await fetch(sis, Ask(STUDENTS, ("s1", "s2", "s3")))) == {"s3"}
    everybody = Ask(lookup_of(Adapter.students_by_district), (DISTRICT,), window=Window(10))
    [page] = [answer.value for answer in (await fetch(sis, everybody)).values()]
    assert [s.student_id for s in page.items] == ["s3"]


async def test_a_student_of_others_is_like_one_that_does_not_exist() -> None:
    """Neither is asked of the vendor, and both are absent; one's own students are there."""
    ledger = Ledger(students=["s1", "s3"])
    fetch = seen_by(HEAD, MINE)
    assert set(await fetch(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s2", "s3", "s4")))) == {"s1"}
    assert ledger.calls == [("students_by_id", ("s1", "s2"))]


async def test_of_a_list_only_ones_own_students_are_let_through_and_nobody_is_counted() -> None:
    """A vendor's total counts others too."""
    sis = source(Sis, Ledger(students=["s1", "s3"]), "sis")
    everybody = Ask(lookup_of(Adapter.students_by_district), (DISTRICT,), window=Window(10))
    [page] = [answer.value for answer in (await seen_by(HEAD, MINE)(sis, everybody)).values()]
    assert [s.student_id for s in page.items] == ["s1"]
    assert page.total is None


async def test_a_roster_shows_ones_own_students() -> None:
    """A section in which one of one's students sits beside others."""
    sis = source(Sis, Ledger(), "sis")
    places = [
        SectionEnrollment(vendor_id=one, student_id=StudentId(one), section_id=SectionId("b"))
        for one in ("s1", "s9")
    ]

    async def roster(_: Source, __: Ask[Any], /) -> Any:
        fetched = Fetched(DISTRICT, "sis", datetime.now(UTC))
        return {"b": Answer([replace(place, fetched=fetched) for place in places], "sis", fetched.at)}

    told = await seen_by(HEAD, MINE, roster)(sis, Ask(lookup_of(Adapter.section_enrollments_by_section), ("b",)))
    assert [place.student_id for place in told["b"].value] == ["s1"]


async def test_a_class_granted_for_some_is_forbidden_for_ones_other_students() -> None:
    """Of those who are not one's own nothing is said at all."""
    some = Grant(frozenset({Sensitivity.DISCIPLINE}), students=frozenset({StudentId("s1")}))
    viewer = replace(HEAD, grants=frozenset({some}))
    reach = Reach(through=MINE.through, bounded={Sensitivity.DISCIPLINE: frozenset({StudentId("s1")})})
    told = await seen_by(viewer, reach)(source(Sis, Ledger(), "sis"), Ask(ACTIONS, ("s1", "s2", "s3")))
    assert {key: error_code(answer) for key, answer in told.items()} == {"s1": None, "s2": "FORBIDDEN"}


@pytest.mark.parametrize(("grant", "holds"), [
    (Grant(frozenset({Sensitivity.DISCIPLINE})), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), district=DISTRICT), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), district=DistrictId("dale")), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), purpose="safety"), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), until=date(2020, 1, 1)), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), until=date.max), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), schools=frozenset({SchoolId("1")})), False),
])  # fmt: skip
async def test_a_grant_holds_within_its_bounds(grant: Grant, holds: bool) -> None:
    """Of a district, a purpose, a time, and whom: beyond any of them it is as if it were not there."""
    viewer = replace(HEAD, grants=frozenset({grant}))
    told = await seen_by(viewer)(source(Sis, Ledger(), "sis"), Ask(ACTIONS, ("s1",)))
    assert {error_code(answer) for answer in told.values()} == ({None} if holds else {"FORBIDDEN"})


async def test_where_it_cannot_be_found_out_whom_one_may_see_there_is_nothing_to_see() -> None:
    """The error is the same for every key, and nothing is asked."""

    async def unknown(_: DistrictId) -> Reach:
        raise UnavailableError("no answer in time")

    ledger = Ledger(students=["s1"])
    fetch = authorized(fetch_from_vendor, HEAD, DISTRICTS, unknown)
    told = await fetch(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s9")))
    assert {error_code(answer) for answer in told.values()} == {"SOURCE_UNAVAILABLE"}
    assert set(told) == {"s1", "s9"}
    assert ledger.calls == []


async def test_a_class_that_is_not_granted_is_not_read_by_a_coarser_way_either() -> None:
    """For keys that name no student, and for strangers: the verdict depends on the viewer alone."""
    ledger = Ledger(students=["s1"])
    coarse = Ask(lookup_of(Adapter.discipline_actions_by_district), (DISTRICT,))
    told = await seen_by(HEAD)(source(Sis, ledger, "sis"), coarse)
    assert [error_code(answer) for answer in told.values()] == ["FORBIDDEN"]
    told = await seen_by(HEAD, MINE)(source(Sis, ledger, "sis"), Ask(ACTIONS, ("s1", "s9")))
    assert {key: error_code(answer) for key, answer in told.items()} == {"s1": "FORBIDDEN", "s9": "FORBIDDEN"}
    assert ledger.calls == []
