"""The same question in the same right is answered with the same bytes, while nothing they rest on has changed."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from student_graph.adapters.answers import Ask
from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sources import District
from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.response_cache import ResponseCache
from student_graph.gateway.disclosure import Entry
from student_graph.gateway.server import Service
from student_graph.resolvers.access import unlimited_grants
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.cache.small_cache import STUDENTS, CacheHarness, Clock
from tests.gateway.servers import client_for
from tests.gateway.small_district import DISTRICT, Ledger, Sis, district, enrollment, event, source

ALL = unlimited_grants(*Sensitivity)
HERE, ELSEWHERE = frozenset({DISTRICT}), frozenset({DistrictId("dale")})
VIEWERS = {
    "head": Viewer("head", ViewerRole.SUPERINTENDENT, HERE, ALL, operator=True),
    "teacher": Viewer("teacher", ViewerRole.TEACHER, HERE),
    "stranger": Viewer("stranger", ViewerRole.SUPERINTENDENT, ELSEWHERE, ALL),
}
STUDENT = "query ($id: String!) { student(studentUniqueId: $id) { %s } }"
EVENTS = "studentUniqueId attendanceEvents { totalCount }"


@dataclass
class Asking:
    """A served district, and how many operations were carried out on it."""

    client: httpx.Client
    ledger: Ledger

    def __call__(self, fields: str, viewer: str = "head", number: str = "s1", **headers: str) -> dict[str, Any]:
        """An answer, as it came."""
        sent = {"query": STUDENT % fields, "variables": {"id": number}}
        told = self.client.post("/graphql", json=sent, headers={"Authorization": f"Bearer {viewer}", **headers})
        found: dict[str, Any] = told.json()
        return found

    def carried_out(self) -> int:
        """Documents that the executor was given so far."""
        told = self("studentUniqueId", **{"X-Student-Graph-Explain": "1"})
        return int(told["extensions"]["executor"]["planned"])


def served(limits: Limits) -> Iterator[Asking]:
    """A district with two students, served."""
    ledger = Ledger(
        students=["s1", "s2"],
        enrollments=[enrollment("s1", "1"), enrollment("s2", "1")],
        events=[event("s1", "1", 3), event("s2", "1", 4)],
    )
    both = [district(ledger), type(district(ledger))(DistrictId("dale"), "Dale", (source(Sis, Ledger(), "sis"),))]
    service = Service(both, VIEWERS, cache_limits=limits)  # a viewer's token is its name here
    with client_for(service.app()) as client:
        yield Asking(client, ledger)


@pytest.fixture
def ask() -> Iterator[Asking]:
    """A district whose answers are kept whole."""
    yield from served(Limits())


def untimed(answer: dict[str, Any]) -> Any:
    """What an answer says, without how it came about: data, and where which error stands."""
    errors = [(error.get("path"), error["extensions"].get("code")) for error in answer.get("errors", [])]
    return answer["data"], errors


def reused(ask: Asking, *arguments: Any, **options: Any) -> bool:
    """Whether the third of three equal questions was answered without carrying out an operation."""
    first, second = ask(*arguments, **options), ask(*arguments, **options)
    before = ask.carried_out()
    third = ask(*arguments, **options)
    assert untimed(first) == untimed(second) == untimed(third)
    return ask.carried_out() == before + 1  # the count's own


def test_a_question_that_is_asked_again_is_not_carried_out_again(ask: Asking) -> None:
    """And the answer still says how old it is and what it took."""
    assert reused(ask, EVENTS)
    sources = ask(EVENTS)["extensions"]["sources"]["hill/sis"]
    assert (sources["calls"], sources["stale"], sources["failures"]) == (0, 0, 0)
    assert sources["hits"] > 0
    assert sources["age"] >= 0


def test_another_number_document_or_viewer_is_another_question(ask: Asking) -> None:
    """A variable, a field and a viewer each count."""
    ask(EVENTS)
    ask(EVENTS)
    assert ask(EVENTS, number="s2")["data"]["student"]["studentUniqueId"] == "s2"
    assert ask("studentUniqueId")["data"] == {"student": {"studentUniqueId": "s1"}}
    assert ask(EVENTS, "stranger")["data"] == {"student": None}


def test_an_answer_with_restricted_data_is_carried_out_each_time(ask: Asking) -> None:
    """Although what it was made of is kept for a minute; beside other fields too."""
    assert not reused(ask, "disciplineIncidents { date }")
    assert not reused(ask, "studentUniqueId disciplineIncidents { date }")


def test_an_answer_with_an_error_is_carried_out_each_time(ask: Asking) -> None:
    """What failed once may do better."""
    ask.ledger.failing["attendance_events_by_student"] = httpx.ConnectError("refused")
    assert not reused(ask, EVENTS)
    ask.ledger.failing.clear()
    assert reused(ask, EVENTS)


def test_an_answer_that_tells_how_sources_fare_is_carried_out_each_time(ask: Asking) -> None:
    """Counts change without a record changing."""
    ask("studentUniqueId")
    assert not reused(ask, "studentUniqueId } sources { name reachable calls")


def test_a_purge_is_heeded(ask: Asking) -> None:
    """What was kept whole goes with the answers that it rested on."""
    ask(EVENTS)
    ask(EVENTS)
    ask.ledger.events.append(event("s1", "1", 7))
    assert ask(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 1
    told = ask.client.post(
        "/cache/purge", json={"district": "hill", "students": ["s1"]}, headers={"Authorization": "Bearer head"}
    )
    assert told.json() == {"forgotten": 2}
    assert ask(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 2


def test_who_wants_it_newer_gets_it_newer(ask: Asking) -> None:
    """`no-cache` asks the source, and everybody has the newer answer from then on."""
    ask(EVENTS)
    ask(EVENTS)
    ask.ledger.events.append(event("s1", "1", 7))
    assert ask(EVENTS, **{"Cache-Control": "no-cache"})["data"]["student"]["attendanceEvents"]["totalCount"] == 2
    assert ask(EVENTS)["data"]["student"]["attendanceEvents"]["totalCount"] == 2
    assert ask(EVENTS, **{"Cache-Control": "max-age=300"})["extensions"]["sources"]["hill/sis"]["calls"] == 0


@pytest.mark.parametrize("text", ["max-age=soon", "max-age=-1", "max-age=", "max-age=9999999999"])
def test_an_age_that_is_none_is_refused(ask: Asking, text: str) -> None:
    """Saying what it must be."""
    told = ask(EVENTS, **{"Cache-Control": text})
    assert told["errors"][0]["message"] == "Cache-Control: max-age must be a number of seconds."


def test_wishes_for_newer_answers_are_heard_so_often_and_no_more(ask: Asking) -> None:
    """Twenty at once, and one a second after that: the others are answered from what is kept."""
    for _ in range(40):
        ask("studentUniqueId", **{"Cache-Control": "no-cache"})
    calls = [name for name, _ in ask.ledger.calls]
    assert 20 <= calls.count("students_by_id") <= 25


def test_whole_answers_can_be_switched_off() -> None:
    """Then each operation is carried out, from what is kept of its parts."""
    for ask in served(Limits(responses=False)):
        assert not reused(ask, EVENTS)
        assert ask(EVENTS)["extensions"]["sources"]["hill/sis"]["calls"] == 0


VARIES = "Accept, Authorization, Student-Graph-Purpose, Student-Graph-Break-Glass"


@pytest.mark.parametrize(("seconds", "says", "varies"), [
    (0, "private, no-store", None),
    (30, "private, max-age=30", VARIES),
])  # fmt: skip
def test_a_client_keeps_an_answer_as_long_as_the_operator_says(
    seconds: int, says: str, varies: str | None
) -> None:
    """Not at all unless configured, and for none who signs in after; an answer with an error never."""
    ledger = Ledger(students=["s1"], events=[event("s1", "1", 3)])
    service = Service([district(ledger)], VIEWERS, client_cache_seconds=seconds)
    with client_for(service.app()) as client:
        body = {"query": STUDENT % EVENTS, "variables": {"id": "s1"}}
        headers = {"Authorization": "Bearer head"}
        for _ in range(3):
            answer = client.post("/graphql", json=body, headers=headers)
            assert answer.headers.get_list("cache-control") == [says]
            assert answer.headers.get("vary") == varies
        body["query"] = STUDENT % "assignments { title }"
        answer = client.post("/graphql", json=body, headers=headers)
        assert (answer.headers["cache-control"], "errors" in answer.json()) == ("private, no-store", True)


async def test_at_midnight_of_a_district_its_answers_are_those_of_yesterday() -> None:
    """Although all that they rest on is fresh: `today` is another day."""
    harness, wall = CacheHarness(), Clock(1_800_000_000.0)
    batch = Ask(STUDENTS, ("s1", "s2"))
    await harness.ask(batch)
    await harness.ask(batch)
    hill = District(DISTRICT, "Hill", (), ZoneInfo("America/Chicago"))
    wholes = ResponseCache(harness.cache.store, {DISTRICT: hill}, 1 << 20, harness.clock, wall)
    wholes.keep("question", harness.operation, b"{}", [DISTRICT])
    wall.now = hill.end_of_day() - 1
    assert wholes.find("question") is not None
    wall.now += 1
    assert wholes.find("question") is None
    assert 0 < hill.end_of_day() - time.time() <= 25 * 3600


async def test_whole_answers_are_bounded_in_bytes() -> None:
    """What was asked for longest ago goes first, and one that is too large is not kept at all."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    hill = District(DISTRICT, "Hill", ())
    wholes = ResponseCache(harness.cache.store, {DISTRICT: hill}, 100_000, harness.clock)
    for number in range(40):
        wholes.keep(number, harness.operation, b"x" * 4000, [DISTRICT])
    wholes.keep("large", harness.operation, b"x" * 50_000, [DISTRICT])
    assert (wholes.find("large"), wholes.find(0), wholes.bytes <= 100_000) == (None, None, True)
    assert wholes.find(39) is not None
    assert 10 <= len(wholes) <= 20


async def test_what_is_recorded_of_a_whole_answer_counts_as_a_part_of_it() -> None:
    """It is kept as long, to be written in full once more in each file of the record."""
    harness = CacheHarness()
    await harness.students("s1")
    await harness.students("s1")
    wholes = ResponseCache(harness.cache.store, {DISTRICT: District(DISTRICT, "Hill", ())}, 100_000, harness.clock)
    wholes.keep("bare", harness.operation, b"{}", [DISTRICT])
    bare = wholes.bytes
    entry = Entry(b"x" * 5_000, False, DISTRICT, 1)
    wholes.keep("question", harness.operation, b"{}", [DISTRICT], [entry])
    assert 5_000 < wholes.bytes - 2 * bare < 5_500
    entry.file, entry.repeat_body = "disclosure-1.jsonl", b"same"
    wholes.keep("question", harness.operation, b"{}", [DISTRICT])
    assert wholes.bytes == 2 * bare


def test_an_operator_sees_what_is_kept(ask: Asking) -> None:
    """How many answers, and their bytes."""
    ask(EVENTS)
    ask(EVENTS)
    told = ask("studentUniqueId", **{"X-Student-Graph-Explain": "1"})["extensions"]["cache"]
    assert (told["answers"], told["wholeAnswers"]) == (2, 1)
    assert 0 < told["bytes"] < 10_000


def test_nothing_crosses_viewers_in_two_thousand_random_questions(ask: Asking) -> None:
    """Viewers of other districts and other grants, in random order: each answer is the one without a cache."""
    chance = random.Random(3)  # noqa: S311 - a test's numbers
    asked = [
        (fields, viewer, number)
        for fields in ("studentUniqueId", EVENTS, f"{EVENTS} disciplineIncidents {{ date }}", "name { lastName }")
        for viewer in VIEWERS
        for number in ("s1", "s2", "s3")
    ]
    for bare in served(Limits(memory=0)):
        oracle = {question: untimed(bare(*question)) for question in asked}
    for _ in range(2000):
        question = chance.choice(asked)
        assert untimed(ask(*question)) == oracle[question]
    assert ask(EVENTS, "stranger", "s1")["data"] == {"student": None}
