"""Tests of the timetable of the synthetic district."""

from __future__ import annotations

from collections import Counter

from student_graph.adapters.sandbox.district import make_district

FACTS = make_district(120)


def test_a_teacher_is_in_one_section_at_a_time() -> None:
    """No teacher has two sections of a term in one period."""
    meetings = Counter(
        (staff, section.session, period)
        for section in FACTS.sections
        for staff, *_ in section.staff
        for period in section.periods
    )

    assert max(meetings.values()) == 1


def test_every_section_has_a_room_and_a_period_of_its_school() -> None:
    """A section names a class period that its school has, with its times of day."""
    times = {(period.school, period.name): period.meetings for period in FACTS.class_periods}

    assert all(times[section.school, period] for section in FACTS.sections for period in section.periods)
    assert all(section.periods and section.room for section in FACTS.sections)


def test_a_student_arrives_late_in_the_period_of_the_section() -> None:
    """The arrival of a tardy student is after the section's period begins and before it ends."""
    times = {(period.school, period.name): period.meetings[0] for period in FACTS.class_periods}
    tardies = [event for event in FACTS.attendance if event.section]

    assert tardies
    for event in tardies:
        assert event.section is not None
        assert event.arrival is not None
        begin, end = times[event.section.school, event.section.periods[0]]
        assert begin < event.arrival < end
