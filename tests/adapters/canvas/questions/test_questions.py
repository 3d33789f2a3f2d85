"""The sandbox answers questions as Canvas's GraphQL API does: limits, pages, defaults and encoded names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.sandbox.serving import served
from tests.adapters.canvas.classroom import ALGEBRA, account_of, classroom
from tests.clients import async_client

Ask = Callable[[str], Coroutine[Any, Any, dict[str, Any]]]
"""Sends a question and returns the answer."""


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Questions to a Canvas with 130 students and grading periods."""
    facts = classroom(students=130)
    facts.accounts[0].sortable_name = "O'Neil, Ada1"
    sandbox = CanvasSandbox(facts, hidden=frozenset({account_of(5)}), grading_periods=True)
    with served(sandbox):
        headers = {"Authorization": f"Bearer {sandbox.settings()['token']}"}
        async with async_client(base_url=sandbox.url, headers=headers) as client:

            async def send(question: str) -> dict[str, Any]:
                response = await client.post("/api/graphql", json={"query": question})
                assert response.status_code == 200
                assert "x-rate-limit-remaining" in response.headers
                answer: dict[str, Any] = response.json()
                return answer

            yield send


@pytest.mark.parametrize(("aliases", "refused"), [(20, False), (21, True)])
async def test_a_question_has_at_most_20_aliases(ask: Ask, aliases: int, refused: bool) -> None:
    """A question with more is an error with the status 200."""
    answer = await ask("{ " + " ".join(f'c{n}: course(id: "{ALGEBRA}") {{ _id }}' for n in range(aliases)) + " }")

    assert ("errors" in answer, "data" in answer) == (refused, not refused)


@pytest.mark.parametrize(("first", "rows"), [("", 20), ("(first: 5000)", 100)])
async def test_a_page_has_20_rows_or_at_most_100(ask: Ask, first: str, rows: int) -> None:
    """The next page begins after the cursor of the last row."""
    connection = f"enrollmentsConnection{first} {{ nodes {{ _id }} pageInfo {{ hasNextPage endCursor }} }}"
    page = (await ask(f'{{ course(id: "{ALGEBRA}") {{ {connection} }} }}'))["data"]["course"][
        "enrollmentsConnection"
    ]
    after = f'(first: 100, after: "{page["pageInfo"]["endCursor"]}")'
    question = f'{{ course(id: "{ALGEBRA}") {{ enrollmentsConnection{after} {{ nodes {{ _id }} }} }} }}'
    following = (await ask(question))["data"]["course"]["enrollmentsConnection"]

    assert page["pageInfo"]["hasNextPage"]
    assert len(page["nodes"]) == rows
    assert len({row["_id"] for row in (*page["nodes"], *following["nodes"])}) == min(rows + 100, 129)


async def test_grades_and_assignments_belong_to_the_current_grading_period_by_default(ask: Ask) -> None:
    """Only an explicit null asks for all grading periods."""
    question = """{ course(sisId: "ALG-1") {
      current: assignmentsConnection { nodes { _id } }
      all: assignmentsConnection(filter: {gradingPeriodId: null}) { nodes { _id } }
      enrollmentsConnection(first: 1, filter: {types: [StudentEnrollment], states: [active]}) { nodes {
        current: grades { currentScore } all: grades(gradingPeriodId: null) { currentScore }
      } }
    } }"""
    course = (await ask(question))["data"]["course"]
    [row] = course["enrollmentsConnection"]["nodes"]

    assert (len(course["current"]["nodes"]), len(course["all"]["nodes"])) == (0, 3)
    assert (row["current"], row["all"]) == (None, {"currentScore": 10.0})


async def test_names_are_encoded_for_html(ask: Ask) -> None:
    """An apostrophe arrives as a character reference."""
    connection = "enrollmentsConnection(first: 1) { nodes { user { sortableName loginId } } }"
    answer = await ask(f'{{ course(id: "{ALGEBRA}") {{ {connection} }} }}')

    assert answer["data"]["course"]["enrollmentsConnection"]["nodes"] == [
        {"user": {"sortableName": "O&#x27;Neil, Ada1", "loginId": "ada1@cedarhollow.example"}}
    ]


async def test_an_unknown_course_is_null_and_an_unknown_field_an_error(ask: Ask) -> None:
    """Both have the status 200."""
    assert (await ask('{ course(id: "99") { _id } }')) == {"data": {"course": None}}
    assert "data" not in await ask('{ course(id: "23") { submissions } }')
