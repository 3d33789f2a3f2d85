"""How many processes serve on which address: all that a supervisor reads of the settings file."""

from __future__ import annotations

import argparse
import math
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from student_graph.gateway.cli.parser import Parser
from student_graph.gateway.server.workers.heartbeat import HANG_SECONDS

MAX_WORKERS = 256
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""The processor time that a container may use, as `quota period` in microseconds, or `max period`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """An address, and the number of workers behind it."""

    host: str
    port: int
    workers: int
    hang_seconds: float = HANG_SECONDS
    """How long a worker may be silent until it is replaced."""


def add_workers_option(command: Parser, description: str) -> None:
    """Add `--workers`, which counts before the settings file; the description says what it is for."""
    command.add_argument(
        "--workers",
        type=_worker_count,
        metavar="N",
        help=f"{description} (default: server.workers; without it one for each processor if the settings name a "
        "Redis, else one)",
    )


def _worker_count(text: str) -> int:
    """
    A number of workers.

    Raises:
        ArgumentTypeError: it is not a number, or not one that makes sense.
    """
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_WORKERS)) else 0
    if not 1 <= number <= MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MAX_WORKERS}")
    return number


def read_layout(path: Path) -> Layout | None:
    """
    The layout that a settings file asks for.

    None if the file cannot be read, or something in these settings is wrong: who reads all settings says what.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    server, cache = _section(settings, "server"), _section(settings, "cache")
    default = default_workers() if "redis" in cache else 1
    host, port, workers = server.get("host", "127.0.0.1"), server.get("port", 8000), server.get("workers", default)
    hang = server.get("hang", HANG_SECONDS)
    if not isinstance(host, str) or not _is_within(port, 0, 65535) or not _is_within(workers, 1, MAX_WORKERS):
        return None
    if not isinstance(hang, int | float):
        return None
    return Layout(host, port, workers, float(hang))


def _section(settings: dict[str, Any], name: str) -> dict[str, Any]:
    section = settings.get(name)
    return section if isinstance(section, dict) else {}


def _is_within(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def default_workers(cpu_limit: Path = CPU_LIMIT) -> int:
    """The processors that this process may use: those that it is bound to, and no more than its container has."""
    affinity = getattr(os, "sched_getaffinity", None)
    processors = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        quota, period = cpu_limit.read_text(encoding="ascii").split()
        processors = min(processors, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        pass  # no container, or no limit
    return max(1, min(processors, MAX_WORKERS))
