"""
Facts of Clever's published documents, transcribed: Clever/swagger-api, `v3.1.yml` and `v3.1-attendance.yml`.

Paths with the parameters of a GET request, properties of objects, and enumerations.
"""

from __future__ import annotations

_PAGES = {"limit", "starting_after", "ending_before"}
GET_PARAMETERS: dict[str, set[str]] = {
    "/districts": {"count"},
    "/schools": _PAGES | {"count"},
    "/schools/{id}/terms": _PAGES,
    "/schools/{id}/sections": _PAGES,
    "/schools/{id}/users": _PAGES | {"role", "primary"},
    "/terms": _PAGES | {"count"},
    "/sections": _PAGES | {"count"},
    "/sections/{id}": set(),
    "/sections/{id}/users": _PAGES | {"role"},
    "/users": _PAGES | {"role", "count"},
    "/users/{id}/mycontacts": _PAGES,
    "/attendance/schools/{id}": _PAGES | {"date_range_start", "date_range_end", "attendance_status"},
    "/attendance/sections/{id}": _PAGES | {"date_range_start", "date_range_end", "attendance_status"},
}
LMS_GET_PATHS = {
    "/sections/{section_id}/assignments/{assignment_id}",
    "/sections/{section_id}/assignments/{assignment_id}/submissions",
    "/sections/{section_id}/assignments/{assignment_id}/submissions/{user_id}",
}
"""What LMS Connect reads: nothing lists the assignments of a section."""
MAX_ATTENDANCE_ROWS = 1000
OBJECTS: dict[str, set[str]] = {
    "District": {"id", "name", "nces_id", "error", "last_sync", "sis_type", "state"},
    "School": {"id", "district", "name", "school_number", "sis_id", "state_id", "low_grade", "high_grade", "phone",
               "location", "principal", "nces_id", "mdr_number", "created", "last_modified", "ext"},
    "Term": {"id", "district", "name", "start_date", "end_date"},
    "Section": {"id", "district", "school", "name", "section_number", "sis_id", "course", "subject", "term_id",
                "period", "students", "teacher", "teachers", "grade", "created", "last_modified", "ext"},
    "User": {"id", "district", "name", "email", "roles", "created", "last_modified"},
    "Name": {"first", "middle", "last"},
    "Student": {"student_number", "sis_id", "state_id", "dob", "gender", "race", "hispanic_ethnicity",
                "ell_status", "home_language", "grade", "enrollments", "school", "schools",
                "frl_status", "iep_status"},
    "SchoolEnrollment": {"school", "start_date", "end_date"},
    "Teacher": {"teacher_number", "sis_id", "title", "schools", "state_id", "school"},
    "Contact": {"sis_id", "phone", "phone_type", "student_relationships", "legacy_id"},
    "StudentRelationship": {"student", "relationship", "type"},
    "Attendance": {"attendance_date", "attendance_status", "attendance_type", "created", "district_id",
                   "excuse_code", "last_modified", "school_id", "section_id", "sis_id", "student_id"},
}  # fmt: skip
GRADES = {"InfantToddler", "Preschool", "PreKindergarten", "TransitionalKindergarten", "Kindergarten",
          *(str(number) for number in range(1, 14)), "PostGraduate", "Ungraded", "Other"}  # fmt: skip
SUBJECTS = {"english/language arts", "math", "science", "social studies", "language", "homeroom/advisory",
            "interventions/online learning", "technology and engineering", "PE and health", "arts and music",
            "other"}  # fmt: skip
RACES = {"Caucasian", "Asian", "Black or African American", "American Indian",
         "Hawaiian or Other Pacific Islander",
         "Two or More Races", "Unknown"}  # fmt: skip
STATUSES = {"present", "absent", "tardy"}
TYPES = {"daily", "section"}
RELATIONSHIPS = {"Parent", "Grandparent", "Self", "Aunt/Uncle", "Sibling", "Other"}
CONTACT_TYPES = {"Parent/Guardian", "Emergency", "Primary", "Secondary", "Family", "Other"}
LINK_RELATIONS = {"next", "prev", "self"}
