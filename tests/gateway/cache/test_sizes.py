"""How the memory of answers is estimated."""

from __future__ import annotations

from student_graph.adapters.model import AssessmentResult, Descriptor, ResultDatatype, Score
from student_graph.gateway.cache.sizes import size_in_bytes

RESULTS = 50


def score(number: int = 0) -> Score:
    """A score."""
    method = Descriptor(code_value="Scale score", namespace="uri://ed-fi.org/AssessmentReportingMethodDescriptor")
    return Score(reporting_method=method, result=f"{200 + number}", datatype=ResultDatatype.INTEGER)


def results(scores: list[Score]) -> list[AssessmentResult]:
    """Results of different students with these scores."""
    return [
        AssessmentResult(
            vendor_id=f"r{number}",
            student_id=f"s{number}",
            assessment_id="MAP",
            scores=[score],
            performance_levels=[],
            objectives=[],
        )
        for number, score in enumerate(scores)
    ]


def test_a_score_that_results_share_is_counted_once_in_an_answer() -> None:
    """Adapters let equal scores be one object; as many objects take as much more."""
    same = score()
    shared = size_in_bytes(results([same] * RESULTS))
    separate = size_in_bytes(results([score() for _ in range(RESULTS)]))

    assert separate - shared == (RESULTS - 1) * size_in_bytes(same)


def test_two_answers_with_the_same_score_count_it_twice() -> None:
    """One of them may be forgotten, and the other one keeps the score."""
    same = score()

    assert size_in_bytes(results([same])) == size_in_bytes(results([same])) == size_in_bytes(results([score()]))
