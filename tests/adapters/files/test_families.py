"""Tests that the column maps speak of families of tests as metrics know them."""

from __future__ import annotations

from student_graph.adapters.files.api.layouts import Family, Layout, shipped_families
from student_graph.resolvers.metrics.default_families import DEFAULT_FAMILIES
from tests.subcases import subcases

LAYOUTS = [(family, layout) for family in shipped_families() for layout in family.layouts]
KNOWN = {family.name: family for family in DEFAULT_FAMILIES}


@subcases(("family", "layout"), LAYOUTS, ids=[layout.name for _, layout in LAYOUTS])
def test_metrics_know_the_family_and_its_percentiles(family: Family, layout: Layout) -> None:
    """The family has ranks of levels, and a map of complete results names a percentile that the family counts."""
    known = KNOWN[layout.family or family.family]
    methods = {score.method for score in layout.scores}

    assert all(test.identifier.startswith(known.test_prefixes) for test in layout.tests)
    assert layout.is_about_part or not known.percentile_methods or methods & set(known.percentile_methods)
    assert len(layout.levels) <= 1
    if known.growth_methods and not layout.is_about_part:
        assert methods & set(known.growth_methods)
    bands = {band.method for band in known.bands}
    assert layout.is_about_part or not bands or methods & bands
