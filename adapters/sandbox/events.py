"""Adds attendance, discipline incidents and discipline actions to a synthetic district."""

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
from student_graph.adapters.sandbox.schedule import PERIODS, start_of
from student_graph.adapters.sandbox.years import FALL, FALL_DAYS, NOW, SCHOOL_YEAR, instructional_days

_DAYS = instructional_days(FALL_DAYS[0], NOW.date() - timedelta(days=1))
_CATEGORIES = ("Excused Absence", "Unexcused Absence", "Tardy", "Early departure")
_REASONS = {"Excused Absence": "Absent excused", "Unexcused Absence": "Absent unexcused", "Tardy": "Tardy"}
_LOCATIONS = ("Classroom", "Cafeteria area", "Hallway or stairs", "School bus", "Restroom", "Parking lot")
_BEHAVIORS = ("School Code of Conduct", "School Violation", "State Offense", "Other")
_DISCIPLINES = (("In School Suspension", 2.0), ("Out of School Suspension", 3.0), ("Removal from Classroom", 0.5))


def _attended(enrollment: EnrollmentFact) -> list[date]:
    """The days of instruction of an enrollment before the date of the facts."""
    return _DAYS[
        bisect_left(_DAYS, enrollment.entry) : bisect_left(_DAYS, enrollment.exit) if enrollment.exit else None
    ]


def _event(enrollment: EnrollmentFact, day: date, category: str, duration: float | None = None) -> AttendanceFact:
    return AttendanceFact(
        student=enrollment.student,
        school=enrollment.school,
        year=SCHOOL_YEAR,
        session=FALL,
        day=day,
        category=category,
        reason=_REASONS.get(category),
        duration=duration,
    )


def add_attendance(facts: DistrictFacts, rng: Random) -> None:
    """Add attendance events: of school days for most students, of sections for some. Most days have no event."""
    sections: dict[tuple[str, int], list[SectionFact]] = defaultdict(list)
    for section_enrollment in facts.section_enrollments:
        if section_enrollment.section.session == FALL:
            sections[section_enrollment.student, section_enrollment.section.school].append(
                section_enrollment.section
            )
    for enrollment in facts.enrollments:
        days = _attended(enrollment)
        count = min(len(days), int(rng.expovariate(1 / 2.2)), 30)
        for day in sorted(rng.sample(days, count)):
            category = rng.choices(_CATEGORIES, (54, 36, 8, 2))[0]
            duration = rng.choice((1.0, 1.0, 1.0, 0.5, None)) if "Absence" in category else None
            facts.attendance.append(_with_times(_event(enrollment, day, category, duration)))
        for _ in range(int(rng.expovariate(2.5)) if days else 0):
            section = rng.choice(sections[enrollment.student, enrollment.school])
            facts.attendance.append(_tardy_in_section(_event(enrollment, rng.choice(days), "Tardy"), section))
    _add_special_cases(facts, sections)


def _with_times(event: AttendanceFact) -> AttendanceFact:
    """The event with the time of an arrival after the first period began, or of a departure in the afternoon."""
    minutes = timedelta(minutes=1 + (event.day.toordinal() + int(event.student)) % 40)
    if event.category == "Tardy":
        event.arrival = (start_of(PERIODS[0], event.day) + minutes).time()
    if event.category == "Early departure":
        event.departure = (start_of(PERIODS[-2], event.day) + minutes).time()
    return event


def _tardy_in_section(event: AttendanceFact, section: SectionFact) -> AttendanceFact:
    """
    Turn an event into one about a section, to which the student comes 1 to 20 minutes late.

    Half of the events name the class period.
    """
    minutes = 1 + (event.day.toordinal() + int(event.student)) % 20
    event.section = section
    event.periods = section.periods if int(event.student) % 2 else ()
    event.arrival = (start_of(section.periods[0], event.day) + timedelta(minutes=minutes)).time()
    return event


def _add_special_cases(facts: DistrictFacts, sections: dict[tuple[str, int], list[SectionFact]]) -> None:
    cases = facts.special_cases
    unusual = set(cases["dual_enrollment"] + cases["several_events_a_day"] + cases["unmapped_descriptor"])
    facts.attendance = [event for event in facts.attendance if event.student not in unusual]
    for enrollment in facts.enrollments:
        if enrollment.student in cases["dual_enrollment"]:
            first = 10 if enrollment.primary else 12
            for day in _DAYS[first : first + 5 : 2]:
                facts.attendance.append(_event(enrollment, day, "Excused Absence", 0.5))
        if enrollment.student in cases["several_events_a_day"]:
            section = sections[enrollment.student, enrollment.school][0]
            facts.attendance.append(_event(enrollment, _DAYS[20], "Tardy"))
            facts.attendance.append(_event(enrollment, _DAYS[20], "Unexcused Absence", 0.5))
            facts.attendance.append(_tardy_in_section(_event(enrollment, _DAYS[20], "Tardy"), section))
        if enrollment.student in cases["unmapped_descriptor"]:
            local = _event(enrollment, _DAYS[15], "Truant (local)", 1.0)
            local.namespace = "uri://local"
            facts.attendance.append(local)
            facts.attendance.append(_event(enrollment, _DAYS[16], "Excused Absence", 1.0))
    for student in cases["attendance_elsewhere"]:
        _add_attendance_elsewhere(facts, [fact for fact in facts.enrollments if fact.student == student])


def _add_attendance_elsewhere(facts: DistrictFacts, enrollments: list[EnrollmentFact]) -> None:
    """Add attendance of a student at a school and in a section in which the student is not enrolled."""
    enrolled = {enrollment.school for enrollment in enrollments}
    section = next(fact for fact in facts.sections if fact.school not in enrolled and fact.session == FALL)
    for day, category in ((_DAYS[11], "Excused Absence"), (_DAYS[13], "Tardy")):
        event = _event(enrollments[0], day, category)
        event.school = section.school
        facts.attendance.append(_tardy_in_section(event, section) if category == "Tardy" else event)


def add_incidents(facts: DistrictFacts, rng: Random) -> None:
    """
    Add an incident for about every fortieth student, with victims and witnesses, and the actions that follow.
    """
    schoolmates: dict[int, list[str]] = defaultdict(list)
    for enrollment in facts.enrollments:
        if enrollment.exit is None and enrollment.primary:
            schoolmates[enrollment.school].append(enrollment.student)
    for number in range(max(2, len(facts.students) // 40)):
        school = rng.choices(facts.schools, [len(schoolmates[s.id]) for s in facts.schools])[0].id
        students = rng.sample(schoolmates[school], min(3, len(schoolmates[school])))
        behavior = rng.choices(_BEHAVIORS, (60, 25, 5, 10))[0]
        parts = [(students[0], behavior, "Perpetrator")]
        for student, part in zip(students[1:], ("Victim", "Witness"), strict=False):
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
