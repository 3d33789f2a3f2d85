"""The synthetic district: the same from the same seed, whole at any size, with the awkward cases of real data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts, StudentFact
from student_graph.adapters.sandbox.years import INSTRUCTION

FACTS = make_district()


def student(case: str, number: int = 0) -> StudentFact:
    wanted = FACTS.special_cases[case][number]
    return next(one for one in FACTS.students if one.id == wanted)


def test_equal_arguments_make_equal_districts() -> None:
    """A seed makes the same district each time, another seed another."""
    assert make_district(50, seed=7) == make_district(50, seed=7)
    assert make_district(50, seed=7).students != make_district(50, seed=8).students


@pytest.mark.parametrize("students", [10, 11, 37, 250, 2500])
def test_any_size_is_a_whole_district(students: int) -> None:
    """Whatever its size, a district has as many students as asked, and every reference in it leads somewhere."""
    facts = make_district(students)

    assert len({one.id for one in facts.students}) == students
    assert dangling(facts) == set()


def mentions(facts: DistrictFacts) -> Iterator[tuple[str, str]]:
    """Every student whom a fact of the system of record is about, and which kind of fact."""
    kinds = ("enrollments", "section_enrollments", "attendance", "actions", "transcripts", "results")
    for kind in (*kinds, "contacts", "programs", "buses"):
        for fact in getattr(facts, kind):
            yield fact.student, kind
    for incident in facts.incidents:
        for person, _, _ in incident.parts:
            yield person, "incidents"


def dangling(facts: DistrictFacts) -> set[str]:
    """References that lead nowhere."""
    students = {one.id for one in facts.students}
    schools = {one.id for one in facts.schools}
    accounts = {one.id for one in facts.accounts}
    sections = {one.key for one in facts.sections}
    lost = {name for name, _ in mentions(facts)} - students
    lost |= {str(one.school) for one in facts.enrollments} - {str(school) for school in schools}
    lost |= {one.section.identifier for one in facts.section_enrollments if one.section.key not in sections}
    lost |= {str(member) for one in facts.lms_courses for member in one.members if member not in accounts}
    return lost | {str(one.account) for one in facts.submissions if one.account not in accounts}


@pytest.mark.parametrize("students", [0, 9, 50_001])
def test_impossible_sizes_are_refused(students: int) -> None:
    """A district has 10 to 50,000 students."""
    with pytest.raises(ValueError, match="10 to 50000 students"):
        make_district(students)


def test_keys_are_unique() -> None:
    """What systems use as a key occurs once, and section identifiers once but for the planted pair."""
    identifiers = Counter(section.identifier for section in FACTS.sections)

    assert len({section.key for section in FACTS.sections}) == len(FACTS.sections)
    assert [name for name, times in identifiers.items() if times > 1] == FACTS.special_cases[
        "shared_section_identifier"
    ]
    assert len({(p.student, p.section.key, p.begin) for p in FACTS.section_enrollments}) == len(
        FACTS.section_enrollments
    )
    assert len({submission.id for submission in FACTS.submissions}) == len(FACTS.submissions)
    assert len({result.id for result in FACTS.results}) == len(FACTS.results)
    assert len({account.id for account in FACTS.accounts}) == len(FACTS.accounts)
    mails = [one.email for one in FACTS.students if one.email]
    assert len(set(mails)) == len(mails) == 999


def test_a_thousand_students_go_to_three_schools() -> None:
    """There is an elementary school of 450, taught in classes of 28."""
    sizes = Counter(stay.school for stay in FACTS.enrollments)
    elementary = next(school for school in FACTS.schools if "Kindergarten" in school.grades)
    rosters = defaultdict(set)
    for place in FACTS.section_enrollments:
        if place.homeroom:
            rosters[place.section.key].add(place.student)

    assert len(FACTS.schools) == 3
    assert 445 <= sizes[elementary.id] <= 455
    assert Counter(len(roster) for roster in rosters.values())[28] >= 6


def test_a_school_year_has_two_terms_of_three_grading_periods() -> None:
    """Terms have 81 and 88 days of instruction, and six grading periods between them, each after the other."""
    for school in FACTS.schools:
        terms = [session for session in FACTS.sessions if session.school == school.id]
        periods = [period for session in terms for period in session.periods]

        assert [session.instructional_days for session in terms] == [81, 88]
        assert [period[2] for period in periods] == [1, 2, 3, 4, 5, 6]
        assert all(one[4] < two[3] for one, two in pairwise(periods))


def test_calendars_count_the_same_days_as_terms() -> None:
    """But for the thin one, a calendar holds as many days of instruction as the terms say."""
    counts = {
        str(calendar.school): sum(event in INSTRUCTION for _, event in calendar.days)
        for calendar in FACTS.calendars
    }
    thin = FACTS.special_cases["thin_calendar"][0]

    assert counts.pop(thin) == 2
    assert set(counts.values()) == {81 + 88}
    assert len({event.day for event in FACTS.attendance if str(event.school) == thin}) > 2


def test_nothing_has_happened_yet_that_lies_ahead() -> None:
    """No attendance, incident or submission is later than the instant at which the facts stand."""
    today = FACTS.now.date()

    assert max(event.day for event in FACTS.attendance) < today
    assert max(incident.day for incident in FACTS.incidents) < today
    assert max(work.submitted for work in FACTS.submissions if work.submitted) < FACTS.now


def test_attendance_falls_into_the_stay() -> None:
    """An event lies between the first day of a stay at that school and its last."""
    stays = defaultdict(list)
    for stay in FACTS.enrollments:
        stays[stay.student, stay.school].append((stay.entry, stay.exit or date.max))
    outside = [
        event
        for event in FACTS.attendance
        if not any(first <= event.day < last for first, last in stays[event.student, event.school])
    ]

    assert outside == []


def test_grades_are_numbers_or_letters() -> None:
    """Every posted grade says something; most say it in one way only."""
    one_way = [grade for grade in FACTS.grades if (grade.numeric is None) != (grade.letter is None)]

    assert all(grade.numeric is not None or grade.letter for grade in FACTS.grades)
    assert len(one_way) > len(FACTS.grades) / 2


def test_dual_enrollment_has_events_at_both_schools() -> None:
    """A child of two schools has attendance at either, and sits in a section of either."""
    person = FACTS.special_cases["dual_enrollment"][0]
    schools = {stay.school for stay in FACTS.enrollments if stay.student == person}

    assert len(schools) == 2
    assert {event.school for event in FACTS.attendance if event.student == person} == schools
    assert {place.section.school for place in FACTS.section_enrollments if place.student == person} == schools


def test_stays_come_and_go() -> None:
    """Somebody left and came back, somebody left for good, somebody will leave."""
    stays = defaultdict(list)
    for stay in FACTS.enrollments:
        stays[stay.student].append(stay)
    back = stays[FACTS.special_cases["re_entry"][0]]
    gone = stays[FACTS.special_cases["withdrawn"][0]]
    leaving = stays[FACTS.special_cases["future_exit"][0]]

    assert [stay.exit is None for stay in back] == [False, True]
    assert len({stay.school for stay in back}) == 1
    assert [stay.exit < FACTS.now.date() for stay in gone if stay.exit] == [True]
    assert [stay.exit > FACTS.now.date() for stay in leaving if stay.exit] == [True]


def test_a_local_category_is_in_nobodys_standard() -> None:
    """An attendance category in a namespace of its own, which no mapping knows."""
    person = FACTS.special_cases["unmapped_descriptor"][0]
    namespaces = {event.namespace for event in FACTS.attendance if event.student == person}

    assert namespaces == {"uri://local", "uri://ed-fi.org"}


def test_a_day_may_have_several_events() -> None:
    """One child is tardy, then absent, then late for a section, on one day."""
    person = FACTS.special_cases["several_events_a_day"][0]
    events = [event for event in FACTS.attendance if event.student == person]

    assert len({event.day for event in events}) == 1
    assert [event.section is None for event in events] == [True, True, False]


def test_some_accounts_are_not_whose_number_they_carry() -> None:
    """Two children have each other's number in the LMS; their birth dates tell."""
    accounts = {account.owner: account for account in FACTS.accounts}
    one, two = student("crossed_lms_ids", 0), student("crossed_lms_ids", 1)

    assert (accounts[one.id].sis_id, accounts[two.id].sis_id) == (two.id, one.id)
    assert accounts[one.id].birth == one.birth != two.birth
    assert accounts[one.id].email == one.email


def test_some_students_and_some_accounts_stand_alone() -> None:
    """Some students have no account, some accounts belong to nobody."""
    owners = {account.owner for account in FACTS.accounts}
    nobody = {str(account.id) for account in FACTS.accounts if not account.owner and account.sis_id is None}

    assert owners.isdisjoint(FACTS.special_cases["no_lms_link"])
    assert nobody == set(FACTS.special_cases["unmatched_lms_accounts"]) != set()


def test_identifiers_have_their_oddities() -> None:
    """Two state ids, a social security number, leading zeros, no e-mail: each is somebody's."""

    def codes(case: str, system: str) -> list[str]:
        return [code for known, code in student(case).codes if known == system]

    assert len(set(codes("two_state_ids", "State"))) == 2
    assert codes("ssn_code", "SSN") == ["900-45-6789"]
    assert codes("leading_zeros", "Local") == ["000412"]
    assert student("no_email").email == ""


def test_names_are_not_all_ascii() -> None:
    """There are accents, an apostrophe, a hyphen and other scripts, right to left ones too."""
    names = "".join(
        student("unicode_name", number).last for number in range(len(FACTS.special_cases["unicode_name"]))
    )

    assert {"'", "-", "ñ", "王", "ב", "ط", "ч"} <= set(names)


def test_who_has_nothing_recorded_is_enrolled_nowhere() -> None:
    """One student is in the roster and nowhere else in the system of record."""
    person = FACTS.special_cases["nothing_recorded"][0]

    assert person in {one.id for one in FACTS.students}
    assert [kind for name, kind in mentions(FACTS) if name == person] == []


def test_online_courses_belong_to_sections() -> None:
    """An LMS course carries the identifier of its section, but for the club that no section stands behind."""
    courses = {course.name: course for course in FACTS.lms_courses}

    assert courses.pop("Chess club").sis_section is None
    assert all(course.section and course.sis_section == course.section.identifier for course in courses.values())
