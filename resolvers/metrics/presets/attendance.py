"""Presets of attendance, and the rules of attendance that presets of several domains use."""

from __future__ import annotations

from fractions import Fraction

from student_graph.resolvers.metrics.attendance.rules import CHRONIC_ABSENCE_FEDERAL
from student_graph.resolvers.metrics.measure import Level, Metric, Unit
from student_graph.resolvers.metrics.presets.preset import Preset, Rule, Threshold, WindowKind

EWS_SAMPLE_ATTENDANCE = Rule(
    metric=Metric.ATTENDANCE_RATE,
    thresholds=(
        Threshold(Level.AT_RISK, Fraction(80, 100), includes_edge=False),
        Threshold(Level.WATCH, Fraction(88, 100), includes_edge=False),
    ),
    high_is_risk=False,
    description="Attendance rate below 80 % is at risk, below 88 % an early warning.",
)
"""Attendance of `ews_sample`."""
BALFANZ_ATTENDANCE = Rule(
    metric=Metric.ATTENDANCE_RATE,
    thresholds=(Threshold(Level.AT_RISK, Fraction(80, 100), includes_edge=True),),
    high_is_risk=False,
    description="At risk: attended 80 % of the days or fewer.",
)
"""Attendance of `ews_balfanz`."""
ACUMENED_ATTENDANCE = Rule(
    metric=Metric.CHRONIC_ABSENCE,
    thresholds=(
        Threshold(Level.AT_RISK, Fraction(10, 100), includes_edge=True),
        Threshold(Level.WATCH, Fraction(5, 100), includes_edge=True),
    ),
    high_is_risk=True,
    description="Points by the share of absent days: 0 below 5 %, 1 from 5 to below 10 %, 2 from 10 % on.",
)
"""Attendance of `acumened_abc`."""
PANORAMA_ATTENDANCE = Rule(
    metric=Metric.ATTENDANCE_RATE,
    thresholds=(
        Threshold(Level.AT_RISK, Fraction(90, 100), includes_edge=False),
        Threshold(Level.WATCH, Fraction(95, 100), includes_edge=False),
    ),
    high_is_risk=False,
    description="On track from 95 % of the enrolled days on; at risk below 90 %, critical below 80 %.",
)
"""Attendance of `panorama_levels`."""

FEDERAL_10PCT = Preset(
    name="federal_10pct",
    title="Chronic absence, federal definition",
    rules=(CHRONIC_ABSENCE_FEDERAL,),
    source=(
        "U.S. Department of Education, EDFacts FS195; as a state applies it: "
        "documentation.calpads.org/Glossary/EndofYearData/ChronicAbsentee"
    ),
    notes=(
        "Excused and unexcused absences count alike; tardy arrivals do not.",
        "Some states add a minimum of enrolled days: Maine and New Mexico 10, California more than 30.",
    ),
)
EDU_90_20 = Preset(
    name="edu_90_20",
    title="Chronic absence in Enable Data Union",
    rules=(
        Rule(
            metric=Metric.CHRONIC_ABSENCE,
            thresholds=(Threshold(Level.AT_RISK, Fraction(90, 100), includes_edge=True),),
            high_is_risk=False,
            description="Attendance rate of 90.00 % or less, rounded to 2 decimals, from 20 enrolled days on.",
            unit=Unit.STUDENT_SCHOOL,
            min_days=20,
            rounded_to=2,
            judges_complement=True,
        ),
        Rule(
            metric=Metric.ATTENDANCE_RATE,
            thresholds=(
                Threshold(Level.AT_RISK, Fraction(90, 100), includes_edge=True),
                Threshold(Level.WATCH, Fraction(95, 100), includes_edge=True),
            ),
            high_is_risk=False,
            description="Severe up to 80 %, chronic up to 90 %, at risk up to 95 %, each edge included.",
            unit=Unit.STUDENT_SCHOOL,
            rounded_to=2,
        ),
    ),
    source="edanalytics/edu_wh, models/core_warehouse/fct_student_daily_attendance_business_rules.md",
    notes=(
        "Its text says less than 90, its code at most 90: the code is followed.",
        "Its lowest band leaves out 0 % of attendance, which counts as severe here.",
    ),
)
TSDS_90 = Preset(
    name="tsds_90",
    title="Daily attendance rate of the Ed-Fi dashboards",
    rules=(
        Rule(
            metric=Metric.ATTENDANCE_RATE,
            thresholds=(Threshold(Level.AT_RISK, Fraction(90, 100), includes_edge=False),),
            high_is_risk=False,
            description="Share of the enrolled days in attendance; the goal is missed below 90 %.",
        ),
        Rule(
            metric=Metric.PERIOD_ABSENCE_RATE,
            thresholds=(Threshold(Level.AT_RISK, Fraction(10, 100), includes_edge=False),),
            high_is_risk=True,
            description="Share of the class periods with an absence; the goal is missed above 10 %.",
        ),
        Rule(
            metric=Metric.ATTENDANCE_TREND,
            thresholds=(),
            high_is_risk=False,
            description="Attendance rate of 20 days of instruction minus that of the 20 days before them.",
            window=WindowKind.LAST_4_WEEKS,
        ),
    ),
    source="Texas Student Data System, castro.tea.state.tx.us/tsds/metrics, metrics 2 and 6",
    notes=("The last 4 weeks are 20 days of instruction, the last 8 weeks 40.",),
)
AMT_15_DAYS = Preset(
    name="amt_15_days",
    title="Chronic absence by days, Analytics Middle Tier",
    rules=(
        Rule(
            metric=Metric.ABSENT_DAYS,
            thresholds=(Threshold(Level.AT_RISK, Fraction(15), includes_edge=True),),
            high_is_risk=True,
            description="15 days of absence or more in the school year, excused or not.",
        ),
    ),
    source="Ed-Fi Alliance, Analytics Middle Tier, chronic-absenteeism-collection/readme.md",
)
AMT_IN_YEAR_92 = Preset(
    name="amt_in_year_92",
    title="Warning of chronic absence during the year, Analytics Middle Tier",
    rules=(
        Rule(
            metric=Metric.ATTENDANCE_RATE,
            thresholds=(Threshold(Level.WATCH, Fraction(92, 100), includes_edge=False),),
            high_is_risk=False,
            description="A warning if the attendance rate so far is below 92 %.",
        ),
    ),
    source="Ed-Fi Alliance, Analytics Middle Tier, chronic-absenteeism-collection/readme.md",
    notes=("Derived from 15 of 180 days, which is 91.67 %; documented, and used here, as less than 92 %.",),
)
FIRST_WEEKS = Preset(
    name="first_weeks",
    title="Absence in the first weeks",
    rules=(
        Rule(
            metric=Metric.FIRST_WEEKS_ABSENCE,
            thresholds=(Threshold(Level.AT_RISK, Fraction(10, 100), includes_edge=True),),
            high_is_risk=True,
            description="Absent on 10 % or more of the first 20 days of instruction.",
            window=WindowKind.FIRST_4_WEEKS,
        ),
    ),
    source="Early Warning Intervention and Monitoring System, REL 2017-272 (ies.ed.gov)",
    notes=("Some publishers take the first 30 days: ask with the window FIRST_6_WEEKS.",),
)

PRESETS: tuple[Preset, ...] = (FEDERAL_10PCT, EDU_90_20, TSDS_90, AMT_15_DAYS, AMT_IN_YEAR_92, FIRST_WEEKS)
"""The presets that are only about attendance."""
