"""The plan and cost of a document, explained before it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookup_of
from student_graph.adapters.sources import Source
from student_graph.gateway.cli.main import main
from student_graph.gateway.documents.explain import explain
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.documents.ways import WayPrices
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.server.service import Service
from student_graph.resolvers.context import DeclaredPrices, ReadPrices, Viewer, ViewerRole
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.execution.product import WORLDS
from tests.gateway.servers import client_for, error_line
from tests.gateway.small_district import DISTRICT, Ledger, district

SCHEMA = make_schema(BreadthExecutor)
EXAMPLES = {path.stem: path.read_text(encoding="utf-8") for path in Path("examples/queries").glob("*.graphql")}
CONFIG = """
[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Chicago"
[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:9"
networks = ["127.0.0.1/32"]
client_id = "x"
client_secret_env = "HOME"
students = 960
"""


@pytest.mark.parametrize("example", sorted(EXAMPLES))
async def test_an_explanation_names_every_lookup_that_runs(example: str) -> None:
    """Each lookup that an example query calls is in its explanation."""
    world = WORLDS["healthy"]()
    document = DocumentStore(core_schema(SCHEMA)).get_by_text(EXAMPLES[example])
    assert document.node is not None
    districts = list(world.districts().values())
    lines = explain(
        core_schema(SCHEMA), document.node, document.operation(None), {}, world.sources, districts=districts
    )
    explained = {lookup.partition(" ")[0] for line in lines for lookup in line.lookups}
    await SCHEMA.execute(EXAMPLES[example], {"studentUniqueId": "1"}, context_value=world.context())

    assert set(world.fetch.names()) <= explained


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of one district with an Ed-Fi source that no test calls."""
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    return file


def test_the_command_prints_the_plan_and_its_cost(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The output names the district; then come fields with lookups, sources, and calls of both access paths."""
    query = "query ($n: String!) { student(studentUniqueId: $n) { name { lastName } courseGrades { letter } } }"
    with pytest.raises(SystemExit) as ended:
        main(["explain", query, "--config", str(config)])
    printed = capsys.readouterr().out

    assert ended.value.code == 0
    assert printed.startswith(
        "hill (Hill): sis\nstudent: a call for each parent\n"
        "    lookup students_by_id (fresh for 1 h) at sis: 1 call per student"
    )
    assert "  name: read from its parent" in printed
    assert "or 2 calls per district through roster_by_district; 28 would be read through roster_by_dist" in printed
    assert "lookup course_grades_by_student (fresh for 5 min) at sis: 1 call per student, or " in printed


@pytest.mark.parametrize(("arguments", "problem"), [
    (("{ studnt }",), "QUERY: Cannot query field 'studnt' on type 'Query'."),
    (("{",), "QUERY: Syntax Error: Expected Name, found <EOF>."),
    (("none.graphql",), "QUERY: none.graphql is neither a document nor a readable file"),
    (("{ viewer { role } }", "--variables", "["), "--variables: must be a JSON object"),
    (("{ viewer { role } }", "--operation", "B"), "QUERY: The document has no operation with the name"),
])  # fmt: skip
def test_a_document_that_cannot_be_explained_is_refused_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    """The line says which argument is wrong, and why."""
    assert problem in error_line(capsys, "explain", *arguments, "--config", str(config))


def test_an_operator_can_request_an_explanation() -> None:
    """A header adds the plan and the executor's counters to the response; other viewers get FORBIDDEN."""
    viewers = {
        name * 32: Viewer(name, ViewerRole.SERVICE, frozenset({DISTRICT}), operator=name == "o") for name in "ov"
    }

    def post(client: httpx.Client, name: str) -> Any:
        headers = {"Authorization": f"Bearer {name * 32}", "X-Student-Graph-Explain": "1"}
        return client.post("/graphql", json={"query": '{ school(id: "x") { name } }'}, headers=headers)

    with client_for(Service([district(Ledger())], viewers).app()) as client:
        extensions = post(client, "o").json()["extensions"]
        refused = post(client, "v")

    lines, counters = extensions["explain"], extensions["executor"]
    assert counters["planned"] > 0
    assert set(counters) == {"planned", "compiled", "deopt", "stock"}
    assert [line["field"] for line in lines] == ["school", "name"]
    assert lines[0]["asks"] == ["schools_by_id (fresh for 24 h) at no source: none offers it"]
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (403, {"code": "FORBIDDEN"})


class SeenPrices:
    """Prices of reads that were seen: a school's attendance costs forty calls."""

    def point_calls(self, _source: Source, _lookup: Lookup, guess: float) -> float:
        """The guess."""
        return guess

    def mean_calls(self, _source: Source, _lookup: Lookup, _guess: float) -> float:
        """Forty calls."""
        return 40.0

    def is_learned(self, _source: Source, lookup: Lookup) -> bool:
        """Whether it is the coarse lookup."""
        return lookup.name == "attendance_events_by_school"


@pytest.mark.parametrize(("prices", "price", "way"), [
    (DeclaredPrices(), "3 calls", "read through attendance_events_by_school"),
    (SeenPrices(), "40 calls, as last seen,", "read one by one"),
])  # fmt: skip
def test_a_way_has_its_present_price(prices: ReadPrices, price: str, way: str) -> None:
    """What the adapter declares, until a read was seen; a class is read by the way that costs less."""
    sis = district(Ledger()).sources[0]
    text = WayPrices(prices).text(sis, lookup_of(Adapter.attendance_events_by_student))
    assert (
        text
        == f"sis: 1 call per student, or {price} per school through attendance_events_by_school; 28 would be {way}"
    )


POPULATION = """{ students(filter: {where: {all: [
    {metric: {metric: CHRONIC_ABSENCE, preset: "federal_10pct", level: AT_RISK}}
    {program: {kind: LANGUAGE_INSTRUCTION}}
    {not: {bus: {}}}
]}}, orderBy: {metric: ABSENT_DAYS, direction: DESCENDING}) { totalCount } }"""


def test_the_order_of_a_population_is_explained(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list that it starts from, then its conditions in their order, with calls and students."""
    with pytest.raises(SystemExit):
        main(["explain", POPULATION, "--config", str(config)])
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    population = [line.removeprefix("population hill: ") for line in lines if line.startswith("population")]
    lookups = [line.split()[1] for line in lines if line.startswith("lookup")]

    assert [line.split(":")[0].split(",")[0] for line in population] == [
        "start from program_participations_by_district",
        "then not",
        "then metric CHRONIC_ABSENCE (federal_10pct)",
        "then order by metric ABSENT_DAYS (federal_10pct)",
    ]
    assert all("students" in line and "call" in line for line in population)
    assert {"program_participations_by_district", "attendance_events_by_student"} <= set(lookups)
    [attendance] = [line for line in lines if line.startswith("lookup attendance_events_by_student")]
    assert "through attendance_events_by_school" in attendance


@pytest.mark.parametrize(("selection", "has_school"), [("value level", True), ("value dataQuality", False)])
def test_events_at_other_schools_are_read_for_the_data_quality(
    config: Path, capsys: pytest.CaptureFixture[str], selection: str, has_school: bool
) -> None:
    """A metric alone is answered by the lists of schools; only its data quality mentions events elsewhere."""
    query = f'{{ student(studentUniqueId: "1") {{ attendance {{ absentDays {{ {selection} }} }} }} }}'
    with pytest.raises(SystemExit):
        main(["explain", query, "--config", str(config)])
    lines = capsys.readouterr().out.splitlines()
    [attendance] = [line for line in lines if "lookup attendance_events_by_student" in line]
    assert ("through attendance_events_by_school" in attendance) == has_school


def test_the_population_of_a_school_starts_from_its_list(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever school it is, its enrollments name the students."""
    query = '{ school(id: "x") { students(filter: {where: {bus: {}}}) { totalCount } } }'
    with pytest.raises(SystemExit):
        main(["explain", query, "--config", str(config)])
    assert "population hill: start from school_enrollments_by_school: enrolled at" in capsys.readouterr().out


@pytest.mark.parametrize(
    "query",
    [
        '{ students(filter: {where: {metric: {metric: TARDIES, atLeast: 1, preset: "nobodys"}}}) { totalCount } }',
        '{ students(filter: {district: "elsewhere", where: {bus: {}}}) { totalCount } }',
    ],
)
def test_a_population_that_cannot_be_planned_says_so(
    config: Path, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    """An unknown preset is explained as the refusal that it will be; a district of others has no plan."""
    with pytest.raises(SystemExit):
        main(["explain", query, "--config", str(config)])
    output = capsys.readouterr().out
    assert ("population not planned: preset:" in output) == ("nobodys" in query)
