"""Rows of enrollments, which say who is in which class as a student or as a teacher."""

from __future__ import annotations

from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import Row, class_of, natural_key_metadata, org, sourced_id
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact


def enrollments(facts: DistrictFacts, people: People, quirks: Quirks) -> Iterator[Row]:
    """The enrollments of students and the assignments of teachers."""
    for enrollment in facts.section_enrollments:
        section, begin = enrollment.section, enrollment.begin.isoformat()
        yield {
            "sourcedId": sourced_id("ENR", enrollment.student, *section.key, begin),
            **_class_and_school(section),
            "user": people.student(enrollment.student, section.school),
            "role": "student",
            "primary": False,
            "beginDate": begin,
            "endDate": quirks.end_date(enrollment.end),
            "metadata": natural_key_metadata(
                "studentSectionAssociations", studentUniqueId=enrollment.student, **_key(section), beginDate=begin
            ),
        }
    for section in facts.sections:
        for position, (staff, _, first, last) in enumerate(section.staff):
            begin = first.isoformat()
            yield {
                "sourcedId": sourced_id("TCH", staff, *section.key, begin),
                **_class_and_school(section),
                "user": people.staff(staff),
                "role": "teacher",
                "primary": position == 0,
                "beginDate": begin,
                "endDate": quirks.end_date(last),
                "metadata": natural_key_metadata(
                    "staffSectionAssociations", staffUniqueId=staff, **_key(section), beginDate=begin
                ),
            }


def _class_and_school(section: SectionFact) -> Row:
    """The class and the school of an enrollment, with an empty user between them, in the order of the standard."""
    return {"class": class_of(section.key), "user": None, "school": org(section.school)}


def _key(section: SectionFact) -> Row:
    return {
        "localCourseCode": section.course,
        "schoolId": section.school,
        "schoolYear": section.year,
        "sectionIdentifier": section.identifier,
        "sessionName": section.session,
    }
