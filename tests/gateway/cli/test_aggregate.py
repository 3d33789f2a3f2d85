"""`student-graph aggregate` counts the students of a district, and goes on after an interruption."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.errors import UnavailableError
from student_graph.adapters.sandbox.facts import DistrictFacts
from student_graph.adapters.sandbox.serving import Sandbox, served
from student_graph.gateway.cli.aggregate import KeptFile
from student_graph.gateway.cli.counting import KeptCounts
from student_graph.gateway.cli.main import main
from student_graph.resolvers.cohorts.aggregates import aggregate, members
from tests.patience import SOURCE_SECONDS
from tests.scenarios.helpers.demo_gateway import demo_districts
from tests.scenarios.helpers.enrolled_students import current_enrollments

STUDENTS = 40


class Demo:
    """A ready file of a demo, and its student information system."""

    def __init__(self, path: Path, facts: DistrictFacts, sandbox: Sandbox) -> None:
        self.path, self.facts, self.sandbox = path, facts, sandbox

    def run(self, *options: str) -> int:
        """Run the command, and return its exit status."""
        with pytest.raises(SystemExit) as ended:
            main(["aggregate", "--ready-file", str(self.path), "--metric", "CHRONIC_ABSENCE", *options])
        return int(str(ended.value.code))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A district of some fictional students."""
    [district] = demo_districts("edfi", STUDENTS)
    path = tmp_path_factory.mktemp("demo") / "ready.json"
    with served(*district.sandboxes.values()):
        path.write_text(json.dumps({"districts": [district.description(timeout=SOURCE_SECONDS)]}))
        yield Demo(path, district.facts, district.sandboxes["edfi"])


def test_it_prints_the_counts_of_the_district(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """All students who are enrolled today, by school."""
    assert demo.run("--by", "SCHOOL", "--complete", "--json") == 0
    printed = capsys.readouterr()
    table = json.loads(printed.out)
    populations = {group["keys"][0]["group"]: group["population"] for group in table["groups"]}
    schools = [str(row.school) for row in current_enrollments(demo.facts)]
    assert {school: populations[school] for school in schools} == {
        school: schools.count(school) for school in schools
    }
    assert "students" in printed.err


def test_students_of_a_large_district_are_listed_page_by_page(
    demo: Demo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adapters refuse a list of more than 40,000 rows; a page has no such limit. The table is the same."""
    options = ("--by", "SCHOOL", "--complete", "--json")
    assert demo.run(*options) == 0
    table = capsys.readouterr().out
    monkeypatch.setattr(members, "MAX_REMEMBERED_STUDENTS", 5)
    monkeypatch.setattr(members, "STUDENTS_PER_PAGE", 7)
    earlier = len(demo.sandbox.requests)
    assert demo.run(*options) == 0
    assert capsys.readouterr().out == table
    lists = [request for request in demo.sandbox.requests[earlier:] if "/students?" in request]
    assert len(lists) >= STUDENTS / 7
    assert all("limit=7" in request for request in lists)


def test_small_cells_are_hidden_by_default(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """The default is what may be shown to anybody in the district's service."""
    assert demo.run("--by", "GRADE_LEVEL", "--json") == 0
    table = json.loads(capsys.readouterr().out)
    assert not table["complete"]
    numbers = [group["population"] for group in table["groups"]]
    assert all(number is None or number >= 10 for number in numbers)
    assert None in numbers


def test_an_interrupted_count_goes_on_and_a_finished_one_is_kept(
    demo: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts before the interruption are not read again; the third run reads nothing at all."""
    keep = tmp_path / "counts.json"
    options = ("--by", "SCHOOL", "--complete", "--json", "--keep", str(keep))
    monkeypatch.setattr(aggregate, "STUDENTS_PER_PART", 15)
    measured: list[int] = []
    measure_students = aggregate.measure_students

    async def counted(info: Any, district: Any, students: Any, requests: Any, **choices: Any) -> Any:
        if requests[0].school is None:
            measured.append(len(students))
        if len(measured) == 2:
            raise KeyboardInterrupt
        return await measure_students(info, district, students, requests, **choices)

    monkeypatch.setattr(aggregate, "measure_students", counted)
    assert demo.run(*options) == 130
    printed = capsys.readouterr()
    assert (printed.out, "interrupted; with --keep" in printed.err) == ("", True)
    assert measured == [15, 15]
    assert stat.S_IMODE(keep.stat().st_mode) == 0o600
    numbers = [student.id for student in demo.facts.students]
    assert not any(number in keep.read_text() for number in numbers)

    assert demo.run(*options) == 0
    table = json.loads(capsys.readouterr().out)
    assert sum(measured[2:]) == table["total"]["population"] - 15

    calls = len(measured)
    assert demo.run(*options) == 0
    assert json.loads(capsys.readouterr().out) == table
    assert len(measured) == calls

    monkeypatch.undo()
    assert demo.run("--by", "SCHOOL", "--complete", "--json") == 0
    assert json.loads(capsys.readouterr().out) == table


def test_students_are_read_again_for_whom_a_source_failed_for_a_while(
    demo: Demo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer of a hundred thousand that fails must not end a count of an hour."""
    options = ("--by", "GRADE_LEVEL", "--complete", "--json")
    assert demo.run(*options) == 0
    table = capsys.readouterr().out
    monkeypatch.setattr(aggregate, "STUDENTS_PER_PART", 15)
    measure_students = aggregate.measure_students
    calls: list[int] = []
    attempts: list[int] = []

    async def failing(info: Any, district: Any, students: Any, requests: Any, **choices: Any) -> Any:
        calls.append(len(students))
        if len(calls) == 1:
            raise UnavailableError("down")
        measures = await measure_students(info, district, students, requests, **choices)
        return [[UnavailableError("down"), *rest] for _, *rest in measures] if len(calls) == 2 else measures

    async def may_read_again(_counts: KeptCounts, number: int) -> bool:
        attempts.append(number)
        return True

    monkeypatch.setattr(aggregate, "measure_students", failing)
    monkeypatch.setattr(KeptCounts, "may_read_again", may_read_again)
    assert demo.run(*options) == 0
    assert capsys.readouterr().out == table
    assert attempts == [1, 2]


def test_a_partial_table_says_for_whom_and_why(
    demo: Demo, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many students lack a value, in which groups, and what failed. It is no finished table."""
    measure_students = aggregate.measure_students

    async def failing(info: Any, district: Any, students: Any, requests: Any, **choices: Any) -> Any:
        error = UnavailableError("no answer in time")
        error.source = "edfi"
        measures = await measure_students(info, district, students, requests, **choices)
        return [[error, error, *rest] for _, _, *rest in measures]

    monkeypatch.setattr(aggregate, "measure_students", failing)
    monkeypatch.setattr(KeptCounts, "pauses", ())
    keep = tmp_path / "counts.json"
    assert demo.run("--by", "GRADE_LEVEL", "--complete", "--json", "--keep", str(keep)) == 1
    table = json.loads(capsys.readouterr().out)
    missing = {group["keys"][0]["group"]: group["missing"] for group in table["groups"] if group["missing"]}
    assert sum(missing.values()) == table["total"]["missing"] == 2
    assert not keep.exists()

    assert demo.run("--by", "GRADE_LEVEL", "--complete") == 1
    of_groups = "; ".join(f"{group}: {count}" for group, count in missing.items())
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"PARTIAL: no value for 2 of {table['total']['population']} students",
        f"groups of these students: {of_groups}",
        (
            "edfi: SOURCE_UNAVAILABLE: missing for 2 students. The source did not answer. "
            "First failure: no answer in time."
        ),
    ]


async def test_a_count_waits_longer_after_another_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so. The table then says for how many students the source failed."""
    monkeypatch.setattr(KeptCounts, "pauses", (0.0, 0.001))
    counts = KeptCounts(KeptFile(None, ""))
    assert [await counts.may_read_again(attempts) for attempts in (1, 2, 3)] == [True, True, False]
    assert capsys.readouterr().err == "".join(
        f"a source failed: reading these students again in {seconds} seconds\n" for seconds in ("0", "0.001")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--by", "BIRTHDAY"), "--by: there is no BIRTHDAY; there are SCHOOL"),
        (("--preset", "mine"), "preset: There is no preset of this name"),
        (("--district", "elsewhere"), "--district: name one of cedar-hollow-school-district"),
        (("--by", "SCHOOL", "--by", "GRADE_LEVEL"), "by: name one dimension".capitalize()),
    ],
)
def test_a_wrong_option_is_one_line(
    demo: Demo, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    """It says what to change."""
    assert demo.run(*options) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_a_kept_table_is_of_its_day_and_its_options(tmp_path: Path) -> None:
    """The file of another day, other options or another settings file is not used."""
    path = tmp_path / "counts.json"
    file = KeptFile(path, "options")
    for seconds, table in ((1000.0, {"total": 1}), (-1.0, None)):
        file.valid_until = time.time() + seconds
        file.write({"table": {"total": 1}})
        assert KeptFile(path, "options").table == table
    file.valid_until = None
    file.write({"table": {"total": 1}})
    assert KeptFile(path, "options").table == {"total": 1}
    assert KeptFile(path, "other options").table is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere/counts.json", "there is no folder "),
        (".", " is a folder"),
        ("ready.json", " is not a file of this command"),
        ("list.json", " is not a file of this command"),
    ],
)
def test_a_file_of_another_kind_is_neither_used_nor_replaced(
    demo: Demo,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    message: str,
) -> None:
    """The error comes before anything is counted."""
    contents = {"ready.json": '{"graphql": "http://127.0.0.1:8000/graphql"}', "list.json": "[]"}
    for file, content in contents.items():
        (tmp_path / file).write_text(content)
    path = tmp_path / name

    assert demo.run("--keep", str(path)) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("student-graph: --keep: ")
    assert (message in printed.err, printed.err.count("\n"), printed.out) == (True, 1, "")
    assert {file: (tmp_path / file).read_text() for file in contents} == contents


def test_a_kept_table_needs_no_module_that_counts() -> None:
    """The command without the modules of the graph starts in a fifth of the time."""
    code = (
        "import sys; import student_graph.gateway.cli.aggregate; print('student_graph.resolvers' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert result.stdout == "False\n"
