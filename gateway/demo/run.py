"""`student-graph demo`: made-up districts, a sandbox for each of their vendors and the gateway, in one process."""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.adapters.sandbox.showcase import showcase
from student_graph.gateway.demo.people import POLICY, DemoIssuer
from student_graph.gateway.demo.ready import ready_file
from student_graph.gateway.demo.staged import Staged, people_of, staged
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.server import Service, listen
from student_graph.gateway.server import run as run_service
from student_graph.gateway.web.routes.graphiql import GraphiQLPage

HOST = "127.0.0.1"
HOSTS = ("localhost", HOST, "[::1]", "::1")
"""Host names that the demo answers to: a page elsewhere whose name leads here is refused."""
FIRST_QUERY = (
    "query ($id: String) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel "
    "courseGrades { courseName letter numeric provenance { source } } "
    "assignments { title status score provenance { source } } "
    "attendanceEvents { totalCount } disciplineIncidents { date } "
    "transportation { busNumber provenance { source } } } }"
)
FIRST_QUERY_OF_ROSTERS = (
    "query ($id: String) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel "
    "courseGrades { courseName letter numeric provenance { source } } "
    "assignments { title status score provenance { source } } "
    "assessments { assessment { title } scores { result } provenance { source } } } }"
)
"""The same of a district whose SIS is a roster: it keeps no attendance, behavior or buses."""


def run(options: argparse.Namespace) -> int:
    """Start everything and serve until a signal to stop."""
    districts = staged(options)
    sandboxes = {name: sandbox for district in districts for name, sandbox in district.answering.items()}
    for sandbox in sandboxes.values():
        sandbox.switches.latency = options.latency
    with (
        listen(HOST, options.port) as bound,
        ready_file(options.ready_file) as write_ready,
        served(*sandboxes.values()),
        tempfile.TemporaryDirectory(prefix="student-graph-") as folder,
    ):
        url = f"http://{HOST}:{bound.getsockname()[1]}/graphql"
        issuer = DemoIssuer(people_of(districts))
        tokens = issuer.tokens()
        graphiql = GraphiQLPage(variables={"studentUniqueId": showcase(districts[0].facts) or ""}, demo_tokens=tokens)
        names, key = [district.id for district in districts], secrets.token_bytes(32)

        def announce() -> None:
            print(_welcome(url, graphiql.code, tokens["superintendent"], districts, sandboxes), flush=True)
            sources = {name: {"kind": sandbox.kind, "url": sandbox.url} for name, sandbox in sandboxes.items()}
            log = {"directory": folder, "key": base64.b64encode(key).decode(), "districts": names}
            page = f"{url}#code={graphiql.code}"
            ready = {"graphql": url, "graphiql": page, "tokens": tokens, "sources": sources, "disclosures": log}
            write_ready(ready)

        configured = [district.district() for district in districts]
        service = Service(
            configured,
            {},
            graphiql,
            HOSTS,
            defer=True,
            issuers=(issuer.issuer(),),
            disclosure_log=DisclosureLog(Path(folder), DisclosureKeys(key)),
            policy_digest=POLICY,
        )
        run_service(service, bound, announce)
    return 0


def _welcome(
    url: str, code: str, token: str, districts: Sequence[Staged], sandboxes: Mapping[str, Sandbox]
) -> str:
    """Where everything is, and a first query to try."""
    width = max(10, *map(len, sandboxes))
    places = "\n".join(f"  {name:<{width}} {sandbox.url}" for name, sandbox in sandboxes.items())
    query = FIRST_QUERY if "edfi" in districts[0].sandboxes else FIRST_QUERY_OF_ROSTERS
    student = showcase(districts[0].facts) or ""
    body = shlex.quote(json.dumps({"query": query, "variables": {"id": student}}))
    return f"""\
student-graph answers at {url}

Sandboxes:
{places}

In a browser, as any of its people:
  {url}#code={code}

A first query, as the superintendent:
  curl -s {url} \\
    -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' \\
    -d {body}

Stop with Ctrl-C."""
