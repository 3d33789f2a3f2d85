"""The share of days with an incident."""

from __future__ import annotations

from fractions import Fraction

from student_graph.adapters.model import Sensitivity
from student_graph.resolvers.metrics.attendance.enrolled import EnrolledSchool, enrolled_schools
from student_graph.resolvers.metrics.behavior.incidents import Incident, incidents_as_perpetrator
from student_graph.resolvers.metrics.facts import Part, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Metric
from student_graph.resolvers.metrics.tally import Scope, Tally, spec


def count_incident_days(facts: StudentFacts, scope: Scope) -> Tally:
    """
    Days with an incident of the student among the enrolled days of the window.

    Several incidents on a day of one school are one day. An incident outside the enrollment, or on a day without
    school, is left out.
    """
    incidents, quality = incidents_as_perpetrator(facts, scope.request.settings)
    schools = enrolled_schools(facts, scope.request, scope.rule)
    counted: dict[object, Incident] = {}
    for incident in incidents:
        school = next((row for row in schools if row.school_id in (None, incident.school_id)), None)
        if scope.request.school not in (None, incident.school_id):
            continue
        limit = _what_excludes(incident, school)
        if limit is None:
            counted.setdefault((incident.school_id, incident.date), incident)
        elif scope.window.first <= incident.date <= scope.window.last:
            quality.add(limit)
    days = sum(school.days for school in schools)
    quality.update(*(school.quality for school in schools))
    return Tally(
        value=Fraction(len(counted), days) if days else None,
        numerator=Fraction(len(counted)),
        denominator=Fraction(days),
        quality=quality,
        reasons=[
            f"An incident on {len(counted)} of {days} days."
            if days
            else "The window has no day of school on which the student was enrolled."
        ],
        evidence=[row for incident in counted.values() for row in incident.rows],
    )


def _what_excludes(incident: Incident, school: EnrolledSchool | None) -> DataQuality | None:
    """The reason why the day of an incident does not count; None if it counts."""
    if school is None or not school.is_enrolled(incident.date):
        return DataQuality.EVENTS_OUTSIDE_ENROLLMENT
    return None if incident.date in school.window.possible else DataQuality.EVENTS_WITHOUT_SCHOOL


INCIDENT_DAY_SPECS = (
    spec(
        Metric.INCIDENT_DAY_SHARE,
        "Distinct days with an incident in which the student is recorded as a perpetrator, as a share of the days "
        "of school on which the student was enrolled.",
        count_incident_days,
        (Part.INCIDENTS, Part.ENROLLMENTS, Part.CALENDAR),
        Sensitivity.DISCIPLINE,
    ),
)
"""The share of days with an incident."""
