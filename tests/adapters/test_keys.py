"""Tests of ids that become part of a vendor's address."""

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from student_graph.adapters.errors import WRONG_KEY_REASON, BadKeyError, PayloadError
from student_graph.adapters.keys import (
    check_own_keys,
    has_other_form,
    is_path_segment,
    loose_form,
    path_id,
    path_segment,
    query_text,
    unanswered_keys,
)
from student_graph.adapters.reading import collecting_unreadable_rows
from tests.subcases import subcases

HOSTILE_IDS = [
    "", ".", "..", "../../admin", "%2e%2e", "%252e", "1?limit=9", "1#x", "a/b", "a\\b", "a;x", "a\r\nb", "a\n",
    "a\0", "@evil", "-a", "~a", "a b", "é", "a\u202eb", "x" * 129, "a:b", "'", '"',
]  # fmt: skip


@pytest.mark.row("C01")
@subcases("text", HOSTILE_IDS)
def test_an_id_that_could_change_the_path_is_refused(text: str) -> None:
    """A path allows only letters, digits, dot, underscore, tilde and hyphen."""
    with pytest.raises(BadKeyError):
        path_id(text)


@subcases("text", ["604822", "255901-44", "a", "x" * 128, "0fc3b8a5.7_~"])
def test_ids_of_vendors_are_unchanged(text: str) -> None:
    """Numbers, GUIDs and similar ids are allowed."""
    assert text == path_id(text)


@pytest.mark.row("C01")
@settings(derandomize=True, deadline=None)
@given(st.text())
def test_an_allowed_id_is_one_segment_of_the_path(text: str) -> None:
    """Any allowed id is exactly the last segment of the path."""
    try:
        segment = path_id(text)
    except BadKeyError:
        return

    assert f"/students/{segment}" == httpx.URL("https://vendor.example/students/").join(segment).path


@settings(derandomize=True, deadline=None)
@given(st.one_of(st.text(), st.text(" .:_-~@+=,()!*'$%/\\?#;&aä1")))
def test_an_encoded_id_is_one_segment_of_the_path(text: str) -> None:
    """An id with blanks or colons is the last segment, read back unchanged, and no segment can be another path."""
    if not is_path_segment(text):
        with pytest.raises(BadKeyError):
            path_segment(text)
        return

    url = httpx.URL("https://vendor.example/students/" + path_segment(text))
    assert url.path == f"/students/{text}"
    assert url.raw_path.count(b"/") == 2
    assert not url.query
    assert not set(text) & set("/\\%?#;\0")
    assert text.strip(" .") == text != ""


@subcases("text", ["994:1001", "2026 ALG 1", "_TCH", "ä1", "O'Neil", "x" * 255])
def test_ids_that_every_server_reads_in_one_way_can_be_encoded(text: str) -> None:
    """Colons, blanks, underscores and letters of any script are unambiguous when they are encoded."""
    assert is_path_segment(text)


@subcases("text", ["", "a\0", "a\nb", "x" * 257, "a\u202eb"])
def test_an_impossible_query_text_is_refused(text: str) -> None:
    """Control characters, direction marks and very long texts are never sent to a vendor."""
    with pytest.raises(BadKeyError):
        query_text(text)


@subcases("text", ["a#b", "O'Neil", "a&b=c", "../x", "Zoë", "a b"])
def test_a_query_text_arrives_unchanged(text: str) -> None:
    """httpx encodes characters that have a meaning in a query."""
    assert text == httpx.URL("https://vendor.example/", params={"q": query_text(text)}).params["q"]


@pytest.mark.parametrize(
    ("returned", "may_ignore_filter", "is_wrong"),
    [
        ([], False, False),
        (["7"], False, False),
        (["8", "7", "9"], False, False),
        ([" A7 "], False, True),
        (["8"], False, True),
        (["8", "9"], False, True),
        (["8"], True, True),
        (["8", "8"], True, True),
        (["8", "9"], True, False),
    ],
)
def test_rows_about_other_keys_only_answer_another_request(
    returned: list[str], may_ignore_filter: bool, is_wrong: bool
) -> None:
    """Nothing is nothing, and a server that ignores a filter sends the rows of several keys."""
    if not is_wrong:
        check_own_keys(returned, ["7"], may_ignore_filter=may_ignore_filter)
        return
    with pytest.raises(PayloadError) as caught:
        check_own_keys(returned, ["7"], may_ignore_filter=may_ignore_filter)
    assert caught.value.reason == WRONG_KEY_REASON


def test_a_key_in_other_letters_is_the_same_key() -> None:
    """Servers that ignore case or blanks send rows of other keys only."""
    check_own_keys(["ab "], ["AB"])


@subcases(
    ("returned", "is_form"),
    [("0123", True), (" 123", True), ("00123 ", True), ("1230", False), ("124", False), ("0", False)],
)
def test_a_row_with_another_form_of_a_key_is_noticed(returned: str, is_form: bool) -> None:
    """It is not certainly about another key, as a row of a server that ignores a filter is."""
    assert has_other_form(["x", returned], {loose_form("123")}) == is_form


def test_spellings_of_an_id_have_one_form() -> None:
    """Each part of an id is compared by itself; a zero alone is a number, and zeros inside count."""
    assert {loose_form(text) for text in ("sis:0042", "SIS:42", " sis:42 ")} == {"sis:42"}
    assert loose_form("0") == "0"
    assert loose_form("000") == "0"
    assert loose_form("1004") == "1004"
    assert loose_form("a:0:07") == "a:0:7"


@subcases(
    ("returned", "open_keys"),
    [
        ([["1"], ["2"], ["1"]], set()),  # all
        ([["1"]], set()),  # the vendor has nothing of the other one
        ([], set()),
        ([["1"], ["3"]], {"2"}),  # the response to a request for 1 and 3
        ([["3"], ["4"]], {"1", "2"}),
        ([["1"], ["3"], ["4"]], set()),  # more keys than were requested: the server ignores the filter
        ([["1"], []], set()),  # a row that names nobody
        ([["1"], ["02"]], set()),  # another form of a requested key
        ([["1", "9"], ["8", "2"]], set()),  # rows with two ids each
    ],
)
def test_a_key_without_rows_is_open_if_the_response_names_another_one(
    returned: list[list[str]], open_keys: set[str]
) -> None:
    """It may be the response to a request for that one, so it does not say that the vendor has nothing."""
    with collecting_unreadable_rows():
        assert unanswered_keys(returned, ["1", "2"]) == open_keys


@subcases(
    ("returned", "is_reported"),
    [([["1"], ["2"]], False), ([["1"], ["02"]], False), ([["1"], ["3"]], True), ([["1"], ["2"], ["3"]], True)],
)
def test_rows_about_other_keys_are_reported(returned: list[list[str]], is_reported: bool) -> None:
    """A page of a list may be that of another request, so that rows of the requested keys are missing."""
    with collecting_unreadable_rows() as unreadable:
        unanswered_keys(returned, ["1", "2"])
    assert bool(unreadable) == is_reported
