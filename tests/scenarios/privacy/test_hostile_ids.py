"""Text in the place of an id: refused in words of our own, before any vendor hears of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import DistrictId
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.web.request import NUL_MESSAGE
from student_graph.resolvers.fields.errors import MESSAGES
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.scenarios.helpers.gateway_process import GatewayProcess, gateway_process

HOSTILE = {
    "parent": "../x",
    "encoded parent": "..%2f..%2foauth",
    "fragment": "a#b",
    "query": "a?limit=1",
    "quote": "o'brien",
    "double quote": '"',
    "NUL": "a\0b",
    "line": "a\nb",
    "header": "a\r\nX-Admin: 1",
    "long": "9" * 300,
    "right to left": "\u202e604822",
    "blank": " ",
    "wildcard": "*",
    "colon": "sis_user_id:1",
}
BY_TEXT = """query($n: String!, $id: ID!) {
    student(studentUniqueId: $n, district: "honest") { id }
    students(filter: { district: "honest", ids: [$n] }) { totalCount }
    byId: student(id: $id) { id }
    elsewhere: student(studentUniqueId: "1", district: $id) { id }
    inSchool: students(filter: { district: "honest", school: $id }) { totalCount }
    after: students(filter: { district: "honest" }, after: $n) { totalCount }
    node(id: $id) { id }
    section(id: $id) { id }
    school(id: $id) { id }
    district(id: $id) { id }
}"""
BY_KEY = "query($id: ID!) { node(id: $id) { id } }"


@pytest.fixture(scope="module")
def vendors() -> Iterator[list[Sandbox]]:
    """An SIS and an LMS that count their requests."""
    facts = make_district(12)
    made: list[Sandbox] = [EdFiSandbox(facts), CanvasSandbox(facts)]
    with served(*made):
        yield made


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, vendors: list[Sandbox]) -> Iterator[GatewayProcess]:
    """A gateway over them that has read what it needs to reach them."""
    with gateway_process(
        tmp_path_factory.mktemp("gateway"), {"honest": {each.kind: each for each in vendors}}
    ) as made:
        assert "errors" not in made.post("{ districts { schools { name } } }")
        yield made


def requests(vendors: list[Sandbox]) -> list[int]:
    """How many requests each vendor has had."""
    return [len(vendor.requests) for vendor in vendors]


def test_a_request_with_nul_asks_nothing(gateway: GatewayProcess, vendors: list[Sandbox]) -> None:
    """It is refused as a whole, before it is read as a question."""
    before = requests(vendors)
    assert gateway.post(BY_TEXT, n="a\0b", id="1") == {"errors": [{"message": NUL_MESSAGE, "extensions": {}}]}
    assert requests(vendors) == before


@pytest.mark.row("C01")
@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in HOSTILE.items() if "\0" not in text]
)
def test_text_that_is_no_id_asks_nothing(gateway: GatewayProcess, vendors: list[Sandbox], text: str) -> None:
    """BAD_ID at every door, in words of our own, before any vendor hears of it."""
    before = requests(vendors)
    answer = gateway.post(BY_TEXT, n=text, id=text)

    assert {error["message"] for error in answer["errors"]} == {MESSAGES["BAD_ID"]}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_ID"}
    assert set(answer["data"].values()) == {None}
    assert len(answer["errors"]) == len(answer["data"])
    assert requests(vendors) == before


@pytest.mark.row("C01")
@pytest.mark.parametrize("kind", ["Student", "School", "Section", "Session", "Staff", "LocalEducationAgency"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_id_made_of_such_text_asks_nothing(
    gateway: GatewayProcess, vendors: list[Sandbox], kind: str, text: str
) -> None:
    """An id of the right form is no permission: what it holds is checked as strictly."""
    before = requests(vendors)
    answer = gateway.post(BY_KEY, id=encode(GlobalId(kind, DistrictId("honest"), text)))

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_ID"]
    assert requests(vendors) == before
