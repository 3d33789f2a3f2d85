"""The disclosure log: what its lines hold, when they are written, and how a student's disclosures are found."""

from __future__ import annotations

import base64
import hmac
import json
import re
import stat
import tracemalloc
from pathlib import Path

import pytest

from student_graph.gateway.disclosure import UnwritableError
from student_graph.gateway.disclosure.keys import MAX_CACHED_PSEUDONYMS, DisclosureKeys
from student_graph.gateway.disclosure.log import MAX_WAITING_LINES, DisclosureLog
from student_graph.gateway.disclosure.log_file import FILE_GLOB
from student_graph.gateway.disclosure.search import disclosures_of
from student_graph.gateway.disclosure.verification import verify_log
from tests.gateway.disclosure import child
from tests.gateway.disclosure.logs import (
    DAY_SECONDS,
    HILL,
    KEYS,
    NOON,
    POLICY,
    PUBLIC_KEY,
    REQUEST_ID,
    Clock,
    FullDisk,
    decode_lines,
    disclosed_students,
    entry,
    pseudonyms,
    write,
    write_closed_log,
)
from tests.gateway.forked import forked
from tests.long_runs import size

SECRET = b"s" * 32
MAX_PSEUDONYM_BYTES = 5 * 1024 * 1024


async def test_a_line_says_who_saw_which_students_and_holds_no_name(tmp_path: Path) -> None:
    """Students and viewer are keyed hashes; a line has no value of what was seen."""
    log = DisclosureLog(tmp_path, KEYS, wall_clock=Clock(NOON))
    write(log, entry("s0", "s1"))
    await log.close()
    start, line, *_, end = decode_lines(log.current_file.path)
    assert (start["kind"], end["kind"]) == ("start", "closed")
    assert re.fullmatch("[0-9a-f]{28}", line.pop("id"))
    assert re.fullmatch("sha256:[0-9a-f]{64}", line.pop("prev"))
    viewer = KEYS.pseudonym(HILL, "https://login.example|ada")
    sealed = line["actor"].pop("id")
    assert json.loads(KEYS.unseal(HILL, sealed) or "") == {"subject": "ada"}
    assert line == {
        "v": 1,
        "ts": "2026-11-25T12:00:00.000Z",
        "tenant": "hill",
        "actor": {"sub": viewer, "role": "TEACHER", "idp": "https://login.example"},
        "basis": "99.31(a)(1)",
        "purpose": "instruction",
        "op": "sha256:00",
        "opName": "Roster",
        "students": sorted([KEYS.pseudonym(HILL, "s0"), KEYS.pseudonym(HILL, "s1")]),
        "counts": {"OPEN": [1, 1]},
        "count": 2,
        "fields": ["Student.name"],
        "categories": [],
        "decision": "allow",
        "denied": 0,
        "breakGlass": None,
        "policy": POLICY,
        "sources": [{"name": "sis", "fresh": "fresh", "age_s": 3}],
        "requestId": REQUEST_ID,
        "address": None,
    }


def test_a_pseudonym_is_a_keyed_hash_of_one_district() -> None:
    """Another district's and another key's pseudonyms of the same person are different."""
    pseudonym = KEYS.pseudonym("hill", "s0")
    assert re.fullmatch("hmac:[0-9a-f]{32}", pseudonym)
    assert KEYS.pseudonym("hill", "s0") == pseudonym
    assert KEYS.pseudonym("dale", "s0") != pseudonym
    assert DisclosureKeys(b"t" * 32).pseudonym("hill", "s0") != pseudonym


def test_the_pseudonym_of_a_person_never_changes() -> None:
    """It is HMAC-SHA-256 with a key by HKDF (RFC 5869): lines of earlier years are found with it."""
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    key = hmac.digest(extracted, b"student-graph disclosure district hill\x01", "sha256")
    keys = DisclosureKeys(SECRET)
    for name in ("s1", "s2", "s1"):
        assert keys.pseudonym("hill", name) == f"hmac:{hmac.digest(key, name.encode(), 'sha256').hex()[:32]}"


def test_the_pseudonyms_of_many_viewers_take_little_memory() -> None:
    """However many there are, and each is the same when it is computed again."""
    keys = DisclosureKeys(SECRET)
    first = keys.pseudonym("hill", "https://login.example|viewer-0")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(2 * MAX_CACHED_PSEUDONYMS):
        keys.pseudonym("hill", f"https://login.example|viewer-{number}")
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert growth < MAX_PSEUDONYM_BYTES
    assert keys.pseudonym("hill", "https://login.example|viewer-0") == first


def test_a_sealed_text_opens_with_its_key_and_district_only() -> None:
    """Equal texts are equal when sealed, so a repeated line stays the same; nothing of the text is visible."""
    sealed = KEYS.seal("hill", "ada@hill.example")
    assert KEYS.seal("hill", "ada@hill.example") == sealed
    assert KEYS.seal("dale", "ada@hill.example") != sealed
    assert KEYS.unseal("hill", sealed) == "ada@hill.example"
    assert KEYS.unseal("dale", sealed) is None
    assert DisclosureKeys(b"t" * 32).unseal("hill", sealed) is None
    assert KEYS.unseal("hill", "") is None
    assert KEYS.unseal("hill", "siv:not Base64") is None
    assert b"ada" not in base64.b64decode(sealed.removeprefix("siv:"))


async def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    """The directory that the log creates, the file and its sidecar are closed to the group and to others."""
    path = await write_closed_log(tmp_path / "disclosures", 1)
    modes = {name: stat.S_IMODE(name.stat().st_mode) for name in (path.parent, *path.parent.iterdir())}
    assert modes.pop(path.parent) == 0o700
    assert len(modes) == 2
    assert set(modes.values()) == {0o600}


@pytest.mark.row("E03")
def test_a_process_that_is_killed_while_it_writes_leaves_all_complete_lines(tmp_path: Path) -> None:
    """
    The file is intact, and its last lines are not signed.

    The system may cut the line that was being written, where it crosses a page of memory: nothing was sent for it.
    """
    with forked(child.write_forever, tmp_path, 200) as process:
        assert process.stdout.readline() == "written\n"
        process.kill()
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert result.problems == []
    assert result.lines > 200
    notes = [note.message for note in result.notes]
    assert notes.pop().startswith("not closed: its process is running, or was killed; the last ")
    assert set(notes) <= {"the last line is incomplete: its process was killed, or is writing it"}


@pytest.mark.row("L11", "E07")
def test_on_a_full_disk_sensitive_reads_fail_and_others_wait(tmp_path: Path) -> None:
    """Lines wait for a minute and are written in order when there is room again; no line is torn."""
    child.run(child.write_on_full_disk, tmp_path)
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []
    [path] = tmp_path.glob(FILE_GLOB)
    assert disclosed_students(path) == pseudonyms("before", "waits", "waits too", "after")


@pytest.mark.row("L11")
async def test_ten_thousand_lines_wait_and_no_more(tmp_path: Path) -> None:
    """After that, nothing can be disclosed."""
    log = DisclosureLog(tmp_path, KEYS, open_file=FullDisk)
    disclosure = entry("s1")
    for _ in range(MAX_WAITING_LINES):
        write(log, disclosure)
    with pytest.raises(UnwritableError):
        write(log, disclosure)
    log.current_file.close()


@pytest.mark.row("L09")
@pytest.mark.long_run
async def test_lines_add_up(tmp_path: Path) -> None:
    """The numbers of records that were written and that are read are equal, and the log is intact."""
    log = DisclosureLog(tmp_path, KEYS)
    entries = [entry(*(f"s{number}" for number in range(length))) for length in range(1, 11)]
    lines = size(4_000, 100_000)
    for number in range(lines):
        write(log, entries[number % 10])
    await log.close()
    count = sum(line.get("count", 0) for line in decode_lines(log.current_file.path))
    assert count == lines // 10 * sum(range(1, 11))
    result = verify_log(tmp_path, PUBLIC_KEY)
    assert (result.problems, result.lines) == ([], lines + 2)


@pytest.mark.row("L12")
async def test_a_search_returns_who_saw_a_student_since_a_day(tmp_path: Path) -> None:
    """A search finds the student's pseudonym in every file, and nothing from before the day or about others."""
    clock, lines = Clock(NOON), []
    for _ in range(2):
        log = DisclosureLog(tmp_path, KEYS, wall_clock=clock)
        write(log, entry("s5"), entry("s4"), entry("s5", "s6"))
        await log.close()
        lines += [line for line in decode_lines(log.current_file.path) if "students" in line]
        clock.now += DAY_SECONDS
    pseudonym = KEYS.pseudonym("hill", "s5")
    expected = [line for line in lines if pseudonym in line["students"]]
    assert len(expected) == 4
    assert list(disclosures_of(tmp_path, pseudonym)) == expected
    assert list(disclosures_of(tmp_path, pseudonym, "2026-11-26")) == expected[2:]
    assert list(disclosures_of(tmp_path, pseudonym, "2999-01-01")) == []
    assert list(disclosures_of(tmp_path, KEYS.pseudonym("dale", "s5"))) == []


@pytest.mark.row("L12")
async def test_a_repeated_disclosure_refers_to_the_full_line(tmp_path: Path) -> None:
    """The repeat is a short line with its own time; a search returns it in full, and it is part of the chain."""
    log = DisclosureLog(tmp_path, KEYS)
    repeated = entry("s1", "s2")
    for _ in range(3):
        write(log, repeated, entry("s3"))
    await log.close()
    disclosures = list(disclosures_of(tmp_path, KEYS.pseudonym("hill", "s2")))
    assert [(line["opName"], line["count"], "same" in line) for line in disclosures] == [
        ("Roster", 2, False),
        ("Roster", 2, True),
        ("Roster", 2, True),
    ]
    assert len({line["id"] for line in disclosures}) == 3
    lengths = [len(line) for line in log.current_file.path.read_text().splitlines() if '"same"' in line]
    assert max(lengths) < 350
    assert verify_log(tmp_path, PUBLIC_KEY).problems == []
