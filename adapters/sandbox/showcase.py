"""Of whom a demonstration should ask: the student about whom a district has most to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.records.folder import EdFiRecords


def showcase(facts: DistrictFacts) -> str | None:
    """The student who occurs in most parts of the facts; None where there are no students."""
    parts = [*_sis_parts(facts), _online(facts)]
    counts = Counter(student for part in parts for student in set(part))
    return min(counts, key=lambda student: (-counts[student], student), default=None)


def _sis_parts(facts: DistrictFacts) -> Iterable[Iterable[str]]:
    """Students of each part of what an SIS keeps."""
    if isinstance(facts, EdFiRecords):
        for rows in facts.resources.values():
            yield [row["studentReference"]["studentUniqueId"] for row in rows if "studentReference" in row]
        return
    yield [grade.enrollment.student for grade in facts.grades]
    yield [program.student for program in facts.programs if program.kind == "food service"]
    for part in (facts.attendance, facts.actions, facts.results, facts.buses):
        yield [fact.student for fact in part]


def _online(facts: DistrictFacts) -> Iterable[str]:
    """Students who have work in the LMS under their own number."""
    working = {submission.account for submission in facts.submissions}
    linked = (account for account in facts.accounts if account.owner == account.sis_id)
    return [account.owner for account in linked if account.id in working]
