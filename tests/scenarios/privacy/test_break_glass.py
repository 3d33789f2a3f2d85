"""Break-glass: access to named data of a student for the student's health or safety, and its limits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.demo.people import GRANTS, DemoIssuer, Person
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.signing import HmacSigner
from student_graph.gateway.web.request import BadRequestError
from student_graph.gateway.web.routes.break_glass import TICKET_SECONDS, BreakGlass
from student_graph.resolvers.context import ViewerRole
from student_graph.resolvers.fields.ids import GlobalId, encode
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway

DISTRICT = "cedar-hollow-school-district"
KEYS = DisclosureKeys(b"s" * 32)
QUERY = """query ($n: String) {
  student(studentUniqueId: $n) { studentUniqueId contacts { phones } disciplineIncidents { date } }
  viewer { students(first: 100) { totalCount } }
}"""
WHY = """query ($n: String, $id: ID!) {
  student(studentUniqueId: $n) { id }
  viewer { why(student: $id) { allowed reasons { kind } classes { sensitivity allowed } } }
}"""


@dataclass
class Reviewers:
    """A server that receives the notifications to reviewers."""

    notifications: list[dict[str, Any]] = field(default_factory=list)
    received: threading.Event = field(default_factory=threading.Event)
    url: str = ""


@dataclass
class Stage:
    """A gateway, its disclosure log, and a student outside the teacher's reach."""

    gateway: DemoGateway
    folder: Path
    reviewers: Reviewers
    other_student: str
    """Number of the student."""

    def request_ticket(self, viewer: str = "teacher", **changes: Any) -> httpx.Response:
        """Request break-glass access to the contacts of the student as a viewer, and return the response."""
        body = {
            "district": DISTRICT,
            "students": [self.other_student],
            "classes": ["CONTACT"],
            "reason": "HEALTH",
            "text": "An allergic shock on a trip, nobody at the office.",
        }
        headers = {"Authorization": f"Bearer {self.gateway.tokens[viewer]}"}
        return self.gateway.client.post("/break-glass", json={**body, **changes}, headers=headers)

    def post(self, viewer: str, ticket: str, number: str, query: str = QUERY, **variables: str) -> httpx.Response:
        """Query a student with a ticket, and return the response."""
        headers = {"Authorization": f"Bearer {self.gateway.tokens[viewer]}", "Student-Graph-Break-Glass": ticket}
        body = {"query": query, "variables": {"n": number, **variables}}
        return self.gateway.client.post("/graphql", json=body, headers=headers)

    def log_lines(self) -> list[dict[str, Any]]:
        """Return the lines of the disclosure log, the oldest first."""
        texts = [line for path in self.folder.glob("*.jsonl") for line in path.read_text().splitlines()]
        return sorted(map(json.loads, texts), key=lambda line: line.get("id", ""))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A small district, and a server that receives the notifications to reviewers."""
    folder, reviewers = tmp_path_factory.mktemp("log"), Reviewers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reviewers.notifications.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            reviewers.received.set()

        def log_message(self, *_: Any) -> None:
            pass

    districts = demo_districts("edfi", 800)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        reviewers.url = f"http://127.0.0.1:{server.server_port}/"
        settings = {"disclosure_log": DisclosureLog(folder, KEYS), "reviewers_url": reviewers.url}
        with served(*districts[0].sandboxes.values()), demo_gateway(districts, **settings) as gateway:
            page = "students(first: 100) { edges { node { studentUniqueId } } }"
            edges = gateway.post(f"{{ viewer {{ {page} }} }}", "teacher")["data"]["viewer"]["students"]["edges"]
            visible = {edge["node"]["studentUniqueId"] for edge in edges}
            other_student = next(
                student.id for student in districts[0].facts.students if student.id not in visible
            )
            if gateway.post(QUERY, "teacher", n=other_student)["data"]["student"] is not None:
                other_student = districts[0].facts.students[-1].id
            yield Stage(gateway, folder, reviewers, other_student)
        server.shutdown()


@pytest.mark.row("K13")
def test_a_ticket_opens_only_the_named_students_and_classes(stage: Stage) -> None:
    """It works for its viewer only, and shows the student in no other list or count."""
    assert stage.gateway.post(QUERY, "teacher", n=stage.other_student)["data"]["student"] is None
    ticket = stage.request_ticket().json()["ticket"]
    response = stage.post("teacher", ticket, stage.other_student).json()
    assert response["data"]["student"]["contacts"] is not None
    assert response["data"]["viewer"]["students"]["totalCount"] == 1
    codes = {(error["path"][-1], error["extensions"]["code"]) for error in response["errors"]}
    assert codes == {("disciplineIncidents", "FORBIDDEN")}
    unknown = stage.post("teacher", ticket, "999999").json()
    assert unknown["data"]["student"] is None
    for viewer, wrong in (("counselor", ticket), ("teacher", ticket[:-2]), ("teacher", "x")):
        refused = stage.post(viewer, wrong, stage.other_student)
        assert (refused.status_code, "data" in refused.json()) == (403, False)
    assert stage.gateway.post(QUERY, "teacher", n=stage.other_student)["data"]["student"] is None


@pytest.mark.row("K13")
def test_break_glass_is_logged_first_and_reviewers_are_notified(stage: Stage) -> None:
    """Each response that uses it is logged with its id. From the third in a month, notifications say `often`."""
    stage.reviewers.received.clear()
    tickets = [stage.request_ticket() for _ in range(3)]
    assert [response.status_code for response in tickets] == [200] * 3
    assert stage.reviewers.received.wait(timeout=60)
    openings = [line for line in stage.log_lines() if "opening" in line]
    assert openings[-1]["opening"]["text"].startswith("An allergic shock")
    assert openings[-1]["students"] == [KEYS.pseudonym(DISTRICT, stage.other_student)]
    opening_id = openings[-1]["opening"]["id"]
    stage.post("teacher", tickets[-1].json()["ticket"], stage.other_student)
    [used] = [line for line in stage.log_lines() if line.get("breakGlass") == opening_id]
    assert [line["basis"] for line in (openings[-1], used)] == ["99.36", "99.36"]
    assert (used["students"], used["categories"], used["count"] > 1) == (
        openings[-1]["students"],
        ["CONTACT"],
        True,
    )
    while not any(notification["often"] for notification in stage.reviewers.notifications):
        assert stage.reviewers.received.wait(timeout=60)
        stage.reviewers.received.clear()
    assert {notification["reason"] for notification in stage.reviewers.notifications} == {"HEALTH"}
    assert stage.other_student not in json.dumps(stage.reviewers.notifications)


def test_a_viewer_with_a_ticket_may_see_what_it_opens(stage: Stage) -> None:
    """`why` says so: the reason is the emergency, and the classes are those of the ticket and of the viewer."""
    ticket = stage.request_ticket("counselor", classes=["MEAL"]).json()["ticket"]
    id_ = encode(GlobalId("Student", DistrictId(DISTRICT), stage.other_student))
    why = stage.post("counselor", ticket, stage.other_student, WHY, id=id_).json()["data"]["viewer"]["why"]
    assert (why["allowed"], why["reasons"]) == (True, [{"kind": "EMERGENCY"}])
    granted = {kind.name for kind in GRANTS[ViewerRole.COUNSELOR]}
    assert {entry["sensitivity"] for entry in why["classes"] if entry["allowed"]} == {"OPEN", "MEAL", *granted}


@pytest.mark.row("K13")
@pytest.mark.parametrize(("viewer", "changes", "status"), [
    ("parent", {}, 403),
    ("student", {}, 403),
    ("teacher", {"students": [str(n) for n in range(6)]}, 400),
    ("teacher", {"students": []}, 400),
    ("teacher", {"classes": []}, 400),
    ("teacher", {"classes": ["OPEN"]}, 400),
    ("teacher", {"reason": "CURIOSITY"}, 400),
    ("teacher", {"text": "because"}, 400),
    ("teacher", {"district": "elsewhere"}, 403),
    ("teacher", {"students": ["a\nb"]}, 400),
    ("teacher", {"more": 1}, 400),
])  # fmt: skip
def test_break_glass_has_limits(stage: Stage, viewer: str, changes: dict[str, Any], status: int) -> None:
    """Parents and students have none; it needs one to five students, classes, a reason and a text."""
    assert stage.request_ticket(viewer, **changes).status_code == status


async def test_a_ticket_needs_a_recent_sign_in_and_is_valid_for_an_hour(tmp_path: Path) -> None:
    """A sign-in is recent for five minutes; after an hour the ticket is refused."""
    now = [time.time()]
    issuer = DemoIssuer([Person("teacher", ViewerRole.TEACHER, (DistrictId(DISTRICT),))])
    authenticator, log = Authenticator({}, [issuer.issuer()]), DisclosureLog(tmp_path, KEYS)
    break_glass = BreakGlass(authenticator, HmacSigner(b"k" * 32), log, wall_clock=lambda: now[0])
    headers = {"Authorization": f"Bearer {issuer.tokens()['teacher']}"}
    body = {"district": DISTRICT, "students": ["1"], "classes": ["MEAL"], "reason": "SAFETY", "text": "x" * 20}
    transport = httpx.ASGITransport(Starlette(routes=break_glass.routes()))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://gateway.example", headers=headers
    ) as client:
        ticket = (await client.post("/break-glass", json=body)).json()["ticket"]
        teacher = await authenticator.viewer(headers["Authorization"])
        assert teacher is not None
        now[0] += TICKET_SECONDS - 1
        assert break_glass.use_ticket(teacher, ticket).emergency is not None
        now[0] += 2
        with pytest.raises(BadRequestError):
            break_glass.use_ticket(teacher, ticket)
        refused = await client.post("/break-glass", json=body)
        assert (refused.status_code, refused.json()["error"][:13]) == (401, "Sign in again")
    await log.close()
