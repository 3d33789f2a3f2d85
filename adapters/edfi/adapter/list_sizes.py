"""About how many rows Ed-Fi has for each student, until the gateway has seen what the lists hold."""

from __future__ import annotations

GRADES_PER_STUDENT = 20
"""Estimated posted grades of a student in a year."""
SECTIONS_PER_STUDENT = 8
"""Estimated enrollments of a student in sections."""
SECTIONS_PER_CLASSMATE = 0.3
"""Estimated sections for each student of the district: six of 28 students for each."""
COURSES_PER_SECTION = 0.3
"""Estimated courses for each section."""
SECTION_EVENTS_PER_STUDENT = 10
"""Estimated attendance events of a student in sections in a year."""
ACADEMIC_RECORDS_PER_STUDENT = 4
"""Estimated terms with an academic record of a student."""
ASSESSMENT_RESULTS_PER_STUDENT = 6
"""Estimated assessment results of a student."""
ASSESSMENTS_PER_STUDENT = 0.05
"""Estimated assessments for each student of the district."""
CONTACTS_PER_STUDENT = 1.5
"""Estimated contacts of a student."""
ASSOCIATIONS_PER_STUDENT = 2
"""Estimated associations of a student with agencies and schools."""
SECTION_STAFF_PER_STUDENT = 0.4
"""Estimated teachers of sections for each student, one who teaches six sections counted six times."""
STAFF_PER_STUDENT = 0.1
"""Estimated members of staff for each student."""
INCIDENTS_PER_STUDENT = 0.1
"""Estimated incidents, behaviors and actions of a student in a year, each."""
PROGRAMS_PER_STUDENT = 0.1
"""Estimated participations of a student in programs of one kind, other than meals."""
MEALS_PER_STUDENT = 0.5
"""Estimated participations of a student in meals programs."""
BUSES_PER_STUDENT = 0.4
"""Estimated buses of a student."""
