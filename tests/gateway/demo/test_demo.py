"""The demo as a process: what it prints and writes, who may send queries, and how it ends."""

from __future__ import annotations

import copy
import json
import re
import shlex
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.district import make_district
from student_graph.gateway.cli.main import main
from student_graph.gateway.demo.facts import ONEROSTER_DISTRICT
from tests.clients import get, post, send
from tests.gateway.servers import ROOT, RunningDemo, error_line, running_demo
from tests.patience import SOURCE_SECONDS

PEOPLE = {"superintendent", "principal", "teacher", "counselor", "parent", "student"}
STUDENT = """
query ($id: String) {
  student(studentUniqueId: $id) { name { firstName } provenance { source } assignments { provenance { source } } }
}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A running demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "60") as demo:
        yield demo


def base(running: RunningDemo) -> str:
    """URL of the gateway without a path."""
    return str(running.ready["graphql"]).removesuffix("/graphql")


def test_the_ready_file_names_everything(running: RunningDemo) -> None:
    """The graph's URL, the viewers' tokens, the sources by name with their credentials, and the disclosure log."""
    assert set(running.ready) == {"graphql", "graphiql", "tokens", "sources", "disclosures", "districts"}
    assert running.ready["sources"]["edfi"]["settings"]["client_secret"] == "sandbox-secret"
    assert set(running.ready["tokens"]) == PEOPLE
    assert {name: source["kind"] for name, source in running.ready["sources"].items()} == {
        "canvas": "canvas",
        "edfi": "edfi",
    }


def test_a_oneroster_district_has_sources_of_its_own(tmp_path: Path) -> None:
    """OneRoster for the roster, Canvas for the work, and an assessment vendor with a OneRoster server."""
    with running_demo(tmp_path, "--students", "10", "--district", "oneroster") as running:
        data = running.post("{ districts { name } sources { name kind } }")["data"]

    kinds = {"oneroster": "oneroster", "canvas": "canvas", "assessments": "oneroster"}
    assert {name: source["kind"] for name, source in running.ready["sources"].items()} == kinds
    assert {source["name"]: source["kind"] for source in data["sources"]} == kinds
    assert data["districts"] == [{"name": "Juniper Flats School District"}]
    assert set(running.ready["tokens"]) == PEOPLE


def test_a_missing_extra_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo starts without extras; a district with files says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # Python's own sign of a module that is not there
    with pytest.raises(SystemExit) as exit_info:
        main(["demo", "--district", "files", "--students", "10", "--port", "0"])

    assert exit_info.value.code == 2
    extra = "reading files needs the extra 'files': pip install 'student-graph[files]'"
    assert capsys.readouterr().err == f"student-graph: {extra}\n"


def test_schools_are_named_after_their_own_district() -> None:
    """In the second district too, however many schools it has."""
    small, large = (make_district(students, 2, *ONEROSTER_DISTRICT) for students in (20, 2_000))

    assert {school.name for school in small.schools} == {
        f"Juniper Flats {level} School" for level in ("High", "Middle", "Elementary")
    }
    assert len({school.name for school in large.schools}) == len(large.schools)
    assert all("Juniper Flats" in school.name for school in large.schools)


@pytest.mark.parametrize("command", [["check"], ["explain", '{ student(studentUniqueId: "1") { gradeLevel } }']])
def test_commands_about_sources_work_with_the_demo(
    running: RunningDemo, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """`check` and `explain` take the ready file in place of a settings file, and name the district."""
    ready = copy.deepcopy(running.ready)
    for source in ready["districts"][0]["sources"]:
        source["settings"]["timeout"] = SOURCE_SECONDS
    file = tmp_path / "ready.json"
    file.write_text(json.dumps(ready))
    with pytest.raises(SystemExit) as exit_info:
        main([*command, "--ready-file", str(file)])
    output = capsys.readouterr().out

    assert exit_info.value.code == 0, output
    assert "cedar-hollow-school-district (Cedar Hollow School District)" in output
    assert {"edfi", "canvas"} <= set(re.findall(r"\w+", output))


def test_two_districts_have_viewers_of_one_and_of_both(tmp_path: Path) -> None:
    """Names that the first district has too end in `-2` in the second one; the county office sees both."""
    query = "{ districts { name } }"
    with running_demo(tmp_path, "--students", "10", "--district", "both") as running:
        responses = {viewer: running.post(query, viewer=viewer) for viewer in running.ready["tokens"]}

    names = {
        viewer: [district["name"] for district in response["data"]["districts"]]
        for viewer, response in responses.items()
    }
    first, second = "Cedar Hollow School District", "Juniper Flats School District"
    assert names == {
        **{name: [first] for name in PEOPLE},
        **{f"{name}-2": [second] for name in PEOPLE},
        "county": [first, second],
    }
    assert set(running.ready["sources"]) == {"edfi", "canvas", "oneroster", "canvas-2", "assessments"}


def test_everything_runs_when_the_ready_file_exists(running: RunningDemo) -> None:
    """The gateway is ready, and the sandboxes answer at the addresses in the file."""
    for path in ("/health/live", "/health/ready"):
        assert get(base(running) + path).status_code == 200
    for source in running.ready["sources"].values():
        assert get(f"{source['url']}/-/switches").json()["down"] is False


def test_one_query_reads_the_sis_and_the_lms(running: RunningDemo) -> None:
    """A student's name comes from the SIS and the student's work from the LMS, as `provenance` says."""
    page = running.post("{ students(filter: {}, first: 10) { edges { node { studentUniqueId } } } }")
    ids = [edge["node"]["studentUniqueId"] for edge in page["data"]["students"]["edges"]]
    students = [running.post(STUDENT, id=number)["data"]["student"] for number in ids]
    assignments = [assignment for student in students for assignment in student["assignments"] or []]

    assert {student["provenance"]["source"] for student in students} == {"edfi"}
    assert {assignment["provenance"]["source"] for assignment in assignments} == {"canvas"}


def test_the_first_query_that_it_prints_works(running: RunningDemo) -> None:
    """The `curl` command can be copied from the terminal, and every field of its response has a value."""
    assert running.process.stdout is not None
    lines = list(iter(running.process.stdout.readline, "Press Ctrl-C to stop.\n"))
    command = "".join(lines[lines.index("Send a first query as the superintendent:\n") + 1 :])
    _, _, url, *options = shlex.split(command.replace("\\\n", ""))
    headers = dict(header.split(": ") for header in options[1:-2:2])
    student = post(url, headers=headers, content=options[-1]).json()["data"]["student"]

    rest = [running.process.stdout.readline() for _ in range(3)]

    assert lines[0] == f"student-graph answers at {running.ready['graphql']}\n"
    assert rest[2] == f"{running.ready['graphiql']}\n"  # the last line is the one to open
    assert [name for name, value in student.items() if not value] == []


def test_a_teacher_has_no_grants(running: RunningDemo) -> None:
    """The teacher's token gets no data that needs a grant."""
    query = "{ students(filter: {}, first: 1) { edges { node { studentUniqueId demographics { birthDate } } } } }"
    superintendent, teacher = running.post(query), running.post(query, viewer="teacher")

    assert "errors" not in superintendent
    assert {error["extensions"]["code"] for error in teacher["errors"]} == {"FORBIDDEN"}


def test_tokens_are_new_at_every_start(running: RunningDemo, tmp_path: Path) -> None:
    """A token of one run is not valid in the next one."""
    with running_demo(tmp_path, "--students", "10") as other:
        assert not set(other.ready["tokens"].values()) & set(running.ready["tokens"].values())


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "169.254.169.254"])
def test_other_host_names_are_refused(running: RunningDemo, host: str) -> None:
    """A page of another site that points its name to this machine gets nothing."""
    response = get(base(running) + "/health/live", headers={"Host": host})

    assert response.status_code == 400


def test_loopback_host_names_are_served(running: RunningDemo) -> None:
    """By address or by name, with any port."""
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000"):
        assert get(base(running) + "/health/live", headers={"Host": host}).status_code == 200


def test_a_browser_gets_the_page_without_a_token(running: RunningDemo) -> None:
    """Everybody on this machine may open the page; the data it shows needs a token."""
    page = get(running.ready["graphql"], headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert not [token for token in running.ready["tokens"].values() if token in page.text]
    assert "script-src 'nonce-" in page.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_queries_are_accepted_by_post_only(running: RunningDemo, method: str) -> None:
    """URLs are stored in histories and logs: a query does not belong in one."""
    response = send(method, running.ready["graphql"], params={"query": "{ viewer { role } }"})

    assert response.status_code == 405
    assert "access-control-allow-origin" not in response.headers


def test_no_response_may_be_cached(running: RunningDemo) -> None:
    """Every response says so, errors too."""
    for response in (post(running.ready["graphql"], json={}), get(base(running) + "/nowhere")):
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"


def test_only_the_owner_can_read_the_ready_file(tmp_path: Path) -> None:
    """The file is removed when the demo stops."""
    file = tmp_path / "ready.json"
    with running_demo(tmp_path, "--students", "10") as running:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]

        running.process.send_signal(signal.SIGTERM)

        assert running.process.wait(timeout=60) == 0
    assert not file.exists()


@pytest.mark.parametrize(("arguments", "message"), [
    (["--students", "3"], "--students: a district has 10 to 100000 students, not 3"),
    (["--students", "many"], "argument --students: invalid int value: 'many'"),
    (["--port", "99999"], "argument --port: must be a number from 0 to 65535"),
    (["--latency", "-1"], "argument --latency: must be a number of milliseconds from 0 to 60000"),
    (["--latency", "slow"], "argument --latency: must be a number of milliseconds from 0 to 60000"),
    (["--records", "nowhere"], "--records: nowhere is not a folder"),
    (["--district", "skyward"], "argument --district: invalid choice: 'skyward'"),
    (["--district", "oneroster", "--records", "x"],
     "--records: only an Ed-Fi district serves records; use --district edfi or both"),
    (["--district", "classroom", "--records", "x"],
     "--records: only an Ed-Fi district serves records; use --district edfi or both"),
    (["--records", "x", "--students", "20"], "argument --students: not allowed with argument --records"),
    (["--port", "0", "--ready-file", "nowhere/ready.json"], "--ready-file: nowhere/ready.json: No such file"),
])  # fmt: skip
def test_a_wrong_argument_is_one_readable_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """The error names the option and what is wrong with it; nothing is started."""
    assert message in error_line(capsys, "demo", *arguments)


def test_a_folder_without_records_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The folder may be empty, or a file may have its name."""
    (tmp_path / "file").write_text("{}")
    for folder, message in ((tmp_path, "holds no *.jsonl files"), (tmp_path / "file", "is not a folder")):
        assert (
            error_line(capsys, "demo", "--records", str(folder)) == f"student-graph: --records: {folder} {message}"
        )


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The error comes before anything else starts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        message = error_line(capsys, "demo", "--port", str(port))

    assert message == f"student-graph: port {port} is in use; choose another one"


def test_records_are_served_as_of_their_last_day(tmp_path: Path) -> None:
    """The district is the one in the records, and its current day is the last day in the records."""
    records = ROOT.parent / "shared" / "data" / "derived-grand-bend"
    if not records.is_dir():
        pytest.skip("the sample records are not next to this checkout")
    with running_demo(tmp_path, "--records", str(records)) as running:
        response = running.post(
            '{ districts { name schoolYear } student(studentUniqueId: "604822") '
            "{ name { lastName } transportation { busNumber } } }"
        )

    assert "errors" not in response, json.dumps(response)
    assert response["data"]["districts"] == [{"name": "Grand Bend ISD", "schoolYear": 2022}]
    assert response["data"]["student"] == {
        "name": {"lastName": "Woods"},
        "transportation": {"busNumber": "Bus 101"},
    }
