"""What was disclosed is recorded: exactly, before it is answered, and however the answer was made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters import model
from student_graph.adapters.model import Record
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.disclosure.log_file import LogFile
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.execution import StructExecutor
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

SECRETS = DisclosureKeys(b"s" * 32)
OF_STUDENTS = {
    name for name, made in vars(model).items()
    if isinstance(made, type) and issubclass(made, Record) and made is not Record and made.about == "student_id"
}  # fmt: skip
"""Names of the types whose objects are records of students."""
EVENTS = "attendanceEvents(first: 5) { edges { node { __typename date } } }"
PART = f"__typename id gradeLevel courseGrades {{ __typename letter }} {EVENTS}"
ROSTERS = "sections { roster { __typename student { __typename name { firstName } } } }"
INCIDENTS = "disciplineIncidents { __typename date actions { __typename date } }"
CONTACTS = "contacts { __typename relation { codeValue } }"
PAGES = [
    f"{{ students(filter: {{}}, first: 30) {{ edges {{ node {{ {PART} }} }} }} }}",
    f"{{ districts {{ schools {{ __typename {ROSTERS} }} }} }}",
    f"{{ viewer {{ students(first: 20) {{ edges {{ node {{ __typename {INCIDENTS} {CONTACTS} }} }} }} }} }}",
]


class Trouble:
    """Whether the record can be written; a test says."""

    full = False


class Filling(LogFile):
    """A file that is full when a test says so."""

    def append(self, line: bytes) -> None:
        if Trouble.full:
            raise OSError(28, "No space left on device")
        super().append(line)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[tuple[DemoGateway, Path]]:
    """A gateway over a small district, and the folder of its record."""
    made = demo_districts("edfi", 60)
    log = DisclosureLog(tmp_path, SECRETS, open_file=Filling)
    document_limits = DocumentLimits(cost=10**6, calls=10**6)
    with (
        served(*made[0].sandboxes.values()),
        demo_gateway(made, disclosure_log=log, document_limits=document_limits, defer=True) as stand,
    ):
        yield stand, tmp_path


def lines(folder: Path) -> list[dict[str, Any]]:
    """What was recorded."""
    texts = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [told for told in map(json.loads, texts) if "count" in told]


def records_in(part: Any) -> int:
    """Records of students in an answer."""
    if isinstance(part, list):
        return sum(map(records_in, part))
    if isinstance(part, dict):
        return (part.get("__typename") in OF_STUDENTS) + sum(map(records_in, part.values()))
    return 0


@pytest.mark.row("L09")
def test_the_counts_add_up(
    asking: tuple[DemoGateway, Path], record_property: Callable[[str, object], None]
) -> None:
    """Over a hundred thousand records, of whole answers served again too, and of every viewer."""
    stand, folder = asking
    total, answers, odd = 0, 0, StructExecutor.counters.deopt
    while total < 100_000:
        for viewer in ("superintendent", "principal", "teacher", "parent", "student"):
            for page in PAGES:
                total += records_in(stand.post(page, viewer)["data"])
                answers += 1
    told = lines(folder)
    assert sum(line["count"] for line in told) == total
    assert StructExecutor.counters.deopt == odd  # it is the fast way that was counted
    record_property("counts", f"disclosures: {answers} answers, {len(told)} lines, {total} records, 0 missing")
    assert verify_log(folder, SECRETS.signing_key.public_key()).problems == []


def test_other_ways_to_an_answer_are_counted_too(asking: tuple[DemoGateway, Path]) -> None:
    """An interface, what comes later, and graphql-core in our executor's place."""
    stand, folder = asking
    ids = [each["node"]["id"] for each in stand.post(PAGES[0])["data"]["students"]["edges"][:3]]
    before = sum(line["count"] for line in lines(folder))
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on Student {{ {PART} }} }} }}"
    told = records_in(stand.post(query, ids=ids)["data"])
    assert sum(line["count"] for line in lines(folder)) == before + told
    before += told
    parts = (
        f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on Student {{ id ... @defer {{ {PART} }} }} }} }}"
    )
    answer = stand.client.post(
        "/graphql",
        json={"query": parts, "variables": {"id": ids[0]}},
        headers={"Authorization": f"Bearer {stand.tokens['superintendent']}", "Accept": "multipart/mixed"},
    )
    said = [json.loads(part) for part in answer.text.split("\r\n") if part.startswith("{")]
    later = [each["data"] for part in said for each in part.get("incremental", ())]
    told = records_in(said[0]["data"]) + records_in(later) - sum("__typename" in each for each in later)
    assert later
    assert sum(line["count"] for line in lines(folder)) == before + told


def test_a_refusal_is_recorded(asking: tuple[DemoGateway, Path]) -> None:
    """Who asked for what was not theirs; of a stranger as of one who does not exist."""
    stand, folder = asking
    stand.post('{ student(studentUniqueId: "999999") { demographics { birthDate } } }', "parent")
    [line] = lines(folder)
    assert (line["decision"], line["count"], line["denied"], line["students"]) == ("deny", 0, 1, [])
    assert line["actor"]["role"] == "PARENT"


def test_an_error_and_the_record_call_the_request_the_same(asking: tuple[DemoGateway, Path]) -> None:
    """Whoever is told of a refusal can ask the operator by it, and another request has another name."""
    stand, folder = asking
    query = "{ viewer { students { edges { node { name { firstName } disciplineIncidents { date } } } } } }"
    told = [stand.post(query, "teacher")["errors"][0]["extensions"]["requestId"] for _ in range(2)]
    assert [line["requestId"] for line in lines(folder)] == told
    assert told[0] != told[1]


def test_who_saw_a_student_is_found(asking: tuple[DemoGateway, Path]) -> None:
    """With the purpose that was stated, the classes, and how old it was."""
    stand, folder = asking
    number = stand.post("{ viewer { students { edges { node { studentUniqueId } } } } }", "student")
    mine = number["data"]["viewer"]["students"]["edges"][0]["node"]["studentUniqueId"]
    query = "query Family($n: String) { student(studentUniqueId: $n) { name { firstName } contacts { phones } } }"
    stand.client.post(
        "/graphql",
        json={"query": query, "variables": {"n": mine}},
        headers={
            "Authorization": f"Bearer {stand.tokens['principal']}",
            "Student-Graph-Purpose": "attendance call",
        },
    )
    pseudonym = SECRETS.pseudonym("cedar-hollow-school-district", mine)
    found = [line for line in disclosures_of(folder, pseudonym) if line["opName"] == "Family"]
    assert [(line["actor"]["role"], line["purpose"], line["categories"]) for line in found] == [
        ("PRINCIPAL", "attendance call", ["CONTACT"])
    ]
    assert found[0]["fields"] == ["Student.contacts", "Student.name", "StudentContact.phones"]
    assert {source["name"] for source in found[0]["sources"]} == {"edfi"}
    assert mine not in json.dumps(found)


@pytest.mark.row("L11")
def test_what_cannot_be_recorded_is_not_disclosed(asking: tuple[DemoGateway, Path]) -> None:
    """Classes that are not open at once, whole answers too; the open one goes on for a while."""
    stand, folder = asking
    sensitive, plain = PAGES[2], PAGES[0]
    for _ in range(2):
        stand.post(sensitive)
        stand.post(plain)
    Trouble.full = True
    try:
        headers = {"Authorization": f"Bearer {stand.tokens['superintendent']}"}
        refused = stand.client.post("/graphql", json={"query": sensitive, "variables": {}}, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"], "data" in refused.json()) == (503, "5", False)
        assert records_in(stand.post(plain)["data"]) > 0
    finally:
        Trouble.full = False
    stand.post(sensitive)
    assert len(lines(folder)) == 6
