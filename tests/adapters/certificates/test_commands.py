"""Tests of `student-graph adapters certify` and `adapters verify`, and of a gateway that requires a tier."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from hillside_sis.adapter import Hillside
from student_graph.adapters.certificates.certificate import Tier, read_certificate, sign
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.authors.certify import access_paths
from student_graph.gateway.cli.main import main
from student_graph.gateway.config import settings_file
from tests.adapters.certificates.test_certificate import certificate
from tests.long_runs import LONG_RUNS

ROOT = Path(__file__).parents[3]
SETTINGS = """
[certificates]
tier = "silver"
directory = "."
keys = ["public.pem"]

[[districts]]
id = "hill"
name = "Hill"
time_zone = "America/Denver"

[[districts.sources]]
name = "sis"
kind = "hillside"
base_url = "https://sis.example"
api_key_env = "KEY"
"""


@pytest.fixture
def key(tmp_path: Path) -> Ed25519PrivateKey:
    """A new key, in `private.pem` and `public.pem`."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "private.pem").write_bytes(private)
    (tmp_path / "public.pem").write_bytes(public)
    return key


def write_certificate(folder: Path, key: Ed25519PrivateKey | None, **changes: Any) -> Path:
    """Write a certificate of Hillside as it is installed, with some changes."""
    values: dict[str, Any] = {
        "adapter": "hillside",
        "package": "hillside-sis",
        "version": version("hillside-sis"),
        "capabilities": tuple(lookup.name for lookup in Hillside.capabilities()),
        "access_paths": access_paths(Hillside),
    }
    file = folder / "hillside.json"
    file.write_text(sign(certificate(**(values | changes)), key).text())
    return file


def load(folder: Path, settings: str = SETTINGS) -> settings_file.Config:
    """Load the settings of a gateway, as `serve` and `check` do."""
    (folder / "gateway.toml").write_text(settings)
    return settings_file.load(folder / "gateway.toml")


def test_a_certified_adapter_is_accepted(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    """A higher tier than required is enough too, and without a required tier no certificate is read."""
    write_certificate(tmp_path, key)
    assert load(tmp_path)
    write_certificate(tmp_path, key, tier=Tier.PLATINUM)
    assert load(tmp_path)
    (tmp_path / "hillside.json").unlink()
    assert load(tmp_path, SETTINGS.replace('tier = "silver"', ""))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tier": Tier.BRONZE}, "the adapter 'hillside' reached the tier bronze; certificates.tier needs silver"),
        ({"version": "0.0.9"}, "is installed, and 0.0.9 certified"),
        ({"contract": 7}, "it was certified for contract 7"),
        ({"adapter": "hall"}, "it is for 'hall'"),
        ({"capabilities": ("students_by_id",)}, "the lookup attendance_events_by_student was not certified"),
    ],
)
def test_an_adapter_without_the_tier_is_refused(
    changes: dict[str, Any], problem: str, tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    """The message names the source, the adapter and what differs."""
    write_certificate(tmp_path, key, **changes)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)

    assert "gateway.toml: district 'hill', source 'sis': kind: " in str(caught.value)
    assert problem in str(caught.value)


def test_a_certificate_that_nobody_trusted_signed_is_refused(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    """No certificate, no signature, another key, a changed value, or no key in the settings."""
    with pytest.raises(SettingsError, match=r"hillside\.json: No such file or directory"):
        load(tmp_path)
    write_certificate(tmp_path, None)
    with pytest.raises(SettingsError, match="the certificate is not signed"):
        load(tmp_path)
    write_certificate(tmp_path, Ed25519PrivateKey.generate())
    with pytest.raises(SettingsError, match="signed with another key"):
        load(tmp_path)
    file = write_certificate(tmp_path, key, tier=Tier.BRONZE)
    file.write_text(
        file.read_text().replace('"tier": "bronze",\n    "criteria"', '"tier": "gold",\n    "criteria"')
    )
    assert read_certificate(file).certificate.tier is Tier.GOLD
    with pytest.raises(SettingsError, match="was changed after it was signed"):
        load(tmp_path)
    with pytest.raises(SettingsError, match=r"certificates.keys names no key"):
        load(tmp_path, SETTINGS.replace('keys = ["public.pem"]', ""))


def test_an_altered_certificate_is_refused(
    tmp_path: Path, key: Ed25519PrivateKey, capsys: pytest.CaptureFixture[str]
) -> None:
    """`adapters verify` prints what a valid certificate says, and one line about an altered one."""
    file = write_certificate(tmp_path, key)
    command = ["adapters", "verify", str(file), "--key", str(tmp_path / "public.pem")]
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 0
    assert "silver, issued 2026-11-29, 4 lookups; the signature is valid" in capsys.readouterr().out

    file.write_text(file.read_text().replace('"all_cases": true', '"all_cases": false'))
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    assert capsys.readouterr().err.endswith("hillside.json: the certificate was changed after it was signed\n")


def certify(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Certify Hillside in a process of its own."""
    code = "from student_graph.gateway.cli.main import main; main()"
    command = [
        sys.executable,
        "-c",
        code,
        "adapters",
        "certify",
        "hillside",
        "--output",
        str(folder),
        *options,
    ]
    return subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.long_run
class TestCertification:
    """Certification runs the whole suite, which takes its time: it is left to the long run."""

    __test__ = LONG_RUNS

    def test_an_adapter_is_certified_and_a_lost_lookup_is_named(
        self, tmp_path: Path, key: Ed25519PrivateKey
    ) -> None:
        """Certified against an older release with one lookup more: the command fails and names the lookup."""
        lookups = (*(lookup.name for lookup in Hillside.capabilities()), "students_by_section")
        old = write_certificate(tmp_path, None, capabilities=lookups).rename(tmp_path / "old.json")
        result = certify(tmp_path, "--key", str(tmp_path / "private.pem"), "--against", str(old))
        written = read_certificate(tmp_path / "hillside.json").verify(key.public_key())

        assert result.returncode == 1, result.stderr
        assert "lost since 0.1.0: the lookup students_by_section" in result.stdout
        assert f"hillside {version('hillside-sis')}: silver; " in result.stdout
        assert written.capabilities == tuple(lookup.name for lookup in Hillside.capabilities())
        assert len(written.checks) >= 60
        assert all(check.rule for check in written.checks)
        assert all(check.reason for check in written.checks if check.outcome in {"exempt", "inapplicable"})
        assert {figures.lookup for figures in written.figures} == set(written.capabilities)
        assert json.loads((tmp_path / "hillside.json").read_text())["certificate"]["tier"] == "silver"
        assert (tmp_path / "hillside.md").exists()
        assert (tmp_path / "hillside.html").exists()
