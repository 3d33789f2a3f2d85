"""The report of a rehearsal: tables for a terminal, and the same as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

VERDICTS = (
    *("complete", "stale and marked", "null with a reason", "refused with a reason"),
    *("no answer", "wrong", "foreign"),
)
COLUMNS = ("pages", *VERDICTS, "repeated", "p50_ms", "p95_ms", "p99_ms", "answered_percent")
SHORT_COLUMNS = ("pages", *VERDICTS, "p95_ms", "answered_percent")
"""Columns that fit into a terminal."""
TITLES = {"p50_ms": "p50 ms", "p95_ms": "p95 ms", "p99_ms": "p99 ms", "answered_percent": "answered %"}
SHORT_TITLES = {
    "complete": "whole", "stale and marked": "stale", "null with a reason": "null", "answered_percent": "good %",
    "refused with a reason": "refused", "no answer": "none", "wrong": "WRONG", "foreign": "FOREIGN",
    "p95_ms": "p95 ms",
}  # fmt: skip


def short_tables(report: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Title, header and rows of each table, with the columns and titles that fit into a terminal."""
    titles = [SHORT_TITLES.get(column, column) for column in SHORT_COLUMNS]
    for title, kind in (("by district", "districts"), ("by trouble", "troubles"), ("by page", "pages")):
        rows = [*report[kind], {"name": "all", **report["total"]}] if kind == "districts" else report[kind]
        yield (
            f"What viewers saw, {title}",
            [kind.removesuffix("s"), *titles],
            [
                [row["name"].removesuffix("-school-district"), *(str(row[column]) for column in SHORT_COLUMNS)]
                for row in rows
            ],
        )


def lines_below(report: Mapping[str, Any]) -> list[str]:
    """What happened, what failed, and examples of it, each as a line below the tables."""
    return [f"- {line}" for line in (*report["notes"], *report["failures"], *report["examples"])]


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
    """Title, header and rows of each table."""
    titles = [TITLES.get(column, column) for column in COLUMNS]
    districts = [
        *report["districts"],
        {
            **report["total"],
            "name": "all",
            "vendors": [],
            **{count: sum(row[count] for row in report["districts"]) for count in ("students", "vendor_calls")},
        },
    ]
    yield (
        "What viewers saw, by district",
        ["district", "students", "vendors", "vendor calls", *titles],
        [
            [row["name"], str(row["students"]), ", ".join(row["vendors"]), str(row["vendor_calls"]), *_cells(row)]
            for row in districts
        ],
    )
    yield (
        "What viewers saw, by trouble",
        ["trouble", *titles],
        [[row["name"], *_cells(row)] for row in report["troubles"]],
    )
    yield (
        "What viewers saw, by page",
        ["page", *titles],
        [[row["name"], *_cells(row)] for row in report["pages"]],
    )
    yield (
        "Memory of the fleet",
        ["seconds", "resident MiB", "in caches", "caches may hold", "the rest", "trouble"],
        [[*_memory_cells(sample), sample["trouble"]] for sample in _thinned(report["memory"])],
    )


MAX_MEMORY_ROWS = 24


def _thinned(samples: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Not more samples than a table should have, evenly chosen, the last one among them."""
    step = -(-len(samples) // MAX_MEMORY_ROWS) or 1
    return samples[::-step][::-1]


def _memory_cells(sample: Mapping[str, Any]) -> list[str]:
    """When it was measured, the resident memory, what caches hold and may hold of it, and the rest."""
    resident, cached = sample["mib"], sample["cached_mib"]
    numbers = (sample["seconds"], resident, cached, sample["max_cached_mib"], resident - cached)
    return [f"{number:.0f}" for number in numbers]


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [str(row[column]) for column in COLUMNS]
