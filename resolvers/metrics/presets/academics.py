"""Presets of course performance, assigned work and assessments."""

from __future__ import annotations

from fractions import Fraction

from student_graph.adapters.model import AcademicSubject, GradeLevel
from student_graph.resolvers.metrics.measure import Domain, Level, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold

CORE_SUBJECTS = frozenset(
    {
        AcademicSubject.ENGLISH_LANGUAGE_ARTS,
        AcademicSubject.READING,
        AcademicSubject.WRITING,
        AcademicSubject.MATHEMATICS,
        AcademicSubject.SCIENCE,
        AcademicSubject.SOCIAL_STUDIES,
    }
)
_OFF_TRACK = (Threshold(Level.AT_RISK, Fraction(1), includes_edge=False),)
_HIGH_SCHOOL = (GradeLevel.NINTH, GradeLevel.TENTH, GradeLevel.ELEVENTH, GradeLevel.TWELFTH)


def _fayette_credits(schedule: str, credits_by_grade: tuple[int, int, int, int]) -> Preset:
    """The credits of Fayette County's high schools, for one kind of schedule."""
    listed = ", ".join(map(str, credits_by_grade[:-1]))
    return Preset(
        name=f"fcps_ky_credits_{schedule.replace('-', '_')}",
        title=f"Credits to graduate, Fayette County Public Schools, {schedule} schedule",
        domains=(Domain.COURSES,),
        rules=(
            Rule(
                Metric.ON_TRACK,
                _OFF_TRACK,
                high_is_risk=False,
                description=f"On track with {listed} and {credits_by_grade[-1]} credits by the end of grades 9, "
                "10, 11 and 12. During a year, the credits of the year before are due.",
                credits_by_grade=tuple(
                    (grade, Fraction(number)) for grade, number in zip(_HIGH_SCHOOL, credits_by_grade, strict=True)
                ),
            ),
        ),
        source="Fayette County Public Schools, Kentucky, kyfcps.atlassian.net/wiki/spaces/DC/pages/183926794",
        notes=("Nothing is due before the end of ninth grade, so the student is not evaluated until then.",),
    )


FCPS_KY_BLOCK = _fayette_credits("block", (5, 12, 18, 26))
FCPS_KY_NON_BLOCK = _fayette_credits("non-block", (5, 10, 16, 22))
FRESHMAN_ON_TRACK = Preset(
    name="freshman_on_track",
    title="Freshman on track",
    domains=(Domain.COURSES,),
    rules=(
        Rule(
            Metric.ON_TRACK,
            _OFF_TRACK,
            high_is_risk=False,
            description="On track with 5 credits or more and at most one failed semester in English, mathematics, "
            "science and social studies by the end of ninth grade.",
            subjects=CORE_SUBJECTS,
            credits_by_grade=((GradeLevel.NINTH, Fraction(5)),),
            max_failed_semesters=1,
        ),
    ),
    source="University of Chicago Consortium on School Research, ncs.uchicago.edu/page/getting-started",
    notes=(
        "Only for ninth grade. A second failed semester is off track at once, too few credits at the year's end.",
        (
            "Which grades are failing is the district's setting. The rule counts a course by its own subjects, so "
            "an elective of a core department counts as core."
        ),
    ),
)
SCHOOLYTICS_MISSING = Preset(
    name="schoolytics_missing",
    title="Missing work as Schoolytics counts it",
    rules=(
        Rule(
            Metric.MISSING_WORK,
            (),
            high_is_risk=True,
            description="Assignments that were due before now, are not excused, and that the LMS marks as missing "
            "or that were returned with 0 and never handed in.",
            counts_returned_work=True,
        ),
    ),
    source="Schoolytics help, missing work",
    notes=("Canvas does not mark work as missing that was graded: without a preset, its own mark counts.",),
)
STUDENT_INSIGHTS_STAR = Preset(
    name="student_insights_star",
    title="Percentile bands of Student Insights",
    rules=(
        Rule(
            Metric.ASSESSMENT_PERCENTILE,
            (
                Threshold(Level.AT_RISK, Fraction(30), includes_edge=False),
                Threshold(Level.WATCH, Fraction(70), includes_edge=True),
            ),
            high_is_risk=False,
            description="Percentile below 30, from 30 to 70, and above 70.",
        ),
    ),
    source="Student Insights (github.com/studentinsights/studentinsights), bands of STAR percentiles",
    notes=("Percentiles compare within one norm year only.",),
)

PRESETS: tuple[Preset, ...] = (
    FRESHMAN_ON_TRACK,
    FCPS_KY_BLOCK,
    FCPS_KY_NON_BLOCK,
    SCHOOLYTICS_MISSING,
    STUDENT_INSIGHTS_STAR,
)
"""The presets of course performance, assigned work and assessments."""
