"""Rows of students, contacts, enrollments, programs and staff, as Aeries sends them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from student_graph.adapters.aeries.sandbox.index import Index
from student_graph.adapters.sandbox.facts import (
    ContactFact,
    EnrollmentFact,
    ProgramFact,
    SchoolFact,
    StaffFact,
    StudentFact,
)

Row = dict[str, Any]
GRADES = (
    "Kindergarten", "First grade", "Second grade", "Third grade", "Fourth grade", "Fifth grade", "Sixth grade",
    "Seventh grade", "Eighth grade", "Ninth grade", "Tenth grade", "Eleventh grade", "Twelfth grade",
)  # fmt: skip
"""Grade levels by the number that Aeries has for them."""
_PROGRAM_CODES = {
    "special education": "144",
    "section 504": "101",
    "title i": "122",
    "migrant": "135",
    "homeless": "191",
    "other": "127",
    "language": "EL",
}


def day(fact: date | datetime | None) -> str | None:
    """A date as Aeries writes it: midnight, without a zone."""
    return None if fact is None else f"{fact:%Y-%m-%d}T00:00:00"


def _last_day(fact: EnrollmentFact) -> date | None:
    """The last day of an enrollment, which is what Aeries records; None while it lasts."""
    return None if fact.exit is None else fact.exit - timedelta(days=1)


def number(grade: str) -> int:
    """The number of a grade level."""
    return GRADES.index(grade)


def student_row(index: Index, student: StudentFact, school: int) -> Row:
    """A student at one school."""
    own = [fact for fact in index.facts.enrollments if fact.student == student.id and fact.school == school]
    latest = max(own, key=lambda fact: fact.entry)
    codes = dict(student.codes)
    homes = [address for address in student.addresses if not address.unlisted]
    home = homes[0] if homes else None
    races = [*student.races, "", "", "", "", ""]
    return {
        "StudentID": int(student.id),
        "SchoolCode": school,
        "StateStudentID": codes.get("State", ""),
        "LastName": student.last,
        "FirstName": student.first,
        "MiddleName": student.middle or "",
        "LastNameAlias": "",
        "FirstNameAlias": student.preferred_first or "",
        "Gender": student.sex[:1],
        "Grade": number(latest.grade),
        "Birthdate": day(student.birth),
        "EthnicityCode": "Y" if student.hispanic else "N",
        **{f"RaceCode{position}": races[position - 1] for position in range(1, 6)},
        "ResidenceAddress": home.street if home else "",
        "ResidenceAddressCity": home.city if home else "",
        "ResidenceAddressState": home.state if home else "",
        "ResidenceAddressZipCode": home.postal_code if home else "",
        "MailingAddress": "",
        "MailingAddressCity": "",
        "MailingAddressState": "",
        "MailingAddressZipCode": "",
        "SchoolEnterDate": day(latest.entry),
        "SchoolLeaveDate": day(_last_day(latest)),
        "InactiveStatusCode": "" if latest.exit is None else "I",
        "LanguageFluencyCode": {"NotLimited": "E", "Limited": "L"}.get(student.english or "", ""),
        "HomeLanguageCode": student.languages[0][0] if student.languages else "",
        "StudentEmailAddress": student.email,
    }


def contact_row(contact: ContactFact, position: int, school: int) -> Row:
    """A contact; its sequence number is unique for the student only."""
    return {
        "StudentID": int(contact.student),
        "SchoolCode": school,
        "SequenceNumber": position,
        "FirstName": contact.first,
        "LastName": contact.last,
        "MiddleName": "",
        "RelationshipToStudentCode": contact.relation,
        "LivesWithStudentIndicator": "Y" if contact.lives_with else "N",
        "EducationalRightsHolder": "Y" if contact.legal_guardian else "N",
        "PrimaryContact": "Y" if contact.primary else "N",
        "RedFlag": contact.restrictions is not None,
        "HomePhone": "",
        "WorkPhone": "",
        "CellPhone": "" if contact.unlisted else contact.phone,
        "EmailAddress": contact.email,
        "ContactOrder": position,
    }


def enrollment_row(fact: EnrollmentFact) -> Row:
    """A period of enrollment, which names the year in which the school year begins."""
    return {
        "StudentID": int(fact.student),
        "SchoolCode": fact.school,
        "AcademicYear": str(fact.year - 1),
        "Track": "",
        "Grade": number(fact.grade),
        "EnterDate": day(fact.entry),
        "LeaveDate": day(_last_day(fact)),
        "ExitReasonCode": fact.exit_type or "",
    }


def program_row(fact: ProgramFact) -> Row:
    """A program of a student; meals are programs by the kind of meal."""
    is_free = any(service.startswith("Free") for service in fact.services)
    code = ("181" if is_free else "182") if fact.kind == "food service" else _PROGRAM_CODES[fact.kind]
    return {
        "ExtendedProperties": [],
        "StudentID": int(fact.student),
        "ProgramCode": code,
        "ProgramDescription": fact.program,
        "EligibilityStartDate": day(fact.begin),
        "EligibilityEndDate": day(fact.end),
        "ParticipationStartDate": day(fact.begin),
        "ParticipationEndDate": day(fact.end),
    }


def staff_row(fact: StaffFact) -> Row:
    """A member of the staff."""
    return {
        "ID": int(fact.id),
        "FirstName": fact.first,
        "LastName": fact.last,
        "MiddleName": "",
        "EmailAddress": fact.email,
        "Title": fact.title,
        "InactiveStatusCode": "",
        "HireDate": day(fact.begin),
        "LeaveDate": None,
    }


def school_row(index: Index, school: SchoolFact) -> Row:
    """A school, with its terms."""
    return {
        "SchoolCode": school.id,
        "Name": school.name,
        "ShortName": school.short_name,
        "InactiveStatusCode": "",
        "LowGradeLevel": number(school.grades[0]),
        "HighGradeLevel": number(school.grades[-1]),
        "StateDistrictID": index.facts.lea,
        "Terms": term_rows(index, school.id),
    }


def term_rows(index: Index, school: int) -> list[Row]:
    """The terms of a school in the database's year."""
    return [
        {
            "TermCode": fact.term[:1],
            "TermDescription": fact.name,
            "StartDate": day(fact.begin),
            "EndDate": day(fact.end),
            "TrackTerms": [],
        }
        for fact in index.facts.sessions
        if fact.school == school and fact.year == index.facts.year
    ]
