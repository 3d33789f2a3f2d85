"""What happens at school day by day: attendance, incidents, and what followed."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import date, time, timedelta
from random import Random

from student_graph.adapters.sandbox.facts import (
    ActionFact,
    AttendanceFact,
    DistrictFacts,
    EnrollmentFact,
    IncidentFact,
    SectionFact,
)
from student_graph.adapters.sandbox.years import FALL, FALL_DAYS, NOW, YEAR, instructional_days

_DAYS = instructional_days(FALL_DAYS[0], NOW.date() - timedelta(days=1))
_CATEGORIES = ("Excused Absence", "Unexcused Absence", "Tardy", "Early departure")
_REASONS = {"Excused Absence": "Absent excused", "Unexcused Absence": "Absent unexcused", "Tardy": "Tardy"}
_LOCATIONS = ("Classroom", "Cafeteria area", "Hallway or stairs", "School bus", "Restroom", "Parking lot")
_BEHAVIORS = ("School Code of Conduct", "School Violation", "State Offense", "Other")
_DISCIPLINES = (("In School Suspension", 2.0), ("Out of School Suspension", 3.0), ("Removal from Classroom", 0.5))


def _attended(stay: EnrollmentFact) -> list[date]:
    """Days of instruction of a stay, up to the day at which the facts stand."""
    return _DAYS[bisect_left(_DAYS, stay.entry) : bisect_left(_DAYS, stay.exit) if stay.exit else None]


def _event(stay: EnrollmentFact, day: date, category: str, duration: float | None = None) -> AttendanceFact:
    return AttendanceFact(
        student=stay.student,
        school=stay.school,
        year=YEAR,
        session=FALL,
        day=day,
        category=category,
        reason=_REASONS.get(category),
        duration=duration,
    )


def add_attendance(facts: DistrictFacts, rng: Random) -> None:
    """Events of school days for most students, of sections for some; most days nobody writes anything."""
    sections: dict[tuple[str, int], list[SectionFact]] = defaultdict(list)
    for place in facts.section_enrollments:
        if place.section.session == FALL:
            sections[place.student, place.section.school].append(place.section)
    for stay in facts.enrollments:
        days = _attended(stay)
        count = min(len(days), int(rng.expovariate(1 / 2.2)), 30)
        for day in sorted(rng.sample(days, count)):
            category = rng.choices(_CATEGORIES, (54, 36, 8, 2))[0]
            duration = rng.choice((1.0, 1.0, 1.0, 0.5, None)) if "Absence" in category else None
            facts.attendance.append(_event(stay, day, category, duration))
        for _ in range(int(rng.expovariate(2.5)) if days else 0):
            section = rng.choice(sections[stay.student, stay.school])
            facts.attendance.append(_late(_event(stay, rng.choice(days), "Tardy"), section))
    _add_awkward_attendance(facts, sections)


def _late(event: AttendanceFact, section: SectionFact) -> AttendanceFact:
    """The same event, about one section."""
    event.section, event.arrival = section, time(9, 5 + len(section.identifier) % 40)
    return event


def _add_awkward_attendance(facts: DistrictFacts, sections: dict[tuple[str, int], list[SectionFact]]) -> None:
    cast = facts.special_cases
    unusual = set(cast["dual_enrollment"] + cast["several_events_a_day"] + cast["unmapped_descriptor"])
    facts.attendance = [event for event in facts.attendance if event.student not in unusual]
    for stay in facts.enrollments:
        if stay.student in cast["dual_enrollment"]:
            first = 10 if stay.primary else 12
            for day in _DAYS[first : first + 5 : 2]:
                facts.attendance.append(_event(stay, day, "Excused Absence", 0.5))
        if stay.student in cast["several_events_a_day"]:
            section = sections[stay.student, stay.school][0]
            facts.attendance.append(_event(stay, _DAYS[20], "Tardy"))
            facts.attendance.append(_event(stay, _DAYS[20], "Unexcused Absence", 0.5))
            facts.attendance.append(_late(_event(stay, _DAYS[20], "Tardy"), section))
        if stay.student in cast["unmapped_descriptor"]:
            local = _event(stay, _DAYS[15], "Truant (local)", 1.0)
            local.namespace = "uri://local"
            facts.attendance.append(local)
            facts.attendance.append(_event(stay, _DAYS[16], "Excused Absence", 1.0))


def add_incidents(facts: DistrictFacts, rng: Random) -> None:
    """An incident for about every fortieth child, with victims and witnesses, and actions."""
    schoolmates: dict[int, list[str]] = defaultdict(list)
    for stay in facts.enrollments:
        if stay.exit is None and stay.primary:
            schoolmates[stay.school].append(stay.student)
    for number in range(max(2, len(facts.students) // 40)):
        school = rng.choices(facts.schools, [len(schoolmates[s.id]) for s in facts.schools])[0].id
        involved = rng.sample(schoolmates[school], min(3, len(schoolmates[school])))
        behavior = rng.choices(_BEHAVIORS, (60, 25, 5, 10))[0]
        parts = [(involved[0], behavior, "Perpetrator")]
        for student, part in zip(involved[1:], ("Victim", "Witness"), strict=False):
            if rng.random() < 0.4:
                parts.append((student, behavior, part))
        incident = IncidentFact(
            id=f"{number + 1:04}",
            school=school,
            day=rng.choice(_DAYS),
            at=time(rng.randrange(8, 15), 15) if number % 4 else None,
            location=rng.choice(_LOCATIONS) if number % 5 else None,
            parts=tuple(parts),
        )
        facts.incidents.append(incident)
        if number % 6:
            facts.actions.append(_action(incident, rng))


def _action(incident: IncidentFact, rng: Random) -> ActionFact:
    student, behavior, _ = incident.parts[0]
    discipline, length = rng.choice(_DISCIPLINES)
    return ActionFact(
        id=f"A{incident.id}",
        student=student,
        school=incident.school,
        day=incident.day + timedelta(days=1),
        disciplines=(discipline,),
        length=length,
        incidents=((incident.id, behavior),),
    )
