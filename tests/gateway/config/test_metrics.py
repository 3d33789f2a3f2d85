"""How a district judges its metrics, in the settings file: read, checked at once, and exact."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from student_graph.adapters.model import AcademicSubject
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import settings_file
from student_graph.resolvers.metrics.facts import MetricRequest, MetricSettings, StudentFacts
from student_graph.resolvers.metrics.indicators.evaluate import evaluate, indicator_rules
from student_graph.resolvers.metrics.measure import DataQuality, Domain, Level, Measure, Metric
from student_graph.resolvers.metrics.presets.preset import Preset, Threshold, WindowKind
from student_graph.resolvers.metrics.registry import METRICS, PRESETS, find_preset
from tests.resolvers.metrics.records.builders import LAST_DAY, YEAR_START, facts, grade

DISTRICT = """
[[districts]]
id = "hill"
name = "Hill County"
time_zone = "America/Denver"

{metrics}

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:8081"
networks = ["127.0.0.0/8"]
client_id = "id"
client_secret_env = "SECRET"
"""
OWN = """
[[districts.metrics.presets]]
name = "board"
title = "Board policy"
source = "Board policy 7.12"
domains = ["ATTENDANCE"]
rules = [{ metric = "CHRONIC_ABSENCE", window = "LAST_8_WEEKS", min_days = 20, thresholds = [
  { level = "AT_RISK", at = 0.1 },
  { level = "WATCH", at = 0.05, includes_edge = false },
] }]
"""

LETTERS = """
[[districts.metrics.presets]]
name = "letters"
title = "Letters, tests and tiers"
source = "Board policy 7.13"
domains = ["COURSES", "ASSESSMENT"]
tiers = [{ level = "AT_RISK", at = 3 }, { level = "WATCH", at = 1 }]
rules = [
  { metric = "CURRENT_AVERAGE", letter_values = { A = 95, C = 75.5 }, thresholds = [
    { level = "AT_RISK", at = 70 },
  ] },
  { metric = "ASSESSMENT_PERCENTILE", subjects = ["MATHEMATICS"], thresholds = [
    { level = "AT_RISK", at = 10 },
    { level = "WATCH", at = 25 },
  ] },
  { metric = "ASSESSMENT_PERCENTILE", subjects = ["READING"], thresholds = [{ level = "AT_RISK", at = 5 }] },
]
"""


def load(folder: Path, metrics: str = "") -> MetricSettings:
    """Return what a district says about its metrics."""
    path = folder / "gateway.toml"
    path.write_text(DISTRICT.format(metrics=metrics))
    [district] = settings_file.load(path).districts
    return district.metric_settings


def measure(student: StudentFacts, preset: Preset) -> Measure:
    """Return the current average of a student by a preset."""
    request = MetricRequest(Metric.CURRENT_AVERAGE, preset, LAST_DAY, YEAR_START)
    return METRICS[Metric.CURRENT_AVERAGE].measure(student, request)


def grades(failing_below: float, scale: str, *failing_letters: str) -> str:
    """Return settings of grades."""
    return f"""[districts.metrics]
        failing_below = {failing_below}
        failing_letters = {list(failing_letters)}
        grade_scale = {{ {scale} }}"""


def error_of(folder: Path, metrics: str) -> str:
    """Return the one line that says what is wrong with the settings of metrics."""
    with pytest.raises(SettingsError) as error:
        load(folder, metrics)
    assert "\n" not in str(error.value)
    return str(error.value).partition(".toml: ")[2]


@pytest.mark.parametrize("failing_below", [50, 65, 95])
def test_a_limit_on_the_grade_scale_is_taken(tmp_path: Path, failing_below: float) -> None:
    """Both ends of the scale are on it."""
    assert load(tmp_path, grades(failing_below, "A = 95, D = 65, F = 50")).failing_below == failing_below


def test_a_district_without_settings_has_the_defaults(tmp_path: Path) -> None:
    """Nothing must be configured; the default presets exist."""
    assert load(tmp_path) == MetricSettings()
    assert set(MetricSettings().default_presets) <= set(PRESETS)


def test_all_settings_reach_the_metrics(tmp_path: Path) -> None:
    """Each setting is one of `MetricSettings`, and codes are applied as well."""
    settings = load(
        tmp_path,
        """
        [districts.metrics]
        default_presets = ["tsds_90"]
        positive_attendance = ["7"]
        failing_below = 70
        failing_letters = ["E"]
        grade_scale = { A = 95, E = 50 }
        gpa_types = ["Weighted"]

        [districts.codes.discipline]
        Detention = "SUSPENSION"
        """,
    )

    assert (settings.default_presets, settings.gpa_types) == (("tsds_90",), ("Weighted",))
    assert (settings.positive_attendance, settings.grade_scale) == (frozenset({"7"}), {"A": 95.0, "E": 50.0})
    assert (settings.failing_below, settings.failing_letters) == (70, frozenset({"E"}))
    assert "Detention" in settings.suspensions


def test_a_preset_of_its_own_is_exact_and_complete(tmp_path: Path) -> None:
    """A threshold of 0.1 is one tenth. What a rule leaves out is that of the metric."""
    preset = find_preset(load(tmp_path, OWN), "board")
    rule = preset.rule(Metric.CHRONIC_ABSENCE)

    assert (preset.source, preset.domains) == ("Board policy 7.12", (Domain.ATTENDANCE,))
    assert rule is not None
    assert (rule.window, rule.min_days, rule.high_is_risk) == (WindowKind.LAST_8_WEEKS, 20, True)
    assert rule.thresholds == (
        Threshold(Level.AT_RISK, Fraction(1, 10), includes_edge=True),
        Threshold(Level.WATCH, Fraction(1, 20), includes_edge=False),
    )
    assert rule.level_of(Fraction(1, 10)) is Level.AT_RISK
    assert rule.level_of(Fraction(1, 20)) is Level.ON_TRACK


def test_letters_count_as_the_preset_says(tmp_path: Path) -> None:
    """Grades without a number have the value of their letter, exactly; a letter without a value is left out."""
    settings = load(tmp_path, LETTERS)
    grades = [grade("1", letter="A"), grade("2", letter="C"), grade("3", letter="P"), grade("4", 80.0, letter="A")]
    average = measure(facts(grades=grades), find_preset(settings, "letters"))

    assert average.exact == Fraction(167, 2)
    assert average.data_quality == [DataQuality.NOT_NUMERIC]


@pytest.mark.parametrize(
    ("percentiles", "level"), [((50, 50), "ON_TRACK"), ((20, 50), "WATCH"), ((9, 50), "WATCH")]
)
def test_tiers_judge_the_sum_of_the_points(tmp_path: Path, percentiles: tuple[int, int], level: str) -> None:
    """Two points for one test are below the tier of three: the student is to be watched, and not at risk."""
    preset = find_preset(load(tmp_path, LETTERS), "letters")
    rules = indicator_rules(preset)
    results = [
        replace(measure(facts(), preset), level=rule.level_of(Fraction(value)), exact=Fraction(value))
        for rule, value in zip(rules, (80, *percentiles), strict=True)
    ]
    profile = evaluate(MetricRequest(Metric.CURRENT_AVERAGE, preset, LAST_DAY, YEAR_START), rules, results)

    assert [rule.subjects for rule in rules][1:] == [{AcademicSubject.MATHEMATICS}, {AcademicSubject.READING}]
    assert profile.level is Level[level]


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ('[districts.metrics]\ndefault_presets = ["ews"]', "default_presets are names of presets: acumened_abc, "),
        ("[districts.metrics]\ndefault_presets = []", "default_presets"),
        ("[districts.metrics]\nfailing_below = inf", "failing_below"),
        (
            grades(70, "A = 4, F = 0"),
            "failing_below from 0 to 4, as grade_scale has it: below 70 every letter would",
        ),
        (
            grades(1, "A = 95, F = 50"),
            "failing_below from 50 to 95, as grade_scale has it: below 1 no letter would",
        ),
        (grades(60, "A = 95, D = 65, F = 50", "D"), "D would fail as a letter and pass as a number"),
        (grades(60, "A = 95, a = 94"), "grade_scale with each letter once"),
        (grades(60, "A = nan"), "grade_scale"),
        (OWN.replace("0.1,", "10,").replace("at = 0.1 ", "at = 10 "), "CHRONIC_ABSENCE from 0 to 1: 10 % is 0.1"),
        (LETTERS.replace("at = 25 ", "at = 110 "), "thresholds of ASSESSMENT_PERCENTILE from 0 to 100"),
        (LETTERS.replace("{ A = 95, C = 75.5 }", "{ A = 4 }"), "of at most 4, the highest of letter_values"),
        ("[districts.metrics]\nfailing = 60", "district 'hill': there is no setting metrics.failing"),
        (OWN.replace("board", "tsds_90"), "a preset with a name of its own"),
        (OWN + OWN, "each preset has its own name"),
        (OWN.replace("CHRONIC_ABSENCE", "ABSENCE"), "one of ABSENCE_STREAK, ABSENT_DAYS, "),
        (OWN.replace("LAST_8_WEEKS", "MARCH"), "one of FIRST_4_WEEKS, "),
        (OWN.replace("ATTENDANCE", "WEATHER"), "one of ASSESSMENT, ATTENDANCE, "),
        (OWN.replace("0.05", "0.2"), "AT_RISK above WATCH"),
        (OWN.replace("at = 0.1", "at = nan"), "thresholds entry 1: at"),
        (OWN.replace("= 20,", "= 400,"), "min_days"),
        (OWN.replace("min_days = 20", "letter_values = { A = 4 }"), "CURRENT_AVERAGE or GRADING_PERIOD_AVERAGE"),
        (OWN.replace("min_days = 20", 'subjects = ["READING"]'), "subjects only in a rule for "),
        (LETTERS.replace("at = 3", "at = 1"), "AT_RISK above WATCH"),
        (LETTERS.replace('domains = ["COURSES", "ASSESSMENT"]', ""), "tiers only in a preset with domains"),
        (LETTERS.replace('"READING"', '"MATHEMATICS"'), "one rule for each metric"),
        (LETTERS.replace('"READING"', '"RUNES"'), "one of CAREER_AND_TECHNICAL, "),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_starts(tmp_path: Path, metrics: str, problem: str) -> None:
    """The error names the setting and what it must be."""
    assert problem in error_of(tmp_path, metrics)
