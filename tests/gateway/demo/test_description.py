"""How the demo's districts judge metrics."""

from __future__ import annotations

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.demo.description import METRICS, metrics_config


def test_the_grade_scale_judges_every_grade_of_the_demo() -> None:
    """A grade that has a number and a letter fails by both or by none, and no letter is unknown."""
    settings = metrics_config({"metrics": METRICS}).settings
    grades = make_district(300, 1).grades
    both = [(grade.numeric, grade.letter) for grade in grades if grade.numeric is not None and grade.letter]

    assert settings.failing_below is not None
    assert {grade.letter for grade in grades if grade.letter} == settings.grade_scale.keys()
    assert both
    for number, letter in both:
        assert (number < settings.failing_below) == (letter in settings.failing_letters)
        assert (settings.grade_scale[letter] < settings.failing_below) == (letter in settings.failing_letters)


def test_a_ready_file_without_metrics_is_refused() -> None:
    """Otherwise a command judges the districts by other settings than the demo does."""
    with pytest.raises(KeyError):
        metrics_config({"id": "cedar-hollow-school-district"})
