"""`student-graph disclosures`: what it prints about a log, and what `--retire-before` removes and refuses."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from student_graph.gateway.cli.disclosures.command import is_past_day
from student_graph.gateway.cli.main import main
from student_graph.gateway.disclosure import retired_files
from student_graph.gateway.disclosure.log import DisclosureLog
from tests.gateway.disclosure.child import CONFIG
from tests.gateway.disclosure.logs import DAY_SECONDS, KEYS, SECRET, Clock, entry, read_files, sidecar_name, write
from tests.gateway.servers import error_line, run_here

NEW_YEAR = 1_577_880_000.0
"""Noon (UTC) of 2020-01-01, in seconds since 1970."""
KEY = base64.b64encode(SECRET).decode()


@pytest.fixture
async def log(tmp_path: Path) -> list[str]:
    """A log of two files, one a day, with its settings file and ready file; the names of the files."""
    names = []
    for day in range(2):
        log = DisclosureLog(tmp_path / "disclosures", KEYS, wall_clock=Clock(NEW_YEAR + day * DAY_SECONDS))
        write(log, entry("s1"))
        await log.close()
        names.append(log.current_file.name)
    (tmp_path / "gateway.toml").write_text(CONFIG)
    disclosures = {"directory": str(tmp_path / "disclosures"), "key": KEY, "districts": ["hill"]}
    (tmp_path / "ready.json").write_text(json.dumps({"disclosures": disclosures}))
    return names


def run(directory: Path, option: str, *arguments: str) -> CompletedProcess[str]:
    """Run the command for the log of a settings file or a ready file."""
    name = {"--config": "gateway.toml", "--ready-file": "ready.json"}[option]
    return run_here("disclosures", option, str(directory / name), *arguments, environ={"RECORD": KEY})


@pytest.mark.parametrize("option", ["--config", "--ready-file"])
def test_retired_files_are_printed(option: str, log: list[str], tmp_path: Path) -> None:
    """Each file with its lines; then whether the log is intact, and how many files were ever retired."""
    first, second = log
    assert run(tmp_path, option).stdout.splitlines() == ["2 files, 6 lines: intact"]
    retirement = run(tmp_path, option, "--retire-before", "2020-01-02")
    summary = "1 file, 3 lines (1 more retired): intact"
    assert (retirement.returncode, retirement.stdout.splitlines()) == (0, [f"retired: {first}, 3 lines", summary])
    assert run(tmp_path, option).stdout.splitlines() == [summary]
    assert set(read_files(tmp_path / "disclosures")) == {second, sidecar_name(second), retired_files.FILE_NAME}


def test_kept_files_are_named(log: list[str], tmp_path: Path) -> None:
    """With the reason and exit status 1; in JSON too."""
    first, second = log
    path = tmp_path / "disclosures" / first
    path.write_bytes(path.read_bytes().replace(b'"count":1', b'"count":2'))
    retirement = run(tmp_path, "--config", "--retire-before", "2020-01-05")
    assert retirement.returncode == 1
    lines = retirement.stdout.splitlines()
    assert lines[0] == "2 files, 6 lines: NOT INTACT, 3 problems"
    assert [line for line in lines if line.startswith("kept")] == [
        f"kept: {first}: it is not intact",
        f"kept: {second}: it refers to {first}, which is not intact",
    ]
    document = json.loads(run(tmp_path, "--config", "--retire-before", "2020-01-05", "--json").stdout)
    assert (document["gone"], [problem["file"] for problem in document["kept"]]) == ([], [first, second])
    assert (document["files"], document["retired"]) == (2, 0)


@pytest.mark.parametrize("day", ["soon", "2020-1-1", "20200101", "2020-02-30", "tomorrow"])
@pytest.mark.usefixtures("log")
def test_a_day_that_is_not_over_is_refused(day: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So is text that is not a day: nothing is removed."""
    before = read_files(tmp_path / "disclosures")
    day = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}" if day == "tomorrow" else day
    ready = str(tmp_path / "ready.json")
    assert "must be a day that is over" in error_line(
        capsys, "disclosures", "--ready-file", ready, "--retire-before", day
    )
    assert read_files(tmp_path / "disclosures") == before


def test_today_is_not_over() -> None:
    """Files of a day that is not over may still get lines."""
    today = date(2026, 11, 25)
    assert [is_past_day(day, today) for day in ("2026-11-24", "2026-11-25", "2026-11-26")] == [True, False, False]


def test_a_log_that_cannot_be_changed_is_one_readable_line(
    log: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what is wrong, and nothing is removed."""
    (tmp_path / "disclosures" / retired_files.FILE_NAME).mkdir()
    ready = str(tmp_path / "ready.json")
    assert error_line(capsys, "disclosures", "--ready-file", ready, "--retire-before", "2020-01-05").startswith(
        f"student-graph: {tmp_path}/disclosures: Is a directory"
    )
    assert all((tmp_path / "disclosures" / name).exists() for name in log)


def test_the_help_says_how_long_the_law_requires_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    """Who looks up the option reads it there."""
    with pytest.raises(SystemExit):
        main(["disclosures", "--help"])
    assert "34 CFR 99.32" in " ".join(capsys.readouterr().out.split())
