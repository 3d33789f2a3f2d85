"""Families of tests in the settings file: they replace or add to those that every district has."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import settings_file
from student_graph.resolvers.metrics.default_families import DEFAULT_FAMILIES, MAP_GROWTH
from student_graph.resolvers.metrics.families import AssessmentFamily, FamilyLevel
from tests.gateway.servers import ROOT

DISTRICT = """
[[districts]]
id = "hill"
name = "Hill County"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "https://sis.example"

{families}
"""
READING = """
[[districts.families]]
name = "Hill Reading"
test_prefixes = ["HR-"]
levels = [{ code = "Not yet", rank = 1, proficient = false }, { code = "Meets", rank = 2, proficient = true }]
bands = [{ method = "Score", level = "Meets", low = 12.5, includes_low = false }]
"""


def families(folder: Path, text: str) -> list[AssessmentFamily]:
    """Return the families of a district with these settings."""
    path = folder / "gateway.toml"
    path.write_text(DISTRICT.format(families=text))
    return list(settings_file.load(path).districts[0].metric_settings.families)


def error_of(folder: Path, text: str) -> str:
    """Return the one line that says what is wrong with the families."""
    with pytest.raises(SettingsError) as error:
        families(folder, text)
    assert "\n" not in str(error.value)
    return str(error.value).partition(".toml: ")[2]


def test_without_settings_a_district_has_the_usual_families(tmp_path: Path) -> None:
    """They are those of the vendors whose files are known."""
    assert families(tmp_path, "") == list(DEFAULT_FAMILIES)


def test_a_district_adds_a_family(tmp_path: Path) -> None:
    """It comes first, so that its tests are its own; levels and bands keep their order and their ends."""
    own, *usual = families(tmp_path, READING)

    assert usual == list(DEFAULT_FAMILIES)
    assert own.level("not YET") == FamilyLevel("Not yet", 1, is_proficient=False)
    assert own.level("Exceeds") is None
    [band] = own.bands
    assert (band.low, band.high, band.includes_low, band.has(Fraction(25, 2))) == (
        Fraction(25, 2),
        None,
        False,
        False,
    )


def test_a_district_changes_a_part_of_a_usual_family(tmp_path: Path) -> None:
    """The rest stays; here the district knows which norms its vendor used."""
    own, *usual = families(tmp_path, '[[districts.families]]\nname = "map growth"\nnorm_year = 2020')

    assert own.norm_year == 2020
    assert (own.levels, own.bands, own.percentile_methods) == (
        MAP_GROWTH.levels,
        MAP_GROWTH.bands,
        MAP_GROWTH.percentile_methods,
    )
    assert MAP_GROWTH not in usual
    assert len(usual) == len(DEFAULT_FAMILIES) - 1


FAMILY = "district 'hill', family 'Hill Reading'"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "rank = 1",
            "rank = 0",
            f"{FAMILY}, level 'Not yet': rank: input should be greater than or equal to 1",
        ),
        ("rank = 2", "rank = 1", f"{FAMILY}: must be a family in which levels of one rank are all"),
        (
            '"Meets", rank',
            '"not yet", rank',
            f"{FAMILY}: must be a family whose levels have different",
        ),
        (
            "low = 12.5",
            "low = 12.5, high = 3",
            f"{FAMILY}, band 1: must be a band whose low is not above",
        ),
        ("low = 12.5, ", "", f"{FAMILY}, band 1: must be a band with at least one end"),
        ("test_prefixes", "prefixes", f"{FAMILY}: there is no setting prefixes"),
        ("test_prefixes", "norm_year = 20\ntest_prefixes", f"{FAMILY}: norm_year: input should be"),
    ],
)
def test_a_wrong_family_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """The error says which setting of which family is wrong."""
    assert READING.count(old) == 1
    assert error_of(tmp_path, READING.replace(old, new)).startswith(message)


def test_the_example_of_the_docs_is_accepted(tmp_path: Path) -> None:
    """Its tables can be pasted under a district."""
    page = (ROOT / "docs" / "serving.md").read_text()
    [example] = re.findall(r"## Families of tests\n.*?```toml\n(.*?)```", page, re.DOTALL)

    growth, reading, *_ = families(tmp_path, example)

    assert (growth.norm_year, growth.levels) == (2020, MAP_GROWTH.levels)
    assert reading.level("Meets") == FamilyLevel("Meets", 2, is_proficient=True)


def test_two_families_of_one_name_are_refused(tmp_path: Path) -> None:
    """Case does not count."""
    assert error_of(tmp_path, READING + READING.replace("Hill Reading", "hill reading")) == (
        "district 'hill': two families have the name 'hill reading'; give each its own"
    )
