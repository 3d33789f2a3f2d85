"""Some servers write a byte order mark before their JSON: it changes no answer, and no meaning of an error."""

from __future__ import annotations

import codecs
import json
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from student_graph.adapters.auth import ClientCredentials, _token_and_lifetime
from student_graph.adapters.errors import RefusedError
from student_graph.adapters.google_classroom.client.responses import is_over_quota
from student_graph.adapters.moodle.client.responses import UnknownObjectError, check_answer
from student_graph.adapters.oneroster.api.rostering import USERS
from student_graph.adapters.paging.page_sizes import allowed_rows


def marked(body: Any, status: int = 200) -> httpx.Response:
    """Return a response with a byte order mark before its JSON."""
    return httpx.Response(
        status,
        content=codecs.BOM_UTF8 + json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        request=httpx.Request("GET", "https://vendor.example"),
    )


def test_an_error_of_moodle_is_recognized() -> None:
    """A course that Moodle does not know is no failure of Moodle."""
    with pytest.raises(UnknownObjectError):
        check_answer("f", marked({"exception": "dml_missing_record_exception", "errorcode": "invalidrecord"}))


def test_a_quota_of_google_is_not_a_refusal() -> None:
    """The request may be sent later."""
    assert is_over_quota(marked({"error": {"status": "RESOURCE_EXHAUSTED"}}, 403))


def test_a_refused_token_says_what_to_change() -> None:
    """By the code of the token endpoint."""
    with pytest.raises(RefusedError) as caught:
        _token_and_lifetime(marked({"error": "invalid_scope"}, 400), ClientCredentials.refusals)
    assert caught.value.reason == ClientCredentials.refusals["invalid_scope"]


def test_rows_of_another_standard_are_no_empty_list() -> None:
    """A body with rows that are not those of OneRoster is an error."""
    for body in ({"users": [{"id": "1"}, {"id": "2"}]}, {"people": [{"id": "1"}]}):
        with pytest.raises(ValidationError):
            USERS.read(marked(body))


def test_a_refused_page_size_is_learned() -> None:
    """From the number in the text of the refusal."""
    assert allowed_rows(marked({"message": "limit must not exceed 50"}, 400), 100, "limit") == 50
