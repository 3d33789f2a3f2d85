"""Tests of users who are read by what names them."""

from __future__ import annotations

import httpx
import pytest

from student_graph.adapters.errors import WRONG_KEY_REASON, PayloadError
from student_graph.adapters.google_classroom.client.requests import ClassroomClient

ADA, BEN = "ada@hill.example", "ben@hill.example"


@pytest.mark.parametrize(
    ("user", "shown", "is_wrong"),
    [
        (ADA, {"id": "1", "emailAddress": "Ada@Hill.example"}, False),
        (ADA, {"id": "1"}, False),
        (ADA, {"id": "2", "emailAddress": BEN}, True),
        ("1", {"id": "1", "emailAddress": BEN}, False),
        ("1", {"id": "2"}, True),
    ],
)
async def test_the_profile_of_another_user_is_an_error(user: str, shown: dict[str, str], is_wrong: bool) -> None:
    """Its work would be looked for in the courses of the first. Without an address nothing is known."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=shown))
    async with httpx.AsyncClient(transport=transport) as http:
        client = ClassroomClient(http, "https://classroom.example")
        if not is_wrong:
            profile = await client.profile(user)
            assert profile is not None
            assert profile.id == shown["id"]
            return
        with pytest.raises(PayloadError) as caught:
            await client.profile(user)
    assert caught.value.reason == WRONG_KEY_REASON
