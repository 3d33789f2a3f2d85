"""The settings file: what is read from it, and one line for every error."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from student_graph.adapters.model import DistrictId, Sensitivity, StaffId
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import environment, settings_file
from student_graph.resolvers.access import Grant
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.subcases import subcases

SETTINGS = """
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


def error_of(folder: Path, text: str | bytes) -> str:
    """Load a file with this text; return the error without the name of the file."""
    path = folder / "gateway.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as error:
        settings_file.load(path)
    message = str(error.value)

    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def test_every_section_is_read(tmp_path: Path) -> None:
    """Districts, sources with their own settings and identity rules, and viewers with their grants."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS)
    config = settings_file.load(path)
    [hill] = config.districts
    sis, lms = hill.sources

    assert (config.server.host, config.server.port, config.server.graphiql) == ("127.0.0.1", 8123, True)
    assert (hill.id, hill.time_zone, hill.school_year_starts) == ("hill", "America/Denver", "08-01")
    assert (sis.name, sis.kind, sis.settings) == ("sis", "edfi", {"base_url": "http://127.0.0.1:8081"})
    assert lms.identity is not None
    assert lms.identity.students[0].system == "Email"
    assert environment.viewers_by_token(config, path, {"ADA": TOKEN}) == {
        TOKEN: Viewer(
            subject="ada",
            role=ViewerRole.TEACHER,
            districts=frozenset({DistrictId("hill")}),
            grants=frozenset({Grant(frozenset({Sensitivity.CONTACT}), DistrictId("hill"))}),
            staff_id=StaffId("207219"),
        )
    }


@pytest.mark.parametrize(("old", "new", "message"), [
    ('id = "hill"', "", "district 1: id is missing"),
    ('name = "sis"', "", "district 'hill', source 1: name is missing"),
    ("port = 8123", "prot = 8123", "there is no setting server.prot"),
    ("port = 8123", "port = 81230", "server.port: input should be less than or equal to 65535"),
    ('time_zone = "America/Denver"', 'time_zone = "Denver"',
     "district 'hill': time_zone: must be a time zone of the IANA database, such as America/Chicago"),
    ('"08-01"', '"13-01"', "district 'hill': school_year_starts: must be a month and a day up to 28, such as"),
    ('"08-01"', '"August"', "district 'hill': school_year_starts: string should match pattern"),
    ('name = "lms"', 'name = "sis"', "district 'hill': two sources have the name 'sis'; give each its own"),
    ('name = "lms"', 'name = "../lms"', "district 'hill', source '../lms': name: string should match pattern"),
    ('districts = ["hill"]', 'districts = ["hull"]',
     "viewer 'ada': districts: there is no district 'hull'; there are hill"),
    ('role = "teacher"', 'role = "techer"', "viewer 'ada': role: input should be 'superintendent', "),
    ('["CONTACT"]', '["SECRETS"]', "district 'hill', grant 1, classes entry 1: input should be 'OPEN', "),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]',
     "district 'hill', grant 1: must be approved by two people because MEAL is restricted: "),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]\napproved_by = ["a", "b"]',
     "district 'hill', grant 1: must be limited to one school year because MEAL is restricted: "),
    ('classes = ["CONTACT"]', 'classes = ["MEAL"]\napproved_by = ["a", "a"]\nuntil = 2026-12-31',
     "district 'hill', grant 1: must be approved by two people"),
    ('roles = ["teacher"]\n', "", "district 'hill', grant 1: must be granted to somebody: set roles or subjects"),
    ('field = "login_id"', 'feld = "login_id"',
     "district 'hill', source 'lms', identity.students entry 1: field is missing"),
    ("identity.students", "lookups = []\nidentity.students",
     "district 'hill', source 'lms': lookups: frozenset should have"),
    ("[server]", "[server", "not TOML: "),
    ("[server]", "[limits]\ndepth = 13\n[server]",
     "limits.depth: is higher than its default; set limits.loosened = true to allow that"),
    ("[server]", "[policy]\npurpose_required = true\n[server]",
     "policy.purposes: list the purposes that a request may state, because purpose_required is set"),
    ("[server]", "[documents]\nonly = true\n[server]",
     "documents.only: set documents.manifest to the file with the trusted documents"),
    ("[server]", "[cache]\nredis = 'redis://10.0.0.5'\n[server]",
     "cache.key_env: data in Redis is encrypted; set it to the name of the variable with the key"),
    ("[server]", "[cache]\nredis = 'redis://10.0.0.5'\nkey_env = 'K'\nredis_ca_file = 'ca.pem'\n[server]",
     "cache.redis_ca_file: is for TLS: set cache.redis to an address that begins with rediss://"),
    ("[server]", "[cache]\nredis = 'rediss://10.0.0.5'\nkey_env = 'K'\nredis_key_file = 'key.pem'\n[server]",
     "cache.redis_certificate_file and cache.redis_key_file: name both, or none"),
    ("[server]", "[cache]\nredis = 'rediss://ada@10.0.0.5'\n[server]", "cache.redis: must be an address such as "),
    ("[server]", "[cache]\nwhole_answers = 3\n[server]", "cache.whole_answers: input should be a valid boolean"),
])  # fmt: skip
def test_a_wrong_setting_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    """The error is one line: the file, the setting and what to change."""
    assert SETTINGS.count(old) >= 1
    assert error_of(tmp_path, SETTINGS.replace(old, new)).startswith(message)


def test_two_districts_with_one_id_are_refused(tmp_path: Path) -> None:
    """Ids in the graph begin with the district's id, so that two districts never share one."""
    district = SETTINGS[SETTINGS.index("[[districts]]") : SETTINGS.index("[[viewers]]")]
    assert error_of(tmp_path, district + district) == (
        "districts: two districts have the id 'hill'; give each its own"
    )


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """The file must be UTF-8."""
    assert error_of(tmp_path, b"\xff\xfe") == "not UTF-8 text"


@pytest.mark.parametrize(
    ("name", "message"), [("absent.toml", "No such file or directory"), ("", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, message: str) -> None:
    """The file may be missing, or a folder may have its name."""
    with pytest.raises(SettingsError) as error:
        settings_file.load(tmp_path / name)

    assert str(error.value) == f"{tmp_path / name}: {message}"


@pytest.mark.parametrize(("environ", "message"), [
    ({}, "viewer 'ada': token_env: the environment variable ADA is not set"),
    ({"ADA": ""}, "viewer 'ada': token_env: the environment variable ADA is not set"),
    ({"ADA": "short"}, "viewer 'ada': token_env: the secret in ADA is shorter than 32 characters"),
])  # fmt: skip
def test_a_token_must_be_set_and_long(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    """A short token could be guessed. The error never shows its value."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS)
    with pytest.raises(SettingsError) as error:
        environment.viewers_by_token(settings_file.load(path), path, environ)

    assert str(error.value) == f"{path}: {message}"


def test_two_viewers_cannot_share_a_token(tmp_path: Path) -> None:
    """A token must identify one viewer."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS + SETTINGS[SETTINGS.index("[[viewers]]") :].replace("ADA", "BEN"))
    with pytest.raises(SettingsError, match=r"viewer 'ada': token_env: another viewer has the same token"):
        environment.viewers_by_token(settings_file.load(path), path, {"ADA": TOKEN, "BEN": TOKEN})


@subcases("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_names_of_this_machine_are_loopback(host: str) -> None:
    """These addresses and this name never mean another machine."""
    assert settings_file.is_loopback(host)


@subcases("host", ["10.0.0.1", "192.168.0.1", "sis.example", "localhost.example", "2130706433", ""])
def test_other_names_are_not_loopback(host: str) -> None:
    """Private networks, names, and a number that only looks like an address."""
    assert not settings_file.is_loopback(host)


def test_complete_responses_need_not_be_cached(tmp_path: Path) -> None:
    """The setting is named `cache.whole_answers`."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS.replace("[server]", "[cache]\nwhole_answers = false\n[server]"))

    assert not settings_file.load(path).cache.limits.responses


@pytest.mark.parametrize("read", [environment.fleet_key, environment.disclosure_key])
@pytest.mark.parametrize("secret", ["not Base64, and longer than 32 characters", "c2hvcnQ=" * 8])
def test_a_key_must_be_32_bytes_in_base64(
    tmp_path: Path, read: Callable[[settings_file.Config, Path, Mapping[str, str]], bytes], secret: str
) -> None:
    """The error says how to create one."""
    path = tmp_path / "gateway.toml"
    sections = "[cache]\nkey_env = 'KEY'\n[disclosure]\nkey_env = 'KEY'\n[server]"
    path.write_text(SETTINGS.replace("[server]", sections))
    with pytest.raises(SettingsError, match="must hold 32 bytes in Base64; create them with `openssl rand"):
        read(settings_file.load(path), path, {"KEY": secret})


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    """Also those of adapters' settings beside those of the file itself, each on a line of its own."""
    path = tmp_path / "gateway.toml"
    wrong = SETTINGS.replace("port = 8123", "prot = 8123").replace('role = "teacher"', 'role = "techer"')
    path.write_text(wrong.replace('base_url = "http://127.0.0.1:8081"', "base_url = 3"))
    with pytest.raises(SettingsError) as error:
        settings_file.load(path, {})

    problems = [problem.removeprefix(f"{path}: ") for problem in error.value.problems]
    assert "there is no setting server.prot" in problems
    assert [problem for problem in problems if problem.startswith("viewer 'ada': role: ")]
    assert [problem for problem in problems if problem.startswith("district 'hill', source 'sis': base_url: ")]
    assert "district 'hill', source 'sis': client_id is missing" in problems
    assert len(problems) == len(set(problems))


def test_all_missing_variables_are_named_at_once(tmp_path: Path) -> None:
    """An operator sets them together; none hides another."""
    path = tmp_path / "gateway.toml"
    record = '[disclosure]\nkey_env = "RECORD"\n'
    path.write_text(record + SETTINGS.replace('kind = "edfi"', 'kind = "edfi"\nhook_env = "HOOK"'))
    with pytest.raises(SettingsError) as error:
        environment.check_secrets(settings_file.load(path), path, {})

    assert [problem.removeprefix(f"{path}: ") for problem in error.value.problems] == [
        "viewer 'ada': token_env: the environment variable ADA is not set",
        "district 'hill', source 'sis': hook_env: the environment variable HOOK is not set",
        "disclosure.key_env: the environment variable RECORD is not set",
    ]


@pytest.mark.parametrize("subject", ["", "a\x1b[2J", "x" * 65])
def test_invalid_names_are_counted_and_not_shown(tmp_path: Path, subject: str) -> None:
    """A text that cannot be a name may be a secret in the wrong place, so it is not shown."""
    text = SETTINGS.replace('subject = "ada"', f"subject = {json.dumps(subject)}")
    message = error_of(tmp_path, text.replace('role = "teacher"', 'role = "techer"'))

    assert "viewer 1: role: " in message
