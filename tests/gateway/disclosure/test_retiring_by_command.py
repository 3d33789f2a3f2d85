"""`student-graph disclosures --retire-before`: what it prints, removes and refuses."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from student_graph.gateway.cli.main import main
from student_graph.gateway.disclosure import retired
from student_graph.gateway.disclosure.log import DisclosureLog
from tests.gateway.cache.small_cache import Clock
from tests.gateway.disclosure.test_changing import DAY
from tests.gateway.disclosure.test_record import SECRETS, told, write
from tests.gateway.disclosure.test_tampering import files_in
from tests.gateway.servers import command, refusal

NEW_YEAR = 1_577_880_000.0
"""Noon of the first day of 2020 (UTC), in seconds since 1970."""
KEY = base64.b64encode(b"s" * 32).decode()


def written(folder: Path) -> list[str]:
    """A record of two files, of a day each; their names."""
    names = []
    for day in range(2):
        log = DisclosureLog(folder / "disclosures", SECRETS, wall=Clock(NEW_YEAR + day * DAY))
        write(log, told("s1"))
        asyncio.run(log.close())
        names.append(log.chain.name)
    (folder / "gateway.toml").write_text(
        '[disclosure]\nkey_env = "RECORD"\n'
        '[[districts]]\nid = "hill"\nname = "Hill"\ntime_zone = "America/Denver"\n'
        '[[districts.sources]]\nname = "sis"\nkind = "edfi"\n'
    )
    ready = {"directory": str(folder / "disclosures"), "key": KEY, "districts": ["hill"]}
    (folder / "ready.json").write_text(json.dumps({"disclosures": ready}))
    return names


def said(folder: Path, place: str, *arguments: str) -> CompletedProcess[str]:
    """What the command says of the record, by its settings or its ready file."""
    name = {"--config": "gateway.toml", "--ready-file": "ready.json"}[place]
    return command("disclosures", place, str(folder / name), *arguments, environ={"RECORD": KEY})


@pytest.mark.parametrize("place", ["--config", "--ready-file"])
def test_what_is_retired_is_printed(place: str, tmp_path: Path) -> None:
    """Each file with its lines, then whether the record is whole, and how many were retired; later that only."""
    first, second = written(tmp_path)
    assert said(tmp_path, place).stdout.splitlines() == ["2 files, 6 lines: whole"]
    retirement = said(tmp_path, place, "--retire-before", "2020-01-02")
    summary = "1 files, 3 lines (1 more were retired): whole"
    assert (retirement.returncode, retirement.stdout.splitlines()) == (0, [f"retired: {first}, 3 lines", summary])
    assert said(tmp_path, place).stdout.splitlines() == [summary]
    left = files_in(tmp_path / "disclosures")
    assert {second, retired.NAME} < set(left)
    assert len(left) == 3


def test_what_is_kept_is_named(tmp_path: Path) -> None:
    """With the reason, and status 1; in JSON too."""
    first, second = written(tmp_path)
    path = tmp_path / "disclosures" / first
    path.write_bytes(path.read_bytes().replace(b'"count":1', b'"count":2'))
    found = said(tmp_path, "--config", "--retire-before", "2020-01-05")
    assert found.returncode == 1
    assert [line for line in found.stdout.splitlines() if line.startswith("kept")] == [
        f"kept: {first} line 0: it is not whole",
        f"kept: {second} line 0: it tells of {first}, which is not whole",
    ]
    found = said(tmp_path, "--config", "--retire-before", "2020-01-05", "--json")
    read = json.loads(found.stdout)
    assert (read["gone"], [each["file"] for each in read["kept"]]) == ([], [first, second])
    assert (read["files"], read["retired"]) == (2, 0)


@pytest.mark.parametrize("day", ["soon", "2020-1-1", "20200101", "2020-02-30", "today", "tomorrow"])
def test_a_day_that_is_not_over_is_refused(day: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And what is none: nothing is removed."""
    written(tmp_path)
    before, now = files_in(tmp_path / "disclosures"), datetime.now(UTC)
    days = {"today": now, "tomorrow": now + timedelta(days=1)}
    day = f"{days[day]:%Y-%m-%d}" if day in days else day
    ready = str(tmp_path / "ready.json")
    assert "must be a day that is over" in refusal(
        capsys, "disclosures", "--ready-file", ready, "--retire-before", day
    )
    assert files_in(tmp_path / "disclosures") == before


def test_a_record_that_cannot_be_changed_is_one_readable_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, and nothing is removed."""
    names = written(tmp_path)
    (tmp_path / "disclosures" / retired.NAME).mkdir()
    ready = str(tmp_path / "ready.json")
    assert refusal(capsys, "disclosures", "--ready-file", ready, "--retire-before", "2020-01-05").startswith(
        f"student-graph: {tmp_path}/disclosures: Is a directory"
    )
    assert all((tmp_path / "disclosures" / name).exists() for name in names)


def test_the_help_says_how_long_the_law_asks_to_keep_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever looks up the option reads of it."""
    with pytest.raises(SystemExit):
        main(["disclosures", "--help"])
    assert "34 CFR 99.32" in " ".join(capsys.readouterr().out.split())
