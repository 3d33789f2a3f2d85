"""The student with the most data in a district, which a demo shows first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords


def demo_student(facts: DistrictFacts) -> str | None:
    """Return the student who occurs in the most parts of the facts; None if there are no students."""
    parts = [*_sis_parts(facts), _lms_students(facts)]
    counts = Counter(student for part in parts for student in set(part))
    return min(counts, key=lambda student: (-counts[student], student), default=None)


def _sis_parts(facts: DistrictFacts) -> Iterable[Iterable[str]]:
    """The students in each part of an SIS's data."""
    if isinstance(facts, EdFiRecords):
        for rows in facts.resources.values():
            yield [row["studentReference"]["studentUniqueId"] for row in rows if "studentReference" in row]
        return
    yield [grade.enrollment.student for grade in facts.grades]
    yield [program.student for program in facts.programs if program.kind == "food service"]
    for part in (facts.attendance, facts.actions, facts.results, facts.buses):
        yield [fact.student for fact in part]


def _lms_students(facts: DistrictFacts) -> Iterable[str]:
    """Students whose LMS account has their own number and has submitted work."""
    accounts_with_work = {submission.account for submission in facts.submissions}
    linked = (account for account in facts.accounts if account.owner == account.sis_id)
    return [account.owner for account in linked if account.id in accounts_with_work]
