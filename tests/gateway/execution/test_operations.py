"""
Sections 6.1 to 6.4.1 of the GraphQL specification (October 2021) on both executors: requests and selections.

https://spec.graphql.org/October2021/#sec-Execution
"""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import Any

from graphql import execute, parse

from tests.gateway.execution.small import EXECUTORS, SCHEMA, fails, pupil, run


async def test_the_named_operation_runs(way: str) -> None:
    """6.1 GetOperation: of several operations, the one named."""
    assert await run(way, "query A {text} query B {number}", {"number": 2}, operation_name="B") == (
        {"number": 2},
        [],
    )


async def test_of_several_operations_none_runs_unnamed(way: str) -> None:
    """6.1 GetOperation: without a name there must be one."""
    data, [(message, _)] = await run(way, "query A {text} query B {number}")
    assert data is None
    assert "operation name" in message


async def test_a_variable_has_its_default(way: str) -> None:
    """6.1.2 CoerceVariableValues: a default stands in for a variable that is not given."""
    root = {"echo": lambda _, text: text}
    assert await run(way, 'query ($t: String = "x") {echo(text: $t)}', root) == ({"echo": "x"}, [])


async def test_a_variable_that_is_null_is_null(way: str) -> None:
    """6.1.2: null that is given is not replaced by a default."""
    root = {"echo": lambda _, text: repr(text)}
    query = 'query ($t: String = "x") {echo(text: $t)}'
    assert await run(way, query, root, variable_values={"t": None}) == ({"echo": "None"}, [])


async def test_a_variable_of_the_wrong_type_stops_the_request(way: str) -> None:
    """6.1.2: a value that cannot be coerced is a request error: nothing runs."""
    data, errors = await run(way, "query ($n: Int!) {echo(number: $n)}", {}, variable_values={"n": "one"})
    assert data is None
    assert len(errors) == 1


async def test_a_missing_required_variable_stops_the_request(way: str) -> None:
    """6.1.2: a variable that may not be null must be given."""
    data, errors = await run(way, "query ($n: Int!) {echo(number: $n)}")
    assert data is None
    assert len(errors) == 1


async def test_mutations_run_one_after_the_other(way: str) -> None:
    """6.2.2: the second mutation begins when the first and all below it have ended."""
    order: list[str] = []
    total = 0

    async def add(_: Any, by: int) -> dict[str, Any]:
        nonlocal total
        order.append(f"begin {by}")
        await asyncio.sleep(0)
        total += by

        async def later(_: Any) -> int:
            await asyncio.sleep(0)
            order.append(f"end {by}")
            return total

        return {"sum": total, "later": later}

    told = await run(way, "mutation {a: add(by: 1) {later} b: add(by: 2) {later sum}}", {"add": add})

    assert told == ({"a": {"later": 1}, "b": {"later": 3, "sum": 3}}, [])
    assert order == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_a_mutation_that_fails_does_not_stop_the_next(way: str) -> None:
    """6.2.2: a failed mutation that may be null leaves the others."""
    root = {"fail": fails("no"), "add": lambda _, by: {"sum": by}}
    told = await run(way, "mutation {fail {sum} add(by: 2) {sum}}", root)
    assert told == ({"fail": None, "add": {"sum": 2}}, [("no", ["fail"])])


async def test_keys_come_in_the_order_of_the_selection(way: str) -> None:
    """6.3.2 CollectFields: the first time a key is met gives its place, through fragments too."""
    query = "{flag ...F number text} fragment F on Query {text flag id}"
    data, _ = await run(way, query, {"flag": True, "number": 1, "text": "t", "id": "i"})
    assert list(data) == ["flag", "text", "id", "number"]


async def test_skip_and_include(way: str) -> None:
    """6.3.2: what is skipped or not included is not there; skip wins."""
    query = """query ($yes: Boolean!, $no: Boolean!) {
        a: text @skip(if: $yes) b: text @skip(if: $no) c: text @include(if: $no) d: text @include(if: $yes)
        e: text @include(if: true) @skip(if: true) ... @include(if: $no) {f: text}}"""
    values = {"yes": True, "no": False}
    assert await run(way, query, {"text": "t"}, variable_values=values) == ({"b": "t", "d": "t"}, [])


async def test_one_document_runs_under_other_conditions(way: str) -> None:
    """A plan made for one value of a condition is not used for another."""
    document = parse("query ($more: Boolean!) {number text @include(if: $more)}")
    for more, expected in (
        (True, {"number": 1, "text": "t"}),
        (False, {"number": 1}),
        (True, {"number": 1, "text": "t"}),
    ):
        told: Any = execute(
            SCHEMA,
            document,
            {"number": 1, "text": "t"},
            variable_values={"more": more},
            executor_class=EXECUTORS[way],
        )
        told = await told if isawaitable(told) else told
        assert told.data == expected


async def test_a_fragment_applies_to_its_type_alone(way: str) -> None:
    """6.3.2 DoesFragmentTypeApply: by object, by interface and by union."""
    query = "{people {__typename ... on Pupil {age} ... on Named {name} ... on Person {... on Tutor {subject}}}}"
    root = {"people": [pupil(age=9), {"__typename": "Tutor", "name": "Bo", "subject": "ART"}]}
    assert await run(way, query, root) == (
        {
            "people": [
                {"__typename": "Pupil", "age": 9, "name": "Ada"},
                {"__typename": "Tutor", "name": "Bo", "subject": "ART"},
            ]
        },
        [],
    )


async def test_selections_of_one_key_are_merged(way: str) -> None:
    """6.4.3 MergeSelectionSets: what is selected of a field in several places is one object."""
    query = "{pupil {name} ...F} fragment F on Query {pupil {age maybe {name}} pupil {maybe {subject}}}"
    root = {"pupil": pupil(age=9, maybe={"name": "Bo", "subject": "MATH"})}
    assert await run(way, query, root) == (
        {"pupil": {"name": "Ada", "age": 9, "maybe": {"name": "Bo", "subject": "MATH"}}},
        [],
    )


async def test_arguments_are_coerced(way: str) -> None:
    """6.4.1 CoerceArgumentValues: literals, variables inside them, defaults of inputs, one for a list."""
    root = {"echo": lambda _, **given: str(dict(sorted(given.items())))}
    query = "query ($h: Int!) {echo(ids: 7, range: {high: $h}, subject: ART)}"
    data, errors = await run(way, query, root, variable_values={"h": 4})
    assert errors == []
    assert data == {"echo": "{'ids': ['7'], 'range': {'low': 1, 'high': 4}, 'subject': 'ART', 'text': 'none'}"}


async def test_an_argument_left_to_a_missing_variable_has_its_default(way: str) -> None:
    """6.4.1: a variable that is not given leaves the argument's own default, or no argument."""
    root = {"echo": lambda _, **given: str(given)}
    data, _ = await run(way, "query ($t: String, $n: Int) {echo(text: $t, number: $n)}", root)
    assert data == {"echo": "{'text': 'none'}"}
