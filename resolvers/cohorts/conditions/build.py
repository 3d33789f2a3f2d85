"""The tree of a condition as clients write it: checked, and bound to a district and a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry

from student_graph.adapters.model import SchoolId, SectionId
from student_graph.resolvers.cohorts.conditions.inputs import (
    AssessmentCondition,
    MetricCondition,
    StudentCondition,
)
from student_graph.resolvers.cohorts.conditions.metric_leaf import Bounds, MetricLeaf, passes
from student_graph.resolvers.cohorts.conditions.record_conditions import (
    bus_leaf,
    enrollment_leaf,
    grade_level_leaf,
    meal_leaf,
    program_leaf,
    require_some,
    section_leaf,
)
from student_graph.resolvers.cohorts.conditions.requests import DistrictDay
from student_graph.resolvers.cohorts.conditions.tree import Condition, Leaf, Not, Parts, leaves_of
from student_graph.resolvers.fields.errors import bad_input
from student_graph.resolvers.fields.ids import decode, parse_school
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Metric

MAX_CONDITIONS = 20
"""Conditions without parts in one tree."""
MAX_LEVELS = 5
"""How deep `all`, `any` and `not` may be nested."""
MAX_ITEMS = 100
"""Items of a list in a condition, such as bus routes."""
LEVEL_SHARE = 0.2
"""About which share of students has one of the levels that a condition names."""
BOUND_SHARE = 0.4
"""About which share of students is within bounds."""
TEST_SHARE = 0.5
"""About which share of students has a certain result in a test."""


def build_condition(condition: StudentCondition, at: DistrictDay) -> Condition:
    """
    Return the tree of a condition.

    Raises:
        AdapterError: an id that this graph cannot have made.
        GraphQLError: the condition is too large, contradicts itself, or names what does not exist.
    """
    builder = _Builder(at)
    tree = builder.build(condition, 1)
    if sum(1 for _ in leaves_of(tree)) > MAX_CONDITIONS:
        raise bad_input(f"where: ask for at most {MAX_CONDITIONS} conditions.")
    return tree


@dataclass(frozen=True, slots=True)
class _Builder:
    at: DistrictDay

    def build(self, condition: StudentCondition, level: int) -> Condition:
        """The tree of a condition at a level of nesting."""
        values = {name: value for name, value in vars(condition).items() if value not in (None, strawberry.UNSET)}
        if len(values) != 1:  # validation refuses it, unless the value comes from a variable of a stock executor
            raise bad_input("where: name exactly one kind of condition.")
        [(name, value)] = values.items()
        if isinstance(value, list):
            require_some(f"where.{name}", value)
            if len(value) > MAX_ITEMS:
                raise bad_input(f"where.{name}: name at most {MAX_ITEMS}.")
        if name in ("all", "any", "not_"):
            if level > MAX_LEVELS:
                raise bad_input(f"where: nest all, any and not at most {MAX_LEVELS} levels deep.")
            if name == "not_":
                return Not(self.build(value, level + 1))
            return Parts(tuple(self.build(part, level + 1) for part in value), needs_all=name == "all")
        leaf: Callable[[Any], Leaf] = getattr(self, name)
        return leaf(value)

    def enrollment(self, condition: Any) -> Leaf:
        """An enrollment, at a school of the district."""
        school = self._school(condition.school) if condition.school else None
        return enrollment_leaf(condition, school, self.at.day)

    def grade_levels(self, levels: Any) -> Leaf:
        """Grade levels on the day."""
        return grade_level_leaf(levels, self.at.day)

    def section(self, id_: str) -> Leaf:
        """A section of the district."""
        global_id = decode(id_, "Section")
        if global_id.district != self.at.district.id:
            raise bad_input("section: it belongs to another district.")
        return section_leaf(SectionId(global_id.key), self.at.day)

    def program(self, condition: Any) -> Leaf:
        """A program."""
        return program_leaf(condition, self.at)

    def meals(self, condition: Any) -> Leaf:
        """A meal status."""
        return meal_leaf(condition, self.at)

    def bus(self, condition: Any) -> Leaf:
        """A bus."""
        return bus_leaf(condition, self.at)

    def metric(self, condition: MetricCondition) -> Leaf:
        """A metric: its level, its value, or both."""
        bounds = Bounds.of(condition.at_least, condition.at_most, condition.above, condition.below)
        require_some("metric.level", condition.level)
        if bounds == Bounds() and condition.level is None:
            raise bad_input("metric: say which level or which value it has.")
        if bounds.contradict:
            raise bad_input("metric: the bounds contradict each other; no value is within them.")
        levels = frozenset(condition.level or ())
        request = self.at.metric_request(condition, judged=bool(levels))
        details = [", ".join(sorted(level.name for level in levels)), bounds.text()]
        return MetricLeaf(
            text=f"metric {request.metric.name} ({request.preset.name}): {' '.join(filter(None, details))}",
            tests=((request, passes(bounds, levels)),),
            share=LEVEL_SHARE if levels else BOUND_SHARE,
        )

    def assessment(self, condition: AssessmentCondition) -> Leaf:
        """The latest result in a family of tests, which must meet all parts of the condition."""
        ranks = Bounds.of(condition.rank_at_least, condition.rank_at_most)
        percentiles = Bounds.of(condition.percentile_at_least, None, None, condition.percentile_below)
        proficient = Bounds() if condition.proficient is None else Bounds.of(*[float(condition.proficient)] * 2)
        bounds_by_metric = {
            Metric.ASSESSMENT_PROFICIENT: proficient,
            Metric.ASSESSMENT_LEVEL: ranks,
            Metric.ASSESSMENT_PERCENTILE: percentiles,
        }
        bounds_by_metric = {metric: bounds for metric, bounds in bounds_by_metric.items() if bounds != Bounds()}
        if not bounds_by_metric:
            raise bad_input("assessment: say proficient, which rank, or which percentile.")
        if any(bounds.contradict for bounds in bounds_by_metric.values()):
            raise bad_input("assessment: the bounds contradict each other; no result is within them.")
        texts = [f"{metric.name} {bounds.text()}" for metric, bounds in bounds_by_metric.items()]
        return MetricLeaf(
            text=f"latest result of a family of tests: {', '.join(texts)}",
            tests=tuple(
                (self._test_request(metric, condition), passes(bounds_by_metric[metric]))
                for metric in bounds_by_metric
            ),
            share=TEST_SHARE,
        )

    def _test_request(self, metric: Metric, condition: AssessmentCondition) -> MetricRequest:
        choice = MetricCondition(metric=metric, subject=condition.subject, family=condition.family)
        return self.at.metric_request(choice, judged=False)

    def _school(self, text: str) -> SchoolId:
        district, school = parse_school(text, lambda: self.at.district.id)
        if district != self.at.district.id:
            raise bad_input("school: it belongs to another district.")
        return school
