"""What was opened for a child's health or safety stands apart, so that it is found among years of answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.gateway.disclosure import DisclosureLog, Secrets, UnwritableError
from student_graph.gateway.disclosure.chain import Chain
from student_graph.gateway.disclosure.entries import Entry, opened
from student_graph.gateway.disclosure.reading import check, openings, seen
from student_graph.resolvers.context import Viewer, ViewerRole

SECRETS = Secrets(b"s" * 32)
HILL = DistrictId("hill")
START = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Wall:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()


def opening(subject: str = "ada") -> Entry:
    viewer = Viewer(subject, ViewerRole.TEACHER, frozenset({HILL}), issuer="https://login.example")
    told = {"id": "1", "reason": "HEALTH", "text": "An allergic shock."}
    return opened(SECRETS, viewer, HILL, ["s1"], classes=[Sensitivity.CONTACT], told=told)


def apart(folder: Path) -> list[str]:
    """Files of openings, and what stands beside them."""
    return [path.name for path in folder.iterdir() if "-opening" in path.name]


def actor(subject: str) -> str:
    return SECRETS.pseudonym(HILL, f"https://login.example|{subject}")


async def test_an_opening_is_signed_at_once_and_found_with_all_else(tmp_path: Path) -> None:
    """Though its process is killed within the minute, nothing of it is unsigned."""
    log = DisclosureLog(tmp_path, SECRETS)
    await log.write_alone(opening(), "r")
    found = check(tmp_path, SECRETS.signing.public_key())
    assert found.problems == []
    assert [note.file for note in found.notes if "-opening" in note.file] == []
    [line] = seen(tmp_path, SECRETS.pseudonym(HILL, "s1"))
    assert line["opening"]["reason"] == "HEALTH"
    await log.close()


async def test_a_month_of_openings_is_counted_without_reading_what_else_was_disclosed(tmp_path: Path) -> None:
    """Only one's own, and those of before are over; a file of answers need not even be readable."""
    wall = Wall()
    log = DisclosureLog(tmp_path, SECRETS, wall=wall)
    for days in (0, 5, 25):
        wall.now = START + timedelta(days=days)
        await log.write_alone(opening(), "r")
        await log.write_alone(opening("ben"), "r")
    await log.write_alone(opening(), "r")
    log.chain.path.write_bytes(b"\xff" * 100)

    def count(subject: str, since: datetime) -> int:
        return openings(tmp_path, actor(subject), since)

    assert [count("ada", START - timedelta(days=1)), count("ben", START - timedelta(days=1))] == [4, 3]
    assert [count("ada", START + timedelta(seconds=1)), count("ada", START + timedelta(days=25))] == [3, 2]
    assert count("nobody", START - timedelta(days=1)) == 0
    await log.close()


async def test_an_opening_that_cannot_be_recorded_is_none(tmp_path: Path) -> None:
    """Nothing of it is left, and it is tried no more; what else is disclosed goes on."""

    class Full(Chain):
        def append(self, line: bytes) -> None:
            if b'"opening":{' in line:
                raise OSError(28, "No space left on device")
            super().append(line)

    log = DisclosureLog(tmp_path, SECRETS, open_chain=Full)
    with pytest.raises(UnwritableError):
        await log.write_alone(opening(), "r")
    assert apart(tmp_path) == []
    log.write([Entry(b'"tenant":"hill","count":1', False, HILL, 1)], {}, "r")
    await log.close()
    assert check(tmp_path, SECRETS.signing.public_key()).problems == []


async def test_who_is_told_the_same_is_told_of_an_opening(tmp_path: Path) -> None:
    """As of any other line."""
    told: list[Any] = []

    class Sink:
        def append(self, line: bytes) -> None:
            told.append(line)

    log = DisclosureLog(tmp_path, SECRETS, [Sink()])
    await log.write_alone(opening(), "r")
    assert [b'"opening":{' in line for line in told] == [True]
    assert log.written == 1
    await log.close()
