"""Rows of organizations, academic sessions, courses and classes."""

from __future__ import annotations

from collections.abc import Iterator

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import (
    Reference,
    Row,
    class_of,
    natural_key_metadata,
    org,
    period,
    school_year,
    session,
    sourced_id,
)
from student_graph.adapters.sandbox.facts import DistrictFacts, SessionFact

_ORDINALS = "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth"
GRADE_CODES = {
    "Infant/toddler": "IT",
    "Preschool/Prekindergarten": "PK",
    "Kindergarten": "KG",
    **{f"{ordinal} grade": f"{number:02}" for number, ordinal in enumerate(_ORDINALS.split(), 1)},
    "Ungraded": "UG",
}
"""The codes of the Common Education Data Standards, by grade level."""


def grade_level(grade: str, quirks: Quirks) -> str:
    """A grade level as a code or as a phrase, as the quirks say."""
    return grade if quirks.grades == "phrases" else GRADE_CODES.get(grade, "Other")


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
        "metadata": natural_key_metadata("localEducationAgencies", localEducationAgencyId=facts.lea),
    }
    for school in facts.schools:
        yield {
            "sourcedId": org(school.id).id,
            "name": school.name,
            "type": "school",
            "identifier": str(school.id),
            "parent": district,
            "children": None,
            "metadata": natural_key_metadata("schools", schoolId=school.id),
        }


def sessions(facts: DistrictFacts, quirks: Quirks) -> Iterator[Row]:
    """The school year, the terms of each school and, if they are served, their grading periods."""
    if facts.sessions:
        yield _school_year(facts, quirks)
    for term in facts.sessions:
        periods = term.periods if quirks.terms == "terms" else ()
        yield {
            "sourcedId": session(term.school, term.name).id,
            "title": term.term,
            "type": "term" if quirks.terms == "terms" else "semester",
            "startDate": term.begin.isoformat(),
            "endDate": quirks.end_date(term.end),
            "parent": school_year(term.year),
            "children": [period(term.school, name) for name, *_ in periods] or None,
            "schoolYear": str(term.year),
            "metadata": natural_key_metadata("sessions", schoolId=term.school, sessionName=term.name),
        }
        if quirks.terms == "terms":
            yield from _grading_periods(term, quirks)


def _school_year(facts: DistrictFacts, quirks: Quirks) -> Row:
    return {
        "sourcedId": school_year(facts.year).id,
        "title": f"{facts.year - 1}-{facts.year}",
        "type": "schoolYear",
        "startDate": min(term.begin for term in facts.sessions).isoformat(),
        "endDate": quirks.end_date(max(term.end for term in facts.sessions)),
        "parent": None,
        "children": [session(term.school, term.name) for term in facts.sessions],
        "schoolYear": str(facts.year),
        "metadata": natural_key_metadata("schoolYearTypes", facts.lea, schoolYear=facts.year),
    }


def _grading_periods(term: SessionFact, quirks: Quirks) -> Iterator[Row]:
    for name, code, _, begin, end in term.periods:
        yield {
            "sourcedId": period(term.school, name).id,
            "title": code,
            "type": "gradingPeriod",
            "startDate": begin.isoformat(),
            "endDate": quirks.end_date(end),
            "parent": session(term.school, term.name),
            "children": None,
            "schoolYear": str(term.year),
            "metadata": natural_key_metadata("gradingPeriods", schoolId=term.school, gradingPeriodName=name),
        }


def courses(facts: DistrictFacts, quirks: Quirks) -> Iterator[Row]:
    """The courses of each school; the Ed-Fi service does not send subjects."""
    for course in facts.courses:
        yield {
            "sourcedId": _course(course.school, course.code).id,
            "title": course.title,
            "schoolYear": school_year(facts.year),
            "courseCode": course.code,
            "grades": None,
            "subjects": None if quirks.natural_keys else [course.subject],
            "org": org(course.school),
            "metadata": natural_key_metadata(
                "courses", educationOrganizationId=course.school, courseCode=course.code
            ),
        }


def classes(facts: DistrictFacts, quirks: Quirks) -> Iterator[Row]:
    """The classes of the sections; a section that is a student's homeroom is a homeroom."""
    homerooms = {enrollment.section.key for enrollment in facts.section_enrollments if enrollment.homeroom}
    subjects = {(course.school, course.code): course.subject for course in facts.courses}
    for section in facts.sections:
        subject = subjects.get((section.school, section.course))
        yield {
            "sourcedId": class_of(section.key).id,
            "title": section.name,
            "classCode": section.course if quirks.natural_keys else section.identifier,
            "classType": "homeroom" if section.key in homerooms else "scheduled",
            "location": section.room,
            "grades": None,
            "subjects": [subject] if subject and not quirks.natural_keys else None,
            "course": _course(section.school, section.course),
            "school": org(section.school),
            "terms": [session(section.school, section.session)],
            "periods": (",".join(section.periods) if quirks.natural_keys else list(section.periods)) or None,
            "metadata": natural_key_metadata(
                "sections",
                localCourseCode=section.course,
                schoolid=section.school,
                sectionIdentifier=section.identifier,
                sessionName=section.session,
            ),
        }


def _course(school: int, code: str) -> Reference:
    return Reference("course", sourced_id("CRS", school, code))
