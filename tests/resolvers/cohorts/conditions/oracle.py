"""Random conditions, and whether a child meets one: computed one by one from plain facts, apart from the code."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.resolvers.cohorts.conditions.generated import (
    FIRST_DAY,
    GRADES,
    MEALS,
    PROGRAMS,
    ROUTES,
    SCHOOL_DAYS,
    SCHOOLS,
    TODAY,
    Child,
    is_enrolled,
)
from tests.resolvers.two_districts import CEDAR

YES, UNKNOWN, NO = Fraction(1), Fraction(1, 2), Fraction(0)
"""Truth as a number: `all` is the lowest, `any` the highest, and `not` counts from the other end."""


def section_id(name: str) -> str:
    """Return the global id of a section."""
    return encode(GlobalId("Section", CEDAR, name))


def random_condition(rng: random.Random, levels: int = 3) -> dict[str, Any]:
    """Return a random condition as clients write it."""
    kind = rng.choice(["all", "any", "not"]) if levels and rng.random() < 0.6 else "leaf"
    if kind == "leaf":
        return random_leaf(rng)
    if kind == "not":
        return {"not": random_condition(rng, levels - 1)}
    return {kind: [random_condition(rng, levels - 1) for _ in range(rng.randint(1, 3))]}


def random_leaf(rng: random.Random) -> dict[str, Any]:
    """Return a random condition without parts."""
    return rng.choice(
        [
            lambda: {"gradeLevels": [grade.name for grade in rng.sample(GRADES, rng.randint(1, 2))]},
            lambda: {"program": {"kind": rng.choice(PROGRAMS)}},
            lambda: {"meals": {"statuses": rng.sample([*MEALS, "NONE_RECORDED"], 2)}},
            lambda: {"bus": rng.choice([{}, {"routes": [rng.choice(ROUTES)]}])},
            lambda: {"section": section_id(rng.choice("ab"))},
            lambda: {"enrollment": random_enrollment(rng)},
            lambda: {"metric": random_metric(rng)},
            lambda: {"metric": random_metric(rng)},
        ]
    )()


def random_enrollment(rng: random.Random) -> dict[str, Any]:
    """Return a random condition on enrollment."""
    day = rng.choice(SCHOOL_DAYS)
    return rng.choice(
        [
            {},
            {"school": rng.choice(SCHOOLS)},
            {"school": rng.choice(SCHOOLS), "gradeLevels": [rng.choice(GRADES).name]},
            {"enteredFrom": day.isoformat()},
            {"leftFrom": FIRST_DAY.isoformat(), "leftTo": day.isoformat()},
        ]
    )


def random_metric(rng: random.Random) -> dict[str, Any]:
    """Return a random condition on a metric, often at the edge of a threshold."""
    return rng.choice(
        [
            {"metric": "CHRONIC_ABSENCE", "preset": "federal_10pct", "level": rng.choice(["AT_RISK", "ON_TRACK"])},
            {"metric": "CHRONIC_ABSENCE", "atLeast": 0.1},
            {"metric": "CHRONIC_ABSENCE", "above": 0.1, "atMost": 0.2},
            {"metric": "ABSENT_DAYS", "below": rng.choice([1, 9, 13])},
            {"metric": "UNEXCUSED_ABSENT_DAYS", "atLeast": rng.choice([1, 4, 7])},
            {"metric": "INCIDENTS", "atLeast": rng.choice([1, 2])},
        ]
    )


def truth(condition: dict[str, Any], child: Child) -> Fraction:
    """Return whether a child meets a condition."""
    [(kind, value)] = condition.items()
    if kind == "all":
        return min(truth(part, child) for part in value)
    if kind == "any":
        return max(truth(part, child) for part in value)
    if kind == "not":
        return 1 - truth(value, child)
    return leaf_truth(kind, value, child)


def leaf_truth(kind: str, value: Any, child: Child) -> Fraction:
    """Return whether a child meets a condition without parts."""
    needed = {
        "program": "program_participations_by_student",
        "meals": "food_service_by_student",
        "bus": "transportation_by_student",
    }
    if needed.get(kind) in child.unreadable:
        return UNKNOWN
    if kind == "metric":
        return metric_truth(value, child)
    return YES if record_truth(kind, value, child) else NO


def record_truth(kind: str, value: Any, child: Child) -> bool:
    """Return whether a child meets a condition on records that can be read."""
    if kind == "gradeLevels":
        return is_enrolled(child) and child.grade.name in value
    if kind == "program":
        begin, end = child.programs.get(value["kind"], (date.max, None))
        return begin <= TODAY and (end is None or end > TODAY)
    if kind == "meals":
        return (child.meal or "NONE_RECORDED") in value["statuses"]
    if kind == "bus":
        return child.route is not None and child.route in value.get("routes", ROUTES)
    if kind == "section":
        return any(section_id(name) == value for name in child.sections)
    assert kind == "enrollment"
    return enrollment_truth(value, child)


def enrollment_truth(value: dict[str, Any], child: Child) -> bool:
    """Return whether a child has an enrollment."""
    dates = [name for name in value if name.startswith(("entered", "left"))]
    if child.school != value.get("school", child.school):
        return False
    if child.grade.name not in value.get("gradeLevels", [child.grade.name]):
        return False
    if not dates:
        return is_enrolled(child)
    if child.entered.isoformat() < value.get("enteredFrom", ""):
        return False
    if "leftTo" in value:
        return child.left is not None and value["leftFrom"] <= child.left.isoformat() <= value["leftTo"]
    return True


def metric_value(metric: str, child: Child) -> Fraction | None:
    """Return a metric of a child whose records can be read; None if there is none."""
    if metric == "INCIDENTS":
        return Fraction(child.incidents)
    last = TODAY if child.left is None else child.left - timedelta(days=1)
    enrolled = sum(1 for day in SCHOOL_DAYS if child.entered <= day <= last)
    if metric == "ABSENT_DAYS":
        return Fraction(len(child.absences))
    if metric == "UNEXCUSED_ABSENT_DAYS":
        return Fraction(sum(not excused for excused in child.absences.values()))
    return Fraction(len(child.absences), enrolled) if enrolled else None


def is_readable(metric: str, child: Child) -> bool:
    """Return whether the records that a metric needs can be read."""
    needed = "discipline_incidents_by_student" if metric == "INCIDENTS" else "attendance_events_by_student"
    return needed not in child.unreadable


def metric_truth(value: dict[str, Any], child: Child) -> Fraction:
    """Return whether a child meets a condition on a metric."""
    if not is_readable(value["metric"], child):
        return UNKNOWN
    number = metric_value(value["metric"], child)
    if number is None:
        return NO
    if "level" in value:
        return YES if (number >= Fraction(1, 10)) == (value["level"] == "AT_RISK") else NO
    met = (
        ("atLeast" not in value or number >= Fraction(str(value["atLeast"])))
        and ("atMost" not in value or number <= Fraction(str(value["atMost"])))
        and ("above" not in value or number > Fraction(str(value["above"])))
        and ("below" not in value or number < Fraction(str(value["below"])))
    )
    return YES if met else NO
