"""
The well-behaved vendors of the district `hill`, in a process of their own.

In one process with the attackers they would get too little processor time, and normal viewers would wait for
something that is not the gateway's work. `python -m tests.attacks.good_vendors` serves them until its standard
input ends, and prints their settings by kind as one line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from student_graph.adapters.sandbox.district import DistrictFacts, make_district
from student_graph.adapters.sandbox.serving import served
from tests.clients import post

ROOT = Path(__file__).parents[2]
STUDENT_COUNT = 60
KINDS = ("edfi", "canvas")


@dataclass(frozen=True)
class GoodVendors:
    """The running process."""

    settings: Mapping[str, Mapping[str, Any]]
    """Settings of each source, by kind."""

    def switch(self, kind: str, **switches: Any) -> None:
        """Change switches of a vendor, such as `down`."""
        url = self.settings[kind]["base_url"].split("/", 3)
        post(f"{url[0]}//{url[2]}/-/switches", json=switches).raise_for_status()


def facts() -> DistrictFacts:
    """The facts of the district, the same in each process."""
    return make_district(STUDENT_COUNT)


@contextlib.contextmanager
def good_vendors() -> Iterator[GoodVendors]:
    """Serve the vendors until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attacks.good_vendors"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        process_group=0,  # an interruption of the suite is not for them: they end with it
    )
    try:
        assert process.stdout is not None
        yield GoodVendors(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


def _main() -> None:
    sandboxes = {
        kind: point.load()(facts())
        for kind in KINDS
        for point in entry_points(group="student_graph.sandboxes", name=kind)
    }
    with served(*sandboxes.values()):
        print(json.dumps({kind: sandbox.source_settings() for kind, sandbox in sandboxes.items()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
