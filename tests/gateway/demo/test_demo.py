"""The demo as a process: what it prints and writes, who may ask, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.servers import ROOT, RunningDemo, error_line, running_demo

PEOPLE = {"superintendent", "principal", "teacher", "counselor", "parent", "student"}
STUDENT = """
query ($id: String) {
  student(studentUniqueId: $id) { name { firstName } provenance { source } assignments { provenance { source } } }
}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """A demo of a small district."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--students", "60") as made:
        yield made


def base(running: RunningDemo) -> str:
    """Root of the gateway's addresses."""
    return str(running.ready["graphql"]).removesuffix("/graphql")


def test_the_ready_file_names_everything(running: RunningDemo) -> None:
    """Address of the graph, tokens of the viewers, and the sources by name."""
    assert set(running.ready) == {"graphql", "graphiql", "tokens", "sources", "disclosures"}
    assert set(running.ready["tokens"]) == PEOPLE
    assert {name: source["kind"] for name, source in running.ready["sources"].items()} == {
        "canvas": "canvas",
        "edfi": "edfi",
    }


def test_the_second_kind_has_sources_of_its_own(tmp_path: Path) -> None:
    """OneRoster for the roster, Canvas for the work, and a vendor of assessments with another OneRoster."""
    with running_demo(tmp_path, "--students", "10", "--district", "oneroster") as running:
        told = running.post("{ districts { name } sources { name kind } }")["data"]

    kinds = {"oneroster": "oneroster", "canvas": "canvas", "assessments": "oneroster"}
    assert {name: source["kind"] for name, source in running.ready["sources"].items()} == kinds
    assert {source["name"]: source["kind"] for source in told["sources"]} == kinds
    assert told["districts"] == [{"name": "Juniper Flats School District"}]
    assert set(running.ready["tokens"]) == PEOPLE


def test_two_districts_have_viewers_of_each_and_of_both(tmp_path: Path) -> None:
    """Names of the second district that the first has too end in `-2`; the county office sees both."""
    query = "{ districts { name } }"
    with running_demo(tmp_path, "--students", "10", "--district", "both") as running:
        seen = {viewer: running.post(query, viewer=viewer) for viewer in running.ready["tokens"]}

    names = {viewer: [d["name"] for d in told["data"]["districts"]] for viewer, told in seen.items()}
    first, second = "Cedar Hollow School District", "Juniper Flats School District"
    assert names == {
        **{name: [first] for name in PEOPLE},
        **{f"{name}-2": [second] for name in PEOPLE},
        "county": [first, second],
    }
    assert set(running.ready["sources"]) == {"edfi", "canvas", "oneroster", "canvas-2", "assessments"}


def test_everything_answers_once_the_ready_file_is_there(running: RunningDemo) -> None:
    """The gateway is ready, and the sandboxes are where the file says."""
    for path in ("/health/live", "/health/ready"):
        assert httpx.get(base(running) + path).status_code == 200
    for source in running.ready["sources"].values():
        assert httpx.get(f"{source['url']}/-/switches").json()["down"] is False


def test_one_query_reads_the_sis_and_the_lms(running: RunningDemo) -> None:
    """A student's name comes from the SIS, the student's work from the LMS, each saying so."""
    listed = running.post("{ students(filter: {}, first: 50) { edges { node { studentUniqueId } } } }")
    ids = [edge["node"]["studentUniqueId"] for edge in listed["data"]["students"]["edges"]]
    told = [running.post(STUDENT, id=number)["data"]["student"] for number in ids[:10]]

    assert {student["provenance"]["source"] for student in told} == {"edfi"}
    assert {w["provenance"]["source"] for student in told for w in student["assignments"] or []} == {"canvas"}


def test_a_teacher_has_no_grants(running: RunningDemo) -> None:
    """Whoever asks with the teacher's token is refused what needs a grant."""
    query = "{ students(filter: {}, first: 1) { edges { node { studentUniqueId demographics { birthDate } } } } }"
    mine, theirs = running.post(query), running.post(query, viewer="teacher")

    assert "errors" not in mine
    assert {error["extensions"]["code"] for error in theirs["errors"]} == {"FORBIDDEN"}


def test_tokens_are_new_at_each_start(running: RunningDemo, tmp_path: Path) -> None:
    """A token of one run is nobody's in the next."""
    with running_demo(tmp_path, "--students", "10") as other:
        assert not set(other.ready["tokens"].values()) & set(running.ready["tokens"].values())


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "169.254.169.254"])
def test_other_host_names_are_refused(running: RunningDemo, host: str) -> None:
    """A page of another site whose name was made to lead here gets nothing."""
    answer = httpx.get(base(running) + "/health/live", headers={"Host": host})

    assert answer.status_code == 400


def test_loopback_host_names_are_served(running: RunningDemo) -> None:
    """By number or by name."""
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000"):
        assert httpx.get(base(running) + "/health/live", headers={"Host": host}).status_code == 200


def test_a_browser_gets_the_page_without_a_token(running: RunningDemo) -> None:
    """The page is for everybody on this machine; what it shows needs a token."""
    page = httpx.get(running.ready["graphql"], headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert not [token for token in running.ready["tokens"].values() if token in page.text]
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_queries_come_by_post_only(running: RunningDemo, method: str) -> None:
    """An address is kept in histories and logs; a query does not belong in one."""
    answer = httpx.request(method, running.ready["graphql"], params={"query": "{ viewer { role } }"})

    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_answers_are_nobodys_to_keep(running: RunningDemo) -> None:
    """Every answer says so, refusals too."""
    for answer in (httpx.post(running.ready["graphql"], json={}), httpx.get(base(running) + "/nowhere")):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_ready_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read it, even where one of that name was open to all; it goes when the demo does."""
    file = tmp_path / "ready.json"
    file.write_text("old")
    file.chmod(0o644)
    file.unlink()
    with running_demo(tmp_path, "--students", "10") as running:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]

        running.process.send_signal(signal.SIGTERM)

        assert running.process.wait(timeout=30) == 0
    assert not file.exists()


@pytest.mark.parametrize(("arguments", "said"), [
    (["--students", "3"], "--students: a district has 10 to 50000 students, not 3"),
    (["--students", "many"], "argument --students: invalid int value: 'many'"),
    (["--port", "99999"], "argument --port: a port is a number from 0 to 65535"),
    (["--latency", "-1"], "argument --latency: a latency is a number of milliseconds from 0 to 60000"),
    (["--latency", "slow"], "argument --latency: a latency is a number of milliseconds from 0 to 60000"),
    (["--records", "nowhere"], "--records: nowhere is not a folder"),
    (["--district", "moodle"], "argument --district: invalid choice: 'moodle'"),
    (["--district", "oneroster", "--records", "x"],
     "--records: records are served by an Ed-Fi; choose --district edfi or both"),
    (["--records", "x", "--students", "20"], "argument --students: not allowed with argument --records"),
    (["--port", "0", "--ready-file", "nowhere/ready.json"], "--ready-file: nowhere/ready.json: No such file"),
])  # fmt: skip
def test_a_wrong_argument_is_one_readable_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """The option and what is wrong with it, and nothing is started."""
    assert said in error_line(capsys, "demo", *arguments)


def test_a_folder_without_records_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An empty folder, or a file in its place."""
    (tmp_path / "file").write_text("{}")
    for folder, said in ((tmp_path, "holds no *.jsonl files"), (tmp_path / "file", "is not a folder")):
        assert error_line(capsys, "demo", "--records", str(folder)) == f"student-graph: --records: {folder} {said}"


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything else is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = error_line(capsys, "demo", "--port", str(port))

    assert said == f"student-graph: port {port} is in use; choose another one"


def test_records_are_served_as_of_their_last_day(tmp_path: Path) -> None:
    """With a folder of records the district is the one they are of, and today is the last day they tell of."""
    records = ROOT.parent / "shared" / "data" / "derived-grand-bend"
    if not records.is_dir():
        pytest.skip("the sample records are not beside this checkout")
    with running_demo(tmp_path, "--records", str(records)) as running:
        answer = running.post(
            '{ districts { name schoolYear } student(studentUniqueId: "604822") '
            "{ name { lastName } transportation { busNumber } } }"
        )

    assert "errors" not in answer, json.dumps(answer)
    assert answer["data"]["districts"] == [{"name": "Grand Bend ISD", "schoolYear": 2022}]
    assert answer["data"]["student"] == {"name": {"lastName": "Woods"}, "transportation": {"busNumber": "Bus 101"}}
