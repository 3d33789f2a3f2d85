"""What a viewer saw is compared with the oracle's page: what is wrong, foreign or unmarked is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.demo.rehearsal.vendors.canaries import canary
from student_graph.gateway.demo.rehearsal.vendors.district import FIRST_STUDENT, Viewer
from student_graph.gateway.demo.rehearsal.verdicts.judge import Verdict, foreign, judge
from student_graph.resolvers.fields.ids import GlobalId, encode

OWN, OTHER = canary(3, 0), canary(3, 1)
TEACHER = Viewer(
    name="teacher-1.otter-bend",
    district="otter-bend",
    role="teacher",
    claim="staff_id",
    number="20001",
    reach=(OWN,),
    student=str(FIRST_STUDENT),
)


def a_page() -> dict[str, Any]:
    """The page of one student."""
    return {
        "data": {
            "student": {
                "gradeLevel": "NINTH",
                "grades": [{"letter": "A", "provenance": {"fetchedAt": "8:00", "stale": False}}, {"letter": "B"}],
                "work": [{"title": "Essay"}, {"title": "Quiz"}],
            }
        },
        "extensions": {"sources": {"otter-bend/sis": {"stale": 0}}},
    }


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The page with a change."""
    page = copy.deepcopy(a_page())
    change(page)
    return page


def missing(*path: str | int, field: str = "errors") -> dict[str, Any]:
    """What a page says about a part that is missing."""
    details = {"code": "SOURCE_UNAVAILABLE", "source": "sis", "retryable": True}
    part = {"path": list(path), "extensions": details} if field == "errors" else {"path": list(path), **details}
    return {"errors": [part]} if field == "errors" else {"extensions": {"degraded": [part]}}


def test_the_same_values_are_complete_however_old_they_are() -> None:
    """The time of reading is no difference; a mark makes the page stale and marked."""
    later = changed(lambda page: page["data"]["student"]["grades"][0]["provenance"].update(fetchedAt="9:00"))
    assert judge(a_page(), later).verdict is Verdict.COMPLETE
    marked = changed(lambda page: page["data"]["student"]["grades"][0]["provenance"].update(stale=True))
    assert judge(a_page(), marked).verdict is Verdict.STALE


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda student: student.update(gradeLevel="TENTH"), "student.gradeLevel: another value"),
        (lambda student: student["grades"][1].update(letter="A"), "student.grades.1.letter: another value"),
        (lambda student: student.update(grades=None), "student.grades: null without a reason"),
        (lambda student: student["work"].pop(), "student.work: 1 items instead of 2"),
        (lambda student: student["work"].append({"title": "Lab"}), "student.work: 3 items instead of 2"),
    ],
)
def test_a_planted_wrong_value_is_noticed(change: Callable[[dict[str, Any]], object], where: str) -> None:
    """So are a missing value without a reason, a missing row, and a row too many; a reason elsewhere is none."""
    seen = changed(lambda page: change(page["data"]["student"])) | missing("school", "grades")
    judgement = judge(a_page(), seen)
    assert (judgement.verdict, judgement.detail) == (Verdict.WRONG, where)


def test_a_part_may_be_missing_if_the_page_says_why() -> None:
    """An error with its path is a reason, also one above the null; one that the oracle has too is none."""
    empty = changed(lambda page: page["data"]["student"].update(grades=None))
    for path in (("student", "grades"), ("student",), ("student", "grades", 0, "letter")):
        assert judge(a_page(), empty | missing(*path)).verdict is Verdict.ABSENT
    always = a_page() | missing("student", "grades")
    assert judge(always, empty | missing("student", "grades")).verdict is Verdict.WRONG


def test_an_incomplete_list_has_only_rows_of_the_complete_one() -> None:
    """A list that is stated to be incomplete may be shorter, or have nulls; a row that was changed is found."""
    statement = missing("student", "work", field="degraded")
    shorter = changed(lambda page: page["data"]["student"]["work"].pop(0)) | statement
    assert judge(a_page(), shorter).verdict is Verdict.ABSENT
    other = changed(lambda page: page["data"]["student"].update(work=[{"title": "Lab"}])) | statement
    assert judge(a_page(), other).verdict is Verdict.WRONG
    with_null = changed(lambda page: page["data"]["student"]["work"][0].update(title=None))
    assert judge(a_page(), with_null | statement).verdict is Verdict.ABSENT
    assert judge(a_page(), with_null).verdict is Verdict.WRONG


def test_an_incomplete_page_may_have_rows_of_the_next_one() -> None:
    """A student who cannot be decided is not on the page, and the first one of the next page is."""
    expected, last, seen, seen_as_complete = (
        {"data": {"students": {"undecided": undecided, "pageInfo": {"hasNextPage": has_next}, "edges": edges}}}
        for undecided, has_next, edges in (
            (0, True, ["Ada", "Ben"]),
            (0, False, ["Ada", "Ben"]),
            (2, False, ["Cy"]),
            (0, False, ["Cy"]),
        )
    )
    assert judge(expected, seen).verdict is Verdict.ABSENT
    assert judge(last, seen).verdict is Verdict.WRONG
    assert judge(expected, seen_as_complete).verdict is Verdict.WRONG


def test_a_planted_old_value_without_a_mark_is_noticed() -> None:
    """After a change, the old value may be shown for a moment, or with a mark, and never otherwise."""
    new = changed(lambda page: page["data"]["student"]["grades"][1].update(letter="F"))
    judgement = judge(new, a_page(), old=a_page())
    assert (judgement.verdict, judgement.detail) == (
        Verdict.WRONG,
        "student.grades.1.letter: an old value that is not marked as stale",
    )
    assert judge(new, a_page(), old=a_page(), is_recent=True).verdict is Verdict.COMPLETE
    marked = changed(lambda page: page["extensions"]["sources"]["otter-bend/sis"].update(stale=1))
    assert judge(new, marked, old=a_page()).verdict is Verdict.STALE
    neither = changed(lambda page: page["data"]["student"]["grades"][1].update(letter="C"))
    neither["extensions"] = marked["extensions"]
    assert judge(new, neither, old=a_page()).verdict is Verdict.WRONG


def test_a_number_between_the_old_and_the_new_one_may_be_shown_while_a_change_is_recent() -> None:
    """A share of a district is counted from lists of schools, and some may be read before the change."""
    old, new, between, beyond = (a_page() | {"data": {"share": share}} for share in (0.2, 0.4, 0.3, 0.5))
    assert judge(new, between, old=old, is_recent=True).verdict is Verdict.COMPLETE
    assert judge(new, between, old=old).verdict is Verdict.WRONG
    assert judge(new, beyond, old=old, is_recent=True).verdict is Verdict.WRONG


def test_a_planted_foreign_name_is_noticed() -> None:
    """Names of another district or student, and their numbers and ids; the viewer's own students may be there."""
    assert foreign(f'"lastName": "Quinn {OWN.title()}"', TEACHER, 3) == ""
    assert foreign(f'"lastName": "Quinn {OTHER.title()}"', TEACHER, 3) == f"{OTHER} outside the viewer's reach"
    elsewhere = canary(4, 0)
    assert foreign(f'"email": "{elsewhere}@home.example"', TEACHER, 3) == f"{elsewhere} of another district"
    assert foreign(json.dumps({"studentUniqueId": str(FIRST_STUDENT)}), TEACHER, 3) == ""
    assert foreign(json.dumps({"studentUniqueId": str(FIRST_STUDENT + 1)}), TEACHER, 3).startswith(OTHER)
    for district, number in (("otter-bend", FIRST_STUDENT + 1), ("copper-fern", FIRST_STUDENT)):
        node = encode(GlobalId("Student", DistrictId(district), str(number)))
        assert foreign(json.dumps({"id": node}), TEACHER, 3)
