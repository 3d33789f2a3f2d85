"""
Reads attendance only at the schools where students are enrolled, where that changes no number.

A metric leaves out events at a school where the student has no enrollment. So the list of a school is enough for
the values of its students, although it may lack such events. Only the data quality that mentions them needs all,
and tables of many students do without.
"""

from __future__ import annotations

from dataclasses import replace

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.sources import District
from student_graph.resolvers.context import Info
from student_graph.resolvers.fields.load import with_context

_ENROLLMENTS = lookup_of(Adapter.school_enrollments_by_student)
_EVENTS = (
    lookup_of(Adapter.attendance_events_by_student),
    lookup_of(Adapter.section_attendance_events_by_student),
)


def needs_enrolled_schools_only(district: District) -> bool:
    """
    Return whether values do not depend on events at schools without an enrollment.

    An enrollment of another source may be at a school that the source of the events does not know as one of the
    student's, so a single source must have both.
    """
    of_enrollments = district.sources_for(_ENROLLMENTS)
    return (
        len(of_enrollments) == 1
        and of_enrollments[0].identity is None
        and all(set(district.sources_for(lookup)) <= set(of_enrollments) for lookup in _EVENTS)
    )


def for_values(info: Info, district: District) -> Info:
    """Return the field with sources that leave out what changes no value of a metric, and no level."""
    if not needs_enrolled_schools_only(district):
        return info
    context = info.context
    return with_context(info, replace(context, sources=context.sources.at_enrolled_schools()))
