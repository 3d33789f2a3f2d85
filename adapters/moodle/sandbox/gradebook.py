"""The gradebook of a course, as `gradereport_user_get_grade_items` shows it."""

from __future__ import annotations

from student_graph.adapters.moodle.sandbox.index import Index
from student_graph.adapters.moodle.sandbox.responses import Json
from student_graph.adapters.moodle.sandbox.serializers import HIDDEN_GRADE, SCALE_MAX, seconds
from student_graph.adapters.sandbox.facts import AssignmentFact, LmsAccountFact, LmsCourseFact, SubmissionFact


def user_grades(index: Index, course: LmsCourseFact, account: LmsAccountFact, *, enrolled: bool) -> Json:
    """The gradebook of a student; without items if the user is no student of the course."""
    work = []
    for assignment in index.assignments_of[course.id] if enrolled else ():
        rows = index.submissions[assignment.id]
        if assignment.published:
            work.append((assignment, next((row for row in rows if row.account == account.id), None)))
    items = [_work_item(assignment, submission) for assignment, submission in work]
    return {
        "courseid": course.id,
        "courseidnumber": course.sis_section or "",
        "userid": account.id,
        "userfullname": account.name,
        "useridnumber": account.sis_id or "",
        "maxdepth": 2,
        "gradeitems": [*items, _total(course, work)] if enrolled else [],
    }


def account_grades(course: LmsCourseFact, account_id: int) -> Json:
    """The gradebook of an account that is not enrolled in a course."""
    return {
        "courseid": course.id,
        "courseidnumber": course.sis_section or "",
        "userid": account_id,
        "userfullname": "Student Graph",
        "useridnumber": "",
        "maxdepth": 2,
        "gradeitems": [],
    }


def _item(id: int, low: float, high: float, grade: float | None, graded_at: int) -> Json:
    """A column of the gradebook; some properties are there only with a grade."""
    percent = "-" if grade is None else f"{(grade - low) * 100 / (high - low):.2f} %"
    row: Json = {
        "id": id,
        "itemname": None,
        "itemtype": "mod",
        "itemmodule": None,
        "iteminstance": None,
        "itemnumber": 0,
        "idnumber": "",
        "categoryid": 1,
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "graderaw": grade,
        "gradedatesubmitted": None,
        "gradedategraded": graded_at or None,
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": False,
        "gradeislocked": False,
        "gradeisoverridden": False,
        "gradeformatted": "-" if grade is None else f"{grade:.2f}",
        "grademin": low,
        "grademax": high,
        "rangeformatted": f"{low:g}&ndash;{high:g}",
        "percentageformatted": percent,
        "feedback": "" if grade is None else "<b>Well done</b>",
        "feedbackformat": 1,
    }
    return row | ({} if grade is None else {"weightraw": 0.5, "weightformatted": "50.00 %"})


def _work_item(assignment: AssignmentFact, submission: SubmissionFact | None) -> Json:
    """The column of an assignment: excused work is excluded, and a grade under review is hidden."""
    is_graded = submission is not None and submission.state == "graded"
    has_points = assignment.points is not None
    grade = submission.score if submission and is_graded and has_points else None
    if submission is not None and submission.state == "pending_review":
        grade = HIDDEN_GRADE
    elif is_graded and not has_points:
        grade = float(SCALE_MAX)
    low, high = (0.0, assignment.points or 0.0) if has_points else (1.0, float(SCALE_MAX))
    graded_at = seconds(submission.graded) if submission and is_graded else 0
    row = _item(assignment.id + 500_000, low, high, grade, graded_at) | {
        "itemname": assignment.title,
        "itemmodule": "assign",
        "iteminstance": assignment.id,
        "cmid": assignment.id + 100_000,
    }
    if not has_points:
        row["gradeformatted"] = "complete" if is_graded else row["gradeformatted"]
    if submission is not None and submission.state == "pending_review":
        row["gradeishidden"] = True
    if submission is not None and submission.excused:
        row["status"] = "excluded"
    elif grade is None:
        row["status"] = "novalue"
    return row


def _total(course: LmsCourseFact, work: list[tuple[AssignmentFact, SubmissionFact | None]]) -> Json:
    """The total of a course: the sum of the points of graded work, of those that it could have."""
    graded = [
        (assignment.points, submission.score)
        for assignment, submission in work
        if submission is not None and submission.state == "graded"
        if assignment.points is not None and submission.score is not None
    ]
    high = sum(points for points, _ in graded) or 100.0
    last = max((seconds(row.graded) for _, row in work if row is not None), default=0)
    grade = sum(score for _, score in graded) if graded else None
    return _item(course.id + 900_000, 0.0, high, grade, last if graded else 0) | {
        "itemtype": "course",
        "iteminstance": course.id,
        "itemnumber": None,
        "idnumber": None,
        "categoryid": None,
        "feedback": "",
    }
