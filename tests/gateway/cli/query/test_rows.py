"""How an answer becomes rows and columns, and CSV that a spreadsheet opens safely."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from student_graph.gateway.cli.query.csv_text import cell_of, csv_of
from student_graph.gateway.cli.query.rows import Table, table_of
from tests.subcases import subcases


def lines(document: str, data: dict[str, Any]) -> list[list[str]]:
    """The cells of the CSV of an answer, read by Python's own reader; the header first."""
    return list(csv.reader(io.StringIO(csv_of(table_of(parse(document), None, data)))))


def test_items_of_lists_are_rows_with_what_is_around_them() -> None:
    """The name of the school is repeated for each student."""
    document = "{ schools { name students { edges { node { id name { first } } } } } }"
    students = [{"node": {"id": "1", "name": {"first": "Ada"}}}, {"node": {"id": "2", "name": None}}]
    data = {"schools": [{"name": "Elm", "students": {"edges": students}}]}

    assert lines(document, data) == [
        ["name", "students.id", "students.name.first"],
        ["Elm", "1", "Ada"],
        ["Elm", "2", ""],
    ]


def test_lists_side_by_side_come_one_after_the_other() -> None:
    """They are not multiplied: each row has one of them."""
    document = "{ student { id grades { letter } absences { date } } }"
    data = {"student": {"id": "1", "grades": [{"letter": "A"}, {"letter": "B"}], "absences": [{"date": "x"}]}}

    assert lines(document, data) == [
        ["id", "grades.letter", "absences.date"],
        ["1", "A", ""],
        ["1", "B", ""],
        ["1", "", "x"],
    ]


@pytest.mark.parametrize("grades", [[], None])
def test_an_empty_list_keeps_what_is_around_it(grades: Any) -> None:
    """A student without grades is a row."""
    data = {"students": [{"id": "1", "grades": grades}, {"id": "2", "grades": [{"letter": "A"}]}]}

    assert lines("{ students { id grades { letter } } }", data)[1:] == [["1", ""], ["2", "A"]]


@pytest.mark.parametrize("data", [{"students": []}, {"students": None}])
def test_the_header_depends_on_the_document_only(data: dict[str, Any]) -> None:
    """A file without rows has the same columns, also those of fragments and aliases, in the document's order."""
    document = """
      query { students { number: id ...Name ... on Student { grade } name { first } __typename } }
      fragment Name on Student { name { last first } }
    """

    assert lines(document, data)[0] == ["number", "name.last", "name.first", "grade", "__typename"]


def test_columns_that_would_have_one_name_keep_their_paths() -> None:
    """`edges` and `node` are left out only where that is unambiguous."""
    document = "{ a { total edges { node { total x } } } }"
    data = {"a": {"total": 1, "edges": [{"node": {"total": 2, "x": 3}}]}}

    assert lines(document, data) == [["a.total", "a.edges.node.total", "x"], ["1", "2", "3"]]


def test_values_have_one_form() -> None:
    """A list of plain values is one cell, and a value of JSON is its text."""
    document = "{ a { list yes none map number } }"
    data = {"a": {"list": ["x", None, 2], "yes": True, "none": None, "map": {"k": [1]}, "number": 1.5}}

    assert lines(document, data)[1] == ["x; ; 2", "true", "", '{"k":[1]}', "1.5"]


@subcases(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1+1", "\ufeff=1"]
)
def test_a_cell_that_may_be_a_formula_is_text(text: str) -> None:
    """A spreadsheet takes what begins with an apostrophe for text; also in a list of values."""
    assert cell_of(text) == f"'{text}"
    assert cell_of([text, "x"]).startswith("'")


@subcases(("value", "cell"), [(-1, "-1"), (-1.5, "-1.5"), ("a=b", "a=b"), ("2-1", "2-1"), ("", "")])
def test_cells_without_formulas_are_unchanged(value: Any, cell: str) -> None:
    """Numbers may be negative, and signs may be inside a text."""
    assert cell_of(value) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_text_is_read_back(texts: list[str]) -> None:
    """Quotes, commas and line ends are written so that other readers see the same cells."""
    table = Table(["first", *map(str, range(len(texts)))], [["x", *texts]])
    header, row = csv.reader(io.StringIO(csv_of(table), newline=""))

    assert [
        cell.removeprefix("'") if cell != text else cell for cell, text in zip(row[1:], texts, strict=True)
    ] == texts
    assert header == list(table.headings)


@given(st.recursive(st.none() | st.integers(), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_rows_are_as_wide_as_the_header(value: Any) -> None:
    """Whatever an answer holds, each row has a cell for each column, and no value is lost."""
    table = table_of(parse("{ a { b } }"), None, json.loads(json.dumps({"a": {"b": value}})))

    assert [len(row) for row in table.rows] == [1]
    assert table.rows[0][0] == value
