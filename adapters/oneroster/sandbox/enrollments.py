"""Rows about who is in which class, as student or as teacher."""

from __future__ import annotations

from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.rows import Row, class_of, natural, org, sourced_id
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact


def enrollments(facts: DistrictFacts, people: People) -> Iterator[Row]:
    """Places of students and assignments of teachers."""
    for place in facts.section_enrollments:
        section, begin = place.section, place.begin.isoformat()
        yield {
            "sourcedId": sourced_id("ENR", place.student, *section.key, begin),
            **_in(section),
            "user": people.student(place.student, section.school),
            "role": "student",
            "primary": False,
            "beginDate": begin,
            "endDate": place.end.isoformat() if place.end else None,
            "metadata": natural(
                "studentSectionAssociations", studentUniqueId=place.student, **_key(section), beginDate=begin
            ),
        }
    for section in facts.sections:
        for number, (staff, _, first, last) in enumerate(section.staff):
            begin = first.isoformat()
            yield {
                "sourcedId": sourced_id("TCH", staff, *section.key, begin),
                **_in(section),
                "user": people.staff(staff),
                "role": "teacher",
                "primary": number == 0,
                "beginDate": begin,
                "endDate": last.isoformat() if last else None,
                "metadata": natural(
                    "staffSectionAssociations", staffUniqueId=staff, **_key(section), beginDate=begin
                ),
            }


def _in(section: SectionFact) -> Row:
    """Class and school, and the place of the user between them."""
    return {"class": class_of(section.key), "user": None, "school": org(section.school)}


def _key(section: SectionFact) -> Row:
    return {
        "localCourseCode": section.course,
        "schoolId": section.school,
        "schoolYear": section.year,
        "sectionIdentifier": section.identifier,
        "sessionName": section.session,
    }
