"""The systemd unit is right, and leaves the process little."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import UNIT, unit_settings

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
MAX_EXPOSURE = 1.5
"""On the scale of `systemd-analyze security`, from 0 (nothing) to 10 (all that root can)."""


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with the command of this environment, which must exist."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/opt/student-graph/bin", str(Path(sys.executable).parent)))
    return path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `systemd-analyze`."""
    command = [str(shutil.which("systemd-analyze")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words


def test_systemd_has_no_complaint(unit: Path) -> None:
    """Each setting is known, and the command is there."""
    done = analyze("verify", "--man=no", unit)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_process_can_do_little(unit: Path) -> None:
    """By systemd's own measure."""
    done = analyze("security", "--offline=true", unit)

    match = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert match is not None, done.stderr
    assert float(match[1]) <= MAX_EXPOSURE


def test_a_reload_is_the_signal_that_the_gateway_knows() -> None:
    """`systemctl reload` reads the settings again."""
    assert dict(unit_settings())["ExecReload"] == "/bin/kill -HUP $MAINPID"
