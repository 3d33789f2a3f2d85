"""Ids on their way into a vendor's address."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.keys import path_id, query_text

HOSTILE = [
    "", ".", "..", "../../admin", "%2e%2e", "%252e", "1?limit=9", "1#x", "a/b", "a\\b", "a;x", "a\r\nb", "a\n",
    "a\0", "@evil", "-a", "~a", "a b", "é", "a\u202eb", "x" * 129, "a:b", "'", '"',
]  # fmt: skip


@pytest.mark.row("C01")
@pytest.mark.parametrize("text", HOSTILE)
def test_an_id_that_could_change_the_path_is_refused(text: str) -> None:
    """Nothing but letters, digits, dot, underscore, tilde and hyphen stands in a path."""
    with pytest.raises(BadKeyError):
        path_id(text)


@pytest.mark.parametrize("text", ["604822", "255901-44", "a", "x" * 128, "0fc3b8a5.7_~"])
def test_ids_of_vendors_pass_unchanged(text: str) -> None:
    """Numbers, GUIDs and the like are allowed."""
    assert text == path_id(text)


@pytest.mark.row("C01")
@given(st.text())
def test_an_allowed_id_is_one_segment_of_the_path(text: str) -> None:
    """Whatever is let through arrives as the last segment and nothing else."""
    try:
        segment = path_id(text)
    except BadKeyError:
        return

    assert f"/students/{segment}" == httpx.URL("https://vendor.example/students/").join(segment).path


@pytest.mark.parametrize("text", ["", "a\0", "a\nb", "x" * 257, "a\u202eb"])
def test_a_query_text_that_nobody_can_type_is_refused(text: str) -> None:
    """Control characters, direction marks and endless texts never reach a vendor."""
    with pytest.raises(BadKeyError):
        query_text(text)


@pytest.mark.parametrize("text", ["a#b", "O'Neil", "a&b=c", "../x", "Zoë", "a b"])
def test_a_query_text_arrives_as_it_is(text: str) -> None:
    """httpx encodes what has a meaning in a query."""
    assert text == httpx.URL("https://vendor.example/", params={"q": query_text(text)}).params["q"]
