"""Vendors whose data change while a gateway reads them, and what they held at each moment."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox

ATTENDANCE = "studentSchoolAttendanceEvents"
CATEGORIES = ("Tardy", "Excused Absence", "Unexcused Absence")
Change = Callable[[], None]
Key = tuple[str, str]
"""The number of a student, and a field."""


@dataclass
class State:
    """What a vendor held in a span of time."""

    value: Any
    since: float = -math.inf
    """In seconds, by the clock of the test."""
    until: float = math.inf


def note(states: list[State], value: Any, since: float, until: float) -> None:
    """Add a state that began between two moments, in which the last one ended."""
    states[-1].until = until
    states.append(State(value, since))


class ChangingVendors:
    """Changes the same rows of several copies of a district's vendors."""

    def __init__(self, facts: DistrictFacts, copies: Sequence[Mapping[str, Sandbox]], rng: random.Random) -> None:
        """Change the vendors of all `copies`, at random."""
        self._facts, self._copies, self._random = facts, copies, rng
        self._accounts = {account.sis_id: account.id for account in facts.accounts if account.sis_id}
        self._submissions = {submission.id: submission for submission in facts.submissions}
        self._deleted: dict[str, list[Any]] = {}
        """Facts of deleted rows, by resource: they may be inserted again."""
        self._kinds: Mapping[str, Callable[[str], Change | None]] = {
            "name": self._rename,
            "attendanceEvents": self._change_attendance,
            "courseGrades": self._change_grade,
            "assignments": self._grade_work,
            "disciplineIncidents": lambda student: self._delete_or_insert(
                "studentDisciplineIncidentBehaviorAssociations", student, lambda fact: fact[1]
            ),
            "transportation": self._change_bus,
            "enrollments": self._change_entry,
            "assessments": lambda student: self._delete_or_insert(
                "studentAssessments", student, lambda fact: fact.student
            ),
        }
        self.fields = tuple(self._kinds)
        """The fields of a student that may change."""

    def change_of(self, student: str, field: str) -> Change | None:
        """Return a random change of a field of a student; None if the student has nothing there to change."""
        return self._kinds[field](student)

    def _edfi(self) -> Iterator[EdFiSandbox]:
        for copy in self._copies:
            sandbox = copy["edfi"]
            assert isinstance(sandbox, EdFiSandbox)
            yield sandbox

    def _rows(self, resource: str, student: str, student_of: Callable[[Any], str]) -> list[tuple[str, Any]]:
        rows = next(self._edfi()).rows(resource)
        return [(id, fact) for id, fact in rows if student_of(fact) == student]

    def _update(self, resource: str, id: str, fact: Any) -> Change:
        def change() -> None:
            for sandbox in self._edfi():
                sandbox.update(resource, id, fact)

        return change

    def _change_key(self, resource: str, id: str, fact: Any) -> Change:
        def change() -> None:
            for sandbox in self._edfi():
                sandbox.change_key(resource, id, fact)

        return change

    def _delete_or_insert(self, resource: str, student: str, student_of: Callable[[Any], str]) -> Change | None:
        """Delete a row of a student, or insert a deleted one again."""
        deleted = [fact for fact in self._deleted.setdefault(resource, []) if student_of(fact) == student]
        if deleted and self._random.random() < 0.5:
            fact = self._random.choice(deleted)
            self._deleted[resource].remove(fact)

            def insert() -> None:
                for sandbox in self._edfi():
                    sandbox.insert(resource, fact)

            return insert
        rows = self._rows(resource, student, student_of)
        if not rows:
            return None
        id, fact = self._random.choice(rows)
        self._deleted[resource].append(fact)

        def delete() -> None:
            for sandbox in self._edfi():
                sandbox.delete(resource, id)

        return delete

    def _rename(self, student: str) -> Change:
        [(id, fact)] = self._rows("students", student, lambda fact: fact.id)
        return self._update("students", id, replace(fact, last=f"{fact.last.partition(' ')[0]} {self._number()}"))

    def _change_attendance(self, student: str) -> Change:
        """Insert an event on a random day, change the category of one, or delete one."""
        rows = self._rows(ATTENDANCE, student, lambda fact: fact.student)
        chance = self._random.random()
        if rows and chance < 0.4:
            id, fact = self._random.choice(rows)
            return self._update(ATTENDANCE, id, replace(fact, category=self._random.choice(CATEGORIES)))
        if rows and chance < 0.6:
            change = self._delete_or_insert(ATTENDANCE, student, lambda fact: fact.student)
            assert change is not None
            return change
        school = next(e.school for e in self._facts.enrollments if e.student == student and e.primary)
        daily = [event for event in self._facts.attendance if event.section is None]
        pattern = self._random.choice([event for event in daily if event.school == school] or daily)
        event = replace(pattern, student=student, school=school, category=self._random.choice(CATEGORIES))

        def insert() -> None:
            for sandbox in self._edfi():
                sandbox.insert(ATTENDANCE, event)

        return insert

    def _change_grade(self, student: str) -> Change | None:
        """Post another number, move a grade to another section of the student, or delete or insert one."""
        rows = self._rows("grades", student, lambda fact: fact.enrollment.student)
        chance = self._random.random()
        if not rows or chance < 0.3:
            return self._delete_or_insert("grades", student, lambda fact: fact.enrollment.student)
        id, fact = self._random.choice(rows)
        if chance < 0.6:
            return self._update("grades", id, replace(fact, numeric=float(self._number() % 100), letter=None))
        term = fact.enrollment.section
        others = [
            enrollment
            for enrollment in self._facts.section_enrollments
            if enrollment.student == student
            and (enrollment.section.school, enrollment.section.session) == (term.school, term.session)
            and not any(other.enrollment == enrollment and other.period == fact.period for _, other in rows)
        ]
        if not others:
            return None
        return self._change_key("grades", id, replace(fact, enrollment=self._random.choice(others)))

    def _change_bus(self, student: str) -> Change | None:
        rows = self._rows("studentTransportations", student, lambda fact: fact.student)
        if not rows:
            return None
        id, fact = rows[0]
        return self._update("studentTransportations", id, replace(fact, bus=f"Bus {self._number()}"))

    def _change_entry(self, student: str) -> Change:
        """Change the entry date of an enrollment, which is a part of its key."""
        id, fact = self._random.choice(self._rows("studentSchoolAssociations", student, lambda fact: fact.student))
        entry = fact.entry - timedelta(days=self._random.randint(1, 3))
        return self._change_key("studentSchoolAssociations", id, replace(fact, entry=entry))

    def _grade_work(self, student: str) -> Change | None:
        """Give a submission another score."""
        account = self._accounts.get(student)
        graded = [s for s in self._submissions.values() if s.account == account and s.state == "graded"]
        if not graded:
            return None
        old = self._random.choice(graded)
        new = replace(old, score=float(self._number() % 50))
        self._submissions[new.id] = new

        def change() -> None:
            for copy in self._copies:
                sandbox = copy["canvas"]
                assert isinstance(sandbox, CanvasSandbox)
                sandbox.change_submission(new)

        return change

    def _number(self) -> int:
        return self._random.randint(100, 999)


class History:
    """What the vendors held for each field of each student, one state after the other."""

    def __init__(self, read: Callable[[Sequence[str], Sequence[str]], Awaitable[Mapping[Key, Any]]]) -> None:
        """`read` returns the present values of some fields of some students, by student number and field."""
        self._read = read
        self._states: dict[Key, list[State]] = {}

    async def begin(self, students: Sequence[str], fields: Sequence[str]) -> None:
        """Read the first state of each field of some students."""
        for field in fields:  # all fields at once would be too large a document
            for key, value in (await self._read(students, [field])).items():
                self._states[key] = [State(value)]

    def states(self, student: str, field: str) -> Sequence[State]:
        """Return all states of a field, the oldest first."""
        return self._states[student, field]

    async def change(self, student: str, fields: Sequence[str], change: Change) -> None:
        """Carry out a change that concerns some fields of a student, and read their new states."""
        since = time.time()
        change()
        until = time.time()
        for key, value in (await self._read([student], fields)).items():
            note(self._states[key], value, since, until)
