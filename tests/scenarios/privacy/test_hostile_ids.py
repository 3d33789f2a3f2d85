"""
Hostile text as an id: what no number can hold is refused before any request, the rest is one encoded value.

Vendors number people and schools with any text, so signs that have a meaning in addresses are allowed in a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

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

REFUSED = {
    "NUL": "a\0b",
    "line": "a\nb",
    "header": "a\r\nX-Admin: 1",
    "long": "9" * 300,
    "right to left": "\u202e604822",
}
"""Text that is no number of any vendor."""
UNUSUAL = {
    "parent": "../x",
    "encoded parent": "..%2f..%2foauth",
    "fragment": "a#b",
    "query": "a?limit=1",
    "quote": "o'brien",
    "double quote": '"',
    "blank": " ",
    "wildcard": "*",
    "colon": "sis_user_id:1",
}
"""Text that may be a number, and would change a request if it were not encoded."""
QUERY_BY_TEXT = """query($n: String!, $id: ID!) {
    student(studentUniqueId: $n, district: "hill") { id }
    students(filter: { district: "hill", ids: [$n] }) { totalCount }
    byId: student(id: $id) { id }
    elsewhere: student(studentUniqueId: "1", district: $id) { id }
    inSchool: students(filter: { district: "hill", school: $id }) { totalCount }
    after: students(filter: { district: "hill" }, after: $n) { totalCount }
    node(id: $id) { id }
    section(id: $id) { id }
    school(id: $id) { id }
    district(id: $id) { id }
}"""
QUERY_BY_ID = "query($id: ID!) { node(id: $id) { id } }"
PATHS_BY_TYPE = {"Student": "/data/v3/ed-fi/students", "Staff": "/data/v3/ed-fi/staffs"}
"""Where the SIS is asked for a number."""


@pytest.fixture(scope="module")
def vendors() -> Iterator[list[Sandbox]]:
    """An SIS and an LMS, which count their requests."""
    facts = make_district(12)
    sandboxes: list[Sandbox] = [EdFiSandbox(facts), CanvasSandbox(facts)]
    with served(*sandboxes):
        yield sandboxes


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, vendors: list[Sandbox]) -> Iterator[GatewayProcess]:
    """A gateway over them that has its tokens and discovery documents."""
    with gateway_process(
        tmp_path_factory.mktemp("gateway"), {"hill": {vendor.kind: vendor for vendor in vendors}}
    ) as process:
        assert "errors" not in process.post("{ districts { schools { name } } }")
        yield process


def request_counts(vendors: list[Sandbox]) -> list[int]:
    """Return the number of requests that each vendor has received."""
    return [len(vendor.requests) for vendor in vendors]


def test_a_request_with_nul_makes_no_vendor_call(gateway: GatewayProcess, vendors: list[Sandbox]) -> None:
    """The whole request is refused before it is parsed."""
    before = request_counts(vendors)
    assert gateway.post(QUERY_BY_TEXT, n="a\0b", id="1") == {
        "errors": [{"message": NUL_MESSAGE, "extensions": {"code": "BAD_REQUEST"}}]
    }
    assert request_counts(vendors) == before


@pytest.mark.row("C01")
@pytest.mark.parametrize(
    "text", [pytest.param(text, id=name) for name, text in REFUSED.items() if "\0" not in text]
)
def test_a_text_that_is_not_an_id_causes_no_vendor_call(
    gateway: GatewayProcess, vendors: list[Sandbox], text: str
) -> None:
    """Every field that takes an id is null with BAD_ID and our own message."""
    before = request_counts(vendors)
    response = gateway.post(QUERY_BY_TEXT, n=text, id=text)

    assert {error["message"] for error in response["errors"]} == {MESSAGES["BAD_ID"]}
    assert {error["extensions"]["code"] for error in response["errors"]} == {"BAD_ID"}
    assert set(response["data"].values()) == {None}
    assert len(response["errors"]) == len(response["data"])
    assert request_counts(vendors) == before


@pytest.mark.row("C01")
@pytest.mark.parametrize("kind", ["Student", "School", "Section", "Session", "Staff", "LocalEducationAgency"])
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_global_id_that_holds_hostile_text_makes_no_vendor_call(
    gateway: GatewayProcess, vendors: list[Sandbox], kind: str, text: str
) -> None:
    """The key inside a well-formed global id is checked as strictly as any other text."""
    before = request_counts(vendors)
    response = gateway.post(QUERY_BY_ID, id=encode(GlobalId(kind, DistrictId("hill"), text)))

    assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_ID"]
    assert request_counts(vendors) == before


@pytest.mark.row("C01")
@pytest.mark.parametrize("kind", ["Student", "School", "Section", "Session", "Staff", "LocalEducationAgency"])
@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_text_is_sent_as_one_encoded_value(
    gateway: GatewayProcess, vendors: list[Sandbox], kind: str, text: str
) -> None:
    """It names nobody here, and changes neither the address nor the other parameters of a request."""
    before = request_counts(vendors)
    response = gateway.post(QUERY_BY_ID, id=encode(GlobalId(kind, DistrictId("hill"), text)))
    requests = [
        request for vendor, count in zip(vendors, before, strict=True) for request in vendor.requests[count:]
    ]

    assert response["data"] == {"node": None}
    assert {error["extensions"]["code"] for error in response.get("errors", [])} <= {"BAD_ID"}
    for request in requests:
        address = urlsplit(request.removeprefix("GET "))
        parameters = parse_qs(address.query)
        assert address.path == PATHS_BY_TYPE[kind]
        assert [parameters.pop(name) for name in list(parameters) if name.endswith("UniqueId")] == [[text]]
        assert parameters == {"totalCount": ["true"], "limit": ["500"], "offset": ["0"]}
