"""A live document is read by graphql-sse, the reference client of GraphQL over server-sent events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from student_graph.gateway.server.service import Application, Service
from student_graph.gateway.web.live.limits import LiveLimits
from tests.client_libraries.node_project import run_script
from tests.gateway.cache.test_response_cache import VIEWERS
from tests.gateway.servers import client_for
from tests.gateway.small_district import Ledger, district, enrollment, event

QUERY = '{ student(studentUniqueId: "s1") { attendanceEvents { totalCount } } }'
ANSWERS = 3
"""Answers after which the gateway ends the document."""


def test_graphql_sse_reads_every_answer_and_the_end(tmp_path: Path) -> None:
    """Each purge brings another answer; the end of the document ends the client's loop without an error."""
    ledger = Ledger(students=["s1"], enrollments=[enrollment("s1", "1")])
    service = Service([district(ledger)], VIEWERS, live=LiveLimits(interval=0.1))
    application = Application(service)
    sis: Any = service.districts[0].sources[0].adapter
    read = sis.attendance_events_by_student

    async def read_one_more(*arguments: Any, **options: Any) -> Any:
        if len(ledger.events) == ANSWERS:
            application.stop_taking_requests()
        ledger.events.append(event("s1", "1", len(ledger.events) + 1))
        return await read(*arguments, **options)

    sis.attendance_events_by_student = read_one_more
    with client_for(application.asgi) as client:
        address = str(client.base_url).rstrip("/")
        urls = {"url": f"{address}/graphql", "purge": f"{address}/cache/purge"}
        printed = run_script("live_documents.mjs", tmp_path, query=QUERY, token="head", **urls)

    assert [answer["student"]["attendanceEvents"]["totalCount"] for answer in printed["answers"]] == [1, 2, 3]
    assert printed["complaints"] == []
