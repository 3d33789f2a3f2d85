"""The container file and the scripts beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.deploy.files import DEPLOY, ROOT, needs, program

BIN = Path(sys.executable).parent
CONTAINER = DEPLOY / "container"
CONTAINER_FILE = (CONTAINER / "Containerfile").read_text()
DIGEST = "registry.example.org/student-graph@sha256:" + "a" * 64
FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> "$LOG"
"""
"""Stands for a program that needs a registry: notes what it is called with."""


def run(script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the container until it ends."""
    return subprocess.run(  # noqa: S603 - our own script
        [CONTAINER / script, *arguments],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the calls of docker and cosign, which do nothing."""
    log = tmp_path / "calls"
    log.touch()
    for name in ("docker", "cosign"):
        (tmp_path / name).write_text(FAKE)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    return log


@needs("hadolint")
def test_hadolint_has_no_complaint() -> None:
    """All of its rules hold."""
    done = subprocess.run(  # noqa: S603 - a program of our environment
        [str(program("hadolint")), CONTAINER / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_process_is_not_root_and_its_files_are() -> None:
    """The last user of the last stage has a number, and no file of the program is given to it."""
    last_stage = CONTAINER_FILE.rpartition("\nFROM ")[2]

    assert re.findall(r"^USER (\S+)$", last_stage, re.MULTILINE) == ["10001:10001"]
    assert "--chown" not in last_stage
    assert "pip" not in last_stage


def test_every_package_is_installed_by_its_hash() -> None:
    """And the wheel, whose packages these are, without looking for others."""
    packages_stage = CONTAINER_FILE.partition("AS packages")[2].partition("\nFROM ")[0]

    for command in re.findall(r"pip --python \S+ install ([^\n]*)", packages_stage):
        assert "--require-hashes" in command or "--no-deps" in command


def test_the_list_of_packages_is_that_of_the_project() -> None:
    """Each package that a fleet needs has a version that `pyproject.toml` allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = re.findall(r"--extra (\w+)", (ROOT / "Makefile").read_text())
    optional = [need for extra in extras for need in project["optional-dependencies"][extra]]
    needed = map(Requirement, [*project["dependencies"], *optional])
    text = (CONTAINER / "requirements.txt").read_text()
    pinned = dict(re.findall(r"^([a-z0-9._-]+)(?:\[\w+\])?==([^ ;\\]+)", text, re.MULTILINE))

    wrong = [str(need) for need in needed if not need.specifier.contains(pinned.get(need.name, "0"))]

    assert extras == ["redis", "s3", "telemetry"]
    assert wrong == [], "run make container-lock"


def test_an_image_with_an_unpinned_base_is_not_built(calls: Path) -> None:
    """`build.sh` names the base, and does not call docker."""
    done = run("build.sh", "student-graph:test", "revision")

    assert done.returncode == 2
    assert "NODE_IMAGE has no digest" in done.stderr
    assert calls.read_text() == ""


@pytest.mark.parametrize("image", ["student-graph:1.0", "student-graph", "student-graph@sha256:123"])
@pytest.mark.parametrize("script", ["sign.sh", "verify.sh"])
def test_a_tag_is_neither_signed_nor_verified(script: str, image: str, calls: Path) -> None:
    """A tag may be another image tomorrow."""
    done = run(script, image, "sbom.json", SIGNER="^https://git.example/", SIGNER_ISSUER="https://git.example")

    assert (done.returncode, calls.read_text()) == (2, "")


def test_an_image_is_signed_without_a_key_and_with_its_materials(calls: Path) -> None:
    """Nothing names a key, so that cosign asks for the identity of the job."""
    assert run("sign.sh", DIGEST, "sbom.json").returncode == 0

    assert calls.read_text().splitlines() == [
        f"cosign sign --yes {DIGEST}",
        f"cosign attest --yes --type cyclonedx --predicate sbom.json {DIGEST}",
    ]


def test_a_release_without_effects_prints_its_commands(calls: Path) -> None:
    """In the order: what is signed was pushed, and what was signed is verified."""
    signer = {"SIGNER": "^https://git.example/", "SIGNER_ISSUER": "https://git.example"}
    done = run("release.sh", "--dry-run", "registry.example.org/student-graph", **signer)
    words = [Path(line.split()[0]).name + " " + line.split()[1] for line in done.stdout.splitlines()]

    assert (done.returncode, done.stderr, calls.read_text()) == (0, "", "")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert words == [
        f"build.sh registry.example.org/student-graph:{version}",
        "docker push",
        "docker create",
        "docker cp",
        "docker rm",
        "sign.sh registry.example.org/student-graph@sha256:DIGEST",
        "verify.sh registry.example.org/student-graph@sha256:DIGEST",
        "released registry.example.org/student-graph@sha256:DIGEST",
    ]


def test_only_a_commit_with_the_tag_of_its_version_is_released(calls: Path) -> None:
    """And only if it says whose signature is expected."""
    signer = {"SIGNER": "^https://git.example/", "SIGNER_ISSUER": "https://git.example"}
    untagged = run("release.sh", "registry.example.org/student-graph", **signer)
    unsigned = run("release.sh", "registry.example.org/student-graph", SIGNER="", SIGNER_ISSUER="")

    assert (untagged.returncode, unsigned.returncode, calls.read_text()) == (2, 1, "")
    assert "the checkout has changes" in untagged.stderr or "this commit has no tag" in untagged.stderr
    assert "set SIGNER" in unsigned.stderr


def test_an_image_is_verified_by_who_signed_it(calls: Path) -> None:
    """The identity and its issuer are part of both questions; without them nothing is verified."""
    assert run("verify.sh", DIGEST).returncode != 0
    assert calls.read_text() == ""

    assert (
        run("verify.sh", DIGEST, SIGNER="^https://git.example/", SIGNER_ISSUER="https://git.example").returncode
        == 0
    )

    for call in calls.read_text().splitlines():
        assert "--certificate-identity-regexp ^https://git.example/" in call
        assert "--certificate-oidc-issuer https://git.example" in call


@pytest.fixture
def small_environment(tmp_path: Path) -> Path:
    """The Python of an environment with what a list of packages reads of the gateway and two packages."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False)
    [packages] = folder.glob("lib/python*/site-packages")
    for name in ("student-graph", "starlette", "cryptography"):
        metadata = Path(str(distribution(name)._path))
        shutil.copytree(metadata, packages / metadata.name)
    return folder / "bin" / "python"


@needs("cyclonedx-py")
def test_the_bill_of_materials_lists_what_is_installed(small_environment: Path, tmp_path: Path) -> None:
    """It is valid by its schema, and has the gateway and its packages."""
    file = tmp_path / "sbom.cdx.json"

    done = run("sbom.sh", str(small_environment), str(file), PATH=f"{BIN}:{os.environ['PATH']}")

    assert done.returncode == 0, done.stderr
    bill = json.loads(file.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {part["name"] for part in bill["components"]} == {"student-graph", "starlette", "cryptography"}
