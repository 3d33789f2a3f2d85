"""A hostile viewer: forged and other people's ids, tokens with changed claims, and documents without measure."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx

from student_graph.adapters.model import DistrictId
from student_graph.gateway.demo.rehearsal.fleet import now
from student_graph.gateway.demo.rehearsal.load import Answer
from student_graph.gateway.demo.rehearsal.pages import Page
from student_graph.gateway.demo.rehearsal.stage import District, Stage
from student_graph.gateway.demo.rehearsal.vendors.district import FIRST_STUDENT, Viewer
from student_graph.gateway.demo.rehearsal.verdicts.judge import Judgement, Verdict, foreign
from student_graph.resolvers.fields.ids import GlobalId, encode

PAUSE_SECONDS = 0.1
LARGE_TEXT_BYTES = 80_000
MAX_TRIED_LEVELS, MAX_TRIED_ALIASES = 60, 3_000
STUDENT = "{ id studentUniqueId name { firstName lastName } contacts { email } }"
BY_ID = f"query ($id: ID) {{ student(id: $id) {STUDENT} }}"
BY_NUMBER = (
    "query ($number: String, $district: ID) "
    f"{{ student(studentUniqueId: $number, district: $district) {STUDENT} }}"
)
BY_SCHOOL = (
    "query ($school: ID) { students(filter: { school: $school }, first: 5) "
    "{ edges { node { studentUniqueId name { lastName } } } } }"
)
Attempt = tuple[str, str, dict[str, Any], dict[str, str]]
"""What is tried, the document, its variables, and claims that are changed in the token."""


async def send_hostile_requests(stage: Stage) -> None:
    """Send hostile requests as people of several districts, again and again until cancelled."""
    while True:
        for position, district in enumerate(stage.districts):
            other = stage.districts[(position + 1) % len(stage.districts)]
            for viewer in district.viewers:
                for attempt in _attempts(district, other):
                    stage.tally.note(*await _try(stage, viewer, district, attempt))
                    await asyncio.sleep(PAUSE_SECONDS)


def _attempts(own: District, other: District) -> Iterator[Attempt]:
    """Everything that one person tries."""
    number = str(FIRST_STUDENT + 7)
    for district in (own.id, other.id):
        yield "an id", BY_ID, {"id": encode(GlobalId("Student", DistrictId(district), number))}, {}
        yield "a number", BY_NUMBER, {"number": number, "district": district}, {}
    school = str(other.description["first_school"])
    yield "a school", BY_SCHOOL, {"school": encode(GlobalId("School", DistrictId(other.id), school))}, {}
    yield "a forged id", BY_ID, {"id": "WyJTdHVkZW50IiwiLi4vLi4iLCIwIl0"}, {}
    yield "claims of a superintendent", BY_NUMBER, {"number": number}, {"role": "superintendent"}
    yield "claims of another district", BY_NUMBER, {"number": number}, {"district": other.id}
    yield "a large document", "{ viewer { role } } #" + "x" * LARGE_TEXT_BYTES, {}, {}
    yield "a deep document", "{ viewer " * MAX_TRIED_LEVELS + "{ role }" + " }" * MAX_TRIED_LEVELS, {}, {}
    aliases = " ".join(
        f'a{n}: student(studentUniqueId: "{FIRST_STUDENT + n}") {{ id }}' for n in range(MAX_TRIED_ALIASES)
    )
    yield "many aliases", f"{{ {aliases} }}", {}, {}


async def _try(stage: Stage, viewer: Viewer, district: District, attempt: Attempt) -> tuple[Answer, Judgement]:
    """Try one thing; whatever the viewer may not see is foreign, and all else is a refusal or an own page."""
    name, document, variables, claims = attempt
    token = stage.browser.token(viewer.name)
    headers = {"Authorization": f"Bearer {_with_claims(token, claims) if claims else token}"}
    began_at, status, text = now(), 0, ""
    try:
        reply = await stage.client.post(
            f"{stage.gateway.url}/graphql", json={"query": document, "variables": variables}, headers=headers
        )
        status, text = reply.status_code, reply.text
    except httpx.HTTPError as error:
        text = type(error).__name__
    page = Page(viewer, f"hostile: {name}")
    answer = Answer(page, stage.morning.trouble, began_at, now() - began_at, status, text, was_repeated=False)
    if leak := foreign(text, viewer, district.number):
        return answer, Judgement(Verdict.FOREIGN, leak)
    if claims and status == httpx.codes.OK:
        return answer, Judgement(Verdict.FOREIGN, f"a token with changed claims: status {status}")
    if status == 0:
        return answer, Judgement(Verdict.FAILED, text)
    is_refused = status != httpx.codes.OK or "errors" in text
    return answer, Judgement(Verdict.REFUSED if is_refused else Verdict.COMPLETE)


def _with_claims(token: str, claims: dict[str, str]) -> str:
    """A token with other claims, and the signature of the first ones."""
    head, payload, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | claims
    changed = base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"
