"""The figures of benchmarks: rows with goals, times, the printed table and the results file."""

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

RESULTS_FILE = Path(__file__).parents[1] / "results.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a benchmark."""

    bench: str
    case: str
    metric: str
    value: float
    unit: str
    goal: float | None = None
    """The limit for the value; None if the figure is only reported."""
    better: Literal["lower", "higher"] = "lower"
    """Whether the goal is a maximum (`lower`) or a minimum (`higher`)."""

    @property
    def met(self) -> bool | None:
        """Whether the value meets the goal; None without a goal."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.better == "lower" else self.value >= self.goal


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds that each of several equal runs took."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The median in seconds."""
        return statistics.median(self.seconds)

    @property
    def minimum(self) -> float:
        """The fastest run in seconds: the one with the least interference by other processes."""
        return min(self.seconds)


async def time_runs(work: Callable[[], Awaitable[Any]], runs: int, warmup_runs: int = 2) -> Times:
    """The seconds of each of `runs` runs, after `warmup_runs` that do not count."""
    for _ in range(warmup_runs):
        await work()
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        await work()
        seconds.append(time.perf_counter() - started)
    return Times(seconds)


def format_table(rows: Iterable[Row]) -> str:
    """Rows as a table of text, with the ratios of each benchmark first."""
    ordered = sorted(rows, key=lambda row: (row.bench, not row.unit.startswith("x"), row.case))
    cells = [("bench", "case", "metric", "value", "unit", "goal", "met")]
    for row in ordered:
        sign = {"lower": "<=", "higher": ">="}[row.better]
        goal = "" if row.goal is None else f"{sign} {row.goal:g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        cells.append((row.bench, row.case, row.metric, f"{row.value:,.4g}", row.unit, goal, met))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def save_rows(rows: Sequence[Row]) -> None:
    """Write rows to `RESULTS_FILE`. They replace earlier rows of the same benchmarks; other rows stay."""
    measured = {row.bench for row in rows}
    saved = json.loads(RESULTS_FILE.read_text(encoding="utf-8")) if RESULTS_FILE.exists() else {"rows": []}
    others = [row for row in saved["rows"] if row["bench"] not in measured]
    new_rows = [{**asdict(row), "met": row.met, "on": describe_machine()} for row in rows]
    RESULTS_FILE.write_text(json.dumps({"rows": [*others, *new_rows]}, indent=1) + "\n", encoding="utf-8")


def describe_machine() -> str:
    """The cores, interpreter, packages and date of a run."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("strawberry-graphql", "graphql-core", "orjson"))
    day = datetime.now(UTC).date().isoformat()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {python}, {packages}, {day}"


def as_json_data(data: Any) -> Any:
    """Data after a round trip through JSON, to compare responses."""
    return json.loads(json.dumps(data))
