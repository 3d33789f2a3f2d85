"""A row of each list of the REST API, as the sandbox sends it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from student_graph.adapters.canvas.adapter import Canvas
from student_graph.adapters.canvas.api import (
    Assignment,
    Course,
    Enrollment,
    Payload,
    StudentSubmissions,
    Summary,
    User,
)
from student_graph.adapters.canvas.sandbox import CanvasSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.testing.harness import open_adapter, run_lookup_or_error
from student_graph.adapters.testing.transports import UNSERVED_URL, RememberingTransport

LISTS: dict[str, tuple[type[Payload], str]] = {
    "assignments": (Assignment, "id"),
    "courses": (Course, "id"),
    "enrollments": (Enrollment, "id"),
    "student_summaries": (Summary, "id"),
    "submissions": (StudentSubmissions, "user_id"),
    "users": (User, "id"),
}
"""The payload of each list, and the property with the id of a row, by the end of the list's address."""


def rows_by_list() -> dict[str, dict[str, Any]]:
    """The first row of each list that the lookups read, by the end of its address."""
    return asyncio.run(_read_rows())


async def _read_rows() -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for questions in (True, False):  # some lists are read only without GraphQL, and others only with it
        sandbox = CanvasSandbox(make_district(24), questions=questions)
        sandbox.url = UNSERVED_URL
        vendor = RememberingTransport(sandbox)
        async with open_adapter(sandbox, vendor, kind=Canvas) as adapter:
            for lookup in Canvas.capabilities():
                keys = sandbox.known_keys(lookup.key_kind)[:2]
                await run_lookup_or_error(adapter, lookup, keys, sandbox.arguments())
        for (_, address, _), response in vendor.responses.items():
            body = json.loads(response.content)
            name = address.partition("?")[0].rpartition("/")[2]
            if name in LISTS and isinstance(body, list) and body:
                rows.setdefault(name, body[0])
    return rows
