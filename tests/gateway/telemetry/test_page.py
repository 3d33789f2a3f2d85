"""The page about telemetry, and the picture in it."""

from __future__ import annotations

import re
from types import SimpleNamespace as Span
from xml.etree import ElementTree as ET

import yaml

from tests.gateway.servers import ROOT
from tests.gateway.telemetry import picture
from tests.gateway.telemetry.table import PAGE, page


def test_the_table_of_metrics_is_that_of_the_code() -> None:
    """`make telemetry` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_alert_says_what_to_do() -> None:
    """The page names all alerts, and no others."""
    rules = yaml.safe_load((ROOT / "deploy" / "telemetry" / "alerts.yml").read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert set(re.findall(r"`(StudentGraph\w+)`", PAGE.read_text(encoding="utf-8"))) == alerts


def test_the_picture_of_a_trace_has_rows_of_spans_and_marks_of_vendor_requests() -> None:
    """Marks are in the rows of their lookups, and nothing that is drawn leaves the picture."""
    root = span(b"1", b"", "POST /graphql", 0, 100)
    execute = span(b"2", b"1", "execute", 5, 95)
    lookup = span(b"3", b"2", "lookup students_by_id", 10, 90)
    sent = [span(key, b"3", "GET", start, start + 20, kind=3) for key, start in ((b"4", 12), (b"5", 40))]
    drawn = ET.fromstring(picture.draw([root, execute, lookup, *sent]))  # noqa: S314 - our own text
    bars = [
        element.attrib
        for element in drawn
        if element.tag.endswith("rect") and float(element.get("x", "0")) >= picture.LABEL_WIDTH
    ]
    assert [bar["fill"] for bar in bars] == [
        picture.COLORS["request"],
        picture.COLORS["work"],
        picture.COLORS["lookup"],
        picture.COLORS["vendor"],
        picture.COLORS["vendor"],
    ]
    assert all(float(bar["x"]) + float(bar["width"]) <= picture.WIDTH for bar in bars)


def span(key: bytes, parent: bytes, name: str, start: int, end: int, *, kind: int = 1) -> Span:
    """A span that took from one millisecond to another one."""
    keys = [Span(key="student_graph.keys", value=Span(WhichOneof=lambda _: "int_value", int_value=2))]
    source = Span(key="student_graph.source", value=Span(WhichOneof=lambda _: "string_value", string_value="sis"))
    return Span(
        span_id=key,
        parent_span_id=parent,
        name=name,
        start_time_unix_nano=start * picture.NANOSECONDS_PER_MS,
        end_time_unix_nano=end * picture.NANOSECONDS_PER_MS,
        kind=kind,
        SPAN_KIND_CLIENT=3,
        attributes=[*keys, source],
    )
