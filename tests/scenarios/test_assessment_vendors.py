"""Assessment vendors next to the SIS: one list of results, and each result at its own student or at none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.sandbox.records.assessment_files import FOLDER
from student_graph.adapters.sandbox.serving import served
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

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
def grand_bend() -> Iterator[tuple[DemoGateway, DemoGateway]]:
    """The sample district on two gateways: linked as in the demo, and confirmed by name and birth date as well."""
    [district] = demo_districts("edfi", records=RECORDS)
    strict_rules = {
        name: IdentityRules(students=rules.students, confirm=("birth_date", "family_name"))
        for name, rules in district.identity_rules.items()
    }
    with (
        served(*district.sandboxes.values()),
        demo_gateway([district]) as linked,
        demo_gateway([replace(district, identity_rules=strict_rules)]) as confirmed,
    ):
        yield linked, confirmed


def query_results(gateway: DemoGateway, number: str) -> tuple[Counter[str], dict[str, str]]:
    """Return the number of results of a student by source, and the code of each source that is missing."""
    response = gateway.post(QUERY, number=number)
    assert "errors" not in response
    results = response["data"]["student"]["assessments"]
    assert all(result["assessment"]["title"] for result in results)
    counts = Counter(result["provenance"]["source"] for result in results)
    return counts, {part["source"]: part["code"] for part in response["extensions"].get("degraded", [])}


@pytest.mark.parametrize(("number", "name"), [("604822", "Lisa Woods"), ("605001", "Alana Rice")])
def test_a_result_whose_two_ids_are_of_different_students_is_shown_at_neither(
    grand_bend: tuple[DemoGateway, DemoGateway], number: str, name: str
) -> None:
    """A row of MAP has Lisa Woods in one id column and Alana Rice in the other: a conflict at both students."""
    counts, missing = query_results(grand_bend[0], number)

    assert "map-growth" not in counts, name
    assert missing["map-growth"] == "IDENTITY_CONFLICT"


def test_no_result_of_a_file_with_conflicting_ids_is_shown(grand_bend: tuple[DemoGateway, DemoGateway]) -> None:
    """None of the students in the files of MAP and STAR has a result of these vendors."""
    numbers = [str(n) for first in (604821, 605000, 605100) for n in range(first, first + 6)]
    sources = {source for number in numbers for source in query_results(grand_bend[0], number)[0]}

    assert sources
    assert sources.isdisjoint({"map-growth", "star"})


def test_results_of_several_vendors_are_in_one_list(grand_bend: tuple[DemoGateway, DemoGateway]) -> None:
    """If the ids agree, the results of three vendors and of the SIS are in one list, each with its source."""
    assert query_results(grand_bend[0], "605001")[0] == {"i-ready": 4, "dibels-8-benchmark": 1, "access": 4}
    assert query_results(grand_bend[0], "604926")[0]["psat-sat"] == 4
    assert query_results(grand_bend[0], "605123")[0]["edfi"] > 0


def test_a_different_name_or_birth_date_withholds_the_results(grand_bend: tuple[DemoGateway, DemoGateway]) -> None:
    """The samples have invented names and dates: with confirmation there are no results, but a reason code."""
    for number in ("605001", "604926"):
        counts, missing = query_results(grand_bend[1], number)

        assert set(counts) <= {"edfi"}
        assert {missing[name] for name in VENDORS & missing.keys()} <= {"IDENTITY_CONFLICT", "NO_IDENTITY_LINK"}
        assert "IDENTITY_CONFLICT" in missing.values()


def test_operators_see_the_number_of_conflicts(grand_bend: tuple[DemoGateway, DemoGateway]) -> None:
    """Links are counted for each vendor, so that a file with conflicting ids is noticed at once."""
    for number in ("604822", "605001", "604926"):
        query_results(grand_bend[0], number)
    health: dict[str, Any] = {
        source["name"]: source["identity"] for source in grand_bend[0].post(HEALTH)["data"]["sources"]
    }

    assert health["map-growth"]["conflicted"] >= 2
    assert health["map-growth"]["matched"] == 0
    assert health["psat-sat"]["matched"] >= 1
    assert health["psat-sat"]["conflicted"] == 0


def test_levels_of_several_families_have_ranks(grand_bend: tuple[DemoGateway, DemoGateway]) -> None:
    """Placements of i-Ready, levels of DIBELS and benchmarks of the College Board, each in its own order."""
    levels = "performanceLevels { level { codeValue } rank proficient }"
    query = f"""query ($number: String) {{ student(studentUniqueId: $number) {{ assessments {{ normYear {levels}
        objectives {{ identificationCode {levels} }} assessment {{ family }} }} }} }}"""
    ranks: dict[str, set[tuple[int | None, bool | None]]] = {}
    for number in ("605001", "605002", "604926"):
        for result in grand_bend[0].post(query, number=number)["data"]["student"]["assessments"]:
            parts = [result, *result["objectives"]]
            stated = {(row["rank"], row["proficient"]) for part in parts for row in part["performanceLevels"]}
            ranks.setdefault(result["assessment"]["family"], set()).update(stated)
            assert result["normYear"] is None

    assert {rank for name in ranks if name.startswith("Curriculum") for rank in ranks[name]} == {
        (2, False),
        (3, False),
        (4, None),
    }
    assert ranks["DIBELS"] <= {(1, False), (3, True)}
    assert ranks["DIBELS"]
    assert {rank for name in ranks if "SAT" in name for rank in ranks[name]} >= {(1, False), (2, True)}
