"""
The scorecard as one page to print: no script, nothing from other hosts, and no count of students or records.

A district can attach it to a procurement. It is built as a tree, so that every text in it is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from xml.etree import ElementTree as ET

from student_graph.gateway.cli.parser import count
from student_graph.gateway.cli.printed.page import add, start_page, text_of
from student_graph.gateway.cli.scorecard.measuring import MeasuredDistrict
from student_graph.gateway.server.commands.sample_reads import SAMPLE_KEYS
from student_graph.resolvers.types.scorecard.measurements import SourceFigures
from student_graph.resolvers.types.scorecard.models import NO_LEVEL, Scorecard, ScorecardRow
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardFinding

MODELS_READ_AT = (
    "Project Unicorn's rubric: ed.link/community/project-unicorn. CoSN's model: cosn.org and "
    "interoperabilitynow.com/step-1-data-maturity-model.html."
)


def page_of(districts: Sequence[MeasuredDistrict]) -> str:
    """The page with the scorecards of some districts."""
    names = ", ".join(district.name for district in districts)
    html, main = start_page(f"Interoperability scorecard: {names}")
    for district in districts:
        _add_district(main, district)
    add(main, "footer", f"{MODELS_READ_AT} Written by student-graph {version('student-graph')}.")
    return text_of(html)


def _add_district(main: ET.Element, district: MeasuredDistrict) -> None:
    """Add the scorecard of a district, and those of its sources."""
    add(main, "h1", f"Interoperability scorecard: {district.name}")
    until = district.until
    date = add(main, "p", f"Measured on {until:%B} {until.day}, {until:%Y} at {until:%H:%M} UTC. ", kind="date")
    date.text = f"{date.text}{_sample_text(district)}"
    add(main, "p", f"{NO_LEVEL} Students and their records are not counted here.", kind="notice")
    section = ET.SubElement(main, "section")
    add(section, "h2", "The district")
    _add_table(section, district.scorecard(Detail.SHARES), "Domain", with_sources=True)
    for figures, scorecard in district.source_scorecards(Detail.SHARES):
        section = ET.SubElement(main, "section", {"class": "source"})
        add(section, "h2", f"Source: {figures.name} ({figures.kind})")
        add(section, "p", _sample_size_text(figures))
        _add_table(section, scorecard, "Row", with_sources=False)


def _sample_text(district: MeasuredDistrict) -> str:
    """The sentences that say over what the scorecard was measured."""
    calls = sum(figures.counts.calls for figures in district.sources)
    sample = (
        f"Each source was asked for its version, for the records of at most {SAMPLE_KEYS} students, schools, "
        "sections and members of staff, and for its latest changes: "
        f"{count(calls, 'request')} to {count(len(district.sources), 'source')}."
    )
    silent = district.silent_sources
    missing = f" Not answering: {', '.join(silent)}." if silent else ""
    return f"{sample}{missing}"


def _sample_size_text(figures: SourceFigures) -> str:
    """The sentence that says over how many requests a source was measured."""
    if not figures.reachable:
        return f"The source did not answer ({figures.error_code}). What follows is from its settings."
    return f"Measured over {count(figures.counts.asks, 'lookup')} in {count(figures.counts.calls, 'request')}."


def _add_table(parent: ET.Element, scorecard: Scorecard, first_heading: str, *, with_sources: bool) -> None:
    """Add the table of a scorecard: one line for each row of its model."""
    table = ET.SubElement(parent, "table")
    add(table, "caption", scorecard.model)
    heading = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for text in (first_heading, "What the gateway found"):
        add(heading, "th", text).set("scope", "col")
    body = ET.SubElement(table, "tbody")
    for row in scorecard.rows:
        _add_row(body, row, with_sources=with_sources)


def _add_row(body: ET.Element, row: ScorecardRow, *, with_sources: bool) -> None:
    line = ET.SubElement(body, "tr")
    add(line, "th", row.title).set("scope", "row")
    cell = ET.SubElement(line, "td")
    if row.not_measured is not None:
        add(cell, "p", row.not_measured, kind="missing")
        return
    terms = ET.SubElement(cell, "dl")
    for measure, findings in groupby(row.findings, attrgetter("measure")):
        add(terms, "dt", measure.value)
        for finding in findings:
            _add_finding(terms, finding, with_source=with_sources)


def _add_finding(terms: ET.Element, finding: ScorecardFinding, *, with_source: bool) -> None:
    """Add a finding, with its details or with the name of its source: the details are at the source."""
    source = f"{finding.source or 'All sources'}: " if with_source else ""
    description = add(terms, "dd", f"{source}{finding.text}", kind=None if finding.measured else "missing")
    if finding.details and not with_source:
        details = ET.SubElement(description, "ul")
        for detail in finding.details:
            add(details, "li", detail)
