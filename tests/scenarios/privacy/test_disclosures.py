"""The disclosure log has every record that a response discloses, however the response is built."""

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
from student_graph.gateway.disclosure.recorder import MAX_OPERATION_NAME_CHARACTERS
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.execution import EncodingExecutor
from tests.long_runs import size
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

KEYS = DisclosureKeys(b"s" * 32)
STUDENT_TYPES = {
    name
    for name, type_ in vars(model).items()
    if isinstance(type_, type) and issubclass(type_, Record) and type_ is not Record
    and type_.about == "student_id"
}  # fmt: skip
"""Names of the types whose objects are records of students."""
EVENTS = "attendanceEvents(first: 5) { edges { node { __typename date } } }"
FIELDS = f"__typename id gradeLevel courseGrades {{ __typename letter }} {EVENTS}"
ROSTERS = "sections { roster { __typename student { __typename name { firstName } } } }"
INCIDENTS = "disciplineIncidents { __typename date actions { __typename date } }"
CONTACTS = "contacts { __typename relation { codeValue } }"
PAGES = [
    f"{{ students(filter: {{}}, first: 30) {{ edges {{ node {{ {FIELDS} }} }} }} }}",
    f"{{ districts {{ schools {{ __typename {ROSTERS} }} }} }}",
    f"{{ viewer {{ students(first: 20) {{ edges {{ node {{ __typename {INCIDENTS} {CONTACTS} }} }} }} }} }}",
]

RECORDS = size(15_000, 100_000)
"""Records that the log counts at least."""


class Disk:
    """The disk of the log."""

    is_full = False
    """Set by tests."""


class FileOnDisk(LogFile):
    """A log file that cannot be written while the disk is full."""

    def append(self, line: bytes) -> None:
        if Disk.is_full:
            raise OSError(28, "No space left on device")
        super().append(line)


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[tuple[DemoGateway, Path]]:
    """A gateway over a small district, and the folder of its disclosure log."""
    districts = demo_districts("edfi", 60)
    log = DisclosureLog(tmp_path, KEYS, open_file=FileOnDisk)
    document_limits = DocumentLimits(cost=10**6, calls=10**6)
    with (
        served(*districts[0].sandboxes.values()),
        demo_gateway(districts, disclosure_log=log, document_limits=document_limits, defer=True) as gateway,
    ):
        yield gateway, tmp_path


def log_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the lines about disclosures in the log."""
    texts = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [line for line in map(json.loads, texts) if "count" in line]


def count_records(part: Any) -> int:
    """Return the number of records of students in a part of a response."""
    if isinstance(part, list):
        return sum(map(count_records, part))
    if isinstance(part, dict):
        return (part.get("__typename") in STUDENT_TYPES) + sum(map(count_records, part.values()))
    return 0


@pytest.mark.long_run
@pytest.mark.row("L09")
def test_the_log_counts_every_disclosed_record(
    staged: tuple[DemoGateway, Path], record_property: Callable[[str, object], None]
) -> None:
    """Records of five viewers, a hundred thousand in the long run, are counted, also those in cached responses."""
    gateway, folder = staged
    total, responses, deoptimized = 0, 0, EncodingExecutor.counters.deopt
    while total < RECORDS:
        for viewer in ("superintendent", "principal", "teacher", "parent", "student"):
            for page in PAGES:
                total += count_records(gateway.post(page, viewer)["data"])
                responses += 1
    lines = log_lines(folder)
    assert sum(line["count"] for line in lines) == total
    assert EncodingExecutor.counters.deopt == deoptimized  # all were built on the fast path
    record_property(
        "counts", f"disclosures: {responses} responses, {len(lines)} lines, {total} records, 0 missing"
    )
    assert verify_log(folder, KEYS.signing_key.public_key()).problems == []


def test_interfaces_and_deferred_parts_are_counted_too(staged: tuple[DemoGateway, Path]) -> None:
    """Records behind the interface `Node` are counted, and those in deferred parts, run by graphql-core."""
    gateway, folder = staged
    ids = [edge["node"]["id"] for edge in gateway.post(PAGES[0])["data"]["students"]["edges"][:3]]
    before = sum(line["count"] for line in log_lines(folder))
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on Student {{ {FIELDS} }} }} }}"
    count = count_records(gateway.post(query, ids=ids)["data"])
    assert sum(line["count"] for line in log_lines(folder)) == before + count
    before += count
    deferred_query = (
        f"query ($id: ID!) {{ node(id: $id) {{ __typename ... on Student {{ id ... @defer {{ {FIELDS} }} }} }} }}"
    )
    response = gateway.client.post(
        "/graphql",
        json={"query": deferred_query, "variables": {"id": ids[0]}},
        headers={"Authorization": f"Bearer {gateway.tokens['superintendent']}", "Accept": "multipart/mixed"},
    )
    payloads = [json.loads(part) for part in response.text.split("\r\n") if part.startswith("{")]
    deferred = [part["data"] for payload in payloads for part in payload.get("incremental", ())]
    count = count_records(payloads[0]["data"]) + count_records(deferred)
    count -= sum("__typename" in data for data in deferred)  # the student is in the first payload already
    assert deferred
    assert sum(line["count"] for line in log_lines(folder)) == before + count


def test_a_denied_request_is_logged(staged: tuple[DemoGateway, Path]) -> None:
    """The line has the viewer and the decision. It is the same whether the student exists or not."""
    gateway, folder = staged
    gateway.post('{ student(studentUniqueId: "999999") { demographics { birthDate } } }', "parent")
    [line] = log_lines(folder)
    assert (line["decision"], line["count"], line["denied"], line["students"]) == ("deny", 0, 1, [])
    assert line["actor"]["role"] == "PARENT"


def test_an_error_and_its_log_line_have_the_same_request_id(staged: tuple[DemoGateway, Path]) -> None:
    """A viewer can report the id of a denied request to the operator. Each request has its own id."""
    gateway, folder = staged
    query = "{ viewer { students { edges { node { name { firstName } disciplineIncidents { date } } } } } }"
    request_ids = [gateway.post(query, "teacher")["errors"][0]["extensions"]["requestId"] for _ in range(2)]
    assert [line["requestId"] for line in log_lines(folder)] == request_ids
    assert request_ids[0] != request_ids[1]


def test_a_search_finds_who_saw_a_student(staged: tuple[DemoGateway, Path]) -> None:
    """A match has the role, the stated purpose, the sensitivity classes, the fields and the sources."""
    gateway, folder = staged
    data = gateway.post("{ viewer { students { edges { node { studentUniqueId } } } } }", "student")["data"]
    number = data["viewer"]["students"]["edges"][0]["node"]["studentUniqueId"]
    query = "query Family($n: String) { student(studentUniqueId: $n) { name { firstName } contacts { phones } } }"
    gateway.client.post(
        "/graphql",
        json={"query": query, "variables": {"n": number}},
        headers={
            "Authorization": f"Bearer {gateway.tokens['principal']}",
            "Student-Graph-Purpose": "attendance call",
        },
    )
    pseudonym = KEYS.pseudonym("cedar-hollow-school-district", number)
    matches = [line for line in disclosures_of(folder, pseudonym) if line["opName"] == "Family"]
    assert [(line["actor"]["role"], line["purpose"], line["categories"]) for line in matches] == [
        ("PRINCIPAL", "attendance call", ["CONTACT"])
    ]
    assert matches[0]["fields"] == ["Student.contacts", "Student.name", "StudentContact.phones"]
    assert {source["name"] for source in matches[0]["sources"]} == {"edfi"}
    assert number not in json.dumps(matches)
    gateway.post(query.replace("Family", "F" * 5_000), "principal", n=number)
    [long] = [line for line in disclosures_of(folder, pseudonym) if line["opName"] and line["opName"][:2] == "FF"]
    assert long["opName"] == "F" * MAX_OPERATION_NAME_CHARACTERS


def test_records_behind_a_part_or_a_number_count_too(staged: tuple[DemoGateway, Path]) -> None:
    """E-mail addresses, incidents as a number and a level: the student's own count of the class says so."""
    gateway, folder = staged
    data = gateway.post("{ viewer { students { edges { node { studentUniqueId } } } } }", "student")["data"]
    number = data["viewer"]["students"]["edges"][0]["node"]["studentUniqueId"]
    pages = {
        "Part": ("identifiers { value }", {"PII": 1}),
        "Number": ("behavior { incidents { value } }", {"DISCIPLINE": 1}),
        "Open": ("attendance { absentDays { value } }", {}),
        "Profile": ('riskProfile(preset: "ews_balfanz") { level }', {"DISCIPLINE": 1}),
    }
    for name, (fields, _) in pages.items():
        gateway.post(f"query {name}($n: String) {{ student(studentUniqueId: $n) {{ {fields} }} }}", n=number)
    counts = {line["opName"]: line["counts"] for line in log_lines(folder) if line["opName"]}
    assert counts == {name: {"OPEN": [1]} | {k: [n] for k, n in of.items()} for name, (_, of) in pages.items()}


@pytest.mark.row("L11")
def test_sensitive_data_is_not_disclosed_if_it_cannot_be_logged(staged: tuple[DemoGateway, Path]) -> None:
    """Requests for sensitive data get 503, also from the response cache; open data is disclosed for a while."""
    gateway, folder = staged
    sensitive, plain = PAGES[2], PAGES[0]
    for _ in range(2):
        gateway.post(sensitive)
        gateway.post(plain)
    Disk.is_full = True
    try:
        headers = {"Authorization": f"Bearer {gateway.tokens['superintendent']}"}
        refused = gateway.client.post("/graphql", json={"query": sensitive, "variables": {}}, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"], "data" in refused.json()) == (503, "5", False)
        assert count_records(gateway.post(plain)["data"]) > 0
    finally:
        Disk.is_full = False
    gateway.post(sensitive)
    assert len(log_lines(folder)) == 6
