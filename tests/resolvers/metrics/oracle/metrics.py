"""Each metric of attendance, from naive totals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from student_graph.adapters.model import AttendanceCategory, SchoolId
from student_graph.resolvers.metrics.facts import MetricRequest
from student_graph.resolvers.metrics.measure import Level, Metric
from student_graph.resolvers.metrics.presets.preset import Rule, WindowKind
from tests.resolvers.metrics.oracle.naive import ABSENT, COUNTED, Naive, dates

FEDERAL = "federal_10pct"


def _edu(rate: Fraction) -> Level:
    """The level of a rate of attendance by EDU, rounded to 2 decimals of a percentage."""
    rounded = (rate * 10000 + Fraction(1, 2)).__floor__()
    return Level.AT_RISK if rounded <= 9000 else Level.WATCH if rounded <= 9500 else Level.ON_TRACK


def _if(is_level: bool, level: Level = Level.AT_RISK) -> Level:
    return level if is_level else Level.ON_TRACK


JUDGES: dict[tuple[str, Metric], Callable[[Fraction, int], Level]] = {
    (FEDERAL, Metric.CHRONIC_ABSENCE): lambda share, _: _if(10 * share >= 1),
    ("edu_90_20", Metric.CHRONIC_ABSENCE): lambda share, days: (
        Level.NOT_EVALUATED if days < 20 else _if(_edu(1 - share) is Level.AT_RISK)
    ),
    ("edu_90_20", Metric.ATTENDANCE_RATE): lambda rate, _: _edu(rate),
    ("tsds_90", Metric.ATTENDANCE_RATE): lambda rate, _: _if(10 * rate < 9),
    ("tsds_90", Metric.PERIOD_ABSENCE_RATE): lambda share, _: _if(10 * share > 1),
    ("amt_15_days", Metric.ABSENT_DAYS): lambda days, _: _if(days >= 15),
    ("amt_in_year_92", Metric.ATTENDANCE_RATE): lambda rate, _: _if(100 * rate < 92, Level.WATCH),
    ("first_weeks", Metric.FIRST_WEEKS_ABSENCE): lambda share, _: _if(10 * share >= 1),
}
"""How the presets judge a value on so many enrolled days, written out by hand."""


def level_of(preset: str, metric: Metric, value: Fraction, days: int) -> Level:
    """How a preset judges a value."""
    judge = JUDGES.get((preset, metric))
    return Level.NOT_EVALUATED if judge is None else judge(value, days)


CHRONIC = {
    FEDERAL: (Metric.CHRONIC_ABSENCE, FEDERAL),
    "edu_90_20": (Metric.CHRONIC_ABSENCE, "edu_90_20"),
    "tsds_90": (Metric.ATTENDANCE_RATE, "tsds_90"),
    "amt_15_days": (Metric.ABSENT_DAYS, "amt_15_days"),
    "amt_in_year_92": (Metric.CHRONIC_ABSENCE, FEDERAL),
    "first_weeks": (Metric.CHRONIC_ABSENCE, FEDERAL),
}
"""By which metric and preset a preset judges chronic absence."""


def is_at_risk(preset: str, missed: Fraction, days: int, *, with_minimum: bool = True) -> bool:
    """Whether so many days of absence are chronic."""
    metric, judge = CHRONIC[preset]
    if not days:
        return False
    values = {
        Metric.CHRONIC_ABSENCE: missed / days,
        Metric.ATTENDANCE_RATE: 1 - missed / days,
        Metric.ABSENT_DAYS: missed,
    }
    return level_of(judge, metric, values[metric], days if with_minimum else 10**6) is Level.AT_RISK


Result = tuple[Fraction | None, Level]
"""A value and its level."""
NONE: Result = (None, Level.NOT_EVALUATED)


def expected(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    """The value and the level of a metric."""
    metric, preset = request.metric, request.preset.name
    special = SPECIAL.get(metric)
    if special is not None:
        return special(naive, request, rule, chronic)
    days, absent, excused, unexcused, tardies, partly = naive.totals(request, rule)
    if metric in (Metric.ABSENT_DAYS, Metric.EXCUSED_ABSENT_DAYS, Metric.UNEXCUSED_ABSENT_DAYS):
        value = {Metric.ABSENT_DAYS: absent, Metric.EXCUSED_ABSENT_DAYS: excused}.get(metric, unexcused)
        return (value, level_of(preset, metric, value, days)) if days or partly else NONE
    if metric is Metric.TARDIES:
        return (Fraction(tardies), Level.NOT_EVALUATED) if days or tardies else NONE
    if not days:
        return NONE
    value = 1 - absent / days if metric is Metric.ATTENDANCE_RATE else absent / days
    if metric is Metric.FIRST_WEEKS_ABSENCE:
        kind = None if request.first or request.last else request.window or rule.window
        counts = COUNTED[kind] if kind in (WindowKind.FIRST_4_WEEKS, WindowKind.FIRST_6_WEEKS) else 0
        rows = naive.at_schools(request, rule)
        if any(len(naive.schools[school_id].days & set(window)) < counts for school_id, window, _, _ in rows):
            return value, Level.NOT_EVALUATED
    return value, level_of(preset, metric, value, days)


def _year(request: MetricRequest) -> list[date]:
    return dates(request.year_start, request.as_of)


def _streaks(naive: Naive, request: MetricRequest, rule: Rule) -> list[bool] | None:
    """Whether the student was absent, for each day of school in order; None without enrolled days."""
    if not naive.totals(request, rule)[0]:
        return None
    by_day: dict[date, list[bool]] = {}
    for school_id, _, enrolled, _ in naive.at_schools(request, rule):
        for day in enrolled:
            missed, _, recorded, _ = naive.day(school_id, day)
            is_day = day in naive.schools[school_id].days or missed > 0
            if is_day and (recorded or school_id not in request.settings.positive_attendance):
                by_day.setdefault(day, []).append(2 * missed >= 1)
    return [all(by_day[day]) for day in sorted(by_day)]


def _streak(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    days = _streaks(naive, request, rule)
    if days is None:
        return NONE
    length = 0
    while length < len(days) and days[-1 - length]:
        length += 1
    return Fraction(length), Level.NOT_EVALUATED


def _longest(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    days = _streaks(naive, request, rule)
    if days is None:
        return NONE
    text = "".join("a" if absent else " " for absent in days)
    return Fraction(max(map(len, text.split(" ")))), Level.NOT_EVALUATED


def _trend(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    kind = None if request.first or request.last else request.window or rule.window
    rows = naive.at_schools(request, rule)
    if kind not in (None, WindowKind.LAST_4_WEEKS, WindowKind.LAST_8_WEEKS) or len(rows) != 1:
        return NONE
    school_id, window, _, _ = rows[0]
    school = naive.schools[school_id]
    now = sorted(school.days & set(window))
    count = len(now) if kind is None else COUNTED[kind]
    before = sorted(day for day in school.days if request.year_start <= day < (window[0] if window else date.min))[
        -count:
    ]
    if not count or len(now) < count or len(before) < count:
        return NONE
    if not all(naive.is_enrolled(school_id, day) for day in [*before, *now]):
        return NONE
    rates = []
    for days in (dates(before[0], window[0] - timedelta(days=1)), window):
        enrolled, absent, *_ = naive.totals(request, rule, days)
        if not enrolled:
            return NONE
        rates.append(1 - absent / enrolled)
    return rates[1] - rates[0], Level.NOT_EVALUATED


def _newly(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    days, absent, *_ = naive.totals(request, _judged(rule, chronic), _year(request))
    if not days:
        return NONE
    starts = []
    for school_id, window, _, _ in naive.at_schools(request, rule, _year(request)):
        so_far = sorted(naive.schools[school_id].days & set(window))
        starts.append(so_far[-20:][0] if so_far else window[-1] + timedelta(days=1))
    earlier = [day for day in _year(request) if day < min(starts)]
    days_before, absent_before, *_ = naive.totals(request, _judged(rule, chronic), earlier)
    preset = request.preset.name
    is_new = is_at_risk(preset, absent, days) and not is_at_risk(preset, absent_before, days_before)
    return Fraction(is_new), Level.AT_RISK if is_new else Level.ON_TRACK


def _affordable(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    days, absent, *_ = naive.totals(request, _judged(rule, chronic), _year(request))
    if not days:
        return NONE
    total = 0
    for school_id, *_ in naive.at_schools(request, rule):
        school = naive.schools[school_id]
        for term in school.terms:
            enrolled = {day for day in term.days if naive.is_enrolled(school_id, day)}
            if term.covered:
                total += len(school.days & enrolled)
            elif term.stated is None:
                return NONE
            else:
                weekdays = [sum(day.weekday() < 5 for day in group) for group in (enrolled, term.days)]
                total += round(Fraction(term.stated * weekdays[0], weekdays[1]))
        in_terms = {day for term in school.terms for day in term.days}
        total += sum(naive.is_enrolled(school_id, day) for day in school.days - in_terms)
    more = 0
    while more <= total - absent and not is_at_risk(request.preset.name, absent + more, total, with_minimum=False):
        more += 1
    return Fraction(max(0, more - 1)), Level.NOT_EVALUATED


def _judged(rule: Rule, chronic: Rule) -> Rule:
    """The rule of a metric, with the days of absence as the rule of chronic absence counts them."""
    return Rule(
        rule.metric, (), high_is_risk=True, description="", window=rule.window, full_day_from=chronic.full_day_from
    )


def _class_events(
    naive: Naive, request: MetricRequest, rule: Rule, categories: set[AttendanceCategory]
) -> set[tuple[SchoolId, str, date]]:
    """The distinct sections and dates with an event of the categories."""
    enrolled = {school_id: days for school_id, _, days, _ in naive.at_schools(request, rule)}
    return {
        (event.school_id, str(event.section_id), event.date)
        for event in naive.student.class_events
        if event.category in categories and event.date in enrolled.get(event.school_id, set())
    }


def _periods(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    total = 0
    windows = {school_id: (days, counts) for school_id, _, days, counts in naive.at_schools(request, rule)}
    for row in naive.student.section_enrollments:
        section = naive.district.sections[row.section_id]
        school = naive.schools[section.school_id]
        if section.school_id not in windows:
            continue
        days, counts = windows[section.school_id]
        [term] = [term for term in school.terms if term.name == section.session_name]
        first, last = row.begin_date or date.min, row.end_date or date.max
        total += school.count({day for day in days & set(term.days) if first <= day <= last}, counts_days=counts)
    if not total:
        return NONE
    absences = len(_class_events(naive, request, rule, set(ABSENT)))
    value = Fraction(absences, max(total, absences))
    return value, level_of(request.preset.name, request.metric, value, total)


def _period_tardies(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    return Fraction(len(_class_events(naive, request, rule, {AttendanceCategory.TARDY}))), Level.NOT_EVALUATED


def _first_period_tardies(naive: Naive, request: MetricRequest, rule: Rule, chronic: Rule) -> Result:
    del chronic
    tardies = _class_events(naive, request, rule, {AttendanceCategory.TARDY})
    periods = {str(key): section.class_periods for key, section in naive.district.sections.items()}
    known = [section for _, section, _ in tardies if periods[section]]
    if tardies and not known:
        return NONE
    first = [section for section in known if {"01 - Traditional", "First"} & set(periods[section])]
    return Fraction(len(first)), Level.NOT_EVALUATED


SPECIAL: dict[Metric, Callable[[Naive, MetricRequest, Rule, Rule], Result]] = {
    Metric.ABSENCE_STREAK: _streak,
    Metric.MAX_ABSENCE_STREAK: _longest,
    Metric.ATTENDANCE_TREND: _trend,
    Metric.NEWLY_ABSENT: _newly,
    Metric.AFFORDABLE_DAYS: _affordable,
    Metric.PERIOD_ABSENCE_RATE: _periods,
    Metric.PERIOD_TARDIES: _period_tardies,
    Metric.FIRST_PERIOD_TARDIES: _first_period_tardies,
}
