"""`student-graph disclosures --student`: what a parent may learn about who saw a child's records."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from student_graph.adapters.model import ContactId, Sensitivity, StaffId
from student_graph.gateway.cli.main import main
from student_graph.gateway.disclosure.entries import DisclosedRecords, break_glass_entry, disclosure_entry
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.disclosure.logs import (
    HILL,
    KEYS,
    NOON,
    POLICY,
    REQUEST_ID,
    ROSTER,
    SECRET,
    TEACHER,
    Clock,
    write,
)
from tests.gateway.servers import run_here, running_demo

PARENT = Viewer(
    "mum", ViewerRole.PARENT, frozenset({HILL}), contact_id=ContactId("c7"), issuer="https://portal.example"
)
NURSE = dataclasses.replace(TEACHER, subject="=nurse", staff_id=StaffId("20020"), purpose="health")


@pytest.fixture
async def ready(tmp_path: Path) -> Path:
    """The ready file of a record in which a parent, a nurse and a teacher saw students."""
    log = DisclosureLog(tmp_path / "log", KEYS, wall_clock=Clock(NOON))
    records = DisclosedRecords(
        {Sensitivity.OPEN: Counter({"s1": 3, "s2": 5}), Sensitivity.MEAL: Counter({"s2": 2})},
        {Sensitivity.DISABILITY},
    )
    write(log, disclosure_entry(KEYS, PARENT, ROSTER, HILL, records, policy=POLICY, denied=0))
    details = {"reason": "HEALTH", "text": "a fall"}
    opening = break_glass_entry(KEYS, NURSE, HILL, ["s1"], classes=[Sensitivity.DISABILITY], details=details)
    await log.write_break_glass(opening, REQUEST_ID)
    other = DisclosedRecords({Sensitivity.OPEN: Counter(["s2"])})
    write(log, disclosure_entry(KEYS, TEACHER, ROSTER, HILL, other, policy=POLICY, denied=0))
    await log.close()
    path = tmp_path / "ready.json"
    key = base64.b64encode(SECRET).decode()
    path.write_text(
        json.dumps({"disclosures": {"directory": str(tmp_path / "log"), "key": key, "districts": ["hill"]}})
    )
    return path


def test_records_are_counted_for_the_student_and_not_for_the_response(ready: Path) -> None:
    """The parent saw three records about s1, and seven about s2; what else was opened is named with 0."""
    document = json.loads(run_here("disclosures", "--ready-file", str(ready), "--student", "s1", "--json").stdout)
    opening, seen = sorted(document["disclosures"], key=lambda disclosure: disclosure["role"], reverse=True)
    assert (seen["records"], seen["classes"]) == (3, {"DISABILITY": 0, "MEAL": 0})
    assert (opening["records"], opening["classes"], opening["breakGlass"]) == (0, {"DISABILITY": None}, True)
    document = json.loads(run_here("disclosures", "--ready-file", str(ready), "--student", "s2", "--json").stdout)
    assert [seen["records"] for seen in document["disclosures"]] == [7, 1]
    assert document["disclosures"][0]["classes"] == {"DISABILITY": 0, "MEAL": 2}


async def test_a_student_is_looked_for_in_the_records_of_all_gateways(ready: Path, tmp_path: Path) -> None:
    """Each gateway has what it disclosed; a file that is in two folders counts once, and each copy is verified."""
    other, copy = tmp_path / "other", tmp_path / "copy"
    log = DisclosureLog(other, KEYS, wall_clock=Clock(NOON - 3_600))
    records = DisclosedRecords({Sensitivity.OPEN: Counter(["s1"])})
    write(log, disclosure_entry(KEYS, TEACHER, ROSTER, HILL, records, policy=POLICY, denied=0))
    await log.close()
    shutil.copytree(tmp_path / "log", copy)
    arguments = ["disclosures", "--ready-file", str(ready), "--student", "s1", "--json"]
    arguments += ["--record", str(other), "--record", str(copy)]
    document = json.loads(run_here(*arguments).stdout)

    first, *later = [seen["role"] for seen in document["disclosures"]]
    assert (first, sorted(later)) == ("TEACHER", ["PARENT", "TEACHER"])  # the later two have the same time
    assert document["problems"] == []

    [file] = other.glob("*.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"TEACHER"', b'"PRINCIPAL"'))
    result = run_here(*arguments)

    assert result.returncode == 1
    assert {problem["file"] for problem in json.loads(result.stdout)["problems"]} == {str(file)}


def test_people_are_named_as_their_issuer_knows_them(ready: Path) -> None:
    """With the number that they have in the district, whose key opens it."""
    output = run_here("disclosures", "--ready-file", str(ready), "--student", "s1", "--json").stdout
    people = {seen["role"]: seen["person"] for seen in json.loads(output)["disclosures"]}
    assert people["PARENT"]["subject"] == "mum"
    assert people["PARENT"]["issuer"] == "https://portal.example"
    assert people["PARENT"]["contact"] == "c7"
    assert people["TEACHER"]["staff"] == "20020"
    assert KEYS.pseudonym(HILL, "s2") not in output


def test_a_spreadsheet_runs_nothing_of_the_report(ready: Path) -> None:
    """Each line is a disclosure, with the section of the law; standard error says if the record is intact."""
    result = run_here("disclosures", "--ready-file", str(ready), "--student", "s1", "--csv")
    rows = {row["role"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert set(rows) == {"PARENT", "TEACHER"}
    assert rows["TEACHER"]["subject"] == "'=nurse"
    assert rows["TEACHER"]["purpose"] == "HEALTH"
    assert rows["TEACHER"]["basis"] == "34 CFR 99.36: health or safety emergency"
    assert rows["PARENT"]["basis"] == "34 CFR 99.10: right of a parent"
    assert rows["PARENT"]["classes"] == "DISABILITY 0; MEAL 0"
    assert result.stderr.splitlines() == ["2 files, 7 lines: intact"]


@pytest.mark.parametrize("option", ["--csv", "--names"])
def test_a_report_needs_a_student(option: str, ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the option."""
    with pytest.raises(SystemExit):
        main(["disclosures", "--ready-file", str(ready), option])
    assert "--student: name the student whose disclosures are to be shown" in capsys.readouterr().err


def test_names_are_read_from_the_sources_on_request(tmp_path: Path) -> None:
    """The teacher's and the contact's names are those of the SIS; without the option it is not asked."""
    with running_demo(tmp_path, "--students", "60") as demo:
        query = "{ viewer { students(first: 1) { edges { node { studentUniqueId } } } } }"
        edges = demo.post(query, "parent")["data"]["viewer"]["students"]["edges"]
        number = edges[0]["node"]["studentUniqueId"]
        options = ("disclosures", "--ready-file", str(tmp_path / "ready.json"), "--student", number, "--json")
        named, unnamed = (json.loads(run_here(*options, *more).stdout) for more in (["--names"], []))
        query = f'{{ student(studentUniqueId: "{number}") {{ contacts {{ name {{ firstName lastName }} }} }} }}'
        contacts = demo.post(query, "superintendent")["data"]["student"]["contacts"]
    [parent] = [seen["person"] for seen in named["disclosures"] if seen["role"] == "PARENT"]
    assert parent["name"] in [f"{name['firstName']} {name['lastName']}" for name in (c["name"] for c in contacts)]
    assert {seen["person"]["name"] for seen in unnamed["disclosures"]} == {None}
