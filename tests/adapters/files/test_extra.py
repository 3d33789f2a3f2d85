"""Tests of an installation without the extra `files`."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
sys.modules["pyarrow"] = None  # as if it were not installed
from student_graph.adapters.registry import SettingsError, build_settings, find_adapter
for kind in ("files", "oneroster_files"):
    try:
        build_settings(find_adapter(kind), "results", {"location": "/srv/exports"}, {})
    except SettingsError as error:
        print(error)
"""


def test_without_the_extra_a_source_says_what_to_install() -> None:
    """The adapters can be listed, and a source of theirs is refused with the command that helps."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)  # noqa: S603 - this program
    lines = done.stdout.splitlines()

    assert len(lines) == 2
    assert all("pip install 'student-graph[files]'" in line for line in lines)
