"""The reports of districts as one page to print."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple
from xml.etree import ElementTree as ET

from student_graph.gateway.cli.printed.page import add, start_page, text_of
from student_graph.gateway.cli.report.sections import Section

NOTE = "All numbers are counts. No student and no viewer is named."


class PrintedReport(NamedTuple):
    """The report of a district as the page shows it."""

    title: str
    state: str
    """Which time it is about."""
    sections: Sequence[Section]


def page_of(reports: Sequence[PrintedReport]) -> str:
    """The page with the reports of some districts."""
    html, main = start_page("; ".join(report.title for report in reports))
    for report in reports:
        add(main, "h1", report.title)
        add(main, "p", report.state, kind="date")
        add(main, "p", NOTE, kind="notice")
        for section in report.sections:
            _add_section(main, section)
    add(main, "footer", f"Written by student-graph {version('student-graph')}.")
    return text_of(html)


def _add_section(main: ET.Element, section: Section) -> None:
    element = ET.SubElement(main, "section")
    add(element, "h2", section.title)
    for sentence in section.sentences:
        add(element, "p", sentence)
    if not section.headings:
        return
    table = ET.SubElement(element, "table")
    add(table, "caption", section.title)
    heading = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for text in section.headings:
        add(heading, "th", text).set("scope", "col")
    body = ET.SubElement(table, "tbody")
    for row in section.rows:
        line = ET.SubElement(body, "tr")
        add(line, "th", row[0]).set("scope", "row")
        for text in row[1:]:
            add(line, "td", text)
