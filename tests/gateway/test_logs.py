"""What a gateway writes to its log."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import logging
from student_graph.gateway import logs
logs.configure()
for name in ("student_graph.gateway", "student_graph.auth", "httpx"):
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "a message")
"""


def test_the_log_has_the_gateways_own_messages_and_only_the_warnings_of_other_libraries() -> None:
    """An operator reads that a reload took effect, or that Redis is available again."""
    process = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert [(line["logger"], line["level"]) for line in lines] == [
        ("student_graph.gateway", "INFO"),
        ("student_graph.gateway", "WARNING"),
        ("student_graph.auth", "INFO"),
        ("student_graph.auth", "WARNING"),
        ("httpx", "WARNING"),
    ]
