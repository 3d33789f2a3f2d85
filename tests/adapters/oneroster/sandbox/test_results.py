"""Line items, results and tests that the OneRoster sandbox makes of a district's facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from student_graph.adapters.oneroster.sandbox import PUBLISHED_11, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import SubmissionFact
from tests.adapters.oneroster.sandbox_client import DISTRICT, Rows, Server, asking

FACTS = DISTRICT


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with asking(OneRosterSandbox(FACTS)) as server:
        yield server


def ids(rows: Rows) -> set[str]:
    """Ids of rows."""
    return {row["sourcedId"] for row in rows}


def test_line_items_are_assignments_and_posted_grades(server: Server) -> None:
    """Published work of a section's courses, and one line item for each grade type and grading period."""
    titles = {row["sourcedId"]: row["title"] for row in server.rows("/categories")}
    items = server.every("/lineItems", limit=1000)
    work = {row["title"] for row in items if titles[row["category"]["sourcedId"]] == "Assignments"}
    posted = {
        (row["class"]["sourcedId"], row["title"])
        for row in items
        if titles[row["category"]["sourcedId"]] != "Assignments"
    }
    taught = {course.id for course in FACTS.lms_courses if course.section}

    assert work == {each.title for each in FACTS.assignments if each.course in taught and each.published}
    assert len(posted) == len({(g.enrollment.section.key, g.kind, g.period) for g in FACTS.grades})
    assert "Chess club" not in " ".join(work)


def test_results_are_those_of_the_class(server: Server) -> None:
    """Work of the section's own students, by who really owns the account, and posted grades with letters."""
    titles = {row["sourcedId"]: row["title"] for row in server.rows("/categories")}
    items = {
        row["sourcedId"]: titles[row["category"]["sourcedId"]] for row in server.every("/lineItems", limit=1000)
    }
    results = server.every("/results", limit=1000)
    posted = [row for row in results if items[row["lineItem"]["sourcedId"]] == "Posted grades"]
    numbers = {row["sourcedId"]: row["identifier"] for row in server.every("/students")}

    assert Counter(
        (numbers[row["student"]["sourcedId"]], row.get("score"), row.get("textScore")) for row in posted
    ) == Counter((grade.enrollment.student, grade.numeric, grade.letter) for grade in FACTS.grades)
    assert {row["scoreStatus"] for row in results} >= {"fully graded", "not submitted"}
    assert {row.get("missing") for row in results} == {"true", "false", None}


def test_work_of_somebody_else_is_no_result() -> None:
    """Whoever hands something in to a course, and is not in the section that it teaches, has no result there."""
    facts = make_district(60)
    course = next(each for each in facts.lms_courses if each.section)
    members = {
        place.student
        for place in facts.section_enrollments
        if course.section and place.section.key == course.section.key
    }
    guest = next(each for each in facts.accounts if each.owner and each.owner not in members)
    work = next(each for each in facts.assignments if each.course == course.id and each.published)
    facts.submissions.append(SubmissionFact(id=1, assignment=work.id, account=guest.id, state="graded", score=1.0))
    with asking(OneRosterSandbox(facts)) as server:
        section = server.rows("/classes", filter=f"classCode='{course.sis_section}'")[0]["sourcedId"]
        results = server.every(f"/classes/{section}/results", limit=1000)

    assert results
    assert 1.0 not in {row.get("score") for row in results}


def test_results_of_a_class_are_found_each_way(server: Server) -> None:
    """By class, by line item, by student: the same rows."""
    result = next(row for row in server.rows("/results") if "score" in row)
    section, item, who = (result[name]["sourcedId"] for name in ("class", "lineItem", "student"))
    whole = server.every(f"/classes/{section}/results", limit=1000)

    assert ids(whole) == ids(server.every("/results", filter=f"class.sourcedId='{section}'", limit=1000))
    for path, name, key in ((f"lineItems/{item}", "lineItem", item), (f"students/{who}", "student", who)):
        found = server.every(f"/classes/{section}/{path}/results")
        assert ids(found) == {row["sourcedId"] for row in whole if row[name]["sourcedId"] == key}
        assert result in found
    assert {row["category"]["sourcedId"] for row in server.every(f"/classes/{section}/lineItems")} == ids(
        server.rows(f"/classes/{section}/categories")
    )


def test_1_1_has_a_letter_in_the_comment() -> None:
    """There is no `textScore`, nor a class, nor late and missing work."""
    with asking(OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11)) as server:
        results = server.every("/results", limit=1000)

    assert (
        {grade.letter for grade in FACTS.grades}
        >= {row["comment"] for row in results if "comment" in row}
        != set()
    )
    assert not {"textScore", "class", "late", "missing"} & {name for row in results for name in row}


def test_assessments_have_objectives_as_children(server: Server) -> None:
    """Each test is a line item, each of its objectives another below it."""
    items = server.every("/assessmentLineItems", limit=1000)
    tests = {row["sourcedId"]: row["title"] for row in items if "parentAssessmentLineItem" not in row}
    below = [tests[row["parentAssessmentLineItem"]["sourcedId"]] for row in items if row["sourcedId"] not in tests]

    assert sorted(tests.values()) == sorted(each.title for each in FACTS.assessments)
    assert sorted(below) == sorted(each.title for each in FACTS.assessments for _ in each.objectives)


def test_a_result_has_its_main_score_percentile_and_level(server: Server) -> None:
    """RIT score, percentile and level of a MAP test; a raw score beside a scale score is in the metadata."""
    fact = next(each for each in FACTS.results if each.assessment.family == "MAP Growth" and each.level)
    rows = {row["sourcedId"]: row for row in server.every("/assessmentResults", limit=1000)}
    scores = {method: score for method, _, score in fact.scores}
    found = [
        row
        for row in rows.values()
        if row.get("score") == float(scores["RIT scale score"])
        and row.get("scorePercentile") == float(scores["Percentile"])
        and row["scoreDate"] == fact.at.date().isoformat()
    ]

    assert fact.level
    assert {row["textScore"] for row in found} >= {fact.level[1]}
    assert {"Raw score"} == {
        other["reportingMethod"] for row in rows.values() for other in row.get("metadata", {}).get("scores", ())
    }
    assert len(rows) == sum(1 + len(each.objectives) for each in FACTS.results)
