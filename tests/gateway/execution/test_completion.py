"""
Sections 6.4.3 and 6.4.4 of the GraphQL specification (October 2021) with every executor: values, errors, nulls.

https://spec.graphql.org/October2021/#sec-Value-Completion
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import GraphQLError

from tests.gateway.execution.small_schema import fails, pupil, run


async def test_a_field_that_raises_is_null(executor: str) -> None:
    """6.4.4: The field is null, the error has its path, and the other fields have values."""
    assert await run(executor, "{text number}", {"text": fails("no"), "number": 1}) == (
        {"text": None, "number": 1},
        [("no", ["text"])],
    )


async def test_an_exception_that_is_returned_is_an_error(executor: str) -> None:
    """6.4.4: It is like a raised one, also if the selection reads none of its attributes."""
    root = {"text": GraphQLError("no"), "pupil": GraphQLError("no pupil")}
    assert await run(executor, "{text pupil {__typename}}", root) == (
        {"text": None, "pupil": None},
        [("no", ["text"]), ("no pupil", ["pupil"])],
    )


async def test_an_error_of_an_awaited_value_is_the_error_of_its_field(executor: str) -> None:
    """6.4.4: A field that fails after waiting is like one that fails at once."""

    async def late(_: Any) -> Any:
        await asyncio.sleep(0)
        raise GraphQLError("too late")

    assert await run(executor, "{late number}", {"late": late, "number": 1}) == (
        {"late": None, "number": 1},
        [("too late", ["late"])],
    )


async def test_null_propagates_to_the_nearest_nullable_parent(executor: str) -> None:
    """6.4.4: A null in a non-null field makes the parent null; the path is that of the field."""
    data, errors = await run(
        executor, "{pupil {name tutor {name}} number}", {"pupil": pupil(tutor={"name": None}), "number": 1}
    )
    assert data == {"pupil": None, "number": 1}
    assert errors == [("Cannot return null for non-nullable field Tutor.name.", ["pupil", "tutor", "name"])]


async def test_null_propagates_to_the_root(executor: str) -> None:
    """6.4.4: Without a nullable parent, `data` is null."""
    data, errors = await run(
        executor, "{strict {tutor {name}} number}", {"strict": pupil(tutor=None), "number": 1}
    )
    assert data is None
    assert [path for _, path in errors] == [["strict", "tutor"]]


async def test_a_nullable_item_stops_null_propagation(executor: str) -> None:
    """6.4.4: In a list of nullable items, only the one item is null."""
    data, errors = await run(executor, "{pupils {name}}", {"pupils": [pupil(), pupil(None), pupil("Cy")]})
    assert data == {"pupils": [{"name": "Ada"}, None, {"name": "Cy"}]}
    assert [path for _, path in errors] == [["pupils", 1, "name"]]


async def test_null_in_a_non_null_item_makes_the_list_null(executor: str) -> None:
    """6.4.4: The nearest nullable parent of the item is the list."""
    friends = [pupil(), pupil(None)]
    data, errors = await run(executor, "{pupil {friends {name} name}}", {"pupil": pupil(friends=friends)})
    assert data == {"pupil": {"friends": None, "name": "Ada"}}
    assert [path for _, path in errors] == [["pupil", "friends", 1, "name"]]


async def test_levels_of_a_nested_list_follow_their_own_rules(executor: str) -> None:
    """6.4.3 CompleteValue: Each level of a nested list follows its own rule."""
    data, errors = await run(executor, "{listOfLists}", {"listOfLists": [[1, 2], None, [3, None], ()]})
    assert data == {"listOfLists": [[1, 2], None, None, []]}
    assert [path for _, path in errors] == [["listOfLists", 2, 1]]


async def test_a_value_that_is_not_a_list_is_an_error(executor: str) -> None:
    """6.4.3: The type is a list."""
    data, [(message, path)] = await run(executor, "{pupils {name}}", {"pupils": 7})
    assert data == {"pupils": None}
    assert path == ["pupils"]
    assert "Iterable" in message


async def test_a_list_may_be_any_iterable(executor: str) -> None:
    """6.4.3: A generator and an asynchronous generator are lists too."""

    async def pupils(_: Any) -> Any:
        for name in ("Ada", "Bo"):
            yield pupil(name)

    expected = {"pupils": [{"name": "Ada"}, {"name": "Bo"}]}
    assert await run(executor, "{pupils {name}}", {"pupils": (pupil(n) for n in ("Ada", "Bo"))}) == (expected, [])
    assert await run(executor, "{pupils {name}}", {"pupils": pupils}) == (expected, [])


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("number", 1.0, 1),
        ("number", True, 1),
        ("number", 2**31 - 1, 2**31 - 1),
        ("ratio", 1, 1.0),
        ("flag", 1, True),
        ("id", 7, "7"),
        ("text", 7, "7"),
        ("text", True, "true"),
        ("subject", "ART", "ART"),
    ],
)
async def test_results_are_coerced(executor: str, field: str, value: Any, expected: Any) -> None:
    """3.5 and 6.4.3: A result that the scalar accepts is converted to it."""
    data, errors = await run(executor, f"{{{field}}}", {field: value})
    assert (data, errors) == ({field: expected}, [])
    assert type(data[field]) is type(expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 1.5),
        ("number", 2**31),
        ("number", "x"),
        ("ratio", float("nan")),
        ("ratio", float("inf")),
        ("flag", "yes"),
        ("subject", "MUSIC"),
        ("text", {}),
    ],
)
async def test_results_that_cannot_be_coerced_are_errors(executor: str, field: str, value: Any) -> None:
    """3.5 and 6.4.3: The field is null."""
    data, errors = await run(executor, f"{{{field}}}", {field: value})
    assert data == {field: None}
    assert [path for _, path in errors] == [[field]]


async def test_an_abstract_type_must_resolve_to_one_of_its_types(executor: str) -> None:
    """6.4.3 ResolveAbstractType: An unknown type and a type outside the union are errors."""
    for typename in ("Nobody", "Query", None):
        data, errors = await run(executor, "{person {__typename}}", {"person": {"__typename": typename}})
        assert data == {"person": None}
        assert [path for _, path in errors] == [["person"]]


async def test_objects_of_several_types_keep_their_order(executor: str) -> None:
    """6.4.3: The types of the objects do not change their order."""
    people: Sequence[Any] = [pupil("A"), {"__typename": "Tutor", "name": "B"}, None, pupil("C")]
    data, _ = await run(executor, "{people {... on Named {name}}}", {"people": people})
    assert data == {"people": [{"name": "A"}, {"name": "B"}, None, {"name": "C"}]}


async def test_typename(executor: str) -> None:
    """4.1: `__typename` works in objects, interfaces and unions, and with aliases."""
    query = "{__typename k: __typename named {__typename} pupil {t: __typename}}"
    data, _ = await run(executor, query, {"named": pupil(), "pupil": pupil()})
    assert data == {"__typename": "Query", "k": "Query", "named": {"__typename": "Pupil"}, "pupil": {"t": "Pupil"}}


async def test_introspection_with_data_in_one_operation(executor: str) -> None:
    """4: An operation may query the schema and data."""
    query = '{number __type(name: "Subject") {enumValues {name}} __schema {queryType {name}}}'
    data, errors = await run(executor, query, {"number": 1})
    assert errors == []
    assert data["number"] == 1
    assert data["__type"] == {"enumValues": [{"name": "MATH"}, {"name": "ART"}]}


async def test_fields_of_a_query_run_at_the_same_time(executor: str) -> None:
    """6.2.1: Two fields that wait for each other both finish."""
    met = asyncio.Barrier(2)

    async def meets(_: Any) -> str:
        await met.wait()
        return "met"

    assert await run(executor, "{text late}", {"text": meets, "late": meets}) == (
        {"text": "met", "late": "met"},
        [],
    )


async def test_every_failed_field_has_its_own_error(executor: str) -> None:
    """7.1.2: Each error has the path of its field."""
    pupils = [pupil(nick=fails("no")) for _ in range(3)]
    data, errors = await run(executor, "{pupils {nick}}", {"pupils": pupils})
    assert data == {"pupils": [{"nick": None}] * 3}
    assert [path for _, path in errors] == [["pupils", n, "nick"] for n in range(3)]
