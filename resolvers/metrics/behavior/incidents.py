"""Distinct discipline incidents in which a student is recorded as a perpetrator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from student_graph.adapters.model import Descriptor, DisciplineIncident, SchoolId, Sensitivity
from student_graph.adapters.model.code_mapping import meaning
from student_graph.resolvers.metrics.exact import count_of
from student_graph.resolvers.metrics.facts import MetricSettings, Part, StudentFacts
from student_graph.resolvers.metrics.meanings import comparable
from student_graph.resolvers.metrics.measure import DataQuality, Metric, Window
from student_graph.resolvers.metrics.tally import Scope, Tally, spec


@dataclass(slots=True)
class Incident:
    """A distinct incident with everything that is recorded of one student in it."""

    school_id: SchoolId
    date: date
    """The first date that is recorded."""
    rows: list[DisciplineIncident]

    def has_unknown_behavior(self, settings: MetricSettings) -> bool:
        """Whether one of the student's behaviors has a code that means nothing in the district."""
        behaviors = (behavior for row in self.rows for behavior in row.behaviors)
        return any(meaning(settings.meanings.behaviors, behavior) is None for behavior in behaviors)

    def has_behavior(self, codes: Collection[str]) -> bool:
        """Whether one of the student's behaviors has one of the codes."""
        return any(is_code(behavior, codes) for row in self.rows for behavior in row.behaviors)


def is_code(descriptor: Descriptor, codes: Collection[str]) -> bool:
    """Whether a descriptor has one of the codes, ignoring case."""
    return comparable(descriptor.code_value) in {comparable(code) for code in codes}


def incidents_as_perpetrator(
    facts: StudentFacts, settings: MetricSettings
) -> tuple[list[Incident], set[DataQuality]]:
    """
    The distinct incidents in which the student is recorded as a perpetrator, in the order of their dates.

    An incident is one school's incident with one identifier: several behaviors, and several records, are one
    incident. An incident that records no part of the student counts only if the settings say so. One whose parts
    have codes that mean nothing is left out, and `UNMAPPED_CODES` says so.
    """
    quality: set[DataQuality] = set()
    rows_by_incident: dict[tuple[SchoolId, str], list[DisciplineIncident]] = {}
    for row in facts.incidents:
        rows_by_incident.setdefault((row.school_id, row.incident_identifier), []).append(row)
    incidents = []
    for (school_id, _), rows in rows_by_incident.items():
        parts = [part for row in rows for part in row.participation]
        if not parts and "" not in settings.perpetrators:
            quality.add(DataQuality.PARTICIPATION_MISSING)
        elif not parts or any(is_code(part, settings.perpetrators) for part in parts):
            if len(rows) > 1:
                quality.add(DataQuality.REPEATED_RECORDS)
            incidents.append(Incident(school_id, min(row.date for row in rows), rows))
        elif any(meaning(settings.meanings.participations, part) is None for part in parts):
            quality.add(DataQuality.UNMAPPED_CODES)
    return sorted(incidents, key=lambda incident: incident.date), quality


def is_in(day: date, window: Window) -> bool:
    """Whether a day is in a window."""
    return window.first <= day <= window.last


def _incidents_in_scope(facts: StudentFacts, scope: Scope) -> tuple[list[Incident], set[DataQuality]]:
    incidents, quality = incidents_as_perpetrator(facts, scope.request.settings)
    school = scope.request.school
    return [
        incident
        for incident in incidents
        if is_in(incident.date, scope.window) and school in (None, incident.school_id)
    ], quality


def _incident_tally(incidents: Sequence[Incident], quality: set[DataQuality], noun: str) -> Tally:
    return Tally(
        value=Fraction(len(incidents)),
        quality=quality,
        reasons=[f"{count_of(len(incidents), noun)} as a perpetrator."],
        evidence=[row for incident in incidents for row in incident.rows],
    )


def count_incidents(facts: StudentFacts, scope: Scope) -> Tally:
    """Distinct incidents in the window."""
    return _incident_tally(*_incidents_in_scope(facts, scope), "incident")


def _count_with_behavior(
    codes: Callable[[MetricSettings], frozenset[str]], noun: str
) -> Callable[[StudentFacts, Scope], Tally]:
    def count(facts: StudentFacts, scope: Scope) -> Tally:
        incidents, quality = _incidents_in_scope(facts, scope)
        behaviors = codes(scope.request.settings)
        counted = [row for row in incidents if row.has_behavior(behaviors)]
        others = [row for row in incidents if not row.has_behavior(behaviors)]
        if any(row.has_unknown_behavior(scope.request.settings) for row in others):
            quality = quality | {DataQuality.UNMAPPED_CODES}
        return _incident_tally(counted, quality, noun)

    return count


INCIDENT_SPECS = (
    spec(
        Metric.INCIDENTS,
        "Distinct incidents (school and identifier) in which the student is recorded as a "
        "perpetrator. Several behaviors in one incident count once.",
        count_incidents,
        (Part.INCIDENTS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
    spec(
        Metric.STATE_OFFENSES,
        "Distinct incidents as a perpetrator with a behavior that the district names a state offense.",
        _count_with_behavior(lambda settings: settings.state_offenses, "state offense"),
        (Part.INCIDENTS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
    spec(
        Metric.CONDUCT_VIOLATIONS,
        "Distinct incidents as a perpetrator with a behavior that the district names a violation of "
        "the code of conduct.",
        _count_with_behavior(lambda settings: settings.conduct_violations, "conduct violation"),
        (Part.INCIDENTS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
)
"""The metrics of incidents."""
