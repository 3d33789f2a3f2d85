"""From Brook's payloads to records: pure functions."""

from student_graph.adapters import model
from tests.adapters.newcomer.brook_sis import api

Category = model.AttendanceCategory
CATEGORIES = {"A": Category.UNEXCUSED_ABSENCE, "AE": Category.EXCUSED_ABSENCE, "L": Category.TARDY}


def student(item: api.Item[api.Person]) -> model.Student:
    """Map a person to a student with the district's number."""
    name = model.PersonName(first_name=item.attributes.given, last_name=item.attributes.surname)
    return model.Student(vendor_id=item.id, student_id=model.StudentId(item.attributes.number), name=name)


def event(item: api.Item[api.Mark], number: model.StudentId) -> model.AttendanceEvent:
    """Map a mark to an attendance event; a mark that is not in Brook's manual is UNMAPPED."""
    mark = item.attributes
    return model.AttendanceEvent(
        vendor_id=item.id,
        student_id=number,
        school_id=model.SchoolId(mark.site),
        date=mark.on,
        scope=model.AttendanceScope.SCHOOL,
        category=CATEGORIES.get(mark.what, Category.UNMAPPED),
        raw=model.Descriptor(code_value=mark.what),
        school_year=mark.year,
        session_name=mark.term,
    )
