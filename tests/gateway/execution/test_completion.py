"""
Sections 6.4.3 and 6.4.4 of the GraphQL specification (October 2021), on both executors: values, errors and nulls.

https://spec.graphql.org/October2021/#sec-Value-Completion
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import GraphQLError

from tests.gateway.execution.small import fails, pupil, run


async def test_a_field_that_raises_is_null(way: str) -> None:
    """6.4.4: the field is null, its error says where, the rest is there."""
    assert await run(way, "{text number}", {"text": fails("no"), "number": 1}) == (
        {"text": None, "number": 1},
        [("no", ["text"])],
    )


async def test_an_exception_that_is_returned_is_an_error(way: str) -> None:
    """6.4.4: as if it had been raised, also where nothing of it is read."""
    root = {"text": GraphQLError("no"), "pupil": GraphQLError("nobody")}
    assert await run(way, "{text pupil {__typename}}", root) == (
        {"text": None, "pupil": None},
        [("no", ["text"]), ("nobody", ["pupil"])],
    )


async def test_an_awaited_failure_is_the_fields(way: str) -> None:
    """6.4.4: what fails later fails in the same way."""

    async def late(_: Any) -> Any:
        await asyncio.sleep(0)
        raise GraphQLError("too late")

    assert await run(way, "{late number}", {"late": late, "number": 1}) == (
        {"late": None, "number": 1},
        [("too late", ["late"])],
    )


async def test_null_climbs_to_the_nearest_place_that_may_be_null(way: str) -> None:
    """6.4.4: null where none may be makes its parent null; the path is that of the field."""
    data, errors = await run(
        way, "{pupil {name tutor {name}} number}", {"pupil": pupil(tutor={"name": None}), "number": 1}
    )
    assert data == {"pupil": None, "number": 1}
    assert errors == [("Cannot return null for non-nullable field Tutor.name.", ["pupil", "tutor", "name"])]


async def test_null_climbs_to_the_root(way: str) -> None:
    """6.4.4: without a place that may be null, the data are null."""
    data, errors = await run(way, "{strict {tutor {name}} number}", {"strict": pupil(tutor=None), "number": 1})
    assert data is None
    assert [path for _, path in errors] == [["strict", "tutor"]]


async def test_an_item_that_may_be_null_stops_null(way: str) -> None:
    """6.4.4: a list of items that may be null loses the one item."""
    data, errors = await run(way, "{pupils {name}}", {"pupils": [pupil(), pupil(None), pupil("Cy")]})
    assert data == {"pupils": [{"name": "Ada"}, None, {"name": "Cy"}]}
    assert [path for _, path in errors] == [["pupils", 1, "name"]]


async def test_an_item_that_may_not_be_null_takes_the_list(way: str) -> None:
    """6.4.4: and so the nearest parent that may be null."""
    friends = [pupil(), pupil(None)]
    data, errors = await run(way, "{pupil {friends {name} name}}", {"pupil": pupil(friends=friends)})
    assert data == {"pupil": {"friends": None, "name": "Ada"}}
    assert [path for _, path in errors] == [["pupil", "friends", 1, "name"]]


async def test_lists_of_lists(way: str) -> None:
    """6.4.3 CompleteValue: each level by its own rule."""
    data, errors = await run(way, "{listOfLists}", {"listOfLists": [[1, 2], None, [3, None], ()]})
    assert data == {"listOfLists": [[1, 2], None, None, []]}
    assert [path for _, path in errors] == [["listOfLists", 2, 1]]


async def test_what_is_no_list_is_an_error(way: str) -> None:
    """6.4.3: a list is promised."""
    data, [(message, path)] = await run(way, "{pupils {name}}", {"pupils": 7})
    assert data == {"pupils": None}
    assert path == ["pupils"]
    assert "Iterable" in message


async def test_lists_may_be_any_iterable(way: str) -> None:
    """6.4.3: also one that is made as it is read, and one that is awaited."""

    async def pupils(_: Any) -> Any:
        for name in ("Ada", "Bo"):
            yield pupil(name)

    expected = {"pupils": [{"name": "Ada"}, {"name": "Bo"}]}
    assert await run(way, "{pupils {name}}", {"pupils": (pupil(n) for n in ("Ada", "Bo"))}) == (expected, [])
    assert await run(way, "{pupils {name}}", {"pupils": pupils}) == (expected, [])


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
async def test_results_are_coerced(way: str, field: str, value: Any, expected: Any) -> None:
    """3.5 and 6.4.3: a result that its scalar takes is made into one."""
    data, errors = await run(way, f"{{{field}}}", {field: value})
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
async def test_results_that_cannot_be_coerced_are_errors(way: str, field: str, value: Any) -> None:
    """3.5 and 6.4.3: and null."""
    data, errors = await run(way, f"{{{field}}}", {field: value})
    assert data == {field: None}
    assert [path for _, path in errors] == [[field]]


async def test_an_abstract_type_must_be_one_of_its_own(way: str) -> None:
    """6.4.3 ResolveAbstractType: of an unknown or another type is an error."""
    for typename in ("Nobody", "Query", None):
        data, errors = await run(way, "{person {__typename}}", {"person": {"__typename": typename}})
        assert data == {"person": None}
        assert [path for _, path in errors] == [["person"]]


async def test_objects_of_several_types_keep_their_order(way: str) -> None:
    """6.4.3: whatever they are resolved as."""
    people: Sequence[Any] = [pupil("A"), {"__typename": "Tutor", "name": "B"}, None, pupil("C")]
    data, _ = await run(way, "{people {... on Named {name}}}", {"people": people})
    assert data == {"people": [{"name": "A"}, {"name": "B"}, None, {"name": "C"}]}


async def test_typename(way: str) -> None:
    """4.1: of objects, through interfaces and unions, under any key."""
    query = "{__typename k: __typename named {__typename} pupil {t: __typename}}"
    data, _ = await run(way, query, {"named": pupil(), "pupil": pupil()})
    assert data == {"__typename": "Query", "k": "Query", "named": {"__typename": "Pupil"}, "pupil": {"t": "Pupil"}}


async def test_introspection_beside_data(way: str) -> None:
    """4: the schema may be asked for in the same operation."""
    query = '{number __type(name: "Subject") {enumValues {name}} __schema {queryType {name}}}'
    data, errors = await run(way, query, {"number": 1})
    assert errors == []
    assert data["number"] == 1
    assert data["__type"] == {"enumValues": [{"name": "MATH"}, {"name": "ART"}]}


async def test_siblings_run_side_by_side(way: str) -> None:
    """6.2.1: fields of a query wait for each other where they must meet."""
    met = asyncio.Barrier(2)

    async def meets(_: Any) -> str:
        await met.wait()
        return "met"

    assert await run(way, "{text late}", {"text": meets, "late": meets}) == ({"text": "met", "late": "met"}, [])


async def test_errors_are_told_once_for_each_place(way: str) -> None:
    """7.1.2: every failed field has an error of its own, with its path."""
    pupils = [pupil(nick=fails("no")) for _ in range(3)]
    data, errors = await run(way, "{pupils {nick}}", {"pupils": pupils})
    assert data == {"pupils": [{"nick": None}] * 3}
    assert [path for _, path in errors] == [["pupils", n, "nick"] for n in range(3)]
