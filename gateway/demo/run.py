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

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.demo.assistants import CLIENT_ID, demo_assistants, demo_documents, how_to_connect
from student_graph.gateway.demo.districts import DemoDistrict, all_people, build_districts
from student_graph.gateway.demo.people import POLICY, DemoIssuer
from student_graph.gateway.demo.ready_file import ready_file
from student_graph.gateway.disclosure import DisclosureKeys, DisclosureLog
from student_graph.gateway.server.listening import listen
from student_graph.gateway.server.process import run as run_service
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.routes.dashboard import ADDRESS, DashboardPage
from student_graph.gateway.web.routes.graphiql import GraphiQLPage

HOST = "127.0.0.1"
HOSTS = ("localhost", HOST, "[::1]", "::1")
"""Host names that the demo accepts; this stops pages of other sites that point their name to this machine."""
PURPOSES = Purposes(frozenset({"attendance call", "counseling", "instruction", "safety"}))
"""Purposes that requests to the demo may state."""
FIRST_QUERY = (
    "query ($id: String) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel "
    "courseGrades { section { courseTitle } letter numeric provenance { source } } "
    "assignments { title status score provenance { source } } "
    "attendanceEvents { totalCount } disciplineIncidents { date } "
    "transportation { busNumber provenance { source } } } }"
)
FIRST_ROSTER_QUERY = (
    "query ($id: String) { student(studentUniqueId: $id) { name { firstName lastName } gradeLevel "
    "courseGrades { section { courseTitle } letter numeric provenance { source } } "
    "assignments { title status score provenance { source } } "
    "assessments { assessment { title } scores { result } provenance { source } } } }"
)
"""The first query for a district on OneRoster, which has no attendance, behavior or buses."""


def run(options: argparse.Namespace) -> int:
    """
    Start the sandboxes and the gateway, and serve until a signal to stop.

    Raises:
        SettingsError: an option is wrong, or the port is in use.
    """
    dashboard = _dashboard() if options.dashboard else None
    districts = build_districts(options)
    sandboxes = {
        name: sandbox for district in districts for name, sandbox in district.sandboxes_by_unique_name.items()
    }
    for sandbox in sandboxes.values():
        sandbox.switches.latency = options.latency
    with (
        listen(HOST, options.port) as listener,
        ready_file(options.ready_file) as write_ready,
        served(*sandboxes.values()),
        tempfile.TemporaryDirectory(prefix="student-graph-") as directory,
    ):
        url = f"http://{HOST}:{listener.getsockname()[1]}/graphql"
        issuer = DemoIssuer(all_people(districts))
        tokens = issuer.tokens()
        graphiql = GraphiQLPage(
            variables={"studentUniqueId": demo_student(districts[0].facts) or ""}, demo_tokens=tokens
        )
        ids, key = [district.id for district in districts], secrets.token_bytes(32)
        assistants = demo_assistants(url.removesuffix("/graphql"), ids) if options.assistants else None
        for_assistants = issuer.tokens(assistants.url, CLIENT_ID) if assistants else {}

        def announce() -> None:
            if assistants:
                print(how_to_connect(assistants.url, for_assistants["teacher"]), flush=True)
            print(_welcome(url, graphiql.code, tokens["superintendent"], districts, sandboxes), flush=True)
            link = f"{url.removesuffix('/graphql')}{ADDRESS}#code={graphiql.code}" if dashboard else None
            if link:
                print(f"\nOpen the example dashboard; there too you can choose who you are:\n{link}", flush=True)
            sources = {
                name: {"kind": sandbox.kind, "url": sandbox.url, "settings": sandbox.settings()}
                for name, sandbox in sandboxes.items()
            }
            log = {"directory": directory, "key": base64.b64encode(key).decode(), "districts": ids}
            page = f"{url}#code={graphiql.code}"
            ready = {"graphql": url, "graphiql": page, "tokens": tokens, "sources": sources, "disclosures": log}
            ready |= {"dashboard": link} if link else {}
            ready |= {"assistants": {"url": assistants.url, "tokens": for_assistants}} if assistants else {}
            write_ready(ready | {"districts": [district.description() for district in districts]})

        service = Service(
            [district.connect() for district in districts],
            {},
            graphiql,
            allowed_hosts=HOSTS,
            defer=True,
            live=LiveLimits(),
            federation=options.federation,
            issuers=(issuer.issuer(),),
            dashboard=dashboard,
            trusted_documents=(dashboard.documents() if dashboard else {})
            | (demo_documents() if assistants else {}),
            assistants=assistants,
            purposes=PURPOSES,
            disclosure_log=DisclosureLog(Path(directory), DisclosureKeys(key)),
            policy_digest=POLICY,
            metric_settings={district.id: district.metrics.settings for district in districts},
        )
        run_service(service, listener, announce)
    return 0


def _dashboard() -> DashboardPage:
    """
    The built example dashboard.

    Raises:
        SettingsError: it is not built.
    """
    page = DashboardPage()
    if not page.is_built:
        raise SettingsError("--dashboard: the dashboard is not built; install Node and run `make dashboard`")
    return page


def _welcome(
    url: str, code: str, token: str, districts: Sequence[DemoDistrict], sandboxes: Mapping[str, Sandbox]
) -> str:
    """The text that the demo prints when it is ready: addresses, and a first query to try."""
    width = max(10, *map(len, sandboxes))
    addresses = "\n".join(f"  {name:<{width}} {sandbox.address}" for name, sandbox in sandboxes.items())
    query = FIRST_QUERY if "edfi" in districts[0].sandboxes else FIRST_ROSTER_QUERY
    student = demo_student(districts[0].facts) or ""
    body = shlex.quote(json.dumps({"query": query, "variables": {"id": student}}))
    return f"""\
student-graph answers at {url}

Sandboxes of the vendors:
{addresses}

See how the sources are:
  {url.removesuffix("/graphql")}/#code={code}

Send a first query as the superintendent:
  curl -s {url} \\
    -H 'Authorization: Bearer {token}' \\
    -H 'Content-Type: application/json' \\
    -d {body}

Press Ctrl-C to stop.

Open GraphiQL in a browser; there you can choose who you are:
{url}#code={code}"""
