"""`student-graph scorecard`: measures the sources of districts, prints what it found by the rows of two models."""

from __future__ import annotations

import argparse
import asyncio
import json
import textwrap
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import SettingsError
from student_graph.adapters.sources import District
from student_graph.gateway.cli.districts import districts_of
from student_graph.gateway.cli.parser import Commands, add_district_options, check_output_file, count, printable
from student_graph.gateway.cli.scorecard.measuring import MeasuredDistrict, measure_districts
from student_graph.gateway.cli.scorecard.page import page_of
from student_graph.gateway.cli.terminal import print_table, progress
from student_graph.resolvers.types.scorecard.models import NO_LEVEL, Scorecard, ScorecardRow
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardFinding, ScorecardMeasure

HEADINGS = ("DISTRICT", "SOURCE", "ROW", "MEASURE", "FOUND")
DESCRIPTION = (
    "Ask every source for its version, for a few records of each kind that it offers, and for its latest "
    "changes, and print the results: by the rows of Project Unicorn's rubric for each source, and by the "
    "domains of CoSN's maturity model for the district. No level is claimed. The table and the JSON are "
    "for operators: they hold counts of students. The page holds none. The exit status is 1 if a source "
    "did not answer."
)
MEASURES_WITH_MANY_DETAILS = frozenset({ScorecardMeasure.COVERAGE, ScorecardMeasure.FRESHNESS})
"""Measures whose details are in the JSON and on the page only."""
EXAMPLES = """\
examples:
  student-graph scorecard --config gateway.toml
  student-graph scorecard --config gateway.toml --district grand-bend --html scorecard.html
  student-graph demo --district both --ready-file ready.json &
  student-graph scorecard --ready-file ready.json --json
"""


def add_command(commands: Commands) -> None:
    """Add `scorecard` to the command line."""
    command = commands.add_parser(
        "scorecard",
        description=textwrap.fill(DESCRIPTION),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_district_options(command)
    command.add_argument("--district", metavar="ID", help="only this district (default: all)")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--html", type=Path, metavar="FILE", help="also write a page to print: one file without scripts"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Measure the districts and print their scorecards; return 1 if a source did not answer.

    Raises:
        SettingsError: the settings are wrong, there is no such district, or the page cannot be written.
    """
    check_output_file("--html", options.html)
    selected = _selected(districts_of(options), options)
    with progress("measuring sources"):
        districts = asyncio.run(measure_districts(selected))
    if options.html is not None:
        _write_page(options.html, districts)
    if options.json:
        print(json.dumps(_as_json(districts), indent=2))
    else:
        print_table(HEADINGS, [row for district in districts for row in _rows(district)])
        print(NO_LEVEL)
        for district in districts:
            calls = count(sum(figures.counts.calls for figures in district.sources), "request")
            print(printable(f"{district.id}: measured by {calls} in {district.seconds:.1f} s"))
        if options.html is not None:
            print(printable(f"page: {options.html}"))
    return int(any(district.silent_sources for district in districts))


def _selected(districts: Sequence[District], options: argparse.Namespace) -> list[District]:
    """
    The districts that the options select.

    Raises:
        SettingsError: there is no such district.
    """
    selected = [district for district in districts if options.district in (None, district.id)]
    if not selected:
        known = ", ".join(district.id for district in districts)
        path = options.config or options.ready_file
        raise SettingsError(f"--district: {path} has no district {options.district!r}; it has {known}")
    return selected


def _write_page(path: Path, districts: Sequence[MeasuredDistrict]) -> None:
    """
    Write the page.

    Raises:
        SettingsError: the file cannot be written.
    """
    try:
        path.write_text(page_of(districts), encoding="utf-8")
    except OSError as exc:
        raise SettingsError(f"--html: {path}: {exc.strerror}") from None


def _rows(district: MeasuredDistrict) -> Iterator[tuple[str, ...]]:
    """The table's rows of a district: those of each source, then the domains with what is not in these rows."""
    for figures, scorecard in district.source_scorecards(Detail.COUNTS):
        for row in scorecard.rows:
            if row.not_measured is not None:
                yield district.id, figures.name, row.title, "-", row.not_measured
            for finding in row.findings:
                yield district.id, figures.name, row.title, finding.measure.value, _text(finding)
    for row in district.scorecard(Detail.COUNTS).rows:
        yield district.id, "-", row.title, "-", row.not_measured or _summary(row)


def _text(finding: ScorecardFinding) -> str:
    """A finding with its details, unless they are many."""
    details = [] if finding.measure in MEASURES_WITH_MANY_DETAILS else finding.details
    return f"{finding.text} ({'; '.join(details)})" if details else finding.text


def _summary(row: ScorecardRow) -> str:
    """The findings about all sources of a domain, and which findings about each source belong to it."""
    of_all = [finding.text for finding in row.findings if finding.source is None]
    measures = dict.fromkeys(finding.measure.value for finding in row.findings if finding.source is not None)
    return "; ".join([*of_all, f"of each source above: {', '.join(measures)}"])


def _as_json(districts: Sequence[MeasuredDistrict]) -> dict[str, Any]:
    """The scorecards as JSON, with the names of the graph."""
    return {
        "gateway": f"student-graph {version('student-graph')}",
        "districts": [
            {
                "id": district.id,
                "name": district.name,
                "scorecard": _scorecard_json(district.scorecard(Detail.COUNTS)),
                "sources": [
                    {
                        "name": figures.name,
                        "kind": figures.kind,
                        "answered": bool(figures.reachable),
                        "errorCode": figures.error_code,
                        "scorecard": _scorecard_json(scorecard),
                    }
                    for figures, scorecard in district.source_scorecards(Detail.COUNTS)
                ],
            }
            for district in districts
        ],
    }


def _scorecard_json(scorecard: Scorecard) -> dict[str, Any]:
    began = scorecard.measured_from
    return {
        "model": scorecard.model,
        "statement": scorecard.statement,
        "measuredFrom": None if began is None else began.isoformat(timespec="seconds"),
        "measuredUntil": scorecard.measured_until.isoformat(timespec="seconds"),
        "calls": scorecard.calls,
        "rows": [
            {
                "title": row.title,
                "notMeasured": row.not_measured,
                "findings": [_finding_json(finding) for finding in row.findings],
            }
            for row in scorecard.rows
        ],
    }


def _finding_json(finding: ScorecardFinding) -> dict[str, Any]:
    return {
        "measure": finding.measure.name,
        "source": finding.source,
        "measured": finding.measured,
        "text": finding.text,
        "details": finding.details,
        "numerator": finding.numerator,
        "denominator": finding.denominator,
    }
