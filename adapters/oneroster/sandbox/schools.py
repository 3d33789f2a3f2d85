"""Rows about where and when: organizations, academic sessions, courses and classes."""

from __future__ import annotations

from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.rows import (
    Reference,
    Row,
    class_of,
    natural,
    org,
    period,
    school_year,
    session,
    sourced_id,
)
from student_graph.adapters.sandbox.facts import DistrictFacts, SessionFact

_ORDINALS = "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth"
GRADES = {
    "Infant/toddler": "IT",
    "Preschool/Prekindergarten": "PK",
    "Kindergarten": "KG",
    **{f"{ordinal} grade": f"{number:02}" for number, ordinal in enumerate(_ORDINALS.split(), 1)},
    "Ungraded": "UG",
}
"""Codes of the Common Education Data Standards, by grade level."""


def graded(grade: str, manner: Manner) -> str:
    """A grade level as the server says it."""
    return grade if manner.grades == "phrases" else GRADES.get(grade, "Other")


def orgs(facts: DistrictFacts) -> Iterator[Row]:
    """The district and its schools."""
    district = org(facts.lea)
    yield {
        "sourcedId": district.id,
        "name": facts.name,
        "type": "district",
        "identifier": str(facts.lea),
        "parent": None,
        "children": [org(school.id) for school in facts.schools],
        "metadata": natural("localEducationAgencies", localEducationAgencyId=facts.lea),
    }
    for school in facts.schools:
        yield {
            "sourcedId": org(school.id).id,
            "name": school.name,
            "type": "school",
            "identifier": str(school.id),
            "parent": district,
            "children": None,
            "metadata": natural("schools", schoolId=school.id),
        }


def sessions(facts: DistrictFacts, manner: Manner) -> Iterator[Row]:
    """The school year, the terms of each school, and their grading periods where they are served."""
    if facts.sessions:
        yield _year(facts)
    for term in facts.sessions:
        periods = term.periods if manner.terms == "terms" else ()
        yield {
            "sourcedId": session(term.school, term.name).id,
            "title": term.term,
            "type": "term" if manner.terms == "terms" else "semester",
            "startDate": term.begin.isoformat(),
            "endDate": term.end.isoformat(),
            "parent": school_year(term.year),
            "children": [period(term.school, name) for name, *_ in periods] or None,
            "schoolYear": str(term.year),
            "metadata": natural("sessions", schoolId=term.school, sessionName=term.name),
        }
        if manner.terms == "terms":
            yield from _periods(term)


def _year(facts: DistrictFacts) -> Row:
    return {
        "sourcedId": school_year(facts.year).id,
        "title": f"{facts.year - 1}-{facts.year}",
        "type": "schoolYear",
        "startDate": min(term.begin for term in facts.sessions).isoformat(),
        "endDate": max(term.end for term in facts.sessions).isoformat(),
        "parent": None,
        "children": [session(term.school, term.name) for term in facts.sessions],
        "schoolYear": str(facts.year),
        "metadata": natural("schoolYearTypes", facts.lea, schoolYear=facts.year),
    }


def _periods(term: SessionFact) -> Iterator[Row]:
    for name, code, _, begin, end in term.periods:
        yield {
            "sourcedId": period(term.school, name).id,
            "title": code,
            "type": "gradingPeriod",
            "startDate": begin.isoformat(),
            "endDate": end.isoformat(),
            "parent": session(term.school, term.name),
            "children": None,
            "schoolYear": str(term.year),
            "metadata": natural("gradingPeriods", schoolId=term.school, gradingPeriodName=name),
        }


def courses(facts: DistrictFacts, manner: Manner) -> Iterator[Row]:
    """What each school teaches; the Ed-Fi service tells no subjects."""
    for course in facts.courses:
        yield {
            "sourcedId": _course(course.school, course.code).id,
            "title": course.title,
            "schoolYear": school_year(facts.year),
            "courseCode": course.code,
            "grades": None,
            "subjects": None if manner.natural_keys else [course.subject],
            "org": org(course.school),
            "metadata": natural("courses", educationOrganizationId=course.school, courseCode=course.code),
        }


def classes(facts: DistrictFacts, manner: Manner) -> Iterator[Row]:
    """The sections; one in which a student has the homeroom is a homeroom."""
    homerooms = {place.section.key for place in facts.section_enrollments if place.homeroom}
    subjects = {(course.school, course.code): course.subject for course in facts.courses}
    for section in facts.sections:
        subject = subjects.get((section.school, section.course))
        yield {
            "sourcedId": class_of(section.key).id,
            "title": section.name,
            "classCode": section.course if manner.natural_keys else section.identifier,
            "classType": "homeroom" if section.key in homerooms else "scheduled",
            "location": None,
            "grades": None,
            "subjects": [subject] if subject and not manner.natural_keys else None,
            "course": _course(section.school, section.course),
            "school": org(section.school),
            "terms": [session(section.school, section.session)],
            "periods": None,
            "metadata": natural(
                "sections",
                localCourseCode=section.course,
                schoolid=section.school,
                sectionIdentifier=section.identifier,
                sessionName=section.session,
            ),
        }


def _course(school: int, code: str) -> Reference:
    return Reference("course", sourced_id("CRS", school, code))
