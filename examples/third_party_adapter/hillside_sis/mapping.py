"""From Hillside's payloads to records: pure functions."""

from hillside_sis import api
from student_graph.adapters import model

Kind = model.AttendanceCategory
KINDS = {"away, excused": Kind.EXCUSED_ABSENCE, "away": Kind.UNEXCUSED_ABSENCE, "late": Kind.TARDY}


def student(row: api.StudentRow) -> model.Student:
    """Map a row to a student with the district's number."""
    name = model.PersonName(first_name=row.person.first, last_name=row.person.last)
    return model.Student(vendor_id=row.uid, student_id=model.StudentId(row.numbers.district), name=name)


def identity(row: api.StudentRow) -> model.StudentIdentity:
    """Map a row to the student's other identifiers: the state's number and the e-mail address."""
    identifiers = (("State", row.numbers.state), ("Email", row.numbers.mail))
    return model.StudentIdentity(
        vendor_id=row.uid,
        student_id=model.StudentId(row.numbers.district),
        identifiers=[model.StudentIdentifier(system=system, value=text) for system, text in identifiers if text],
        birth_date=row.person.born,
        family_name=row.person.last,
    )


def event(absence: api.Absence, number: model.StudentId) -> model.AttendanceEvent:
    """Map an absence to an attendance event; a kind that is not in Hillside's manual is UNMAPPED."""
    return model.AttendanceEvent(
        vendor_id=absence.uid,
        student_id=number,
        school_id=model.SchoolId(str(absence.campus)),
        date=absence.day,
        scope=model.AttendanceScope.SCHOOL,
        category=KINDS.get(absence.kind, Kind.UNMAPPED),
        raw=model.Descriptor(code_value=absence.kind),
        school_year=absence.year,
        session_name=absence.term,
    )
