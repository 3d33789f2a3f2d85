"""Gives assessment results the test takers of a vendor that has its own users with several numbers."""

from __future__ import annotations

from dataclasses import replace

from student_graph.adapters.sandbox.facts import AssessmentTakerFact, DistrictFacts, StudentFact


def own_users(facts: DistrictFacts) -> DistrictFacts:
    """
    Return the district's tests and results at a vendor whose users have the district's and the state's number.
    """
    takers = {student.id: _taker(student) for student in facts.students}
    return DistrictFacts(
        lea=facts.lea,
        name=facts.name,
        year=facts.year,
        now=facts.now,
        assessments=facts.assessments,
        results=[replace(result, taker=takers[result.student]) for result in facts.results],
    )


def _taker(student: StudentFact) -> AssessmentTakerFact:
    """A student as a test taker, with the first number of each system."""
    state = next((code for system, code in student.codes if system == "State"), None)
    ids = (("District", student.id), *((("State", state),) if state else ()))
    return AssessmentTakerFact(ids=ids, first=student.first, last=student.last, birth=student.birth)
