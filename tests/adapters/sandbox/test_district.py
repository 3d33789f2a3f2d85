"""Tests of the synthetic district: its seed, its size, and its special cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from random import Random

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.facts import DistrictFacts, StudentFact
from student_graph.adapters.sandbox.online import add_lms_courses
from student_graph.adapters.sandbox.years import INSTRUCTION


@cache
def large_district() -> DistrictFacts:
    """A thousand students, built when a test first needs them and not in each process of the tests."""
    return make_district()


@pytest.fixture
def facts() -> DistrictFacts:
    """A district with a thousand students."""
    return large_district()


def student(case: str, number: int = 0) -> StudentFact:
    student_id = large_district().special_cases[case][number]
    return next(fact for fact in large_district().students if fact.id == student_id)


def test_equal_arguments_build_equal_districts() -> None:
    """One seed builds the same district every time; another seed builds another district."""
    assert make_district(50, seed=7) == make_district(50, seed=7)
    assert make_district(50, seed=7).students != make_district(50, seed=8).students


@pytest.mark.parametrize("students", [10, 11, 37, 250, 2500])
def test_a_district_of_any_size_is_complete(students: int) -> None:
    """A district has the requested number of students, and every reference in it is valid."""
    facts = make_district(students)

    assert len({fact.id for fact in facts.students}) == students
    assert broken_references(facts) == set()


def test_no_two_submissions_have_one_id_in_a_district_of_more_than_ten_thousand_accounts() -> None:
    """A learning system that repeated an id would seem to change while it is read."""
    facts = make_district(40)
    for number, account in enumerate(facts.accounts):
        account.id = 7001 + 10_000 * number
    facts.lms_courses, facts.assignments, facts.submissions = [], [], []
    add_lms_courses(facts, Random("lms"))  # noqa: S311 - not for security

    assert len(facts.submissions) > 100
    assert len({submission.id for submission in facts.submissions}) == len(facts.submissions)


def mentions(facts: DistrictFacts) -> Iterator[tuple[str, str]]:
    """Yield the student and the kind of each fact of the system of record."""
    kinds = ("enrollments", "section_enrollments", "attendance", "actions", "transcripts", "results")
    for kind in (*kinds, "contacts", "programs", "buses"):
        for fact in getattr(facts, kind):
            yield fact.student, kind
    for incident in facts.incidents:
        for student_id, _, _ in incident.parts:
            yield student_id, "incidents"


def broken_references(facts: DistrictFacts) -> set[str]:
    """Return ids that no fact has."""
    students = {fact.id for fact in facts.students}
    schools = {fact.id for fact in facts.schools}
    accounts = {fact.id for fact in facts.accounts}
    sections = {fact.key for fact in facts.sections}
    broken = {name for name, _ in mentions(facts)} - students
    broken |= {str(fact.school) for fact in facts.enrollments} - {str(school) for school in schools}
    broken |= {fact.section.identifier for fact in facts.section_enrollments if fact.section.key not in sections}
    broken |= {str(member) for fact in facts.lms_courses for member in fact.members if member not in accounts}
    return broken | {str(fact.account) for fact in facts.submissions if fact.account not in accounts}


@pytest.mark.parametrize("students", [0, 9, 100_001])
def test_impossible_sizes_are_refused(students: int) -> None:
    """A district has 10 to 100,000 students."""
    with pytest.raises(ValueError, match="10 to 100000 students"):
        make_district(students)


def test_keys_are_unique(facts: DistrictFacts) -> None:
    """Keys are unique, and so are section identifiers except for the planted pair."""
    identifiers = Counter(section.identifier for section in facts.sections)

    assert len({section.key for section in facts.sections}) == len(facts.sections)
    assert [name for name, times in identifiers.items() if times > 1] == facts.special_cases[
        "shared_section_identifier"
    ]
    assert len({(p.student, p.section.key, p.begin) for p in facts.section_enrollments}) == len(
        facts.section_enrollments
    )
    assert len({submission.id for submission in facts.submissions}) == len(facts.submissions)
    assert len({result.id for result in facts.results}) == len(facts.results)
    assert len({account.id for account in facts.accounts}) == len(facts.accounts)
    emails = [fact.email for fact in facts.students if fact.email]
    assert len(set(emails)) == len(emails) == 999


def test_a_thousand_students_go_to_three_schools(facts: DistrictFacts) -> None:
    """There is an elementary school with about 450 students in classes of 28."""
    sizes = Counter(enrollment.school for enrollment in facts.enrollments)
    elementary = next(school for school in facts.schools if "Kindergarten" in school.grades)
    rosters = defaultdict(set)
    for fact in facts.section_enrollments:
        if fact.homeroom:
            rosters[fact.section.key].add(fact.student)

    assert len(facts.schools) == 3
    assert 445 <= sizes[elementary.id] <= 455
    assert Counter(len(roster) for roster in rosters.values())[28] >= 6


def test_a_school_year_has_two_terms_of_three_grading_periods(facts: DistrictFacts) -> None:
    """The terms have 81 and 88 days of instruction and six consecutive grading periods."""
    for school in facts.schools:
        terms = [session for session in facts.sessions if session.school == school.id]
        periods = [period for session in terms for period in session.periods]

        assert [session.instructional_days for session in terms] == [81, 88]
        assert [period[2] for period in periods] == [1, 2, 3, 4, 5, 6]
        assert all(first[4] < second[3] for first, second in pairwise(periods))


def test_calendars_count_the_same_days_as_terms(facts: DistrictFacts) -> None:
    """Except for the thin one, a calendar has as many days of instruction as the terms."""
    counts = {
        str(calendar.school): sum(event in INSTRUCTION for _, event in calendar.days)
        for calendar in facts.calendars
    }
    thin = facts.special_cases["thin_calendar"][0]

    assert counts.pop(thin) == 2
    assert set(counts.values()) == {81 + 88}
    assert len({event.day for event in facts.attendance if str(event.school) == thin}) > 2


def test_no_event_is_in_the_future(facts: DistrictFacts) -> None:
    """No attendance, incident or submission is later than the current time of the facts."""
    today = facts.now.date()

    assert max(event.day for event in facts.attendance) < today
    assert max(incident.day for incident in facts.incidents) < today
    assert max(work.submitted for work in facts.submissions if work.submitted) < facts.now


def test_attendance_is_within_the_enrollment(facts: DistrictFacts) -> None:
    """An event is between the first and the last day of an enrollment at that school, except for one student."""
    spans = defaultdict(list)
    for fact in facts.enrollments:
        spans[fact.student, fact.school].append((fact.entry, fact.exit or date.max))
    outside = [
        event
        for event in facts.attendance
        if not any(first <= event.day < last for first, last in spans[event.student, event.school])
    ]

    assert {event.student for event in outside} == set(facts.special_cases["attendance_elsewhere"])
    assert [event.section is None for event in outside] == [True, False]
    assert all(not spans[event.student, event.school] for event in outside)


def test_grades_are_numbers_or_letters(facts: DistrictFacts) -> None:
    """Every posted grade has a number or a letter, and most have only one of them."""
    single = [grade for grade in facts.grades if (grade.numeric is None) != (grade.letter is None)]

    assert all(grade.numeric is not None or grade.letter for grade in facts.grades)
    assert len(single) > len(facts.grades) / 2


def test_dual_enrollment_has_events_at_both_schools(facts: DistrictFacts) -> None:
    """A student of two schools has attendance and a section at both."""
    student_id = facts.special_cases["dual_enrollment"][0]
    schools = {fact.school for fact in facts.enrollments if fact.student == student_id}

    assert len(schools) == 2
    assert {event.school for event in facts.attendance if event.student == student_id} == schools
    assert {e.section.school for e in facts.section_enrollments if e.student == student_id} == schools


def test_enrollments_end_and_begin_again(facts: DistrictFacts) -> None:
    """One student left and came back, one has left, and one will leave."""
    enrollments = defaultdict(list)
    for fact in facts.enrollments:
        enrollments[fact.student].append(fact)
    returned = enrollments[facts.special_cases["re_entry"][0]]
    withdrawn = enrollments[facts.special_cases["withdrawn"][0]]
    leaving = enrollments[facts.special_cases["future_exit"][0]]

    assert [fact.exit is None for fact in returned] == [False, True]
    assert len({fact.school for fact in returned}) == 1
    assert [fact.exit < facts.now.date() for fact in withdrawn if fact.exit] == [True]
    assert [fact.exit > facts.now.date() for fact in leaving if fact.exit] == [True]


def test_a_local_category_is_in_no_standard(facts: DistrictFacts) -> None:
    """One student has an attendance category in a local namespace, which no mapping knows."""
    student_id = facts.special_cases["unmapped_descriptor"][0]
    namespaces = {event.namespace for event in facts.attendance if event.student == student_id}

    assert namespaces == {"uri://local", "uri://ed-fi.org"}


def test_a_day_can_have_several_events(facts: DistrictFacts) -> None:
    """One student is tardy, then absent, then tardy in a section, on one day."""
    student_id = facts.special_cases["several_events_a_day"][0]
    events = [event for event in facts.attendance if event.student == student_id]

    assert len({event.day for event in events}) == 1
    assert [event.section is None for event in events] == [True, True, False]


def test_some_accounts_have_the_number_of_another_student(facts: DistrictFacts) -> None:
    """Two students have each other's number in the LMS; their birth dates reveal it."""
    accounts = {account.owner: account for account in facts.accounts}
    first, second = student("crossed_lms_ids", 0), student("crossed_lms_ids", 1)

    assert (accounts[first.id].sis_id, accounts[second.id].sis_id) == (second.id, first.id)
    assert accounts[first.id].birth == first.birth != second.birth
    assert accounts[first.id].email == first.email


def test_some_students_and_accounts_have_no_counterpart(facts: DistrictFacts) -> None:
    """Some students have no account, and some accounts belong to no student."""
    owners = {account.owner for account in facts.accounts}
    unmatched = {str(account.id) for account in facts.accounts if not account.owner and account.sis_id is None}

    assert owners.isdisjoint(facts.special_cases["no_lms_link"])
    assert unmatched == set(facts.special_cases["unmatched_lms_accounts"]) != set()


def test_some_identifiers_are_unusual() -> None:
    """One student each has two state ids, a social security number, leading zeros, and no e-mail address."""

    def codes(case: str, system: str) -> list[str]:
        return [code for code_system, code in student(case).codes if code_system == system]

    assert len(set(codes("two_state_ids", "State"))) == 2
    assert codes("ssn_code", "SSN") == ["900-45-6789"]
    assert codes("leading_zeros", "Local") == ["000412"]
    assert student("no_email").email == ""


def test_names_are_not_all_ascii(facts: DistrictFacts) -> None:
    """There are accents, an apostrophe, a hyphen and other scripts, also right-to-left ones."""
    names = "".join(
        student("unicode_name", number).last for number in range(len(facts.special_cases["unicode_name"]))
    )

    assert {"'", "-", "ñ", "王", "ב", "ط", "ч"} <= set(names)


def test_one_student_has_no_records(facts: DistrictFacts) -> None:
    """One student is in the roster and nowhere else in the system of record."""
    student_id = facts.special_cases["nothing_recorded"][0]

    assert student_id in {fact.id for fact in facts.students}
    assert [kind for mentioned, kind in mentions(facts) if mentioned == student_id] == []


def test_online_courses_belong_to_sections(facts: DistrictFacts) -> None:
    """An LMS course has the identifier of its section, except for the club without a section."""
    courses = {course.name: course for course in facts.lms_courses}

    assert courses.pop("Chess club").sis_section is None
    assert all(course.section and course.sis_section == course.section.identifier for course in courses.values())
