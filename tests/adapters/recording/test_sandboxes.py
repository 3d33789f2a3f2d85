"""Each shipped adapter can be recorded, and reads from the recording what it read from its sandbox."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import msgspec
import pytest

from student_graph.adapters.certificates.same_answers import is_same, is_same_answer
from student_graph.adapters.certificates.sandbox_recording import (
    RECORDED_STUDENTS,
    SandboxRecording,
    differing_answers,
    record_and_replay,
    record_sandbox,
)
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.model import AttendanceCategory
from student_graph.adapters.recording import Exchange, Fictions
from student_graph.adapters.recording.recording import About, Recording
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.gateway.demo.districts import SANDBOX_ENTRY_POINTS
from tests.adapters.recording.test_recordings import personal_values
from tests.long_runs import size

KINDS = (
    "schoology", "powerschool", "google_classroom", "aeries", "moodle", "canvas", "clever", "oneroster", "edfi",
)  # fmt: skip
"""Shipped adapters that ask a vendor over HTTP."""
SAMPLE = 4
"""Kinds of the everyday tests: the two plainest ones, and two with most to scrub in few requests."""
FACTS = make_district(RECORDED_STUDENTS)
CANARIES = {value for value in personal_values([FACTS.students, FACTS.staff, FACTS.contacts]) if len(value) > 3}
KEY = b"k" * 32
"""A fixed key: with a random one, a made-up number is now and then that of another person."""


def sandbox(kind: str) -> Sandbox:
    """A sandbox of the district."""
    [entry_point] = entry_points(group=SANDBOX_ENTRY_POINTS, name=kind)
    loaded: Sandbox = entry_point.load()(FACTS)
    return loaded


async def recorded(kind: str, key: bytes = KEY) -> SandboxRecording:
    """A recording of a sandbox."""
    return await record_sandbox(sandbox(kind), find_adapter(kind), Fictions(key))


def canaries_in(exchanges: list[Exchange]) -> list[str]:
    """What a recording holds of people."""
    text = "\n".join(msgspec.json.encode(exchange).decode() for exchange in exchanges)
    words = set(re.findall(r"[\w@.+-]+", text))
    return sorted(value for value in CANARIES if value in words or (not value.isalnum() and value in text))


@pytest.mark.long_run
@pytest.mark.parametrize("kind", KINDS[: size(SAMPLE, len(KINDS))])
async def test_a_recording_holds_nobody_and_is_read_as_the_sandbox(kind: str) -> None:
    """No name, id, mail, phone, street or birth date is in it, and each lookup has the same answers, made up."""
    recording = await recorded(kind)

    assert len(CANARIES) > 100
    assert canaries_in(recording.recording.exchanges) == []
    assert await differing_answers(sandbox(kind), find_adapter(kind), recording) == []
    assert recording.answers.keys() <= set(find_adapter(kind).capabilities())


async def test_a_recording_without_a_request_is_not_read_as_the_sandbox() -> None:
    """The comparison finds a lookup whose answer is missing in the recording, and names it."""
    recording = await recorded("schoology")
    exchanges = [e for e in recording.recording.exchanges if "section_school_codes" not in e.target]
    shorter = replace(recording, recording=replace(recording.recording, exchanges=exchanges))

    differing = await differing_answers(sandbox("schoology"), find_adapter("schoology"), shorter)

    assert differing == ["lms_courses_by_section"]


def test_a_certificate_records_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts requests and lookups; without a list of properties it names what is read otherwise."""
    sandbox_type, adapter = type(sandbox("schoology")), find_adapter("schoology")
    complete = record_and_replay(sandbox_type, adapter)
    monkeypatch.setattr(adapter, "recorded_properties", frozenset[str]())
    scrubbed = record_and_replay(sandbox_type, adapter)

    assert (complete.replays, complete.lookups, complete.differing) == (True, 3, ())
    assert complete.requests > 10
    assert not scrubbed.replays
    assert "assignment_work_by_student" in scrubbed.differing


@pytest.mark.parametrize("kind", ["aeries", "clever", "powerschool", "schoology"])
def test_declared_vendors_keep_codes_and_no_people(kind: str) -> None:
    """Of a declaration, what is read as a code or a day of school stays, and no name, id, mail or birth date."""
    names = find_adapter(kind).recorded_properties
    personal = re.compile(
        "first_?name|last_?name|name$|mail|phone|birth|dob|street|address|_id$|ID$", re.IGNORECASE
    )

    assert names
    assert [name for name in names if name == "id" or personal.search(name)] == []


def test_answers_are_compared_by_their_fictions() -> None:
    """A made-up text is that of the real one; codes are equal; a list has as many values, in any order."""
    fictions = Fictions(KEY)
    ada, bo = fictions.of("Ada"), fictions.of("Bo")
    category = AttendanceCategory.TARDY

    assert is_same(["Ada", "Bo"], [bo, ada], fictions)
    assert not is_same(["Ada", "Ada"], [ada, bo], fictions)
    assert not is_same(["Ada"], [ada, bo], fictions)
    assert is_same(category, category, fictions)
    assert not is_same(category, AttendanceCategory.UNMAPPED, fictions)
    assert not is_same("Ada", None, fictions)
    answers: dict[Any, Any] = {"1": RefusedError("no")}
    assert is_same_answer(answers, {"2": RefusedError("no")}, {"1": "2"}, fictions)
    assert not is_same_answer(answers, {"2": []}, {"1": "2"}, fictions)
    assert not is_same_answer(answers, {}, {"1": "2"}, fictions)


def test_a_recording_says_what_was_recorded(tmp_path: Path) -> None:
    """The first line of the file names the sandbox; files of earlier versions are of live servers."""
    file = tmp_path / "r.jsonl"
    file.write_text('{"file": "student-graph-recording", "kind": "edfi", "recorded_on": "2026-08-03"}\n')
    assert Recording.read(file).about.of == "live server"
    Recording(About("edfi", Recording.read(file).about.recorded_on, "sandbox")).write(file)
    assert Recording.read(file).about.of == "sandbox"
