"""Several workers count each page once, also if one is killed, and the report adds them up."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from student_graph.gateway.telemetry.levels.store import read_days
from tests.gateway.cli.serving.gateway import SettingsFiles, small_district
from tests.gateway.cli.serving.worker_gateway import WorkerGateway, ask, running_workers, wait_until
from tests.gateway.servers import run_here
from tests.long_runs import LONG_RUNS

LEVELS = """
[service_levels]
directory = "service-levels"
"""
STUDENTS = "{ districts { students(first: 50) { edges { node { studentUniqueId name { firstName } } } } } }"
WRITTEN_SECONDS = 120.0


def pages_in(folder: Path) -> int:
    """All pages that are in files."""
    today = datetime.now(UTC).date()
    return sum(hour.pages.pages for hour in read_days([folder], "hill", today, today).hours.values())


def send(gateway: WorkerGateway, pages: int) -> None:
    """Send so many pages, by connections to all workers."""
    with gateway.connections() as clients:
        for number in range(pages):
            ask(clients[number % len(clients)], STUDENTS)


@pytest.mark.long_run
class TestKilledWorker:
    """A worker is killed when its counts are written, and replaced."""

    __test__ = LONG_RUNS

    def test_no_page_is_lost_or_counted_twice(self, tmp_path: Path) -> None:
        """Those of the killed worker, of its successor and of the other one, and all disclosures."""
        with small_district() as sandboxes:
            files = SettingsFiles(tmp_path, [*sandboxes.values()], LEVELS)
            files.name += '"\nobjectives = { answered = 0.999 }\nschool_year_starts = "07-01'
            files.write()
            with running_workers(files) as gateway:
                send(gateway, 40)
                wait_until(lambda: pages_in(tmp_path / "service-levels") == 40, WRITTEN_SECONDS)
                [objective] = gateway.report("/status")["districts"][0]["objectives"]
                assert (objective["pages"], objective["share"]) == (40, 1.0)  # of both workers
                killed = gateway.workers[1]
                os.kill(killed, signal.SIGKILL)
                wait_until(lambda: gateway.workers.get(1, killed) != killed)
                send(gateway, 30)
                gateway.process.send_signal(signal.SIGTERM)
                assert gateway.process.wait(120) == 0
        month = f"{datetime.now(UTC):%Y-%m}"
        finished = run_here("report", "--config", str(files.path), "--month", month, "--json")
        assert (finished.returncode, finished.stderr) == (0, "")
        [report] = json.loads(finished.stdout)["districts"]
        assert report["pages"]["pages"] == 70
        assert report["disclosures"]["answers"] == 70
        assert len(list((tmp_path / "service-levels" / "hill").iterdir())) == 3
