"""Python clients against a running gateway: gql, and a typed client that ariadne-codegen writes."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema

from student_graph.adapters.sandbox.demo_student import demo_student
from student_graph.gateway.demo.districts import DemoDistrict
from student_graph.resolvers.schema import export
from tests.client_libraries.cache_clients import example_jobs, url_of
from tests.client_libraries.node_project import PROJECT
from tests.clients import async_client
from tests.gateway.documents.examples.questions import FOLDER
from tests.gateway.servers import ROOT
from tests.scenarios.helpers.demo_gateway import DemoGateway

GENERATOR = Path(sys.prefix) / "client-generator" / "bin" / "ariadne-codegen"
PACKAGE = "student_graph_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a typed client of the example documents, and a program that uses it."""
    if not GENERATOR.exists():
        pytest.skip("needs the generator of tests/client_libraries/python: run make setup")
    path = tmp_path_factory.mktemp("python")
    shutil.copytree(PROJECT / "python", path, dirs_exist_ok=True)
    shutil.copytree(FOLDER, path / "queries")
    (path / "schema.graphql").write_text(export())
    run(GENERATOR, folder=path)
    return path


@pytest.fixture(scope="module")
def report(folder: Path) -> Iterator[Any]:
    """The program's module."""
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("report")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in {PACKAGE, "report"}]:
            del sys.modules[name]


def run(*command: object, folder: Path) -> None:
    """Run a command in a folder; fail with its output if it fails."""
    process = subprocess.run(  # noqa: S603 - the generator and the type checker
        [*map(str, command)], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr


def headers_of(gateway: DemoGateway, viewer: str) -> dict[str, str]:
    """The headers of a viewer's requests."""
    return {"Authorization": f"Bearer {gateway.tokens[viewer]}"}


def test_gql_runs_the_example_documents(gateway: DemoGateway, district: DemoDistrict) -> None:
    """It checks them against the schema first. What a partial answer has is in the error."""
    from gql import Client, gql  # noqa: PLC0415 - slow to import, and few processes need it
    from gql.transport.exceptions import TransportQueryError  # noqa: PLC0415 - slow to import, and few processes need it
    from gql.transport.httpx import HTTPXTransport  # noqa: PLC0415 - slow to import, and few processes need it

    schema = build_schema(export())
    for job in example_jobs(gateway, district):
        headers = {"Authorization": f"Bearer {job['token']}"}
        transport = HTTPXTransport(url=url_of(gateway), headers=headers, timeout=120, verify=False)
        request = gql(job["document"])
        request.variable_values = job["variables"]
        with Client(transport=transport, schema=schema) as session:
            try:
                data = session.execute(request)
            except TransportQueryError as error:
                data = error.data
        assert data, job["name"]


def test_gql_reads_the_schema_of_the_gateway(gateway: DemoGateway) -> None:
    """By introspection, as tools do that have no file of the schema."""
    from gql import Client  # noqa: PLC0415 - slow to import, and few processes need it
    from gql.transport.httpx import HTTPXTransport  # noqa: PLC0415 - slow to import, and few processes need it

    headers = headers_of(gateway, "superintendent")
    transport = HTTPXTransport(url=url_of(gateway), headers=headers, timeout=120, verify=False)
    client = Client(
        transport=transport, fetch_schema_from_transport=True, introspection_args={"input_value_deprecation": True}
    )
    with client:
        assert client.schema is not None
        assert {"Student", "StudentKey"} <= client.schema.type_map.keys()


async def test_a_typed_client_reads_students(gateway: DemoGateway, district: DemoDistrict, report: Any) -> None:
    """Methods, arguments and results have types: dates are dates, and grade levels are members of an enum."""
    async with async_client(headers=headers_of(gateway, "superintendent")) as http:
        client = report.StudentGraphClient(url=url_of(gateway), http_client=http)
        dates = await report.days_absent(client, demo_student(district.facts))
        names = await report.first_names(client, report.GradeLevel.NINTH)

    assert dates
    assert {type(day) for day in dates} == {date}
    assert names


async def test_a_partial_answer_of_a_typed_client_is_in_its_error(gateway: DemoGateway, report: Any) -> None:
    """The error has the codes of what is missing, and the data that is there, as a typed result."""
    async with async_client(headers=headers_of(gateway, "teacher")) as http:
        answer, codes = await report.seen(report.StudentGraphClient(url=url_of(gateway), http_client=http))

    assert codes == {"FORBIDDEN"}
    assert answer.viewer.students.total_count > 0


def test_a_type_checker_reads_the_typed_client(folder: Path) -> None:
    """It accepts the program, and refuses the mistakes in it."""
    options = ["--strict", "--follow-imports=silent", "--cache-dir", ROOT / ".mypy_cache" / "typed_client"]
    run(sys.executable, "-m", "mypy", *options, "report.py", folder=folder)
