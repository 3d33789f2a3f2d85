"""
The golden numbers of the sample district about behavior, assigned work and assessments, exactly.

Not metrics, and so not here. C11 counts incidents by location, and C12 compares dates of attendance and
discipline. D01, D06, D10, D19, D20 and D22 count rows, dates and users of files. E03 to E07 and E09 are
statistics of scores, which are never compared across tests, and of tests not taken. E17 counts names of levels (a
test below shows that none decides a subject), and E21 to E37 are about files of other vendors: the tests of those
adapters have them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from student_graph.adapters.model import AcademicSubject, SchoolId
from student_graph.resolvers.metrics.assessments.latest import latest_standings
from student_graph.resolvers.metrics.facts import MetricRequest, StudentFacts
from student_graph.resolvers.metrics.measure import DataQuality, Level, Measure, Metric
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.resolvers.metrics.measured import FALL_END, exact_values, flagged, half_up, number
from tests.resolvers.metrics.records.sample_records import gradebook_facts, lms_facts, record_facts
from tests.resolvers.metrics.sample import (
    FIRST_DAY,
    LAST_DAY,
    days_by_school,
    facts_by_student,
    golden,
    needs_sample,
)

pytestmark = needs_sample


def measures(
    metric: Metric, facts: Mapping[str, StudentFacts] | None = None, preset: str = "ews_sample", **choices: Any
) -> dict[str, Measure]:
    """The measure of each student."""
    request = MetricRequest(metric, PRESETS[preset], LAST_DAY, FIRST_DAY, **choices)
    return {
        student: METRICS[metric].measure(of, request)
        for student, of in (record_facts() if facts is None else facts).items()
    }


def above_zero(results: Mapping[str, Measure]) -> dict[str, int]:
    """The values above 0, by student."""
    return {student: number(value) for student, value in exact_values(dict(results)).items() if value}


def test_incidents_count_for_perpetrators() -> None:
    """All incidents, by school, and students by number of incidents (C01, C03, G08)."""
    incidents = exact_values(measures(Metric.INCIDENTS))
    per_school = {
        str(school): sum(exact_values(measures(Metric.INCIDENTS, school=school)).values())
        for school in days_by_school()
    }
    assert sum(incidents.values()) == golden()["C01"]["incidents"]
    assert per_school == golden()["C01"]["perSchool"] == golden()["G08"]
    assert {str(count): students for count, students in Counter(map(int, incidents.values())).items()} == golden()[
        "C03"
    ]


def test_state_offenses_and_violations_of_conduct_count_apart() -> None:
    """State offenses are at risk; violations of the code of conduct are two kinds of behavior (C02, C04)."""
    offenses = measures(Metric.STATE_OFFENSES)
    conduct = measures(Metric.CONDUCT_VIOLATIONS)
    assert sum(exact_values(offenses).values()) == golden()["C02"]["State Offense"]
    assert sum(exact_values(conduct).values()) == (
        golden()["C02"]["School Code of Conduct"] + golden()["C02"]["School Violation"]
    )
    ids = flagged(offenses)
    per_school = {
        str(school): len(flagged(measures(Metric.STATE_OFFENSES, school=school))) for school in days_by_school()
    }
    assert {"n": len(ids), "ids": ids, "perSchool": per_school} == golden()["C04"]


def test_repeated_actions_count_once_in_days_of_suspension() -> None:
    """Repeated actions count once, and an expulsion is none (C08, C09)."""
    days = exact_values(measures(Metric.SUSPENSION_DAYS_SERVED))
    assert {student: number(value) for student, value in days.items() if value > 1} == golden()["C08"]
    imposed = exact_values(measures(Metric.SUSPENSION_DAYS_IMPOSED))
    assert imposed == days
    by_school = {}
    for school in days_by_school():
        at_school = measures(Metric.SUSPENSION_DAYS_SERVED, school=school)
        by_school[str(school)] = sum(exact_values(at_school).values())
    assert by_school == {school: days for school, (_, days) in golden()["C09"].items()}


def test_an_expulsion_is_not_a_suspension() -> None:
    """Of 25 actions, four repeat another one and one is an expulsion (decision 11)."""
    suspensions = measures(Metric.SUSPENSIONS)
    assert sum(exact_values(suspensions).values()) == 20
    assert suspensions["605477"].exact == 0
    repeated = [
        student for student, row in suspensions.items() if DataQuality.REPEATED_RECORDS in row.data_quality
    ]
    assert repeated == ["604848", "605121", "605220", "605262"]


def test_one_or_two_incidents_give_one_point() -> None:
    """No incident is 0 points, one or two are 1 (C13)."""
    levels = Counter(row.level for row in measures(Metric.INCIDENTS, preset="acumened_abc").values())
    assert {"0": levels[Level.ON_TRACK], "1": levels[Level.WATCH]} == golden()["C13"]


def test_absences_of_perpetrators_match_the_golden_numbers() -> None:
    """Days absent of those with an incident, and who of them is chronically absent (C14)."""
    perpetrators = above_zero(measures(Metric.INCIDENTS))
    absent = above_zero(measures(Metric.ABSENT_DAYS, facts_by_student()))
    chronic = flagged(measures(Metric.CHRONIC_ABSENCE, facts_by_student(), "federal_10pct"))
    with_absence = [[student, absent[student]] for student in perpetrators if student in absent]
    assert with_absence == golden()["C14"]["withAbsence"]
    assert [student for student in chronic if student in perpetrators] == golden()["C14"]["chronic"]


def test_incidents_count_in_the_window_of_their_day() -> None:
    """Incidents of the fall, of the spring, and of the last 30 days (C15)."""

    def count(first: date, last: date) -> Fraction:
        return sum(exact_values(measures(Metric.INCIDENTS, first=first, last=last)).values(), Fraction(0))

    assert count(FIRST_DAY, FALL_END) == golden()["C15"]["fall"]
    assert count(FALL_END + timedelta(days=1), LAST_DAY) == golden()["C15"]["spring"]
    assert count(LAST_DAY - timedelta(days=29), LAST_DAY) == golden()["C15"]["last30daysTo2022-05-27"]


def test_averages_and_late_work_of_the_gradebook_match_the_golden_numbers() -> None:
    """The average of ten assignments, their median and mean, and late work (D01 to D04)."""
    averages = {
        row: value * 100 for row, value in exact_values(measures(Metric.WORK_AVERAGE, gradebook_facts())).items()
    }
    assert averages == golden()["D02"]
    assert half_up(sum(averages.values(), Fraction(0)) / len(averages), 2) == golden()["D03"]["mean"]
    assert sorted(averages.values())[len(averages) // 2] == golden()["D03"]["medianOfAverages"]
    graded = exact_values(measures(Metric.GRADED_WORK, gradebook_facts()))
    assert sum(graded.values()) == golden()["D01"]["statuses"]["Graded"]
    assert (
        sum(exact_values(measures(Metric.MISSING_WORK, gradebook_facts())).values()) == golden()["D01"]["missing"]
    )
    late = above_zero(measures(Metric.LATE_WORK, gradebook_facts()))
    assert {"lateRows": sum(late.values()), "studentsLate": len(late), "perStudent": late} == golden()["D04"]


def test_missing_and_late_work_is_what_the_lms_marks() -> None:
    """Missing and late work by student and by section, as the LMS marks it (D11 to D13)."""
    assert _sorted(above_zero(measures(Metric.MISSING_WORK, lms_facts()))) == golden()["D12"]
    assert _sorted(above_zero(measures(Metric.LATE_WORK, lms_facts()))) == golden()["D13"]
    for section, statuses in golden()["D11"].items():
        missing = sum(exact_values(measures(Metric.MISSING_WORK, lms_facts(section))).values())
        late = sum(exact_values(measures(Metric.LATE_WORK, lms_facts(section))).values())
        graded = sum(exact_values(measures(Metric.GRADED_WORK, lms_facts(section))).values())
        assert {"Graded": graded - late, "Late": late, "Missing": missing} == statuses


def test_work_of_one_student_by_section() -> None:
    """Graded work and its average; the golden mean counts missing work as 0, which the metric does not (D17)."""
    for section, expected in golden()["D17"].items():
        facts = {"604822": lms_facts(section)["604822"]}
        average = exact_values(measures(Metric.WORK_AVERAGE, facts))["604822"]
        graded = exact_values(measures(Metric.GRADED_WORK, facts))["604822"]
        missing = exact_values(measures(Metric.MISSING_WORK, facts))["604822"]
        assert graded + missing == expected["n"]
        assert half_up(average * 100 * graded / expected["n"], 4) == expected["mean"]


def test_students_with_missing_work_and_absences_match_the_golden_numbers() -> None:
    """Students with two missing assignments or more, and those who are absent too (D21)."""
    missing = _sorted(above_zero(measures(Metric.MISSING_WORK, lms_facts())))
    absent = above_zero(measures(Metric.ABSENT_DAYS, facts_by_student()))
    assert [student for student, count in missing.items() if count >= 2] == golden()["D21"]["missingGe2"]
    both = [[student, count, absent[student]] for student, count in missing.items() if student in absent]
    assert both == golden()["D21"]["andAbsent"]


def test_the_family_of_a_result_follows_from_its_test() -> None:
    """Students with a result of each family, which follows from the identifiers of the tests (E16)."""
    families = {
        student: {standing.family for standing in latest_standings(facts, _request())}
        for student, facts in record_facts().items()
    }
    counts = Counter(family for names in families.values() for family in names)
    assert {
        "ACT": counts["ACT"],
        "SAT": counts["SAT"],
        "state": counts["State Assessment"],
        "ACTandSAT": sum({"ACT", "SAT"} <= names for names in families.values()),
        "any": sum(bool(names) for names in families.values()),
    } == golden()["E16"]


def test_students_below_the_standard() -> None:
    """Who did not meet a standard, and who did not meet two; nobody without a stated level is among them (E14)."""
    below = flagged(measures(Metric.ASSESSMENT_PROFICIENT))
    subjects = (AcademicSubject.MATHEMATICS, AcademicSubject.READING)
    by_subject = [flagged(measures(Metric.ASSESSMENT_PROFICIENT, subject=subject)) for subject in subjects]
    both = sorted(set(by_subject[0]) & set(by_subject[1]))
    assert {"n": len(below), "ids": below, "both": both} == golden()["E14"]
    assert len(flagged(measures(Metric.ASSESSMENT_PROFICIENT), Level.NOT_EVALUATED)) > 800


def test_objectives_without_proficiency_are_counted_by_part() -> None:
    """Parts of the state's tests whose stated level is not proficient, by part (E13)."""
    not_met: Counter[str] = Counter()
    for student, facts in record_facts().items():
        parts = [part for row in latest_standings(facts, _request()) for part in row.objectives]
        unmet = [part.identification_code for part in parts if part.proficient is False]
        not_met.update(unmet)
        assert measures(Metric.OBJECTIVES_NOT_MET, {student: facts})[student].exact in (len(unmet), None)
    expected = {part: numbers["didNotMeet"] for part, numbers in golden()["E13"].items()}
    assert {part: not_met[part] for part in expected} == expected


@pytest.mark.parametrize(("scope", "preferred"), [("National", 0), ("State", 1)])
def test_the_percentile_is_the_one_that_the_family_prefers(scope: str, preferred: int) -> None:
    """The percentile that the family prefers, with the norm year missing (E12)."""
    [sat] = [family for family in _request().settings.families if family.name == "SAT"]
    methods = (sat.percentile_methods[preferred], sat.percentile_methods[1 - preferred])
    settings = replace(_request().settings, families=(replace(sat, percentile_methods=methods),))
    for subject, title in (
        (AcademicSubject.READING, "SAT Critical Reading"),
        (AcademicSubject.MATHEMATICS, "SAT Mathematics"),
        (AcademicSubject.WRITING, "SAT Writing"),
    ):
        results = measures(Metric.ASSESSMENT_PERCENTILE, family="sat", subject=subject, settings=settings)
        values = [row for row in results.values() if row.exact is not None]
        assert all(DataQuality.NORM_YEAR_UNKNOWN in row.data_quality for row in values)
        bands = Counter(_band(row.exact or Fraction(0)) for row in values)
        assert dict(bands) == golden()["E12"][title][scope]


def test_no_growth_is_computed() -> None:
    """No student took a test twice and no source states growth, so none has growth (E11)."""
    assert golden()["E11"] == sum(row.exact is not None for row in measures(Metric.ASSESSMENT_GROWTH).values())


def test_no_subject_follows_from_the_name_of_a_level() -> None:
    """Results of reading carry a level indicator of mathematics: their subject stays reading (E01, E17)."""
    assert "Math Level Indicator | SA-2011-Reading-Eighth grade" in golden()["E17"]
    standings = [
        row
        for facts in record_facts().values()
        for row in latest_standings(facts, _request())
        if row.family == "State Assessment"
    ]
    assert len(standings) == sum(count for name, count in golden()["E01"].items() if name.startswith("SA-"))
    for row in standings:
        assert [subject.value for subject in row.subjects] == [row.assessment.assessment_identifier.split("-")[2]]


def _request() -> MetricRequest:
    return MetricRequest(Metric.ASSESSMENT_LEVEL, PRESETS["ews_sample"], LAST_DAY, FIRST_DAY)


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _band(percentile: Fraction) -> str:
    low = min(int(percentile) // 20 * 20, 80)
    return f"[{low},{low + 20}{']' if low == 80 else ')'}"


def test_the_sample_has_no_school_of_an_unknown_number() -> None:
    """A school that the district does not have has no incidents."""
    assert not above_zero(measures(Metric.INCIDENTS, school=SchoolId("1")))
