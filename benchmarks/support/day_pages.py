"""The pages of the benchmark `day`: what a teacher, a principal and a superintendent look at on a morning."""

from __future__ import annotations

STUDENT = """
  studentUniqueId name { firstName lastName } gradeLevel
  attendanceEvents(first: 100) { totalCount edges { node { date category } } }
  assessments { administrationDate scores { result } }
"""
OWN_CLASSES = f"""
query OwnClasses {{ viewer {{ sections {{ id courseTitle roster {{
  student {{ {STUDENT} }}
  courseGrades {{ numeric letter }}
  assignments {{ title status missing }}
}} }} }} }}
"""
"""A teacher's day: the roster of each class, attendance, assessments, and the grades and work of these classes."""
ALL_WORK = f"""
query AllWork {{ viewer {{ sections {{ id courseTitle roster {{
  student {{ {STUDENT} courseGrades {{ numeric letter }} assignments {{ title status missing }} }}
}} }} }} }}
"""
"""A teacher's day with the grades and work of each student in all classes."""
SCHOOL_LIST = f"""
query SchoolList($school: ID, $after: String) {{
  students(filter: {{school: $school}}, first: 100, after: $after) {{
    totalCount pageInfo {{ hasNextPage endCursor }}
    edges {{ node {{ {STUDENT} courseGrades {{ numeric letter }} }} }}
  }}
}}
"""
"""A principal's list of a school: attendance, assessments and grades; 100 students a page."""
SCHOOL_LIST_WITH_WORK = SCHOOL_LIST.replace(
    "courseGrades { numeric letter }", "courseGrades { numeric letter } assignments { title status missing }"
)
"""A principal's list of a school with the work of all classes, too."""
DISTRICT_LIST = f"""
query DistrictList($after: String) {{
  students(filter: {{}}, first: 100, after: $after) {{
    totalCount pageInfo {{ hasNextPage endCursor }}
    edges {{ node {{ {STUDENT} }} }}
  }}
}}
"""
"""A superintendent's list of the district, 100 students a page."""
