"""What `student-graph check` says about a source."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cli import check
from tests.adapters.oneroster.scripted_sandbox import ScriptedSandbox, user_row


def test_check_says_that_tokens_come_from_another_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client's secret goes there, so the operator sees it."""
    sis = ScriptedSandbox({"students": {"users": [user_row("a", "1")]}})
    login = ScriptedSandbox({})
    monkeypatch.setenv("SIS_SECRET", "s" * 40)
    with served(sis, login):
        path = tmp_path / "settings.toml"
        path.write_text(SETTINGS.format(sis=sis.url, login=login.url), "utf-8")
        status = check.run(argparse.Namespace(config=path))
    output = capsys.readouterr().out

    assert status == 0, output
    assert f"tokens from {login.url}" in output
    assert [line for line in sis.requests if "token" in line] == []
    assert login.requests == ["POST /oauth/token"]


SETTINGS = """
[disclosure]
directory = "disclosures"

[[districts]]
id = "maple"
name = "Maple Valley"
time_zone = "America/Chicago"

[[districts.sources]]
name = "sis"
kind = "oneroster"
base_url = "{sis}"
token_url = "{login}/oauth/token"
networks = ["127.0.0.0/8"]
client_id = "k"
client_secret_env = "SIS_SECRET"
"""
