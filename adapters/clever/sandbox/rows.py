"""The objects of Clever, from the facts of a district. Ids are Clever's own: 24 hexadecimal digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias

from student_graph.adapters.sandbox.facts import AttendanceFact, DistrictFacts, StudentFact

Row: TypeAlias = dict[str, Any]

GRADES = {
    "Kindergarten": "Kindergarten", "First grade": "1", "Second grade": "2", "Third grade": "3",
    "Fourth grade": "4", "Fifth grade": "5", "Sixth grade": "6", "Seventh grade": "7", "Eighth grade": "8",
    "Ninth grade": "9", "Tenth grade": "10", "Eleventh grade": "11", "Twelfth grade": "12",
}  # fmt: skip
_SUBJECTS = {
    "English Language Arts": "english/language arts",
    "Mathematics": "math",
    "Science": "science",
    "Social Studies": "social studies",
    "Fine and Performing Arts": "arts and music",
    "Physical, Health, and Safety Education": "PE and health",
    "Other": "homeroom/advisory",
}
_RACES = {
    "White": "Caucasian",
    "Black or African American": "Black or African American",
    "Asian": "Asian",
    "American Indian or Alaska Native": "American Indian",
}
_ATTENDANCE = {
    "Tardy": ("tardy", None),
    "Excused Absence": ("absent", "EX"),
    "Unexcused Absence": ("absent", None),
}
"""Status and excuse code; all other kinds of attendance are `present`."""
_KINDS = {
    "district": 1,
    "school": 2,
    "section": 3,
    "student": 4,
    "teacher": 5,
    "contact": 6,
    "term": 7,
    "course": 8,
}
_RELATIONS = {"Mother": "Parent", "Father": "Parent", "Grandmother": "Grandparent"}


def own_id(kind: str, number: int) -> str:
    """Return Clever's id of an object: 24 hexadecimal digits."""
    return f"5{_KINDS[kind]:x}{number:022x}"


class Objects:
    """All objects of a district, by kind, in the order of their ids."""

    def __init__(self, facts: DistrictFacts) -> None:
        self._facts = facts
        self.school_ids = {fact.id: own_id("school", n) for n, fact in enumerate(facts.schools)}
        self.student_ids = {fact.id: own_id("student", n) for n, fact in enumerate(facts.students)}
        self.teacher_ids = {fact.id: own_id("teacher", n) for n, fact in enumerate(facts.staff)}
        self.section_ids = {fact.key: own_id("section", n) for n, fact in enumerate(facts.sections)}
        names = dict.fromkeys((fact.year, fact.name) for fact in facts.sessions)
        self.term_ids = {name: own_id("term", n) for n, name in enumerate(names)}
        self.districts = [{"id": own_id("district", 1), "name": facts.name, "nces_id": str(facts.lea)}]
        self.schools = list(self._schools())
        self.terms = list(self._terms())
        self.sections = list(self._sections())
        self.students = [self._student(fact) for fact in facts.students]
        self.teachers = list(self._teachers())
        self.contacts = list(self._contacts())
        self.attendance = [self._event(n, fact) for n, fact in enumerate(facts.attendance)]

    def terms_of(self, school: str) -> list[Row]:
        """Return the terms of a school."""
        numbers = {own: number for number, own in self.school_ids.items()}
        names = {(fact.year, fact.name) for fact in self._facts.sessions if fact.school == numbers[school]}
        ids = {self.term_ids[name] for name in names}
        return [term for term in self.terms if term["id"] in ids]

    def _schools(self) -> Iterator[Row]:
        for fact in self._facts.schools:
            yield {
                "id": self.school_ids[fact.id],
                "district": self.districts[0]["id"],
                "name": fact.name,
                "school_number": str(fact.id),
                "sis_id": str(fact.id),
                "state_id": None,
                "low_grade": GRADES[fact.grades[0]],
                "high_grade": GRADES[fact.grades[-1]],
                "phone": None,
            }

    def _terms(self) -> Iterator[Row]:
        for (year, name), id in self.term_ids.items():
            spans = [fact for fact in self._facts.sessions if (fact.year, fact.name) == (year, name)]
            yield {
                "id": id,
                "district": self.districts[0]["id"],
                "name": name,
                "start_date": _datetime(min(fact.begin for fact in spans)),
                "end_date": _datetime(max(fact.end for fact in spans)),
            }

    def _sections(self) -> Iterator[Row]:
        members: dict[Any, list[str]] = defaultdict(list)
        for enrollment in self._facts.section_enrollments:
            if enrollment.end is None:  # Clever has the present members only
                members[enrollment.section.key].append(self.student_ids[enrollment.student])
        courses = {(fact.school, fact.code): (n, fact) for n, fact in enumerate(self._facts.courses)}
        for fact in self._facts.sections:
            number, course = courses[fact.school, fact.course]
            teachers = [self.teacher_ids[staff] for staff, *_ in fact.staff]
            yield {
                "id": self.section_ids[fact.key],
                "district": self.districts[0]["id"],
                "school": self.school_ids[fact.school],
                "name": fact.name,
                "section_number": fact.identifier,
                "sis_id": f"{fact.identifier}-{fact.session}",
                "course": own_id("course", number),
                "subject": _SUBJECTS.get(course.subject, "other"),
                "term_id": self.term_ids[fact.year, fact.session],
                "period": next(iter(fact.periods), None),
                "students": list(dict.fromkeys(members[fact.key])),
                "teacher": teachers[0] if teachers else None,
                "teachers": teachers,
            }

    def _student(self, fact: StudentFact) -> Row:
        enrollments = [enrollment for enrollment in self._facts.enrollments if enrollment.student == fact.id]
        current = enrollments[-1] if enrollments else None
        schools = [self.school_ids[enrollment.school] for enrollment in enrollments]
        student = {
            "student_number": fact.id,
            "sis_id": fact.id,
            "state_id": next((code for system, code in fact.codes if system == "State"), None),
            "dob": fact.birth.strftime("%m/%d/%Y"),
            "gender": fact.sex[:1] if fact.sex[:1] in "MF" else "X",
            "race": (_RACES.get(fact.races[0], "Unknown") if len(fact.races) == 1 else "Two or More Races")
            if fact.races
            else None,
            "hispanic_ethnicity": "Y" if fact.hispanic else "N",
            "ell_status": "Y" if fact.english == "Limited" else "" if fact.english is None else "N",
            "home_language": None,
            "grade": "Other" if current is None else GRADES[current.grade],
            "enrollments": [
                {
                    "school": self.school_ids[enrollment.school],
                    "start_date": enrollment.entry.isoformat(),
                    "end_date": "" if enrollment.exit is None else enrollment.exit.isoformat(),
                }
                for enrollment in enrollments
            ],
            "school": schools[-1] if schools else None,
            "schools": list(dict.fromkeys(schools)),
        }
        name = {"first": fact.first, "middle": fact.middle, "last": fact.last}
        return self._user(self.student_ids[fact.id], name, fact.email or None, student=student)

    def _teachers(self) -> Iterator[Row]:
        for fact in self._facts.staff:
            teacher = {"teacher_number": fact.id, "sis_id": fact.id, "title": fact.title, "schools": []}
            name = {"first": fact.first, "middle": None, "last": fact.last}
            yield self._user(self.teacher_ids[fact.id], name, fact.email, teacher=teacher)

    def _contacts(self) -> Iterator[Row]:
        people: dict[str, list[Any]] = defaultdict(list)
        for fact in self._facts.contacts:
            people[fact.id].append(fact)
        for number, (id, facts) in enumerate(people.items()):
            contact = {
                "sis_id": id,
                "phone": facts[0].phone,
                "phone_type": "Cell",
                "student_relationships": [
                    {
                        "student": self.student_ids[fact.student],
                        "relationship": _RELATIONS.get(fact.relation, "Other"),
                        "type": "Primary" if fact.primary else "Emergency",
                    }
                    for fact in facts
                ],
            }
            name = {"first": facts[0].first, "middle": None, "last": facts[0].last}
            yield self._user(own_id("contact", number), name, facts[0].email, contact=contact)

    def _user(self, id: str, name: Row, email: str | None, **roles: Row) -> Row:
        return {"id": id, "district": self.districts[0]["id"], "name": name, "email": email, "roles": roles}

    def _event(self, number: int, fact: AttendanceFact) -> Row:
        status, excuse = _ATTENDANCE.get(fact.category, ("present", None))
        return {
            "attendance_date": fact.day.isoformat(),
            "attendance_status": status,
            "attendance_type": "daily" if fact.section is None else "section",
            "excuse_code": excuse or "",
            "district_id": self.districts[0]["id"],
            "school_id": self.school_ids[fact.school],
            "section_id": "" if fact.section is None else self.section_ids[fact.section.key],
            "student_id": self.student_ids[fact.student],
            "sis_id": f"att-{number:06}",
        }


def _datetime(day: date) -> str:
    return f"{day.isoformat()}T00:00:00.000Z"
