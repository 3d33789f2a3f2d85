"""The report of a rehearsal: tables for a terminal, and the same as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

VERDICTS = (
    *("complete", "stale and marked", "null with a reason", "refused with a reason"),
    *("no answer", "wrong", "foreign"),
)
COLUMNS = ("pages", *VERDICTS, "repeated", "p50_ms", "p95_ms", "p99_ms", "answered_percent")
TITLES = {"p50_ms": "p50 ms", "p95_ms": "p95 ms", "p99_ms": "p99 ms", "answered_percent": "answered %"}


def print_tables(report: Mapping[str, Any], console: Console) -> None:
    """Print the tables of a report."""
    for title, header, rows in _tables(report):
        table = Table(*header, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for line in (*report["failures"], *report["examples"]):
        console.print(f"- {line}", markup=False)


def markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown, without a title."""
    parts = []
    for title, header, rows in _tables(report):
        alignment = ["---" if position == 0 else "--:" for position in range(len(header))]
        lines = [f"| {' | '.join(row)} |" for row in (header, alignment, *rows)]
        parts.append(f"## {title}\n\n" + "\n".join(lines))
    for title, name in (("What happened", "notes"), ("What failed", "failures"), ("Examples", "examples")):
        if report[name]:
            parts.append(f"## {title}\n\n" + "\n".join(f"- {line}" for line in report[name]))
    return "\n\n".join(parts) + "\n"


def _tables(report: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    titles = [TITLES.get(column, column) for column in COLUMNS]
    yield (
        "What viewers saw, by district",
        ["district", "students", "vendors", "vendor calls", *titles],
        [
            [row["name"], str(row["students"]), ", ".join(row["vendors"]), str(row["vendor_calls"]), *_cells(row)]
            for row in report["districts"]
        ]
        + [["all", str(sum(row["students"] for row in report["districts"])), "",
            str(sum(row["vendor_calls"] for row in report["districts"])), *_cells(report["total"])]],
    )  # fmt: skip
    yield (
        "What viewers saw, by trouble",
        ["trouble", *titles],
        [[row["name"], *_cells(row)] for row in report["troubles"]],
    )
    yield (
        "Memory of the fleet",
        ["seconds", "MiB", "trouble"],
        [[f"{s['seconds']:.0f}", f"{s['mib']:.0f}", s["trouble"]] for s in _thinned(report["memory"])],
    )


MAX_MEMORY_ROWS = 24


def _thinned(samples: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Not more samples than a table should have, evenly chosen, the last one among them."""
    step = -(-len(samples) // MAX_MEMORY_ROWS) or 1
    return samples[::-step][::-1]


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [str(row[column]) for column in COLUMNS]
