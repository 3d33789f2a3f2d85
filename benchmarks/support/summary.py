"""The table in the README: measured figures with their goals and the days on which they were measured."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.support.figures import RESULTS_FILE

README = Path(__file__).parents[2] / "README.md"
PART_OF_README = re.compile(r"(<!-- written by: make bench -->\n).*?(?=<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a description of what was measured, and its figures."""

    subject: str
    bench: str
    figures: Sequence[tuple[str, str]]
    """Case and metric of each row of the benchmark."""


def _line(subject: str, bench: str, *figures: tuple[str, str]) -> Line:
    return Line(subject, bench, figures)


MORNING, OWN_CLASSES, SCHOOL = "morning, gateway", "teacher, own classes' work", "school of 500"
OVERLOAD, CLASS, PAGE = "10 x the knee", "class of 30", "500 students"
LINES = (
    _line(
        "a teacher's six classes, empty cache, vendors at 150 ms: vendor calls; the page",
        "day", (OWN_CLASSES, "vendor calls, cold"), (OWN_CLASSES, "cold"),
    ),
    _line("the same page again", "day", (OWN_CLASSES, "again")),
    _line(
        "a principal's list of 450 students, empty cache, vendors at 150 ms: vendor calls; all pages",
        "day", ("principal, list of 450", "vendor calls, cold"), ("principal, list of 450", "cold, all pages"),
    ),
    _line(
        "a morning of 60 teachers, vendors at 150 ms: pages within 300 ms; vendor calls of a page",
        "day", (MORNING, "pages within 300 ms"), (MORNING, "vendor calls a page"),
    ),
    _line(
        "the same morning: calls of a hand-written server on Node over ours; p95 of its pages over ours",
        "day",
        (MORNING, "calls of the server on Node over ours"), (MORNING, "p95 of the server on Node over ours"),
    ),
    _line(
        "a page of 500 students, 42,000 values with their provenance: time of graphql-core's executor over ours",
        "page", (PAGE, "stock over breadth"),
    ),
    _line(
        "the same page: time of ours over `orjson.dumps` of the finished tree",
        "page", (PAGE, "breadth over floor"),
    ),
    _line("the same page: time for one value", "page", (PAGE, "breadth a leaf")),
    _line("the same page: memory of the request", "page", (PAGE, "memory of a request, breadth")),
    _line(
        "a page of 10 students; a single object: time of graphql-core's executor over ours",
        "page", ("10 students", "stock over breadth"), ("single object", "stock over breadth"),
    ),
    _line(
        "over HTTP, one core, a class of 30 requested again (a cached response, authorized and recorded again): "
        "requests a second of ours over a static route of Starlette",
        "warm", (CLASS, "cached response over static"),
    ),
    _line(
        "the same page: requests a second of ours over the fastest other server of the run",
        "warm", (CLASS, "cached response over the fastest other"),
    ),
    _line(
        "over HTTP, executed again from the cache, requests a second of ours over graphql-jit on Node: "
        "a school of 500; a class of 30",
        "peers", (SCHOOL, "gateway over graphql-jit"), (CLASS, "gateway over graphql-jit"),
    ),
    _line(
        "a class of 30, executed again: requests a second of ours over a static route of Starlette",
        "http", (CLASS, "gateway over static"),
    ),
    _line(
        "the check of what a viewer may see of 500 students, as a share of the executor's time: "
        "a superintendent; a teacher",
        "policy",
        ("page of 500", "superintendent, over the executor"), ("page of 500", "teacher, over the executor"),
    ),
    _line("a token verified the first time; again", "policy", ("token", "the first time"), ("token", "again")),
    _line(
        "tracing a tenth of the requests, as a share of a page's processor time: "
        "a page from the cache; a cached response",
        "telemetry",
        ("answers from the cache", "CPU, 10 % traced over off"),
        ("response from the cache", "CPU, 10 % traced over off"),
    ),
    _line(
        "a minute with ten times the load that can be served: served pages, as a share of the best throughput; "
        "their p99 over that without load; time until the others are refused",
        "overload",
        (OVERLOAD, "served, of the knee"),
        (OVERLOAD, "served, p99 over unloaded p99"),
        (OVERLOAD, "refused, p99"),
    ),
    _line(
        "vendors at 40 ms: time of a page over that of its longest chain of requests",
        "waiting", ("cold, vendors at 40 ms", "page over longest chain"),
    ),
    _line(
        "a deferred part of a vendor at 300 ms: how much later the first part arrives",
        "waiting", ("defer, one vendor at 300 ms", "first part after the others alone"),
    ),
    _line(
        "1,000 equal cold pages at once: vendor calls over those of one page; of two processes on one Redis",
        "stampede",
        ("1000 cold pages, 1 process", "vendor calls over those of one page"),
        ("1000 cold pages, 2 processes", "vendor calls over those of one page"),
    ),
    _line(
        "processor time of a small vendor call through the complete client; over plain httpx",
        "client", ("a small call", "ours"), ("a small call", "ours over stock httpx"),
    ),
    _line(
        "a gzip bomb, an endless body, a slow body: until they are cut",
        "client",
        ("gzip bomb", "until it is cut"), ("endless body", "until it is cut"), ("drip", "until it is cut"),
    ),
    _line(
        "all vendors down, pages from the cache: p99 over a fresh page; values marked stale over all",
        "outage", ("all vendors down", "p99 over fresh"), ("all vendors down", "values marked stale"),
    ),
    _line(
        "one of four vendors hangs: the page; after the circuit breaker has opened",
        "outage", ("one of four hangs", "page"), ("one of four hangs", "page once it is left alone"),
    ),
    _line(
        "a vendor that always fails: calls over requests",
        "outage", ("a vendor that always fails", "calls over questions"),
    ),
    _line(
        "200,000 distinct keys: growth of the process over the cache's bound",
        "soak", ("200000 distinct keys", "growth over the bound"),
    ),
    _line("ten minutes of steady load: growth of the process", "soak", ("600 s of steady load", "growth")),
)  # fmt: skip


def write_readme() -> None:
    """Put the table of the saved figures into the README."""
    text = README.read_text(encoding="utf-8")
    table = format_summary(json.loads(RESULTS_FILE.read_text(encoding="utf-8"))["rows"])
    README.write_text(PART_OF_README.sub(lambda match: f"{match[1]}\n{table}\n\n", text), encoding="utf-8")


def format_summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """
    The table as Markdown.

    Raises:
        KeyError: a figure of `LINES` is not among the saved rows.
    """
    saved = {(row["bench"], row["case"], row["metric"]): row for row in rows}
    lines = ["| | measured | goal | on |", "|---|--:|--:|--:|"]
    for line in LINES:
        figures = [saved[line.bench, *figure] for figure in line.figures]
        measured = "; ".join(_with_unit(figure["value"], figure["unit"]) for figure in figures)
        goals = "; ".join(_goal(figure) for figure in figures)
        day = str(figures[0]["on"]).rsplit(", ", 1)[1]
        lines.append(f"| {line.subject} | {measured} | {goals} | {day} |")
    return "\n".join(lines)


def _goal(figure: Mapping[str, Any]) -> str:
    if figure["goal"] is None:
        return "-"
    missed = ", **missed**" if figure["met"] is False else ""
    return f"{_with_unit(figure['goal'], figure['unit'])}{missed}"


def _with_unit(value: float, unit: str) -> str:
    """A value with three significant digits."""
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()
