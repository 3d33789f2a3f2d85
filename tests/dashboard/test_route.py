"""How the gateway serves the dashboard, what the demo says about it, and when it is built."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from student_graph.gateway.demo import run
from student_graph.gateway.server.service import Service
from student_graph.gateway.web.routes.dashboard import DashboardPage
from tests.gateway.servers import ROOT, client_for, error_line

DOCUMENT = "query Role { viewer { role } }"
SCRIPT = b"export {}"
SCRIPT_BY_BROTLI = b"what Brotli makes of it"
DIGEST = hashlib.sha256(DOCUMENT.encode()).hexdigest()


@pytest.fixture
def page(tmp_path: Path) -> DashboardPage:
    """A dashboard as its build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Student dashboard</title>")
    (tmp_path / "assets" / "index-1.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets" / "index-1.js.br").write_bytes(SCRIPT_BY_BROTLI)
    (tmp_path / "documents.json").write_text(json.dumps({f"sha256:{DIGEST}": DOCUMENT}))
    return DashboardPage(tmp_path)


def test_the_page_may_load_and_ask_its_own_origin_only(page: DashboardPage) -> None:
    """No inline script, no other host, no frame; nobody keeps the page, everybody may keep its assets."""
    with client_for(Service([], {}, dashboard=page).app()) as http:
        document = http.get("/dashboard")
        asset = http.get("/dashboard/assets/index-1.js")
    policy = dict(part.strip().split(" ", 1) for part in document.headers["Content-Security-Policy"].split(";"))

    assert "Student dashboard" in document.text
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in policy["style-src"]
    assert policy["frame-ancestors"] == "'none'"
    assert document.headers["Cache-Control"] == "private, no-store"
    assert "immutable" in asset.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0.0", None),
        ("identity", None),
    ],
)
def test_an_asset_is_sent_compressed_to_browsers_that_accept_it(
    page: DashboardPage, accepted: str, encoding: str | None
) -> None:
    """The smallest copy that the browser accepts is sent, as a script; caches keep the copies apart."""
    with client_for(Service([], {}, dashboard=page).app()) as http:
        asset = http.get("/dashboard/assets/index-1.js", headers={"Accept-Encoding": accepted})
        unknown = http.get("/dashboard/assets/other.js", headers={"Accept-Encoding": accepted})

    assert asset.headers.get("Content-Encoding") == encoding
    assert asset.headers["Content-Type"].startswith("text/javascript")
    assert asset.headers["Vary"] == "Accept-Encoding"
    assert asset.content == (SCRIPT_BY_BROTLI if encoding == "br" else SCRIPT)
    assert unknown.status_code == 404


def test_the_manifest_is_for_the_gateway_alone(page: DashboardPage) -> None:
    """The gateway reads the documents of the build; it does not serve their file."""
    with client_for(Service([], {}, dashboard=page, trusted_documents=page.documents()).app()) as http:
        manifest = http.get("/dashboard/documents.json")

    assert page.documents() == {DIGEST: DOCUMENT}
    assert manifest.status_code == 404


def test_without_the_option_there_is_no_page() -> None:
    """Only the demo serves the dashboard, and only if it is asked to."""
    with client_for(Service([], {}).app()) as http:
        assert http.get("/dashboard").status_code == 404


def test_a_demo_without_a_built_dashboard_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo does not start then: the person wanted the page."""
    monkeypatch.setattr(run, "DashboardPage", lambda: DashboardPage(tmp_path))

    assert "run `make dashboard`" in error_line(capsys, "demo", "--dashboard")


@pytest.mark.parametrize(("options", "builds"), [("", False), ("--port 9000", False), ("--dashboard", True)])
def test_make_run_builds_the_dashboard_only_for_a_demo_that_serves_it(options: str, builds: bool) -> None:
    """Who tries the demo does not wait for the dashboard's packages."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make")
    plan = subprocess.run(  # noqa: S603 - our own words
        [make, "--dry-run", "--always-make", "run", "NPM=npm", "MAKE=echo", f"DEMO={options}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert ("gateway/dashboard/index.html" in plan) == builds
