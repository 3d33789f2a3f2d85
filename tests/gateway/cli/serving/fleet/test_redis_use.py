"""The Redis of a settings file: `check` tries it, and refuses files that no connection could use."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.serving.trial import try_start
from student_graph.gateway.demo.rehearsal.vendors.certificates import AUTHORITY, EXPIRED, VALID, write_certificates
from tests.gateway.cli.serving.gateway import SettingsFiles
from tests.gateway.redis_server import redis_server
from tests.gateway.servers import run_here

PASSWORD = "a password of the test"


def with_redis(files: SettingsFiles, *lines: str) -> SettingsFiles:
    """The settings with lines for the cache, and the secrets that these may name."""
    files.cache = "\n".join((*lines, "key_env = 'FLEET'"))
    files.secrets |= {"FLEET": base64.b64encode(b"f" * 32).decode(), "REDIS": PASSWORD}
    files.write()
    return files


def row_of_check(files: SettingsFiles) -> tuple[int, dict[str, str]]:
    """The exit status of `check`, and its row for Redis."""
    options = ["--config", str(files.path), "--env-file", str(files.environment_file), "--json"]
    finished = run_here("check", *options)
    [row] = [row for row in json.loads(finished.stdout) if row["kind"] == "redis"]
    return finished.returncode, row


def test_check_uses_redis_as_the_gateways_do(files: SettingsFiles) -> None:
    """As their own user; what is wrong is a failure of the check, by the setting to change."""
    with redis_server(
        "--user", "hill", "on", f">{PASSWORD}", "~*", "&*", "+@all", "--user", "default", "off"
    ) as server:
        lines = f"redis = '{server.url}'", "redis_password_env = 'REDIS'"
        status, row = row_of_check(with_redis(files, *lines, "redis_user = 'hill'"))
        assert (status, row["status"], row["says"]) == (0, "ok", "gateways can share their answers")
        status, row = row_of_check(with_redis(files, *lines))
        assert (status, row["status"]) == (1, "failed")
        assert "cache.redis_user" in row["says"]
    status, row = row_of_check(with_redis(files, *lines, "redis_user = 'hill'"))
    assert (status, row["status"]) == (1, "failed")
    assert "is the server of cache.redis running" in row["says"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, and two certificates with keys of their own."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    (folder / "text.pem").write_text("no certificate")
    return folder


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"redis_ca_file": "missing.pem"}, "cache.redis_ca_file: {folder}/missing.pem: No such file or directory"),
        ({"redis_ca_file": "text.pem"}, "cache.redis_ca_file: {folder}/text.pem: holds no certificates (PEM)"),
        (
            {"redis_certificate_file": VALID, "redis_key_file": EXPIRED},
            "cache.redis_certificate_file: {folder}/valid.pem: is not a certificate (PEM) whose key is in ",
        ),
        (
            {"redis_certificate_file": VALID, "redis_key_file": "missing.pem"},
            "cache.redis_key_file: {folder}/missing.pem: No such file or directory",
        ),
        ({"redis_ca_file": AUTHORITY, "redis_certificate_file": VALID, "redis_key_file": VALID}, ""),
    ],
)
def test_a_file_that_no_connection_could_use_is_named(
    files: SettingsFiles, certificates: Path, settings: dict[str, str], problem: str
) -> None:
    """Paths begin at the folder of the settings file."""
    for file in certificates.iterdir():
        (files.path.parent / file.name).write_bytes(file.read_bytes())
    with_redis(files, "redis = 'rediss://127.0.0.1:1'", *(f"{name} = '{file}'" for name, file in settings.items()))
    if not problem:
        try_start(files.path, files.environment_file)
        return
    with pytest.raises(SettingsError) as refused:
        try_start(files.path, files.environment_file)

    assert str(refused.value).startswith(f"{files.path}: {problem.format(folder=files.path.parent)}")
