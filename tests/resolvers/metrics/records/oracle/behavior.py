"""Incidents, suspensions and changes of school."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

from student_graph.adapters.model import DisciplineAction
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from tests.resolvers.metrics.records.oracle.common import Value, days, number


def incident_rows(facts: StudentFacts, request: MetricRequest) -> dict[tuple[str, str], list[Any]]:
    """By school and identifier: the rows of incidents as a perpetrator within the window."""
    first, last = days(request)
    result: dict[tuple[str, str], list[Any]] = {}
    for key in {(row.school_id, row.incident_identifier) for row in facts.incidents}:
        same = [row for row in facts.incidents if (row.school_id, row.incident_identifier) == key]
        day = min(row.date for row in same)
        did_it = any(
            code.code_value.strip().lower() == "perpetrator" for row in same for code in row.participation
        )
        if did_it and first <= day <= last and request.school in (None, key[0]):
            result[key] = same
    return result


def incidents(facts: StudentFacts, request: MetricRequest) -> Value:
    """Distinct incidents."""
    return Fraction(len(incident_rows(facts, request)))


def with_behavior(*codes: str) -> Callable[[StudentFacts, MetricRequest], Value]:
    """Distinct incidents with a behavior."""

    def count(facts: StudentFacts, request: MetricRequest) -> Value:
        matching = 0
        for same in incident_rows(facts, request).values():
            behaviors = [code.code_value.lower() for row in same for code in row.behaviors]
            matching += any(code in behaviors for code in codes)
        return Fraction(matching)

    return count


def suspension_groups(facts: StudentFacts, request: MetricRequest) -> list[list[DisciplineAction]]:
    """Groups of actions that are one suspension, by date and kind."""
    first, last = days(request)
    groups = []
    rows = [r for r in facts.actions if first <= r.date <= last and request.school in (None, r.school_id)]
    for day in sorted({row.date for row in rows}):
        for kind in ("in school suspension", "out of school suspension"):
            left = [r for r in rows if r.date == day and kind in [c.code_value.lower() for c in r.disciplines]]
            while left:
                group, grown = [left.pop(0)], True
                while grown:
                    known = {incident for row in group for incident in row.incident_identifiers}
                    more = [row for row in left if known & set(row.incident_identifiers)]
                    grown = bool(more)
                    group += more
                    left = [row for row in left if row not in more]
                groups.append(group)
    return groups


def suspensions(facts: StudentFacts, request: MetricRequest) -> Value:
    """Suspensions."""
    return Fraction(len(suspension_groups(facts, request)))


def suspension_days(attribute: str) -> Callable[[StudentFacts, MetricRequest], Value]:
    """Days of suspension: of each action one length, of each suspension the longest."""

    def count(facts: StudentFacts, request: MetricRequest) -> Value:
        seen: list[str] = []
        total, stated, groups = Fraction(0), 0, 0
        for group in suspension_groups(facts, request):
            is_new = not any(row.vendor_id in seen for row in group)
            seen += [row.vendor_id for row in group]
            lengths = [length for row in group if (length := getattr(row, attribute)) is not None and length >= 0]
            if is_new:
                groups += 1
                if lengths:
                    stated += 1
                    total += number(max(lengths))
        return None if groups and not stated else total

    return count


def changes(facts: StudentFacts, request: MetricRequest) -> Value:
    """Changes of school, day by day."""
    if not facts.enrollments:
        return None
    rows = [
        row
        for row in facts.enrollments
        if row.primary_school is not False
        and (row.exit_withdraw_date is None or row.exit_withdraw_date > row.entry_date)
    ]
    first, last = days(request)
    total = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        exits = sorted(
            row.exit_withdraw_date for row in rows if row.exit_withdraw_date and row.exit_withdraw_date <= day
        )
        if not exits or exits[-1] < first:
            continue
        left = [row.school_id for row in rows if row.exit_withdraw_date == exits[-1]]
        for school in {row.school_id for row in rows if row.entry_date == day}:
            is_there = any(
                row.school_id == school
                and row.entry_date < day
                and (row.exit_withdraw_date is None or row.exit_withdraw_date > day)
                for row in rows
            )
            if school not in left and not is_there:
                first_left = min(
                    (row for row in rows if row.exit_withdraw_date == exits[-1]),
                    key=lambda row: (row.entry_date, row.vendor_id),
                ).school_id
                total += request.school in (None, school, first_left)
    return Fraction(total)
