"""Assessment vendors beside the SIS: side by side in one list, each result with its own child or with nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.sandbox.records.assessment_files import FOLDER
from student_graph.adapters.sandbox.serving import served
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.districts import Standing, districts, standing

DATA = ROOT.parent / "shared" / "data"
RECORDS = DATA / "derived-grand-bend"
VENDORS = {"map-growth", "star", "i-ready", "psat-sat", "dibels-8-benchmark", "access"}
QUERY = """query ($number: String) { student(studentUniqueId: $number) { assessments {
    assessment { title } scores { result } provenance { source recordId } } } }"""
HEALTH = "{ sources { name identity { matched unmatched conflicted } } }"

pytestmark = pytest.mark.skipif(
    not (RECORDS.is_dir() and (DATA / FOLDER).is_dir()), reason="the sample files are not at ../shared/data"
)


@pytest.fixture(scope="module")
def grand_bend() -> Iterator[tuple[Standing, Standing]]:
    """The sample district with its vendors: as the demo links them, and confirmed by name and birth date too."""
    [made] = districts("edfi", records=RECORDS)
    strict = {name: IdentityRules(students=rules.students, confirm=("birth_date", "family_name"))
              for name, rules in made.identity_rules.items()}  # fmt: skip
    with (
        served(*made.sandboxes.values()),
        standing([made]) as linked,
        standing([replace(made, identity_rules=strict)]) as confirmed,
    ):
        yield linked, confirmed


def told(standing: Standing, number: str) -> tuple[dict[str, int], dict[str, str]]:
    """How many results each source gives a student, and why others give none."""
    answer = standing.ask(QUERY, number=number)
    assert "errors" not in answer
    counts: dict[str, int] = {}
    for result in answer["data"]["student"]["assessments"]:
        assert result["assessment"]["title"]
        counts[result["provenance"]["source"]] = counts.get(result["provenance"]["source"], 0) + 1
    return counts, {each["source"]: each["code"] for each in answer["extensions"].get("degraded", [])}


@pytest.mark.parametrize(("number", "who"), [("604822", "Lisa Woods"), ("605001", "Alana Rice")])
def test_a_test_of_one_child_under_the_number_of_another_goes_to_neither(
    grand_bend: tuple[Standing, Standing], number: str, who: str
) -> None:
    """MAP's file names Lisa Woods in one column and Alana Rice in the other: a conflict at both, and said so."""
    counts, missing = told(grand_bend[0], number)

    assert "map-growth" not in counts, who
    assert missing["map-growth"] == "IDENTITY_CONFLICT"


def test_no_result_of_the_crossing_files_reaches_anybody(grand_bend: tuple[Standing, Standing]) -> None:
    """Every number that MAP's and STAR's files name is asked for; nobody gets anything of theirs."""
    numbers = [str(n) for first in (604821, 605000, 605100) for n in range(first, first + 6)]
    reached = {source for number in numbers for source in told(grand_bend[0], number)[0]}

    assert reached
    assert reached.isdisjoint({"map-growth", "star"})


def test_results_whose_numbers_agree_stand_side_by_side(grand_bend: tuple[Standing, Standing]) -> None:
    """Three vendors tell of one child, each in its own name; the SIS's results stand in the same list."""
    assert told(grand_bend[0], "605001")[0] == {"i-ready": 4, "dibels-8-benchmark": 1, "access": 4}
    assert told(grand_bend[0], "604926")[0]["psat-sat"] == 4
    assert told(grand_bend[0], "605123")[0]["edfi"] > 0


def test_a_name_or_birth_date_that_disagrees_withholds(grand_bend: tuple[Standing, Standing]) -> None:
    """The samples' names and dates are made up: whoever wants them confirmed gets none, and the reason."""
    for number in ("605001", "604926"):
        counts, missing = told(grand_bend[1], number)

        assert set(counts) <= {"edfi"}
        assert {missing[name] for name in VENDORS & missing.keys()} <= {"IDENTITY_CONFLICT", "NO_IDENTITY_LINK"}
        assert "IDENTITY_CONFLICT" in missing.values()


def test_conflicts_are_counted_for_operators(grand_bend: tuple[Standing, Standing]) -> None:
    """Each vendor's links by itself: a file with crossing numbers is seen at once."""
    for number in ("604822", "605001", "604926"):
        told(grand_bend[0], number)
    health: dict[str, Any] = {
        each["name"]: each["identity"] for each in grand_bend[0].ask(HEALTH)["data"]["sources"]
    }

    assert health["map-growth"]["conflicted"] >= 2
    assert health["map-growth"]["matched"] == 0
    assert health["psat-sat"]["matched"] >= 1
    assert health["psat-sat"]["conflicted"] == 0
