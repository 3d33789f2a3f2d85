"""The purpose that a request states is recorded: only text that can be shown is taken."""

from __future__ import annotations

import pytest

from student_graph.adapters.model import DistrictId
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.web.admission import MAX_PURPOSE_CHARACTERS, Admission, Purposes
from student_graph.gateway.web.request import BadRequestError, RequestHead
from student_graph.resolvers.context import Viewer, ViewerRole

TOKEN = "0123456789abcdef0123456789abcdef"
VIEWER = Viewer("ada", ViewerRole.TEACHER, frozenset({DistrictId("hill")}))


async def purpose_of(value: bytes, known: frozenset[str] = frozenset()) -> str | None:
    """The purpose of a viewer whose request has this value in its header."""
    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"content-type", b"application/json"),
        (b"student-graph-purpose", value),
    ]
    scope = {"type": "http", "method": "POST", "query_string": b"", "headers": headers}
    admission = Admission(Authenticator({TOKEN: VIEWER}), purposes=Purposes(known))
    return (await admission.viewer(RequestHead.of(scope), acceptable=True)).purpose


@pytest.mark.parametrize("purpose", ["attendance call", "Rückmeldung", "Übergabe à l'école", "面談", "a\\u0000b"])
async def test_a_text_is_taken_as_it_is(purpose: str) -> None:
    """Clients send UTF-8; Latin-1 is understood too."""
    assert await purpose_of(purpose.encode()) == purpose
    assert await purpose_of(purpose.encode(), frozenset({purpose})) == purpose
    assert await purpose_of("Rückmeldung".encode("latin-1")) == "Rückmeldung"


@pytest.mark.parametrize("purpose", [
    b"\x1b[2J", b"a\tb", b"\x7f", b"\x9b1m", b"\xc2\x9b1m", "a\u202egnp".encode(), "\u2066a".encode(),
    "a\u200bb".encode(), "\ufeffa".encode(), "a\u2028b".encode(), b"x" * (MAX_PURPOSE_CHARACTERS + 1),
])  # fmt: skip
async def test_a_purpose_that_no_terminal_should_get_is_refused(purpose: bytes) -> None:
    """Control characters (C0, C1), marks of direction, characters without a width, and long texts."""
    with pytest.raises(BadRequestError) as error:
        await purpose_of(purpose)
    assert error.value.status == 403
