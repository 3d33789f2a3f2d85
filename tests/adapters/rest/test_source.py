"""A declared vendor as a source of a district: settings, checks and the fetch pipeline."""

from __future__ import annotations

import argparse
import json
import shutil
from base64 import b64encode
from pathlib import Path

import pytest

from student_graph.adapters.contract import Adapter
from student_graph.adapters.model import DistrictId, StudentId
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.adapters.sources import Keys, Sources
from student_graph.gateway.cli import check
from student_graph.gateway.config import settings_file
from student_graph.gateway.config.districts import connect_districts
from student_graph.gateway.fetch.vendor import fetch_from_vendor
from tests.adapters.rest.lakeside import DECLARATION, LakesideSandbox

SETTINGS = """
[disclosure]
directory = "disclosures"
key_env = "RECORD_KEY"

[[viewers]]
subject = "dashboard"
role = "service"
districts = ["hill"]
token_env = "DASHBOARD_TOKEN"

[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "rest"
declaration = {declaration}
base_url = "{url}"
api_key_env = "LAKESIDE_KEY"
networks = ["127.0.0.0/8"]
"""


def settings_of(folder: Path, sandbox: LakesideSandbox, declaration: str | None = "lakeside.toml") -> Path:
    """A settings file with a source that the declaration beside it describes."""
    shutil.copy(DECLARATION, folder)
    path = folder / "settings.toml"
    text = SETTINGS.format(declaration=json.dumps(declaration), url=sandbox.url or "http://127.0.0.1:9")
    path.write_text(text if declaration else text.replace("declaration = null\n", ""))
    return path


async def test_a_declared_vendor_answers_through_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source is built from the settings file, and its answer is the record of the student."""
    facts = make_district(10)
    sandbox = LakesideSandbox(facts)
    monkeypatch.setenv("LAKESIDE_KEY", sandbox.settings()["api_key"])
    with served(sandbox):
        path = settings_of(tmp_path, sandbox)
        [district] = connect_districts(
            settings_file.load(path), path, {"LAKESIDE_KEY": sandbox.settings()["api_key"]}
        )
        sources = Sources({district.id: district}, fetch_from_vendor)
        keys = Keys(DistrictId("hill"), [StudentId(facts.students[3].id), StudentId("none")])
        result = await sources.load_one(Adapter.students_by_id, keys)
        await district.sources[0].adapter.http.aclose()

    student, unknown = result.values
    assert student is not None
    assert (student.name.first_name, student.name.last_name) == (facts.students[3].first, facts.students[3].last)
    assert unknown is None


def test_check_asks_a_declared_vendor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator sees the product's version, as the declaration names it."""
    sandbox = LakesideSandbox(make_district(10))
    monkeypatch.setenv("LAKESIDE_KEY", sandbox.settings()["api_key"])
    monkeypatch.setenv("DASHBOARD_TOKEN", "t" * 40)
    monkeypatch.setenv("RECORD_KEY", b64encode(b"k" * 32).decode())
    with served(sandbox):
        options = {"config": settings_of(tmp_path, sandbox), "env_file": None, "json": False, "workers": None}
        check.run(argparse.Namespace(**options))

    assert "Lakeside SIS 5.2" in capsys.readouterr().out


@pytest.mark.parametrize(("declaration", "problem"), [
    (None, "needs `declaration`"),
    ("none.toml", "none.toml:1: cannot be read: No such file or directory"),
])  # fmt: skip
def test_a_source_without_a_declaration_is_refused(tmp_path: Path, declaration: str | None, problem: str) -> None:
    """The error says which source it is, and what is missing."""
    path = settings_of(tmp_path, LakesideSandbox(make_district(10)), declaration)

    with pytest.raises(SettingsError) as caught:
        connect_districts(settings_file.load(path), path, {"LAKESIDE_KEY": "k"})

    assert "district 'hill', source 'sis'" in str(caught.value)
    assert problem in str(caught.value)


def test_a_secret_is_never_in_the_settings_file(tmp_path: Path) -> None:
    """The secrets of a declared vendor come from the environment, like those of others."""
    path = settings_of(tmp_path, LakesideSandbox(make_district(10)))
    path.write_text(path.read_text().replace('api_key_env = "LAKESIDE_KEY"', 'api_key = "abc"'))

    with pytest.raises(SettingsError, match="api_key is a secret; give api_key_env instead"):
        connect_districts(settings_file.load(path), path, {})
