"""Rows of figures, the goals they are held to, and how they are shown and kept."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    bench: str
    case: str
    metric: str
    value: float
    unit: str
    goal: float | None = None
    """What the figure is held to; None for one that is only reported."""
    better: Literal["lower", "higher"] = "lower"
    """On which side of the goal it must be."""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of several runs of one thing."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """The least: what it takes when nothing else is in the way."""
        return min(self.seconds)


async def timed(work: Callable[[], Awaitable[Any]], runs: int, warm: int = 2) -> Times:
    """Seconds of each of `runs` runs, after some that do not count."""
    for _ in range(warm):
        await work()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - started)
    return Times(seconds)


def table(rows: Iterable[Row]) -> str:
    """Figures as people read them: ratios first within a benchmark."""
    ordered = sorted(rows, key=lambda row: (row.bench, not row.unit.startswith("x"), row.case))
    cells = [("bench", "case", "metric", "value", "unit", "goal", "met")]
    for row in ordered:
        sign = {"lower": "<=", "higher": ">="}[row.better]
        goal = "" if row.goal is None else f"{sign} {row.goal:g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        cells.append((row.bench, row.case, row.metric, f"{row.value:,.4g}", row.unit, goal, met))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def keep(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write figures beside those of other benchmarks, in place of the same benchmarks' earlier ones."""
    measured = {row.bench for row in rows}
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": []}
    others = [row for row in known["rows"] if row["bench"] not in measured]
    told = [{**asdict(row), "met": row.met, "on": machine()} for row in rows]
    path.write_text(json.dumps({"rows": [*others, *told]}, indent=1) + "\n", encoding="utf-8")


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("strawberry-graphql", "graphql-core", "orjson"))
    day = datetime.now(UTC).date().isoformat()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {python}, {packages}, {day}"


def plain(data: Any) -> Any:
    """Data as JSON holds them, to compare answers by."""
    return json.loads(json.dumps(data))
