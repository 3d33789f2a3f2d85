"""Presets of early-warning indicators: attendance, behavior and course performance together."""

from __future__ import annotations

from fractions import Fraction

from student_graph.adapters.model import AcademicSubject
from student_graph.resolvers.metrics.measure import Domain, Level, Metric
from student_graph.resolvers.metrics.presets.attendance import (
    ACUMENED_ATTENDANCE,
    BALFANZ_ATTENDANCE,
    EWS_SAMPLE_ATTENDANCE,
    PANORAMA_ATTENDANCE,
)
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold, WindowKind

MATHEMATICS = frozenset({AcademicSubject.MATHEMATICS})
ENGLISH = frozenset({AcademicSubject.ENGLISH_LANGUAGE_ARTS, AcademicSubject.READING, AcademicSubject.WRITING})
_ABC = (Domain.ATTENDANCE, Domain.BEHAVIOR, Domain.COURSES)
_EWS_LETTERS = tuple(
    (letter, Fraction(value)) for letter, value in zip("ABCDF", (95, 85, 75, 65, 55), strict=True)
)


def _from(level: Level, at: int | Fraction) -> Threshold:
    """A level that begins at an edge, which belongs to it."""
    return Threshold(level, Fraction(at), includes_edge=True)


def _beyond(level: Level, at: int | Fraction) -> Threshold:
    """A level that begins beyond an edge."""
    return Threshold(level, Fraction(at), includes_edge=False)


def _ews_average(subjects: frozenset[AcademicSubject], name: str) -> Rule:
    return Rule(
        Metric.GRADING_PERIOD_AVERAGE,
        (_beyond(Level.AT_RISK, 65), _beyond(Level.WATCH, 72)),
        high_is_risk=False,
        description=f"Mean of the grading-period grades in {name}: below 65 is at risk, below 72 an early "
        "warning. Where there are only letters, A counts 95, B 85, C 75, D 65 and F 55.",
        subjects=subjects,
        letter_values=_EWS_LETTERS,
    )


def _failing(subjects: frozenset[AcademicSubject], name: str) -> Rule:
    return Rule(
        Metric.FAILING_COURSES,
        (_from(Level.AT_RISK, 1),),
        high_is_risk=True,
        description=f"At risk: fails a course in {name}.",
        subjects=subjects,
    )


EWS_SAMPLE = Preset(
    name="ews_sample",
    title="Early Warning System of the Analytics Middle Tier",
    domains=_ABC,
    rules=(
        EWS_SAMPLE_ATTENDANCE,
        Rule(
            Metric.STATE_OFFENSES,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="Any state offense is at risk.",
        ),
        Rule(
            Metric.CONDUCT_VIOLATIONS,
            (_from(Level.AT_RISK, 5), _from(Level.WATCH, 2)),
            high_is_risk=True,
            description="5 violations of the code of conduct or more are at risk, 2 or more an early warning.",
        ),
        _ews_average(MATHEMATICS, "mathematics"),
        _ews_average(ENGLISH, "English language arts, reading and writing"),
    ),
    source="Ed-Fi Alliance, Analytics Middle Tier, early-warning-system-collection/readme.md",
    notes=(
        "The thresholds are samples, not designed to any universal specification.",
        (
            "Documentation and code disagree on conduct: the readme says 5 and 2, as here; RiskIndicators.sql has "
            "> 5 and > 2, that is 6 and 3."
        ),
        "Averages are judged on a scale from 0 to 100: define a preset of your own for other scales.",
        "A letter with a sign, such as A-, has no value.",
    ),
)
EWS_BALFANZ = Preset(
    name="ews_balfanz",
    title="Middle school indicators of Balfanz, Herzog and Mac Iver",
    domains=_ABC,
    rules=(
        BALFANZ_ATTENDANCE,
        Rule(
            Metric.SUSPENSIONS,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="At risk: any suspension.",
        ),
        _failing(MATHEMATICS, "mathematics"),
        _failing(ENGLISH, "English language arts, reading or writing"),
    ),
    source="Balfanz, Herzog and Mac Iver (2007), as cited by the Wisconsin Department of Public Instruction",
    notes=(
        "A poor final mark for behavior is an indicator as well: records have no such mark, so it is left out.",
        "Which grades are failing is the district's setting.",
    ),
)
ACUMENED_ABC = Preset(
    name="acumened_abc",
    title="ABC points and tiers of AcumenEd",
    domains=_ABC,
    rules=(
        ACUMENED_ATTENDANCE,
        Rule(
            Metric.INCIDENTS,
            (_from(Level.AT_RISK, 3), _from(Level.WATCH, 1)),
            high_is_risk=True,
            description="No incident is 0 points, 1 or 2 incidents are 1 point, 3 or more 2 points.",
        ),
        Rule(
            Metric.GRADE_POINT_AVERAGE,
            (_beyond(Level.AT_RISK, 2), _beyond(Level.WATCH, 3)),
            high_is_risk=False,
            description="A grade point average of 3 or more is 0 points, from 2 to below 3 1 point, below 2 2 "
            "points.",
            scale_max=Fraction(4),
        ),
        Rule(
            Metric.FAILING_COURSES,
            (_from(Level.AT_RISK, 2), _from(Level.WATCH, 1)),
            high_is_risk=True,
            description="No failing course is 0 points, 1 failing course 1 point, 2 or more 2 points.",
        ),
    ),
    tiers=(_from(Level.AT_RISK, 5), _from(Level.WATCH, 3)),
    source="AcumenEd, acumened.com/features/abc-early-warning-system",
    notes=(
        "The page says 5 to 9.9 %: bands are half-open here, so 9.95 % is 1 point.",
        "The points of a domain are those of its worst metric. Tiers by their sum: 0 to 2, 3 and 4, 5 and 6.",
        "A grade point average with another highest value than 4 is not judged.",
    ),
)
PANORAMA_LEVELS = Preset(
    name="panorama_levels",
    title="Attendance and behavior levels of Panorama",
    domains=(Domain.ATTENDANCE, Domain.BEHAVIOR),
    rules=(
        PANORAMA_ATTENDANCE,
        Rule(
            Metric.INCIDENT_DAY_SHARE,
            (_beyond(Level.AT_RISK, Fraction(2, 100)), _beyond(Level.WATCH, 0)),
            high_is_risk=True,
            description="Days with an incident: none is on track, up to 2 % of the enrolled days watch, above at "
            "risk; above 5 % is critical.",
        ),
    ),
    source="Panorama Education, support articles 558 and 578",
    notes=("Panorama has four levels: at risk and critical are one level here, and the value tells them apart.",),
)
WISCONSIN_HIGH_SCHOOL = Preset(
    name="wisconsin_high_school",
    title="High school risk of Wisconsin and AIR",
    domains=(Domain.BEHAVIOR, Domain.COURSES, Domain.MOBILITY),
    rules=(
        Rule(
            Metric.SUSPENSION_DAYS_SERVED,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="At risk: 1 day of suspension or more.",
        ),
        Rule(
            Metric.FAILED_SEMESTER_COURSES,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="At risk: 1 failed semester course or more.",
        ),
        Rule(
            Metric.GRADE_POINT_AVERAGE,
            (_from(Level.AT_RISK, 2),),
            high_is_risk=False,
            description="At risk: a grade point average of 2.0 or less.",
            scale_max=Fraction(4),
        ),
        Rule(
            Metric.SCHOOL_CHANGES,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="At risk: 1 change of school or more in the year.",
        ),
    ),
    source="Wisconsin Department of Public Instruction and AIR, table of risk indicators",
    notes=("Its indicator of attendance is that of the first weeks: ask for the preset first_weeks.",),
)
TERM_FLAGS = Preset(
    name="mtss_term_flags",
    title="Flags of a term",
    domains=(Domain.ATTENDANCE, Domain.BEHAVIOR),
    rules=(
        Rule(
            Metric.CHRONIC_ABSENCE,
            (_from(Level.AT_RISK, Fraction(10, 100)),),
            high_is_risk=True,
            description="At risk: absent on 10 % or more of the enrolled days of the present term.",
            window=WindowKind.TERM,
        ),
        Rule(
            Metric.SUSPENSIONS,
            (_from(Level.AT_RISK, 1),),
            high_is_risk=True,
            description="At risk: any suspension in the present term.",
            window=WindowKind.TERM,
        ),
    ),
    source="Michigan's Multi-Tiered System of Supports Technical Assistance Center, mimtsstac.org",
    notes=("Flags do not carry over into the next term.",),
)

PRESETS: tuple[Preset, ...] = (
    EWS_SAMPLE,
    EWS_BALFANZ,
    ACUMENED_ABC,
    PANORAMA_LEVELS,
    WISCONSIN_HIGH_SCHOOL,
    TERM_FLAGS,
)
"""The presets of early-warning indicators."""
