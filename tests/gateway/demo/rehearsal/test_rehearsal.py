"""The short form of the rehearsal: three small districts, and every trouble of the script for a moment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from student_graph.gateway.demo.rehearsal.trouble import SCRIPT
from tests.gateway.servers import run_command
from tests.long_runs import LONG_RUNS

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")


@pytest.mark.long_run
class TestShortForm:
    """Starts ten processes and lets them fail for half a minute."""

    __test__ = LONG_RUNS

    def test_nothing_wrong_and_nothing_foreign_is_seen(self, tmp_path: Path) -> None:
        """Every trouble happens, most pages are whole, and each other one says why."""
        files = [str(tmp_path / name) for name in ("report.json", "report.md")]
        finished = run_command(
            *("rehearse", "--districts", "3", "--largest", "300", "--minutes", "0.6", "--pages", "5"),
            *("--json", files[0], "--report", files[1]),
        )
        assert finished.returncode in (0, 1), finished.stderr
        report = json.loads(Path(files[0]).read_text(encoding="utf-8"))
        total = report["total"]
        assert (total["wrong"], total["foreign"], report["failures"]) == (0, 0, []), report["examples"]
        assert total["complete"] > total["pages"] / 3
        happened = [line.removeprefix("trouble: ") for line in (finished.stdout + finished.stderr).splitlines()]
        assert {trouble.name for trouble in SCRIPT} <= set(happened)  # on a slow machine without a page in each
        by_trouble = {row["name"]: row for row in report["troubles"]}
        assert by_trouble["hostile viewer"]["refused with a reason"] > 0
        assert all(row["pages"] for row in report["districts"])
        assert "| hostile viewer |" in Path(files[1]).read_text(encoding="utf-8")
