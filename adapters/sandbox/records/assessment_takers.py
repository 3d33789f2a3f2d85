"""Results as an assessment vendor keeps them: under users of its own, whom it knows by several numbers."""

from __future__ import annotations

from dataclasses import replace

from student_graph.adapters.sandbox.facts import AssessmentTakerFact, DistrictFacts, StudentFact


def own_users(facts: DistrictFacts) -> DistrictFacts:
    """The district's tests and results at a vendor who knows students by the district's number and the state's."""
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
    """A student, by the first number of each kind."""
    state = next((code for system, code in student.codes if system == "State"), None)
    ids = (("District", student.id), *((("State", state),) if state else ()))
    return AssessmentTakerFact(ids=ids, first=student.first, last=student.last, birth=student.birth)
