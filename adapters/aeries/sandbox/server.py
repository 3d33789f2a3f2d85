"""
The Aeries sandbox: the part of API v5 that the declaration reads.

Paths and names are those of the vendor's published articles. What the articles do not show, such as the body of a
refusal, is named in the README of the adapter.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from student_graph.adapters.aeries.sandbox import people, school_life
from student_graph.adapters.aeries.sandbox.index import Index
from student_graph.adapters.aeries.sandbox.people import Row
from student_graph.adapters.sandbox.facts import DistrictFacts, SectionFact
from student_graph.adapters.sandbox.serving import Sandbox

Rows = Callable[[Request], "list[Row] | None"]
ROOT = "/api/v5"


class AeriesSandbox(Sandbox):
    """An Aeries whose database is the one of the facts' school year."""

    kind: ClassVar[str] = "aeries"

    def __init__(self, facts: DistrictFacts) -> None:
        super().__init__()
        self._facts, self._index = facts, Index(facts)
        self._certificate = secrets.token_hex(16)

    def settings(self) -> dict[str, Any]:
        """Return the source's settings for this sandbox."""
        return {"base_url": self.url, "certificate": self._certificate}

    def known_keys(self, kind: str) -> list[str]:
        """Return the known keys of a kind."""
        index = self._index
        match kind:
            case "student":
                return [student for student in index.students if index.schools_of.get(student)]
            case "school":
                return [str(school) for school in index.schools]
            case "section":
                return [f"{school}:{number}" for school, number in index.sections]
            case "staff":
                return list(index.staff)
            case "district":
                return [str(self._facts.lea)]
            case _:
                return []

    def arguments(self) -> dict[str, Any]:
        """Return the school year of the facts."""
        return {"school_year": self._facts.year}

    def section_identifier(self, section: SectionFact) -> str:
        """The section's identifier in the district: the code of its school and its number."""
        return ":".join(map(str, self._index.number_of[section.key]))

    def throttled_response(self) -> Response:
        """Return the response to too many requests."""
        return JSONResponse({"Message": "Too many requests."}, 429, {"Retry-After": "1"})

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes; all but the information about the system need the certificate."""
        lists: dict[str, Rows] = {
            "/schools": lambda _: [*self._district(), *self._schools(None)],
            "/schools/{school:int}": lambda request: self._schools(request) or None,
            "/schools/{school:int}/terms": self._of_school(lambda school: people.term_rows(self._index, school)),
            "/schools/{school:int}/calendar": self._of_school(self._calendar),
            "/schools/{school:int}/AbsenceCodes": self._of_school(school_life.absence_code_rows),
            "/schools/{school:int}/sections": self._of_school(self._sections),
            "/schools/{school:int}/sections/{section:int}": self._section,
            "/schools/{school:int}/sections/{section:int}/students": self._roster,
            "/enrollment/{student}": self._enrollments,
            "/schools/{school:int}/enrollment/{student}": self._enrollments,
            "/students/{student}/tests": lambda request: school_life.test_rows(
                self._index, request.path_params["student"]
            ),
            "/courses": lambda _: [school_life.course_row(self._index, code) for code in self._index.courses],
            "/courses/{course}": self._course,
            "/staff": lambda _: [people.staff_row(member) for member in self._facts.staff],
            "/staff/{staff}": self._staff,
            "/staff/{staff}/classes": self._classes_of_staff,
        }
        of_students: dict[str, Callable[[str, int], Iterable[Row]]] = {
            "students": lambda student, school: [
                people.student_row(self._index, self._index.students[student], school)
            ],
            "contacts": self._contacts,
            "attendance": self._attendance,
            "AssertiveDiscipline": lambda student, _: [school_life.discipline_row(self._index, student)],
            "classes": self._classes,
            "ReportCard": lambda student, school: [school_life.report_card_row(self._index, student, school)],
            "gpas": lambda student, school: [school_life.gpa_row(self._index, student, school)],
        }
        for name, rows in of_students.items():
            lists[f"/schools/{{school:int}}/{name}"] = self._of_students(rows)
            lists[f"/schools/{{school:int}}/{name}/{{student}}"] = self._of_students(rows)
        lists["/schools/{school:int}/students/{student}/programs"] = self._of_students(self._programs)
        return [
            Route(f"{ROOT}/systeminfo", self._system),
            *(Route(ROOT + path, self._with_certificate(rows)) for path, rows in lists.items()),
        ]

    def _with_certificate(self, rows: Rows) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("AERIES-CERT") != self._certificate:
                return JSONResponse({"Message": "Authorization has been denied for this request."}, 401)
            if (listed := rows(request)) is None:
                return JSONResponse({"Message": "Not found."}, 404)
            year = request.query_params.get("DatabaseYear")
            is_other = year is not None and year != str(self._facts.year - 1)
            return JSONResponse([] if is_other else self.switches.shown(listed))

        return endpoint

    async def _system(self, _: Request) -> Response:
        year = f"{self._facts.year - 1}-{self._facts.year}"
        return JSONResponse(
            {"AeriesVersion": "9.26.11.20", "DatabaseYear": year, "AvailableDatabaseYears": [year]}
        )

    def _of_school(self, rows: Callable[[int], list[Row]]) -> Rows:
        def of_request(request: Request) -> list[Row] | None:
            school = request.path_params["school"]
            return rows(school) if school in self._index.schools else None

        return of_request

    def _of_students(self, rows: Callable[[str, int], Iterable[Row]]) -> Rows:
        def of_request(request: Request) -> list[Row] | None:
            school, student = request.path_params["school"], request.path_params.get("student")
            if school not in self._index.schools:
                return None
            chosen = self._index.selected(school, None if student == "0" else student)
            return [row for own in chosen for row in rows(own, school)]

        return of_request

    def _district(self) -> list[Row]:
        return [{"SchoolCode": 0, "Name": self._facts.name, "StateDistrictID": self._facts.lea,
                 "InactiveStatusCode": "", "Terms": []}]  # fmt: skip

    def _schools(self, request: Request | None) -> list[Row]:
        chosen = None if request is None else request.path_params["school"]
        schools = self._index.schools.values()
        return [people.school_row(self._index, fact) for fact in schools if chosen in (None, fact.id)]

    def _calendar(self, school: int) -> list[Row]:
        signs = {"Instructional day": "", "Make-up day": "", "Holiday": "#"}
        return [
            {"SchoolCode": school, "CalendarDayNumber": number, "CalendarDate": people.day(day),
             "HolidayCode": signs.get(kind, "@"), "TrackHolidays": []}
            for fact in self._facts.calendars if fact.school == school and fact.year == self._facts.year
            for number, (day, kind) in enumerate(fact.days, 1)
        ]  # fmt: skip

    def _sections(self, school: int) -> list[Row]:
        numbers = [number for number in self._index.sections if number[0] == school]
        return [school_life.section_row(self._index, number) for number in numbers]

    def _section(self, request: Request) -> list[Row] | None:
        number = request.path_params["school"], request.path_params["section"]
        return [school_life.section_row(self._index, number)] if number in self._index.sections else None

    def _roster(self, request: Request) -> list[Row] | None:
        number = request.path_params["school"], request.path_params["section"]
        if number not in self._index.sections:
            return None
        return [
            row for row in self._class_rows(number[0], self._index.students) if row["SectionNumber"] == number[1]
        ]

    def _classes(self, student: str, school: int) -> list[Row]:
        return self._class_rows(school, [student])

    def _class_rows(self, school: int, students: Iterable[str]) -> list[Row]:
        facts, counts = self._index.schedule(school, students), dict[str, int]()
        rows = []
        for fact in facts:
            counts[fact.student] = counts.get(fact.student, 0) + 1
            rows.append(school_life.class_row(self._index, fact, counts[fact.student]))
        return rows

    def _classes_of_staff(self, request: Request) -> list[Row] | None:
        staff = request.path_params["staff"]
        if staff not in self._index.staff:
            return None
        return [
            school_life.section_row(self._index, number)
            for number, section in self._index.sections.items()
            if any(member == staff for member, _, _, _ in section.staff)
        ]

    def _enrollments(self, request: Request) -> list[Row]:
        student, school = request.path_params["student"], request.path_params.get("school")
        return [
            people.enrollment_row(fact)
            for fact in self._facts.enrollments
            if student in ("0", fact.student) and school in (None, fact.school)
        ]

    def _course(self, request: Request) -> list[Row] | None:
        code = request.path_params["course"]
        return [school_life.course_row(self._index, code)] if code in self._index.courses else None

    def _staff(self, request: Request) -> list[Row] | None:
        member = self._index.staff.get(request.path_params["staff"])
        return None if member is None else [people.staff_row(member)]

    def _contacts(self, student: str, school: int) -> list[Row]:
        own = self._index.contacts.get(student, [])
        return [people.contact_row(contact, position, school) for position, contact in enumerate(own, 1)]

    def _attendance(self, student: str, school: int) -> list[Row]:
        row = school_life.attendance_row(self._index, student, school)
        return [row] if row["AttendanceDays"] else []

    def _programs(self, student: str, _: int) -> list[Row]:
        return [people.program_row(fact) for fact in self._facts.programs if fact.student == student]
