"""
Sections 6.1 to 6.4.1 of the GraphQL specification (October 2021) with every executor: requests and selections.

https://spec.graphql.org/October2021/#sec-Execution
"""

from __future__ import annotations

import asyncio
from inspect import isawaitable
from typing import Any

from graphql import execute, parse

from tests.gateway.execution.small_schema import EXECUTORS, SCHEMA, fails, pupil, run


async def test_the_named_operation_runs(executor: str) -> None:
    """6.1 GetOperation: Of several operations, the named one is executed."""
    assert await run(executor, "query A {text} query B {number}", {"number": 2}, operation_name="B") == (
        {"number": 2},
        [],
    )


async def test_several_operations_without_a_name_are_refused(executor: str) -> None:
    """6.1 GetOperation: Without a name, the document must have exactly one operation."""
    data, [(message, _)] = await run(executor, "query A {text} query B {number}")
    assert data is None
    assert "operation name" in message


async def test_a_missing_variable_has_its_default(executor: str) -> None:
    """6.1.2 CoerceVariableValues: The default replaces a variable without a value."""
    root = {"echo": lambda _, text: text}
    assert await run(executor, 'query ($t: String = "x") {echo(text: $t)}', root) == ({"echo": "x"}, [])


async def test_a_variable_with_the_value_null_is_null(executor: str) -> None:
    """6.1.2: The default does not replace an explicit null."""
    root = {"echo": lambda _, text: repr(text)}
    query = 'query ($t: String = "x") {echo(text: $t)}'
    assert await run(executor, query, root, variable_values={"t": None}) == ({"echo": "None"}, [])


async def test_a_variable_of_the_wrong_type_is_a_request_error(executor: str) -> None:
    """6.1.2: If a value cannot be coerced, nothing is executed."""
    data, errors = await run(executor, "query ($n: Int!) {echo(number: $n)}", {}, variable_values={"n": "one"})
    assert data is None
    assert len(errors) == 1


async def test_a_missing_required_variable_is_a_request_error(executor: str) -> None:
    """6.1.2: A non-null variable must have a value."""
    data, errors = await run(executor, "query ($n: Int!) {echo(number: $n)}")
    assert data is None
    assert len(errors) == 1


async def test_mutations_run_one_after_the_other(executor: str) -> None:
    """6.2.2: The second mutation starts when the first one and all fields below it are complete."""
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

    result = await run(executor, "mutation {a: add(by: 1) {later} b: add(by: 2) {later sum}}", {"add": add})

    assert result == ({"a": {"later": 1}, "b": {"later": 3, "sum": 3}}, [])
    assert order == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_a_nullable_mutation_that_fails_does_not_stop_the_next(executor: str) -> None:
    """6.2.2: The failed mutation is null and the next one runs."""
    root = {"fail": fails("no"), "add": lambda _, by: {"sum": by}}
    result = await run(executor, "mutation {fail {sum} add(by: 2) {sum}}", root)
    assert result == ({"fail": None, "add": {"sum": 2}}, [("no", ["fail"])])


async def test_keys_are_in_the_order_of_the_selection(executor: str) -> None:
    """6.3.2 CollectFields: The first occurrence of a key decides its position, also in fragments."""
    query = "{flag ...F number text} fragment F on Query {text flag id}"
    data, _ = await run(executor, query, {"flag": True, "number": 1, "text": "t", "id": "i"})
    assert list(data) == ["flag", "text", "id", "number"]


async def test_skip_and_include(executor: str) -> None:
    """6.3.2: A field that is skipped or not included is absent; `@skip` wins."""
    query = """query ($yes: Boolean!, $no: Boolean!) {
        a: text @skip(if: $yes) b: text @skip(if: $no) c: text @include(if: $no) d: text @include(if: $yes)
        e: text @include(if: true) @skip(if: true) ... @include(if: $no) {f: text}}"""
    values = {"yes": True, "no": False}
    assert await run(executor, query, {"text": "t"}, variable_values=values) == ({"b": "t", "d": "t"}, [])


async def test_one_document_runs_with_different_conditions(executor: str) -> None:
    """A plan for one value of a condition is not used for another value."""
    document = parse("query ($more: Boolean!) {number text @include(if: $more)}")
    for more, expected in (
        (True, {"number": 1, "text": "t"}),
        (False, {"number": 1}),
        (True, {"number": 1, "text": "t"}),
    ):
        result: Any = execute(
            SCHEMA,
            document,
            {"number": 1, "text": "t"},
            variable_values={"more": more},
            executor_class=EXECUTORS[executor],
        )
        result = await result if isawaitable(result) else result
        assert result.data == expected


async def test_a_fragment_applies_to_its_type_only(executor: str) -> None:
    """6.3.2 DoesFragmentTypeApply: For object types, interfaces and unions."""
    query = "{people {__typename ... on Pupil {age} ... on Named {name} ... on Person {... on Tutor {subject}}}}"
    root = {"people": [pupil(age=9), {"__typename": "Tutor", "name": "Bo", "subject": "ART"}]}
    assert await run(executor, query, root) == (
        {
            "people": [
                {"__typename": "Pupil", "age": 9, "name": "Ada"},
                {"__typename": "Tutor", "name": "Bo", "subject": "ART"},
            ]
        },
        [],
    )


async def test_selections_of_one_key_are_merged(executor: str) -> None:
    """6.4.3 MergeSelectionSets: Selections of one field in several places give one object."""
    query = "{pupil {name} ...F} fragment F on Query {pupil {age maybe {name}} pupil {maybe {subject}}}"
    root = {"pupil": pupil(age=9, maybe={"name": "Bo", "subject": "MATH"})}
    assert await run(executor, query, root) == (
        {"pupil": {"name": "Ada", "age": 9, "maybe": {"name": "Bo", "subject": "MATH"}}},
        [],
    )


async def test_arguments_are_coerced(executor: str) -> None:
    """6.4.1 CoerceArgumentValues: Literals, nested variables, defaults of inputs, and one value for a list."""
    root = {"echo": lambda _, **arguments: str(dict(sorted(arguments.items())))}
    query = "query ($h: Int!) {echo(ids: 7, range: {high: $h}, subject: ART)}"
    data, errors = await run(executor, query, root, variable_values={"h": 4})
    assert errors == []
    assert data == {"echo": "{'ids': ['7'], 'range': {'low': 1, 'high': 4}, 'subject': 'ART', 'text': 'none'}"}


async def test_an_argument_with_a_missing_variable_has_its_default(executor: str) -> None:
    """6.4.1: A variable without a value leaves the argument at its own default, or absent."""
    root = {"echo": lambda _, **arguments: str(arguments)}
    data, _ = await run(executor, "query ($t: String, $n: Int) {echo(text: $t, number: $n)}", root)
    assert data == {"echo": "{'text': 'none'}"}
