"""Deny by default: before asking, and again on what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.contract import Adapter, Window
from adapters.lookup import lookup_of
from adapters.model import DistrictId, Sensitivity, Subject
from adapters.sources import Ask
from gateway.policy import authorized
from gateway.vendor import fetch_from_vendor
from resolvers.context import Viewer, ViewerRole
from tests.gateway.small import DISTRICT, Ledger, Sis, error_code, source

STUDENTS = lookup_of(Adapter.students_by_id)
ACTIONS = lookup_of(Adapter.discipline_actions_by_student)
TEACHER = Viewer("t", ViewerRole.TEACHER, frozenset({DISTRICT}))


async def test_another_districts_record_is_like_one_that_does_not_exist() -> None:
    """A source outside the viewer's districts is not even asked."""
    ledger = Ledger(students=["s1"])
    elsewhere = source(Sis, ledger, "sis", DistrictId("dale"))
    assert await authorized(fetch_from_vendor, TEACHER)(elsewhere, Ask(STUDENTS, ("s1",))) == {}
    assert ledger.calls == []


async def test_a_class_that_is_not_granted_is_forbidden_and_not_asked() -> None:
    """The verdict depends on the viewer alone, so it tells nothing of the child."""
    ledger = Ledger(students=["s1"])
    sis = source(Sis, ledger, "sis")
    told = await authorized(fetch_from_vendor, TEACHER)(sis, Ask(ACTIONS, ("s1", "nobody")))
    assert {key: error_code(answer) for key, answer in told.items()} == {"s1": "FORBIDDEN", "nobody": "FORBIDDEN"}
    assert ledger.calls == []


async def test_a_grant_opens_its_class_and_no_other() -> None:
    """Discipline needs the grant for discipline."""
    sis = source(Sis, Ledger(), "sis")
    for grants, code in [({Sensitivity.DISCIPLINE}, None), ({Sensitivity.MEAL, Sensitivity.PII}, "FORBIDDEN")]:
        viewer = replace(TEACHER, grants=frozenset(grants))
        told = await authorized(fetch_from_vendor, viewer)(sis, Ask(ACTIONS, ("s1",)))
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

    fetch = authorized(crossed, TEACHER)
    assert set(await fetch(sis, Ask(STUDENTS, ("s1", "s2", "s3")))) == {"s3"}
    everybody = Ask(lookup_of(Adapter.students_by_district), (DISTRICT,), window=Window(10))
    [page] = [answer.value for answer in (await fetch(sis, everybody)).values()]
    assert [s.student_unique_id for s in page.items] == ["s3"]
