"""The settings file: what it says, and one line for whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.adapters.model import DistrictId, Sensitivity, StaffId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import environment, settings_file
from student_graph.resolvers.access import Grant
from student_graph.resolvers.context import Viewer, ViewerRole

WHOLE = """
[server]
port = 8123
graphiql = true

[[districts]]
id = "hill"
name = "Hill County"
time_zone = "America/Denver"
school_year_starts = "08-01"

[[districts.sources]]
name = "sis"
kind = "edfi"
base_url = "http://127.0.0.1:8081"

[[districts.sources]]
name = "lms"
kind = "canvas"
base_url = "http://127.0.0.1:8082"
identity.students = [{ field = "login_id", system = "Email" }]

[[districts.grants]]
roles = ["teacher"]
classes = ["CONTACT"]

[[viewers]]
subject = "ada"
role = "teacher"
districts = ["hill"]
staff_id = "207219"
token_env = "ADA"
"""
TOKEN = "0123456789abcdef0123456789abcdef"


def problem(folder: Path, text: str | bytes) -> str:
    """What is said about a file with that text, the file's name left out."""
    path = folder / "gateway.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        settings_file.load(path)
    said = str(caught.value)

    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return said.removeprefix(f"{path}: ")


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """Districts, sources with their own settings and identity rules, and viewers."""
    path = tmp_path / "gateway.toml"
    path.write_text(WHOLE)
    read = settings_file.load(path)
    [hill] = read.districts
    sis, lms = hill.sources

    assert (read.server.host, read.server.port, read.server.graphiql) == ("127.0.0.1", 8123, True)
    assert (hill.id, hill.time_zone, hill.school_year_starts) == ("hill", "America/Denver", "08-01")
    assert (sis.name, sis.kind, sis.settings) == ("sis", "edfi", {"base_url": "http://127.0.0.1:8081"})
    assert lms.identity is not None
    assert lms.identity.students[0].system == "Email"
    assert environment.tokens(read, path, {"ADA": TOKEN}) == {
        TOKEN: Viewer(
            subject="ada",
            role=ViewerRole.TEACHER,
            districts=frozenset({DistrictId("hill")}),
            grants=frozenset({Grant(frozenset({Sensitivity.CONTACT}), DistrictId("hill"))}),
            staff_id=StaffId("207219"),
        )
    }


@pytest.mark.parametrize(("old", "new", "said"), [
    ('id = "hill"', "", "districts[0].id is missing"),
    ('name = "sis"', "", "districts[0].sources[0].name is missing"),
    ("port = 8123", "prot = 8123", "there is no setting server.prot"),
    ("port = 8123", "port = 81230", "server.port: input should be less than or equal to 65535"),
    ('time_zone = "America/Denver"', 'time_zone = "Denver"',
     "districts[0].time_zone: must be a time zone of the IANA database, such as America/Chicago"),
    ('"08-01"', '"13-01"', "districts[0].school_year_starts: must be a month and a day up to 28, such as 07-01"),
    ('"08-01"', '"August"', "districts[0].school_year_starts: string should match pattern"),
    ('name = "lms"', 'name = "sis"', "districts[0].sources: two sources have the name 'sis'; give each its own"),
    ('name = "lms"', 'name = "../lms"', "districts[0].sources[1].name: string should match pattern"),
    ('districts = ["hill"]', 'districts = ["hull"]',
     "viewers[0].districts: there is no district 'hull'; there are hill"),
    ('role = "teacher"', 'role = "techer"', "viewers[0].role: input should be 'superintendent', "),
    ('["CONTACT"]', '["SECRETS"]', "districts[0].grants[0].classes[0]: input should be 'OPEN', "),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]',
     "districts[0].grants[0]: must be approved by two persons, for MEAL is restricted: name both in approved_by"),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]\napproved_by = ["a", "b"]',
     "districts[0].grants[0]: must be over within a school year, for MEAL is restricted: say until when"),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]\napproved_by = ["a", "a"]\nuntil = 2026-12-31',
     "districts[0].grants[0]: must be approved by two persons"),
    ('roles = ["teacher"]\n', "", "districts[0].grants[0]: must be given to roles or subjects: name some"),
    ('field = "login_id"', 'feld = "login_id"',
     "districts[0].sources[1].identity.students[0].field is missing (and 2 more)"),
    ("identity.students", "lookups = []\nidentity.students",
     "districts[0].sources[1].lookups: frozenset should have"),
    ("[server]", "[server", "not TOML: "),
])  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """One line: the file, the setting and what to change."""
    assert WHOLE.count(old) >= 1
    assert problem(tmp_path, WHOLE.replace(old, new)).startswith(said)


def test_two_districts_with_one_id_are_refused(tmp_path: Path) -> None:
    """An id of the graph begins with the district's: two would be one."""
    district = WHOLE[WHOLE.index("[[districts]]") : WHOLE.index("[[viewers]]")]
    said = problem(tmp_path, district + district)

    assert said == "districts: two districts have the id 'hill'; give each its own"


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are said to be that."""
    assert problem(tmp_path, b"\xff\xfe") == "not text in UTF-8"


@pytest.mark.parametrize(("name", "said"), [("absent.toml", "No such file or directory"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, said: str) -> None:
    """A missing file, or a folder in its place."""
    with pytest.raises(SettingsError) as caught:
        settings_file.load(tmp_path / name)

    assert str(caught.value) == f"{tmp_path / name}: {said}"


@pytest.mark.parametrize(("environ", "said"), [
    ({}, "viewers[0].token_env: the environment variable ADA is not set"),
    ({"ADA": ""}, "viewers[0].token_env: the environment variable ADA is not set"),
    ({"ADA": "short"}, "viewers[0].token_env: the secret in ADA is shorter than 32 characters"),
])  # fmt: skip
def test_a_token_must_be_set_and_long(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    """A token that could be guessed is none; its value is never shown."""
    path = tmp_path / "gateway.toml"
    path.write_text(WHOLE)
    with pytest.raises(SettingsError) as caught:
        environment.tokens(settings_file.load(path), path, environ)

    assert str(caught.value) == f"{path}: {said}"


def test_two_viewers_cannot_share_a_token(tmp_path: Path) -> None:
    """A token says who asks: it cannot say two."""
    path = tmp_path / "gateway.toml"
    path.write_text(WHOLE + WHOLE[WHOLE.index("[[viewers]]") :].replace("ADA", "BEN"))
    with pytest.raises(SettingsError, match=r"viewers\[1\].token_env: the token in BEN is another viewer's too"):
        environment.tokens(settings_file.load(path), path, {"ADA": TOKEN, "BEN": TOKEN})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_is_loopback(host: str) -> None:
    """Addresses and the name that cannot lead elsewhere."""
    assert settings_file.is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.0.1", "sis.example", "localhost.example", "2130706433", ""])
def test_anything_else_is_not(host: str) -> None:
    """Private networks, names, and numbers that only look like an address."""
    assert not settings_file.is_loopback(host)
