"""
A page to print: no script, nothing from other hosts, readable on paper and by screen readers.

It is built as a tree, so that every text in it is escaped.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from student_graph.gateway.cli.parser import printable

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


def start_page(title: str) -> tuple[ET.Element, ET.Element]:
    """The tree of a new page, and its main part, which is empty."""
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": CONTENT_SECURITY_POLICY})
    ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "title", title)
    add(head, "style", STYLE)
    return html, ET.SubElement(ET.SubElement(html, "body"), "main")


def text_of(html: ET.Element) -> str:
    """The page as text."""
    return f"<!doctype html>\n{ET.tostring(html, encoding='unicode', method='html')}\n"


def add(parent: ET.Element, tag: str, text: str, *, kind: str | None = None) -> ET.Element:
    """Add an element with a text, without characters that could reorder or hide it; `kind` is its class."""
    element = ET.SubElement(parent, tag, {"class": kind} if kind is not None else {})
    element.text = text if tag == "style" else printable(text)
    return element
