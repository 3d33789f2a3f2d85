"""The presets as data, and their page."""

from __future__ import annotations

from itertools import pairwise

import pytest

from student_graph.resolvers.metrics.indicators.evaluate import domain_of, indicator_rules
from student_graph.resolvers.metrics.measure import Domain, Level
from student_graph.resolvers.metrics.presets.page import page
from student_graph.resolvers.metrics.presets.preset import Preset
from student_graph.resolvers.metrics.registry import METRICS, PRESETS
from tests.gateway.servers import ROOT

presets = pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))


def test_the_page_is_that_of_the_presets() -> None:
    """`make presets` has been run since the last change, and the page has all presets."""
    text = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    assert text == page()
    assert all(f"\n## {name}\n" in text for name in PRESETS)


def test_the_page_shows_edges_windows_and_traps() -> None:
    """A reader sees which side of an edge belongs to a level, and where text and code of a publisher differ."""
    text = page([PRESETS["ews_sample"], PRESETS["mtss_term_flags"]])
    assert "| `ATTENDANCE_RATE` | Year to date | < 80 % | < 88 % |" in text
    assert "| `CONDUCT_VIOLATIONS` | Year to date | >= 5 | >= 2 |" in text
    assert "| `CHRONIC_ABSENCE` | Term | >= 10 % |  |" in text
    assert "RiskIndicators.sql has > 5 and > 2" in text


@presets
def test_a_preset_names_its_publisher_and_only_known_metrics(preset: Preset) -> None:
    """Each preset has a title and a source, and each rule a description."""
    assert preset.title
    assert preset.source
    assert all(rule.metric in METRICS and rule.description.endswith(".") for rule in preset.rules)


@presets
def test_levels_are_in_order_of_severity(preset: Preset) -> None:
    """The most severe level is first and begins furthest out, so that the first match is the level."""
    order = (Level.AT_RISK, Level.WATCH)
    for rule in preset.rules:
        assert [row.level for row in rule.thresholds] == [
            level for level in order if level in {row.level for row in rule.thresholds}
        ]
        for severe, mild in pairwise(rule.thresholds):
            assert severe.at > mild.at if rule.high_is_risk else severe.at < mild.at


@presets
def test_domains_of_a_preset_have_rules(preset: Preset) -> None:
    """An indicator without a rule would never be evaluated; a preset of indicators leaves no rule out."""
    rules = indicator_rules(preset)
    assert {domain_of(rule.metric) for rule in rules} == set(preset.domains)
    if preset.domains:
        assert sorted(map(id, rules)) == sorted(map(id, preset.rules))


def test_the_published_presets_exist() -> None:
    """Those that districts and dashboards name."""
    expected = {
        "federal_10pct",
        "edu_90_20",
        "tsds_90",
        "amt_15_days",
        "amt_in_year_92",
        "ews_sample",
        "ews_balfanz",
        "acumened_abc",
        "panorama_levels",
        "first_weeks",
        "freshman_on_track",
    }
    assert expected <= set(PRESETS)
    assert {domain for preset in PRESETS.values() for domain in preset.domains} >= {
        Domain.ATTENDANCE,
        Domain.BEHAVIOR,
        Domain.COURSES,
    }
