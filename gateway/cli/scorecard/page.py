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

from student_graph.gateway.cli.parser import count, printable
from student_graph.gateway.cli.scorecard.measuring import MeasuredDistrict
from student_graph.gateway.server.commands.sample_reads import SAMPLE_KEYS
from student_graph.resolvers.types.scorecard.measurements import SourceFigures
from student_graph.resolvers.types.scorecard.models import NO_LEVEL, Scorecard, ScorecardRow
from student_graph.resolvers.types.scorecard.values import Detail, ScorecardFinding

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page may load nothing: its style is in it."""

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Segoe UI", Roboto, Arial, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; }
h1, h2, th, td, li { overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; border-bottom: 2px solid #1f4e79; padding-bottom: .2rem; }
p { margin: .4rem 0; }
.date { color: #444; }
.notice { border-left: 4px solid #1f4e79; background: #f2f6fa; padding: .5rem .9rem; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 0; }
caption { text-align: left; color: #444; padding-bottom: .3rem; }
th, td { border: 1px solid #8a8a8a; padding: .35rem .6rem; text-align: left; vertical-align: top; }
thead th { background: #e7edf3; }
tbody th { width: 23%; font-weight: 600; }
dl { margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
dd + dt { margin-top: .45rem; }
td p { margin: 0; }
dd ul { margin: .15rem 0 0; padding-left: 1.1rem; font-size: .9rem; }
.missing { font-style: italic; color: #444; }
footer { margin-top: 2rem; font-size: .9rem; color: #444; }
@media print {
  @page { margin: 16mm 14mm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  thead { display: table-header-group; }
  h2, caption, dt { break-after: avoid; }
  dd { break-inside: avoid; }
  h1:not(:first-child) { break-before: page; }
}
"""

MODELS_READ_AT = (
    "Project Unicorn's rubric: ed.link/community/project-unicorn. CoSN's model: cosn.org and "
    "interoperabilitynow.com/step-1-data-maturity-model.html."
)


def page_of(districts: Sequence[MeasuredDistrict]) -> str:
    """The page with the scorecards of some districts."""
    names = ", ".join(district.name for district in districts)
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": CONTENT_SECURITY_POLICY})
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "title", f"Interoperability scorecard: {names}")
    _add(head, "style", STYLE)
    main = ET.SubElement(ET.SubElement(html, "body"), "main")
    for district in districts:
        _add_district(main, district)
    _add(main, "footer", f"{MODELS_READ_AT} Written by student-graph {version('student-graph')}.")
    return f"<!doctype html>\n{ET.tostring(html, encoding='unicode', method='html')}\n"


def _add_district(main: ET.Element, district: MeasuredDistrict) -> None:
    """Add the scorecard of a district, and those of its sources."""
    _add(main, "h1", f"Interoperability scorecard: {district.name}")
    until = district.until
    date = _add(main, "p", f"Measured on {until:%B} {until.day}, {until:%Y} at {until:%H:%M} UTC. ", kind="date")
    date.text = f"{date.text}{_sample_text(district)}"
    _add(main, "p", f"{NO_LEVEL} Students and their records are not counted here.", kind="notice")
    section = ET.SubElement(main, "section")
    _add(section, "h2", "The district")
    _add_table(section, district.scorecard(Detail.SHARES), "Domain", with_sources=True)
    for figures, scorecard in district.source_scorecards(Detail.SHARES):
        section = ET.SubElement(main, "section", {"class": "source"})
        _add(section, "h2", f"Source: {figures.name} ({figures.kind})")
        _add(section, "p", _sample_size_text(figures))
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
    _add(table, "caption", scorecard.model)
    heading = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for text in (first_heading, "What the gateway found"):
        _add(heading, "th", text).set("scope", "col")
    body = ET.SubElement(table, "tbody")
    for row in scorecard.rows:
        _add_row(body, row, with_sources=with_sources)


def _add_row(body: ET.Element, row: ScorecardRow, *, with_sources: bool) -> None:
    line = ET.SubElement(body, "tr")
    _add(line, "th", row.title).set("scope", "row")
    cell = ET.SubElement(line, "td")
    if row.not_measured is not None:
        _add(cell, "p", row.not_measured, kind="missing")
        return
    terms = ET.SubElement(cell, "dl")
    for measure, findings in groupby(row.findings, attrgetter("measure")):
        _add(terms, "dt", measure.value)
        for finding in findings:
            _add_finding(terms, finding, with_source=with_sources)


def _add_finding(terms: ET.Element, finding: ScorecardFinding, *, with_source: bool) -> None:
    """Add a finding, with its details or with the name of its source: the details are at the source."""
    source = f"{finding.source or 'All sources'}: " if with_source else ""
    description = _add(terms, "dd", f"{source}{finding.text}", kind=None if finding.measured else "missing")
    if finding.details and not with_source:
        details = ET.SubElement(description, "ul")
        for detail in finding.details:
            _add(details, "li", detail)


def _add(parent: ET.Element, tag: str, text: str, *, kind: str | None = None) -> ET.Element:
    """Add an element with a text, without characters that could reorder or hide it; `kind` is its class."""
    element = ET.SubElement(parent, tag, {"class": kind} if kind is not None else {})
    element.text = text if tag == "style" else printable(text)
    return element
