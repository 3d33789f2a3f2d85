"""Rows of a filter with several values, by value."""

from __future__ import annotations

from student_graph.adapters.errors import NotOfferedError, PayloadError
from student_graph.adapters.oneroster.api.payload import Item
from student_graph.adapters.oneroster.client.rows import answers_by_value


def _rows(*ids: str) -> list[Item]:
    return [Item.model_validate({"sourcedId": sourced_id, "status": "active"}) for sourced_id in ids]


def test_a_value_is_an_error_if_the_response_names_another_one_instead() -> None:
    """It may be the response to a request for a and c; b may have rows."""
    answers = answers_by_value(_rows("a", "c"), "sourcedId", ("a", "b"), is_filtered=True)
    assert answers["a"] == _rows("a")
    assert isinstance(answers["b"], PayloadError)


def test_a_value_without_rows_has_none_in_a_list_of_all() -> None:
    """The same holds for a server that ignores the filter, and sends more values than were requested."""
    assert answers_by_value(_rows("a", "c"), "sourcedId", ("a", "b"), is_filtered=False)["b"] == []
    assert answers_by_value(_rows("a", "c", "d"), "sourcedId", ("a", "b"), is_filtered=True)["b"] == []


def test_all_values_of_a_request_that_failed_have_its_error() -> None:
    error = NotOfferedError("no such list")
    assert answers_by_value(error, "sourcedId", ("a", "b"), is_filtered=True) == {"a": error, "b": error}
