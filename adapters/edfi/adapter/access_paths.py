"""
Access paths of the adapter: one long list instead of many short ones.

Costs are calls, estimated until the gateway has seen what the lists cost. A list of the district has all rows of a
student or section. A list of a school or section is complete only if Ed-Fi requires that each row names a school
or section of the student, or if a setting says that the district's rows do.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from operator import attrgetter
from typing import Any

from student_graph.adapters.contract import AccessPath, Adapter, CallCost, LookupMethod
from student_graph.adapters.edfi.adapter.academics import latest_first, school_year_and_term, section_and_period
from student_graph.adapters.edfi.adapter.list_sizes import (
    ACADEMIC_RECORDS_PER_STUDENT,
    ASSESSMENT_RESULTS_PER_STUDENT,
    ASSESSMENTS_PER_STUDENT,
    ASSOCIATIONS_PER_STUDENT,
    BUSES_PER_STUDENT,
    CONTACTS_PER_STUDENT,
    COURSES_PER_SECTION,
    GRADES_PER_STUDENT,
    INCIDENTS_PER_STUDENT,
    MEALS_PER_STUDENT,
    PROGRAMS_PER_STUDENT,
    SECTION_EVENTS_PER_STUDENT,
    SECTION_STAFF_PER_STUDENT,
    SECTIONS_PER_CLASSMATE,
    SECTIONS_PER_STUDENT,
    STAFF_PER_STUDENT,
    Cost,
    events_of_district,
    events_of_school,
    of_district,
    of_school,
    of_section,
)
from student_graph.adapters.edfi.adapter.people import begin_date_and_section
from student_graph.adapters.edfi.adapter.school_life import day_and_student
from student_graph.adapters.edfi.adapter.schools import by_section_identifier
from student_graph.adapters.edfi.api.people import MAX_ENROLLMENTS
from student_graph.adapters.edfi.client.keys import school_of_section, school_year_of_all
from student_graph.adapters.lookup import lookup_of
from student_graph.adapters.model import AttendanceEvent, CourseGrade, Section


def _is_of_school_year(record: CourseGrade | AttendanceEvent | Section, arguments: Mapping[str, Hashable]) -> bool:
    """Whether a record is of the requested year; lists of sections and of the district have those of any year."""
    return record.school_year == arguments["school_year"]


_STUDENT, _SECTION = attrgetter("student_id"), attrgetter("section_id")


def _by_district(coarse_lookup: LookupMethod, cost: Cost, key: str = "student_id") -> AccessPath[Any]:
    """The path through a list of the district, which has the order of the lookup and always all rows of a key."""
    return AccessPath(coarse_lookup, attrgetter(key), cost)


def _section_of_school(coarse_lookup: LookupMethod, cost: Cost) -> AccessPath[Any]:
    """The path from sections through a list of their school: rows name the section, its id names the school."""
    has_years = "school_year" in lookup_of(coarse_lookup).argument_names
    return AccessPath(
        coarse_lookup,
        _SECTION,
        cost,
        coarse_keys_from=Adapter.sections_by_id,
        coarse_keys_of=lambda section: (section.school_id,),
        coarse_arguments=school_year_of_all if has_years else None,
    )


ACCESS_PATHS: Mapping[LookupMethod, tuple[AccessPath[Any], ...]] = {
    # Schools, sections and staff
    Adapter.schools_by_id: (
        AccessPath(Adapter.schools_by_district, attrgetter("school_id"), lambda _: CallCost(1, 1)),
    ),
    Adapter.sections_by_id: (
        _by_district(Adapter.sections_by_district, of_district(SECTIONS_PER_CLASSMATE), "section_id"),
        AccessPath(
            Adapter.sections_by_school,
            _SECTION,
            of_school(SECTIONS_PER_CLASSMATE),
            coarse_key_in=school_of_section,
            coarse_arguments=school_year_of_all,
        ),
    ),
    Adapter.sections_by_school: (
        AccessPath(
            Adapter.sections_by_district,
            attrgetter("school_id"),
            of_district(SECTIONS_PER_CLASSMATE),
            sort_key=by_section_identifier,
            selects=_is_of_school_year,
        ),
    ),
    Adapter.courses_by_section: (
        _by_district(
            Adapter.courses_by_district,
            of_district(*[SECTIONS_PER_CLASSMATE] * 2, SECTIONS_PER_CLASSMATE * COURSES_PER_SECTION, calls=3),
            "section_id",
        ),
    ),
    Adapter.section_enrollments_by_section: (
        _section_of_school(Adapter.section_enrollments_by_school, of_school(SECTIONS_PER_STUDENT)),
    ),
    Adapter.section_staff_by_section: (
        _by_district(Adapter.section_staff_by_district, of_district(SECTION_STAFF_PER_STUDENT), "section_id"),
    ),
    Adapter.section_staff_by_staff: (
        AccessPath(
            Adapter.section_staff_by_district,
            attrgetter("staff_id"),
            of_district(SECTION_STAFF_PER_STUDENT),
            sort_key=begin_date_and_section,
        ),
    ),
    Adapter.staff_assignments_by_staff: (
        _by_district(Adapter.staff_assignments_by_district, of_district(STAFF_PER_STUDENT), "staff_id"),
    ),
    Adapter.caseload_staff_by_staff: (
        AccessPath(
            Adapter.caseload_staff_by_district,
            attrgetter("staff_id"),
            # A key has two lists of its own, and all providers of single students.
            of_district(STAFF_PER_STUDENT, STAFF_PER_STUDENT, PROGRAMS_PER_STUDENT, calls=3),
        ),
    ),
    Adapter.staff_by_id: (_by_district(Adapter.staff_by_district, of_district(STAFF_PER_STUDENT), "staff_id"),),
    # Students
    Adapter.students_by_id: (_by_district(Adapter.roster_by_district, of_district(1)),),
    Adapter.student_identities_by_id: (
        _by_district(Adapter.student_identities_by_district, of_district(1, ASSOCIATIONS_PER_STUDENT, calls=2)),
    ),
    Adapter.demographics_by_student: (
        _by_district(Adapter.demographics_by_district, of_district(1, ASSOCIATIONS_PER_STUDENT, calls=2)),
    ),
    Adapter.addresses_by_student: (
        _by_district(Adapter.addresses_by_district, of_district(1, ASSOCIATIONS_PER_STUDENT, calls=2)),
    ),
    Adapter.english_proficiency_by_student: (
        _by_district(Adapter.english_proficiency_by_district, of_district(1, ASSOCIATIONS_PER_STUDENT, calls=2)),
    ),
    Adapter.contacts_by_student: (
        _by_district(
            Adapter.contacts_by_district, of_district(*[CONTACTS_PER_STUDENT] * 2, calls=1 + CONTACTS_PER_STUDENT)
        ),
    ),
    Adapter.school_enrollments_by_student: (
        _by_district(Adapter.school_enrollments_by_district, of_district(1, max_rows=MAX_ENROLLMENTS)),
    ),
    Adapter.section_enrollments_by_student: (
        AccessPath(
            Adapter.section_enrollments_by_school,
            _STUDENT,
            of_school(SECTIONS_PER_STUDENT),
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=begin_date_and_section,
            is_complete=attrgetter("enrollments_name_all_schools"),
        ),
        AccessPath(
            Adapter.section_enrollments_by_district,
            _STUDENT,
            of_district(SECTIONS_PER_STUDENT),
            sort_key=begin_date_and_section,
        ),
    ),
    # Attendance and behavior
    Adapter.attendance_events_by_student: (
        AccessPath(
            Adapter.attendance_events_by_school,
            _STUDENT,
            events_of_school,
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=day_and_student,
            is_complete=attrgetter("enrollments_name_all_schools"),
            has_enrolled_schools=True,
        ),
        _by_district(Adapter.attendance_events_by_district, events_of_district),
    ),
    Adapter.section_attendance_events_by_student: (
        AccessPath(
            Adapter.section_attendance_events_by_section,
            _STUDENT,
            of_section,
            coarse_keys_from=Adapter.section_enrollments_by_student,
            coarse_key_of=_SECTION,
            sort_key=day_and_student,
            selects=_is_of_school_year,
            is_complete=attrgetter("enrollments_name_all_sections"),
        ),
        AccessPath(
            Adapter.section_attendance_events_by_school,
            _STUDENT,
            of_school(SECTION_EVENTS_PER_STUDENT),
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=day_and_student,
            is_complete=attrgetter("enrollments_name_all_schools"),
            has_enrolled_schools=True,
        ),
        _by_district(Adapter.section_attendance_events_by_district, of_district(SECTION_EVENTS_PER_STUDENT)),
    ),
    Adapter.section_attendance_events_by_section: (
        _section_of_school(Adapter.section_attendance_events_by_school, of_school(SECTION_EVENTS_PER_STUDENT)),
    ),
    Adapter.discipline_incidents_by_student: (
        _by_district(
            Adapter.discipline_incidents_by_district,
            of_district(*[INCIDENTS_PER_STUDENT] * 2, calls=1 + INCIDENTS_PER_STUDENT),
        ),
    ),
    Adapter.discipline_actions_by_student: (
        _by_district(Adapter.discipline_actions_by_district, of_district(INCIDENTS_PER_STUDENT)),
    ),
    # Grades and assessments; a row of `grades` names the student's enrollment in the section
    Adapter.course_grades_by_student: (
        AccessPath(
            Adapter.course_grades_by_section,
            _STUDENT,
            of_section,
            coarse_keys_from=Adapter.section_enrollments_by_student,
            coarse_key_of=_SECTION,
            sort_key=section_and_period,
            selects=_is_of_school_year,
        ),
        AccessPath(
            Adapter.course_grades_by_school,
            _STUDENT,
            of_school(GRADES_PER_STUDENT),
            coarse_keys_from=Adapter.section_enrollments_by_student,
            coarse_key_of=lambda enrollment: school_of_section(enrollment.section_id),
            sort_key=section_and_period,
        ),
        AccessPath(
            Adapter.course_grades_by_school,
            _STUDENT,
            of_school(GRADES_PER_STUDENT),
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=section_and_period,
            is_complete=attrgetter("enrollments_name_all_schools"),
            has_enrolled_schools=True,
        ),
    ),
    Adapter.course_grades_by_section: (
        _section_of_school(Adapter.course_grades_by_school, of_school(GRADES_PER_STUDENT)),
    ),
    Adapter.academic_records_by_student: (
        AccessPath(
            Adapter.academic_records_by_district,
            _STUDENT,
            of_district(ACADEMIC_RECORDS_PER_STUDENT),
            sort_key=school_year_and_term,
        ),
    ),
    Adapter.assessment_results_by_student: (
        AccessPath(
            Adapter.assessment_results_by_school,
            _STUDENT,
            of_school(ASSESSMENT_RESULTS_PER_STUDENT),
            coarse_keys_from=Adapter.school_enrollments_by_student,
            coarse_key_of=attrgetter("school_id"),
            sort_key=latest_first,
            is_complete=attrgetter("results_name_all_schools"),
        ),
        _by_district(Adapter.assessment_results_by_district, of_district(ASSESSMENT_RESULTS_PER_STUDENT)),
    ),
    Adapter.assessments_by_id: (
        _by_district(Adapter.assessments_by_district, of_district(ASSESSMENTS_PER_STUDENT), "assessment_id"),
    ),
    # Services
    Adapter.program_participations_by_student: (
        _by_district(
            Adapter.program_participations_by_district, of_district(*[PROGRAMS_PER_STUDENT] * 4, calls=4)
        ),
    ),
    Adapter.special_education_by_student: (
        _by_district(Adapter.special_education_by_district, of_district(PROGRAMS_PER_STUDENT)),
    ),
    Adapter.section_504_by_student: (
        _by_district(Adapter.section_504_by_district, of_district(PROGRAMS_PER_STUDENT)),
    ),
    Adapter.homelessness_by_student: (
        _by_district(Adapter.homelessness_by_district, of_district(PROGRAMS_PER_STUDENT)),
    ),
    Adapter.food_service_by_student: (
        _by_district(Adapter.food_service_by_district, of_district(MEALS_PER_STUDENT)),
    ),
    Adapter.transportation_by_student: (
        _by_district(Adapter.transportation_by_district, of_district(BUSES_PER_STUDENT)),
    ),
}
"""Access paths by the lookup that they can answer."""
