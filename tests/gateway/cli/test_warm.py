"""`student-graph warm` fills the Redis that gateways share, or says why it cannot."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cli.main import main
from student_graph.gateway.server import warming
from tests.gateway.redis_server import redis_server

KEY = base64.b64encode(b"f" * 32).decode()
FACTS = make_district(30)


def settings_file(folder: Path, sandbox: EdFiSandbox, cache: str = "", warm: str = "") -> Path:
    """A settings file of one district."""
    source = sandbox.source_settings()
    path = folder / "gateway.toml"
    path.write_text(
        f"""
[cache]
{cache}
[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"
school_year_starts = "07-01"
{warm}
[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "{source["base_url"]}"
networks = ["127.0.0.0/8"]
client_id = "{source["client_id"]}"
client_secret_env = "SECRET"
students = 30
"""
    )
    return path


def error_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The error that a command prints."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_a_second_run_reads_nothing_that_the_first_has_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for each part of a school; a second process finds the answers in Redis and calls no vendor."""
    sandbox = EdFiSandbox(FACTS)
    monkeypatch.setenv("SECRET", str(sandbox.settings()["client_secret"]))
    monkeypatch.setenv("FLEET", KEY)
    with redis_server() as redis, served(sandbox):
        warm = f'[districts.warm]\nat = ["06:45"]\nparts = ["rosters"]\nschools = ["{FACTS.schools[0].id}"]'
        path = settings_file(
            tmp_path, sandbox, f'redis = "{redis.url}"\nredis_timeout = 1.0\nkey_env = "FLEET"', warm
        )
        outputs, data_requests = [], []
        for _ in range(2):
            sandbox.requests.clear()
            with pytest.raises(SystemExit) as caught:
                main(["warm", "--config", str(path), "--district", "hill"])
            assert caught.value.code == 0
            outputs.append(capsys.readouterr().out)
            data_requests.append([request for request in sandbox.requests if "/ed-fi/" in request])

    assert outputs[0].startswith(f"hill: school {FACTS.schools[0].id}: rosters: ")
    assert data_requests[0]
    assert data_requests[1] == []


def test_without_redis_the_command_names_the_setting_for_a_single_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A process of its own cannot fill the memory of another one."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        error = error_of(["warm", "--config", str(settings_file(tmp_path, sandbox))], capsys)

    assert "cache.redis is missing" in error
    assert "[districts.warm]" in error


def test_an_unknown_district_is_an_error_that_lists_the_districts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error lists the districts of the file."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        path = settings_file(tmp_path, sandbox)
        error = error_of(["warm", "--config", str(path), "--district", "dale"], capsys)

    assert "has no district 'dale'; it has hill" in error


@pytest.mark.parametrize(
    ("warm", "expected"),
    [
        ("at = []", "district 'hill': warm.at"),
        ('at = ["25:00"]', "district 'hill', warm.at entry 1: "),
        ('at = ["06:45"]\ndays = ["monday"]', "district 'hill', warm.days entry 1: "),
        ('at = ["06:45"]\nparts = ["discipline"]', "district 'hill', warm.parts entry 1: "),
    ],
)
def test_wrong_times_days_and_parts_are_named(
    tmp_path: Path, warm: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the setting; restricted data cannot be chosen."""
    sandbox = EdFiSandbox(FACTS)
    with served(sandbox):
        path = settings_file(tmp_path, sandbox, warm=f"[districts.warm]\n{warm}")
        error = error_of(["warm", "--config", str(path)], capsys)

    assert expected in error


def test_a_redis_that_does_not_answer_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read for nobody."""
    monkeypatch.setattr(warming, "JOIN_SECONDS", 0.1)
    monkeypatch.setenv("FLEET", KEY)
    sandbox = EdFiSandbox(FACTS)
    monkeypatch.setenv("SECRET", str(sandbox.settings()["client_secret"]))
    with served(sandbox):
        path = settings_file(tmp_path, sandbox, 'redis = "redis://127.0.0.1:1/0"\nkey_env = "FLEET"')
        error = error_of(["warm", "--config", str(path)], capsys)

    assert "Redis does not answer" in error
    assert not [request for request in sandbox.requests if "/ed-fi/" in request]
