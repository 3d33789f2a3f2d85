"""What a document will do, told before it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from student_graph.gateway.cli.main import main
from student_graph.gateway.documents.explain import explained
from student_graph.gateway.documents.store import Documents, core_of
from student_graph.gateway.execution import BreadthExecutor
from student_graph.gateway.server import Service
from student_graph.resolvers.context import Viewer, ViewerRole
from student_graph.resolvers.schema import make_schema
from tests.gateway.execution.product import WORLDS
from tests.gateway.servers import answering, refusal
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
async def test_nothing_is_asked_that_was_not_explained(example: str) -> None:
    """Every lookup that an example asks stands in its explanation."""
    world = WORLDS["well"]()
    document = Documents(core_of(SCHEMA)).by_text(EXAMPLES[example])
    assert document.node is not None
    lines = explained(core_of(SCHEMA), document.node, document.operation(None), {}, world.sources)
    told = {asked.partition(" ")[0] for line in lines for asked in line.asks}
    await SCHEMA.execute(EXAMPLES[example], {"studentUniqueId": "1"}, context_value=world.context())

    assert set(world.desk.names()) <= told


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of one district on an Ed-Fi that nobody asks."""
    file = tmp_path / "gateway.toml"
    file.write_text(CONFIG)
    return file


def test_the_command_prints_the_plan_and_its_cost(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields as a tree, what each may ask of which source, and the declared calls of both ways to ask."""
    query = "query ($n: String!) { student(studentUniqueId: $n) { name { lastName } courseGrades { letter } } }"
    with pytest.raises(SystemExit) as ended:
        main(["explain", query, "--config", str(config)])
    printed = capsys.readouterr().out

    assert ended.value.code == 0
    assert printed.startswith(
        "student: a call for each parent\n    asks students_by_id (fresh for 1 h) of sis: 1 a student"
    )
    assert "  name: written with its parent" in printed
    assert "or 2 a district by roster_by_district where that is less" in printed
    assert "asks course_grades_by_student (fresh for 5 min) of sis: 1 a student, or fewer" in printed


@pytest.mark.parametrize(("arguments", "problem"), [
    (("{ studnt }",), "QUERY: Cannot query field 'studnt' on type 'Query'."),
    (("{",), "QUERY: Syntax Error: Expected Name, found <EOF>."),
    (("none.graphql",), "QUERY: none.graphql is neither a document nor a file that can be read"),
    (("{ viewer { role } }", "--variables", "["), "--variables: must be a JSON object"),
    (("{ viewer { role } }", "--operation", "B"), "QUERY: The document has no operation of the name"),
])  # fmt: skip
def test_what_cannot_be_explained_is_told_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], problem: str
) -> None:
    """And what to change."""
    assert problem in refusal(capsys, "explain", *arguments, "--config", str(config))


def test_an_operator_may_have_an_answer_explained() -> None:
    """By a header, with what the executor has done since start; anybody else is refused."""
    viewers = {
        who * 32: Viewer(who, ViewerRole.SERVICE, frozenset({DISTRICT}), operator=who == "o") for who in ("o", "v")
    }

    def ask(client: httpx.Client, who: str) -> Any:
        headers = {"Authorization": f"Bearer {who * 32}", "X-Student-Graph-Explain": "1"}
        return client.post("/graphql", json={"query": '{ school(id: "x") { name } }'}, headers=headers)

    with answering(Service([district(Ledger())], viewers).app()) as client:
        extensions = ask(client, "o").json()["extensions"]
        refused = ask(client, "v")

    told, counted = extensions["explain"], extensions["executor"]
    assert counted["planned"] > 0
    assert set(counted) == {"planned", "compiled", "deopt", "stock"}
    assert [line["field"] for line in told] == ["school", "name"]
    assert told[0]["asks"] == ["schools_by_id (fresh for 24 h) of nobody: no source answers it"]
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]) == (403, {"code": "FORBIDDEN"})
