"""The access policy: applied before records are fetched, and again to the records that come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from student_graph.adapters.answers import Answer, Answers, Ask, Ref
from student_graph.adapters.contract import Adapter, Batch, Window
from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import (
    DistrictId,
    Fetched,
    SchoolId,
    SectionEnrollment,
    SectionId,
    Sensitivity,
    Student,
    StudentId,
    Subject,
)
from student_graph.adapters.sources import District, Fetch, Source
from student_graph.gateway.authorization.policy import authorized
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from student_graph.resolvers.access import Grant, Reach, unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.fields.errors import graph_error
from tests.gateway.small_district import DISTRICT, Ledger, Sis, error_code, source

STUDENTS = lookup_of(Adapter.students_by_id)
ACTIONS = lookup_of(Adapter.discipline_actions_by_student)
SUPERINTENDENT = Viewer("h", ViewerRole.SUPERINTENDENT, frozenset({DISTRICT}))
DISTRICTS = {name: District(name, name, ()) for name in (DISTRICT, DistrictId("dale"))}
ALL_STUDENTS = Reach(everybody=True)
TWO_STUDENTS = Reach(groups={Ref("section", "a"): frozenset({StudentId("s1"), StudentId("s2")})})


def authorized_fetch(viewer: Viewer, reach: Reach = ALL_STUDENTS, fetch: Fetch = fetch_from_vendor) -> Fetch:
    """An authorized fetch for a viewer with a reach. Each answer is also asked for as if it were cached."""

    async def reach_of(_: DistrictId) -> Reach:
        return reach

    fetched: dict[Any, Answers] = {}

    async def nothing(*_: Any) -> Answers:
        return {}

    async def recorded(source: Source, ask: Ask[Any], /) -> Answers:
        answers = fetched[ask.keys] = await fetch(source, ask)
        return answers

    waiting = authorized(recorded, viewer, DISTRICTS, reach_of)

    async def both(source: Source, ask: Ask[Any], /) -> Answers:
        answers = await waiting(source, ask)
        again = authorized(
            nothing, viewer, DISTRICTS, reach_of, from_cache=lambda _, repeated: fetched.get(repeated.keys)
        )
        for _ in range(2):  # the reach is not known before the first call
            cached = again.from_cache(source, ask)
            assert cached is None or cached == answers
            await again(source, Ask(STUDENTS, ()))
        return answers

    return both


def codes(answers: Answers) -> dict[Any, str | None]:
    """The code of the error for each key; None for an answer without an error."""
    return {key: error_code(answer) for key, answer in answers.items()}


async def test_a_record_of_another_district_is_like_one_that_does_not_exist() -> None:
    """A source outside the viewer's districts is not called."""
    ledger = Ledger(students=["s1"])
    elsewhere = source(Sis, ledger, "sis", DistrictId("dale"))
    assert await authorized_fetch(SUPERINTENDENT)(elsewhere, Ask(STUDENTS, ("s1",))) == {}
    assert ledger.calls == []


async def test_cached_answers_come_without_waiting_if_the_viewer_may_see_them() -> None:
    """Once the viewer's reach is known; keys outside it are left to the call that counts them as denied."""
    sis = source(Sis, Ledger(students=["s1", "s3"]), "sis")
    ask = Ask(STUDENTS, (StudentId("s1"),))
    cached = await fetch_from_vendor(sis, ask)

    async def reach_of(_: DistrictId) -> Reach:
        return TWO_STUDENTS

    fetch = authorized(fetch_from_vendor, SUPERINTENDENT, DISTRICTS, reach_of, from_cache=lambda *_: cached)
    assert fetch.from_cache(sis, ask) is None
    await fetch(sis, ask)
    assert fetch.from_cache(sis, ask) == cached
    assert fetch.from_cache(sis, Ask(STUDENTS, (StudentId("s1"), StudentId("s3")))) is None
    assert fetch.from_cache(sis, Ask(ACTIONS, (StudentId("s1"),))) is None


async def test_a_class_that_is_not_granted_is_forbidden_and_not_fetched() -> None:
    """The error is the same for a student who does not exist: it reveals nothing."""
    ledger = Ledger(students=["s1"])
    sis = source(Sis, ledger, "sis")
    answers = await authorized_fetch(SUPERINTENDENT)(sis, Ask(ACTIONS, ("s1", "nobody")))
    assert codes(answers) == {"s1": "FORBIDDEN", "nobody": "FORBIDDEN"}
    assert ledger.calls == []


async def test_a_grant_allows_its_classes_only() -> None:
    """Grants for other classes do not allow discipline records."""
    sis = source(Sis, Ledger(), "sis")
    for grants, code in [({Sensitivity.DISCIPLINE}, None), ({Sensitivity.MEAL, Sensitivity.PII}, "FORBIDDEN")]:
        viewer = replace(SUPERINTENDENT, grants=unlimited_grants(*grants))
        answers = await authorized_fetch(viewer)(sis, Ask(ACTIONS, ("s1",)))
        assert error_code(answers["s1"]) == code


async def test_records_that_come_back_are_checked_again() -> None:
    """A record of another district and a record with an unresolved subject are removed from any answer."""
    sis = source(Sis, Ledger(students=["s1", "s2", "s3"]), "sis")

    async def faulty_fetch(source: Any, ask: Ask[Any], /) -> Any:
        answers = dict(await fetch_from_vendor(source, ask))
        for answer in answers.values():
            for record in getattr(answer.value, "items", [answer.value]):
                if record.student_id == "s1":
                    record.fetched = replace(record.fetched, district=DistrictId("dale"))
                if record.student_id == "s2":
                    record.subject = Subject(ids=())
        return answers

    fetch = authorized_fetch(SUPERINTENDENT, fetch=faulty_fetch)
    assert set(await fetch(sis, Ask(STUDENTS, ("s1", "s2", "s3")))) == {"s3"}
    students = Ask(lookup_of(Adapter.students_by_district), (DISTRICT,), window=Window(10))
    [page] = [answer.value for answer in (await fetch(sis, students)).values()]
    assert [s.student_id for s in page.items] == ["s3"]


async def test_a_student_out_of_reach_is_like_one_that_does_not_exist() -> None:
    """Only students in reach are requested from the vendor; s2 is in reach and does not exist."""
    ledger = Ledger(students=["s1", "s3"])
    fetch = authorized_fetch(SUPERINTENDENT, TWO_STUDENTS)
    assert set(await fetch(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s2", "s3", "s4")))) == {"s1"}
    assert ledger.calls == [("students_by_id", ("s1", "s2"))]


async def test_a_list_contains_only_students_in_reach_and_no_total() -> None:
    """The vendor's total would count students out of reach."""
    sis = source(Sis, Ledger(students=["s1", "s3"]), "sis")
    students = Ask(lookup_of(Adapter.students_by_district), (DISTRICT,), window=Window(10))
    answers = await authorized_fetch(SUPERINTENDENT, TWO_STUDENTS)(sis, students)
    page = answers[DISTRICT].value
    assert [s.student_id for s in page.items] == ["s1"]
    assert page.total is None


async def test_a_section_roster_contains_only_students_in_reach() -> None:
    """One of the two students of the section is in reach."""
    sis = source(Sis, Ledger(), "sis")
    enrollments = [
        SectionEnrollment(vendor_id=number, student_id=StudentId(number), section_id=SectionId("b"))
        for number in ("s1", "s9")
    ]

    async def roster(_: Source, __: Ask[Any], /) -> Any:
        fetched = Fetched(DISTRICT, "sis", datetime.now(UTC))
        records = [replace(enrollment, fetched=fetched) for enrollment in enrollments]
        return {"b": Answer(records, "sis", fetched.at)}

    ask = Ask(lookup_of(Adapter.section_enrollments_by_section), ("b",))
    answers = await authorized_fetch(SUPERINTENDENT, TWO_STUDENTS, roster)(sis, ask)
    assert [enrollment.student_id for enrollment in answers["b"].value] == ["s1"]


async def test_a_class_granted_for_one_student_is_forbidden_for_the_others_in_reach() -> None:
    """A student out of reach has no answer at all."""
    grant = Grant(frozenset({Sensitivity.DISCIPLINE}), students=frozenset({StudentId("s1")}))
    viewer = replace(SUPERINTENDENT, grants=frozenset({grant}))
    reach = Reach(
        groups=TWO_STUDENTS.groups, limited_classes={Sensitivity.DISCIPLINE: frozenset({StudentId("s1")})}
    )
    answers = await authorized_fetch(viewer, reach)(source(Sis, Ledger(), "sis"), Ask(ACTIONS, ("s1", "s2", "s3")))
    assert codes(answers) == {"s1": None, "s2": "FORBIDDEN"}


@pytest.mark.parametrize(("grant", "applies"), [
    (Grant(frozenset({Sensitivity.DISCIPLINE})), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), district=DISTRICT), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), district=DistrictId("dale")), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), purpose="safety"), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), until=date(2020, 1, 1)), False),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), until=date.max), True),
    (Grant(frozenset({Sensitivity.DISCIPLINE}), schools=frozenset({SchoolId("1")})), False),
])  # fmt: skip
async def test_a_grant_applies_within_its_limits(grant: Grant, applies: bool) -> None:
    """Limits: district, purpose, last day, students and schools. Outside one of them the grant has no effect."""
    viewer = replace(SUPERINTENDENT, grants=frozenset({grant}))
    answers = await authorized_fetch(viewer)(source(Sis, Ledger(), "sis"), Ask(ACTIONS, ("s1",)))
    assert {error_code(answer) for answer in answers.values()} == ({None} if applies else {"FORBIDDEN"})


async def test_if_the_reach_cannot_be_looked_up_every_key_gets_the_error() -> None:
    """No source is called."""

    async def failing_reach(_: DistrictId) -> Reach:
        raise UnavailableError("no answer in time")

    ledger = Ledger(students=["s1"])
    fetch = authorized(fetch_from_vendor, SUPERINTENDENT, DISTRICTS, failing_reach)
    answers = await fetch(source(Sis, ledger, "sis"), Ask(STUDENTS, ("s1", "s9")))
    assert {error_code(answer) for answer in answers.values()} == {"SOURCE_UNAVAILABLE"}
    assert set(answers) == {"s1", "s9"}
    assert ledger.calls == []


async def test_a_class_that_is_not_granted_is_forbidden_for_any_kind_of_key() -> None:
    """Tested: the key of a district, and students in and out of reach."""
    ledger = Ledger(students=["s1"])
    sis = source(Sis, ledger, "sis")
    coarse = Ask(lookup_of(Adapter.discipline_actions_by_district), (DISTRICT,))
    answers = await authorized_fetch(SUPERINTENDENT)(sis, coarse)
    assert [error_code(answer) for answer in answers.values()] == ["FORBIDDEN"]
    answers = await authorized_fetch(SUPERINTENDENT, TWO_STUDENTS)(sis, Ask(ACTIONS, ("s1", "s9")))
    assert codes(answers) == {"s1": "FORBIDDEN", "s9": "FORBIDDEN"}
    assert ledger.calls == []


class LooseSis(Sis):
    """A source that takes all spellings of a student's number for one, and answers with its own."""

    @staticmethod
    def loose_key(key: Any) -> Any:
        """The number without regard to case."""
        return key.casefold()

    async def students_by_id(self, ids: Sequence[StudentId]) -> Batch[StudentId, Student]:
        """The student of each number, in small letters."""
        batch = await super().students_by_id([StudentId(id.casefold()) for id in ids])
        return {id: batch[StudentId(id.casefold())] for id in ids if id.casefold() in batch}


async def test_a_student_in_reach_is_visible_as_the_source_spells_the_number() -> None:
    """The viewer's token says S1 and the source s1: records by either are visible, those of s2 are not."""
    reach = Reach(groups={Ref("self", "S1"): frozenset({StudentId("S1")})})
    sis = source(LooseSis, Ledger(students=["s1", "s2"]), "sis")
    fetch = authorized_fetch(SUPERINTENDENT, reach)
    assert set(await fetch(sis, Ask(STUDENTS, ("s1", "s2")))) == set()
    answers = await fetch(sis, Ask(STUDENTS, ("S1", "S2")))
    assert {key: answer.value.student_id for key, answer in answers.items()} == {"S1": "s1"}
    assert set(await fetch(sis, Ask(STUDENTS, ("s1", "s2")))) == {"s1"}
    assert reach.students == {"S1"}


async def test_other_letters_say_nothing_at_a_source_that_compares_exactly() -> None:
    """A record about another key is an error, however it is spelled."""

    class Confused(LooseSis):
        """A source that compares exactly, and whose answers are about other keys."""

        loose_key = staticmethod(Adapter.loose_key)

    reach = Reach(groups={Ref("self", "S1"): frozenset({StudentId("S1")})})
    answers = await authorized_fetch(SUPERINTENDENT, reach)(
        source(Confused, Ledger(students=["s1"]), "sis"), Ask(STUDENTS, ("S1",))
    )
    assert codes(answers) == {"S1": "SOURCE_SCHEMA"}


async def test_the_error_names_the_class_and_the_grant_that_opens_it() -> None:
    """It depends on the viewer's grants alone: the class, a purpose, or that other students are meant."""
    classes = frozenset({Sensitivity.DISCIPLINE})
    texts = {
        Grant(frozenset({Sensitivity.MEAL})): "which the district's settings grant",
        Grant(classes, purpose="safety"): "for the purpose 'safety': state it in the header Student-Graph-Purpose",
        Grant(classes, purpose="safety", until=date(2020, 1, 1)): "which the district's settings grant",
        Grant(classes, purpose="safety", district=DistrictId("dale")): "which the district's settings grant",
        Grant(classes, students=frozenset({StudentId("s2")})): "is for other students only",
    }
    reach = Reach(
        groups=TWO_STUDENTS.groups, limited_classes={Sensitivity.DISCIPLINE: frozenset({StudentId("s2")})}
    )
    for grant, text in texts.items():
        viewer = replace(SUPERINTENDENT, grants=frozenset({grant}))
        answers = await authorized_fetch(viewer, reach)(source(Sis, Ledger(), "sis"), Ask(ACTIONS, ("s1",)))
        shown = graph_error(answers["s1"].value)

        assert text in shown.message
        assert "DISCIPLINE" in shown.message
        assert (shown.extensions or {})["sensitivity"] == "DISCIPLINE"
