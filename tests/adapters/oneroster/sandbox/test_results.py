"""Line items, results and assessments of the OneRoster sandbox, from the facts of a district."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from student_graph.adapters.oneroster.sandbox import PUBLISHED_11, OneRosterSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import SubmissionFact
from tests.adapters.oneroster.sandbox_client import DISTRICT, Rows, Server, running

FACTS = DISTRICT


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server as published."""
    with running(OneRosterSandbox(FACTS)) as server:
        yield server


def ids(rows: Rows) -> set[str]:
    """The ids of rows."""
    return {row["sourcedId"] for row in rows}


def test_line_items_are_assignments_and_posted_grades(server: Server) -> None:
    """Published assignments of a section's courses, and a line item for each grade type and grading period."""
    titles = {row["sourcedId"]: row["title"] for row in server.rows("/categories")}
    items = server.all_rows("/lineItems", limit=1000)
    work = {row["title"] for row in items if titles[row["category"]["sourcedId"]] == "Assignments"}
    posted = {
        (row["class"]["sourcedId"], row["title"])
        for row in items
        if titles[row["category"]["sourcedId"]] != "Assignments"
    }
    linked_courses = {course.id for course in FACTS.lms_courses if course.section}

    assert work == {
        assignment.title
        for assignment in FACTS.assignments
        if assignment.course in linked_courses and assignment.published
    }
    assert len(posted) == len({(g.enrollment.section.key, g.kind, g.period) for g in FACTS.grades})
    assert "Chess club" not in " ".join(work)


def test_results_are_of_students_in_the_class(server: Server) -> None:
    """Submissions of the section's own students, by the owner of the account, and posted grades with letters."""
    titles = {row["sourcedId"]: row["title"] for row in server.rows("/categories")}
    items = {
        row["sourcedId"]: titles[row["category"]["sourcedId"]] for row in server.all_rows("/lineItems", limit=1000)
    }
    results = server.all_rows("/results", limit=1000)
    posted = [row for row in results if items[row["lineItem"]["sourcedId"]] == "Posted grades"]
    numbers = {row["sourcedId"]: row["identifier"] for row in server.all_rows("/students")}

    assert Counter(
        (numbers[row["student"]["sourcedId"]], row.get("score"), row.get("textScore")) for row in posted
    ) == Counter((grade.enrollment.student, grade.numeric, grade.letter) for grade in FACTS.grades)
    assert {row["scoreStatus"] for row in results} >= {"fully graded", "not submitted"}
    assert {row.get("missing") for row in results} == {"true", "false", None}


def test_work_of_a_student_outside_the_section_is_not_a_result() -> None:
    """A submission to the course of a section by a student who is not in the section is not served."""
    facts = make_district(60)
    course = next(course for course in facts.lms_courses if course.section)
    members = {
        enrollment.student
        for enrollment in facts.section_enrollments
        if course.section and enrollment.section.key == course.section.key
    }
    guest = next(account for account in facts.accounts if account.owner and account.owner not in members)
    work = next(a for a in facts.assignments if a.course == course.id and a.published)
    facts.submissions.append(SubmissionFact(id=1, assignment=work.id, account=guest.id, state="graded", score=1.0))
    with running(OneRosterSandbox(facts)) as server:
        section = server.rows("/classes", filter=f"classCode='{course.sis_section}'")[0]["sourcedId"]
        results = server.all_rows(f"/classes/{section}/results", limit=1000)

    assert results
    assert 1.0 not in {row.get("score") for row in results}


def test_all_routes_have_the_same_results_of_a_class(server: Server) -> None:
    """By class, by line item and by student."""
    result = next(row for row in server.rows("/results") if "score" in row)
    section, item, student = (result[name]["sourcedId"] for name in ("class", "lineItem", "student"))
    class_results = server.all_rows(f"/classes/{section}/results", limit=1000)

    assert ids(class_results) == ids(
        server.all_rows("/results", filter=f"class.sourcedId='{section}'", limit=1000)
    )
    for path, name, key in ((f"lineItems/{item}", "lineItem", item), (f"students/{student}", "student", student)):
        rows = server.all_rows(f"/classes/{section}/{path}/results")
        assert ids(rows) == {row["sourcedId"] for row in class_results if row[name]["sourcedId"] == key}
        assert result in rows
    assert {row["category"]["sourcedId"] for row in server.all_rows(f"/classes/{section}/lineItems")} == ids(
        server.rows(f"/classes/{section}/categories")
    )


def test_1_1_has_a_letter_in_the_comment() -> None:
    """Version 1.1 has no `textScore`, no class, and no late and missing work."""
    with running(OneRosterSandbox(FACTS, version="1.1", quirks=PUBLISHED_11)) as server:
        results = server.all_rows("/results", limit=1000)

    assert (
        {grade.letter for grade in FACTS.grades}
        >= {row["comment"] for row in results if "comment" in row}
        != set()
    )
    assert not {"textScore", "class", "late", "missing"} & {name for row in results for name in row}


def test_assessments_have_objectives_as_children(server: Server) -> None:
    """An assessment is a line item, and each of its objectives is a child of it."""
    items = server.all_rows("/assessmentLineItems", limit=1000)
    tests = {row["sourcedId"]: row["title"] for row in items if "parentAssessmentLineItem" not in row}
    parent_titles = [
        tests[row["parentAssessmentLineItem"]["sourcedId"]] for row in items if row["sourcedId"] not in tests
    ]

    assert sorted(tests.values()) == sorted(fact.title for fact in FACTS.assessments)
    assert sorted(parent_titles) == sorted(fact.title for fact in FACTS.assessments for _ in fact.objectives)


def test_a_result_has_its_main_score_percentile_and_level(server: Server) -> None:
    """RIT score, percentile and level of a MAP test; a raw score next to a scale score is in the metadata."""
    fact = next(f for f in FACTS.results if f.assessment.family == "MAP Growth" and f.level)
    rows = {row["sourcedId"]: row for row in server.all_rows("/assessmentResults", limit=1000)}
    scores = {method: score for method, _, score in fact.scores}
    matching = [
        row
        for row in rows.values()
        if row.get("score") == float(scores["RIT scale score"])
        and row.get("scorePercentile") == float(scores["Percentile"])
        and row["scoreDate"] == fact.at.date().isoformat()
    ]

    assert fact.level
    assert {row["textScore"] for row in matching} >= {fact.level[1]}
    assert {"Raw score"} == {
        other["reportingMethod"] for row in rows.values() for other in row.get("metadata", {}).get("scores", ())
    }
    assert len(rows) == sum(1 + len(result.objectives) for result in FACTS.results)
