"""Rows are found under the name of the standard, under another name for the same rows, or by their shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from student_graph.adapters.oneroster.api.resources import Resource
from student_graph.adapters.oneroster.api.rostering import (
    CLASSES,
    DEMOGRAPHICS,
    SCHOOLS,
    SESSIONS,
    STUDENTS,
    USERS,
)

ROW = {"sourcedId": "1", "title": "t", "name": "n", "type": "school"}


def response(body: Any) -> httpx.Response:
    """A response with a JSON body."""
    return httpx.Response(200, json=body, request=httpx.Request("GET", "http://sis.example"))


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (USERS, "users"), (STUDENTS, "users"), (STUDENTS, "students"), (USERS, "user"), (SCHOOLS, "schools"),
        (SCHOOLS, "orgs"), (SESSIONS, "terms"), (DEMOGRAPHICS, "demographic"), (CLASSES, "class"),
        (USERS, "Users"), (USERS, "people"), (STUDENTS, "userList"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("single", [False, True], ids=["list", "object"])
def test_rows_may_have_any_name_for_them(resource: Resource[Any], name: str, single: bool) -> None:
    """As a list or as an object, with other properties beside them."""
    beside = {"_meta": {"totalCount": 1}, "warnings": [], "next": None}
    row = ROW if single else [ROW]

    assert [item.sourcedId for item in resource.read(response({name: row} | beside))] == ["1"]
    assert resource.read_one(response({name: row} | beside)).sourcedId == "1"


@pytest.mark.parametrize(
    "body",
    [
        {"classes": [ROW]},
        {"data": [ROW], "total": 1},
        {"people": [ROW], "others": [ROW]},
        {"people": []},
        {"people": [{"id": 1}]},
        {"people": "1"},
        {"warnings": []},
        [ROW],
        {},
    ],
    ids=str,
)
def test_other_bodies_are_no_list_of_users(body: Any) -> None:
    """Rows of another kind, of none, or of two possible kinds; an unknown name without rows is no empty list."""
    with pytest.raises(ValidationError):
        USERS.read(response(body))


@pytest.mark.parametrize("body", [{"users": None}, {"students": []}, {"user": []}], ids=str)
def test_an_empty_list_has_a_name_of_the_standard(body: Any) -> None:
    """Some servers send null instead of an empty list."""
    assert STUDENTS.read(response(body)) == []


@pytest.mark.parametrize("body", [{"users": [ROW, ROW]}, {"users": []}, {"user": None}, {"class": ROW}], ids=str)
def test_other_bodies_are_no_single_user(body: Any) -> None:
    """One row is neither none nor two."""
    with pytest.raises(ValidationError):
        USERS.read_one(response(body))


@pytest.mark.parametrize(
    "content", [b"<html>", b'{"users": [', b"\xff", b'{"people": [{"sourcedId": "1"}'], ids=repr
)
def test_a_body_that_is_not_json_is_not_an_empty_list(content: bytes) -> None:
    """The error is the one that the reader raises, whatever looks for another name."""
    broken = httpx.Response(
        200,
        content=content,
        headers={"content-type": "application/json"},
        request=httpx.Request("GET", "http://sis.example"),
    )
    for read in (USERS.read, USERS.read_one):
        with pytest.raises(ValidationError):
            read(broken)
