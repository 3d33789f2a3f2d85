"""`student-graph query`: a document is sent to a gateway, and its answer is printed."""

from __future__ import annotations

import csv
import io
import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.gateway.cli.query import target
from tests.clients import post
from tests.gateway.servers import RunningDemo, run_here, running_demo

VIEWER = "{ viewer { role } }"
WORK = "query ($studentUniqueId: String!) { student(studentUniqueId: $studentUniqueId) { assignments { title } } }"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A running demo."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "40") as demo:
        yield demo


@pytest.fixture
def ready(demo: RunningDemo, tmp_path: Path) -> str:
    """The path of its ready file."""
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(demo.ready))
    return str(file)


def test_an_answer_is_a_table(ready: str) -> None:
    """The person of `--viewer` asks; the demo's superintendent if there is none."""
    assert run_here("query", VIEWER, "--ready-file", ready).stdout.split() == ["role", "SUPERINTENDENT"]
    result = run_here("query", VIEWER, "--ready-file", ready, "--viewer", "teacher")

    assert (result.returncode, result.stdout.split(), result.stderr) == (0, ["role", "TEACHER"], "")


def test_a_query_is_sent_to_an_address(demo: RunningDemo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token is in an environment variable; the address may be that of the gateway or of its graph."""
    environ = {"STUDENT_GRAPH_TOKEN": demo.ready["tokens"]["principal"]}
    for url in (demo.ready["graphql"], demo.ready["graphql"].removesuffix("graphql")):
        result = run_here("query", VIEWER, "--url", url, "--json", environ=environ)
        assert json.loads(result.stdout)["data"] == {"viewer": {"role": "PRINCIPAL"}}
    monkeypatch.delenv("STUDENT_GRAPH_TOKEN", raising=False)
    result = run_here("query", VIEWER, "--url", demo.ready["graphql"])

    assert (result.returncode, result.stdout) == (2, "")
    assert "STUDENT_GRAPH_TOKEN is not set" in result.stderr


def test_a_settings_file_names_the_gateway_and_the_token(demo: RunningDemo, tmp_path: Path) -> None:
    """The viewer is one of the file."""
    port = demo.ready["graphql"].rsplit(":", 1)[1].split("/")[0]
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[server]\nport = {port}\n[[districts]]\nid = "hill"\nname = "Hill"\ntime_zone = "UTC"\n'
        '[[districts.sources]]\nname = "sis"\nkind = "edfi"\n'
        '[[viewers]]\nsubject = "ada"\nrole = "teacher"\ndistricts = ["hill"]\ntoken_env = "ADA"\n'
    )
    environ = {"ADA": demo.ready["tokens"]["teacher"]}
    result = run_here("query", VIEWER, "--config", str(path), "--viewer", "ada", environ=environ)
    assert result.stdout.split() == ["role", "TEACHER"]
    result = run_here("query", VIEWER, "--config", str(path), "--viewer", "ben", environ=environ)

    assert (result.returncode, "must be the subject of a viewer" in result.stderr) == (2, True)


def test_csv_has_the_values_of_json(ready: str) -> None:
    """One header, and a row for each school, in the order of the answer."""
    document = "{ districts { name schools { name students(first: 2) { edges { node { studentUniqueId } } } } } }"
    answer = json.loads(run_here("query", document, "--ready-file", ready, "--json").stdout)
    result = run_here("query", document, "--ready-file", ready, "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))

    assert (result.returncode, result.stderr) == (0, "")
    assert [(row["name"], row["schools.name"], row["schools.students.studentUniqueId"]) for row in rows] == [
        (district["name"], school["name"], edge["node"]["studentUniqueId"])
        for district in answer["data"]["districts"]
        for school in district["schools"]
        for edge in school["students"]["edges"] or [{"node": {"studentUniqueId": ""}}]
    ]


def test_all_pages_are_one_table(ready: str) -> None:
    """Each student once, in the order of the list, however many pages there are."""
    document = """query ($after: String, $first: Int = 7) { viewer { students(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { studentUniqueId } } } } }"""
    options = ["query", document, "--ready-file", ready, "--csv"]
    at_once = run_here(*options, "--variables", '{"first": 100}').stdout.splitlines()
    by_page = run_here(*options, "--all-pages")

    assert (by_page.returncode, by_page.stderr) == (0, "")
    assert by_page.stdout.splitlines() == at_once
    assert len(set(at_once)) == len(at_once) > 14
    assert len(run_here(*options).stdout.splitlines()) == 8
    lines = run_here(*options[:-1], "--json", "--all-pages").stdout.splitlines()
    assert sum(len(json.loads(line)["data"]["viewer"]["students"]["edges"]) for line in lines) == len(at_once) - 1


def test_the_demo_fills_in_variables(ready: str) -> None:
    """The number of a student that its examples use, unless the option names another one."""
    result = run_here("query", WORK, "--ready-file", ready)
    assert "variables of the demo" in result.stderr
    assert len(result.stdout.splitlines()) > 1
    other = run_here("query", WORK, "--ready-file", ready, "--variables", '{"studentUniqueId": "0"}')

    assert "variables of the demo" not in other.stderr
    assert other.stdout.split() == ["title"]


def test_missing_parts_are_named_with_codes(demo: RunningDemo, ready: str) -> None:
    """A source that is down: what is there is printed, the code is on standard error, and the status is 1."""
    canvas = demo.ready["sources"]["canvas"]["url"]
    demo.purge_cache()
    post(f"{canvas}/-/switches", json={"down": True})
    document = WORK.replace("assignments { title }", "name { firstName } assignments { title }")
    try:
        result = run_here("query", document, "--ready-file", ready)
    finally:
        post(f"{canvas}/-/switches", json={"down": False})

    assert result.returncode == 1
    assert "error: SOURCE_UNAVAILABLE student.assignments from canvas: " in result.stderr
    assert result.stdout.split()[0] == "name.firstName"
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize(("arguments", "status", "message"), [
    (["{ viewer { fly } }"], 3, "error: GRAPHQL_VALIDATION_FAILED: "),
    (["{ viewer {"], 2, "student-graph: QUERY: Syntax Error"),
    (["absent.graphql"], 2, "neither a document nor a readable file"),
    ([VIEWER, "--variables", "[]"], 2, "--variables: must be a JSON object"),
    ([VIEWER, "--viewer", "nobody"], 2, "the demo has no 'nobody'; it has superintendent"),
    ([VIEWER, "--all-pages"], 2, "--all-pages: the document needs a variable $after"),
    ([VIEWER, "--csv", "--json"], 2, "not allowed with argument"),
])  # fmt: skip
def test_a_refused_query_has_an_exit_status(ready: str, arguments: list[str], status: int, message: str) -> None:
    """3 if the gateway refuses the query, 2 if an option is wrong; nothing is printed as an answer."""
    result = run_here("query", *arguments, "--ready-file", ready)

    assert (result.returncode, result.stdout) == (status, "")
    assert message in result.stderr


def test_no_gateway_at_the_address() -> None:
    """The error names the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = run_here("query", VIEWER, "--url", url, environ={"STUDENT_GRAPH_TOKEN": "t"})

    assert (result.returncode, result.stdout) == (2, "")
    assert f"no gateway answers at {url}/graphql" in result.stderr


@pytest.mark.parametrize(
    "token", ["two words", "a line\nand another", "t\N{LATIN SMALL LETTER O WITH DIAERESIS}ken"]
)
def test_a_variable_without_a_token_is_named(token: str) -> None:
    """Not the gateway, which was not asked."""
    url = "http://127.0.0.1:9"
    result = run_here("query", VIEWER, "--url", url, environ={"STUDENT_GRAPH_TOKEN": token})

    assert (result.returncode, result.stdout) == (2, "")
    assert "--token-env: the environment variable STUDENT_GRAPH_TOKEN holds no token" in result.stderr


def test_a_purpose_may_be_in_any_language(ready: str) -> None:
    """The gateway reads it, and says here that it is not one of the demo's purposes; a line end is refused."""
    purpose = "Pr\N{LATIN SMALL LETTER U WITH DIAERESIS}fung"
    result = run_here("query", VIEWER, "--ready-file", ready, "--purpose", purpose)
    assert (result.returncode, "error: FORBIDDEN: State the purpose" in result.stderr) == (3, True)
    result = run_here("query", VIEWER, "--ready-file", ready, "--purpose", "two\nlines")

    assert (result.returncode, "--purpose: must be a text on one line" in result.stderr) == (2, True)


def test_without_a_gateway_a_demo_runs_for_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with the query: its process is not left."""
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen
    monkeypatch.setattr(target.subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1])
    result = run_here("query", VIEWER, "--viewer", "parent")

    assert result.stdout.split() == ["role", "PARENT"]
    assert [process.poll() is not None for process in started] == [True]
