"""
Draws the trace of a teacher's day: `python -m tests.gateway.telemetry.picture`, or `make telemetry`.

The spans are those that a collector gets from a gateway over the demo's sandboxes, which take 150 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from tests.gateway.servers import ROOT
from tests.gateway.telemetry.collector import attributes
from tests.gateway.telemetry.gateway import observed_gateway

DOCUMENT = ROOT / "examples" / "queries" / "05-teachers-day.graphql"
PICTURE = ROOT / "docs" / "images" / "teachers-day-trace.svg"
LATENCY_MS = 150.0
WIDTH, LABEL_WIDTH, ROW_HEIGHT, BAR_HEIGHT, TOP = 1000, 370, 17, 11, 46
NANOSECONDS_PER_MS = 1_000_000
COLORS = {"request": "#1f4e79", "work": "#5b8db8", "lookup": "#8fb98f", "vendor": "#c8672b"}
STYLE = "text{font:11px system-ui,sans-serif;fill:#222}.dim{fill:#666}.title{font-size:14px;font-weight:600}"


@dataclass(frozen=True)
class Row:
    """A span with its level, and the requests to vendors below it."""

    span: Any
    level: int
    sent: Sequence[Any]


def trace() -> list[Any]:
    """The spans of the request, from the collector."""
    with observed_gateway("both") as observed:
        for sandbox in observed.sandboxes:
            sandbox.switches.latency = LATENCY_MS
        observed.gateway.post(DOCUMENT.read_text(encoding="utf-8"), "teacher")
    return list(observed.collector.spans)


def rows(spans: Sequence[Any]) -> list[Row]:
    """The spans in the order of a tree; requests to vendors are in the row of the lookup that they are for."""
    children: dict[bytes, list[Any]] = {}
    for span in sorted(spans, key=lambda span: span.start_time_unix_nano):
        children.setdefault(span.parent_span_id, []).append(span)

    def below(span: Any) -> Iterator[Any]:
        for child in children.get(span.span_id, ()):
            yield child
            yield from below(child)

    def walk(span: Any, level: int) -> Iterator[Row]:
        if span.name.startswith("lookup "):
            yield Row(span, level, [child for child in below(span) if child.kind == child.SPAN_KIND_CLIENT])
            return
        yield Row(span, level, [])
        for child in children.get(span.span_id, ()):
            yield from walk(child, level + 1)

    [root] = children[b""]
    return list(walk(root, 0))


def draw(spans: Sequence[Any]) -> str:
    """The picture as SVG."""
    shown = rows(spans)
    began = min(span.start_time_unix_nano for span in spans)
    total = (shown[0].span.end_time_unix_nano - began) / NANOSECONDS_PER_MS
    scale = (WIDTH - LABEL_WIDTH - 70) / total
    height = TOP + ROW_HEIGHT * len(shown) + 26

    def at(nanoseconds: int) -> float:
        return LABEL_WIDTH + (nanoseconds - began) / NANOSECONDS_PER_MS * scale

    def bar(span: Any, y: float, color: str, height: float = BAR_HEIGHT, opacity: float = 1.0) -> str:
        x = at(span.start_time_unix_nano)
        width = max(at(span.end_time_unix_nano) - x, 1.0)
        return (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{color}" '
            f'fill-opacity="{opacity}" rx="1.5"/>'
        )

    sent = sum(len(row.sent) for row in shown)
    title = f"A teacher's day with an empty cache: {total:,.0f} ms, {sent} vendor requests of {LATENCY_MS:.0f} ms"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{title}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="10" y="20">{title}</text>',
    ]
    step = next(step for step in (50, 100, 200, 250, 500, 1000, 2000) if total / step <= 10)
    for tick in range(0, int(total) + 1, step):
        x = LABEL_WIDTH + tick * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="36" y2="{height - 22}" stroke="#e4e4e4"/>')
        parts.append(f'<text class="dim" x="{x + 2:.1f}" y="40">{tick} ms</text>')
    for index, row in enumerate(shown):
        y = TOP + index * ROW_HEIGHT
        name, detail = label(row)
        text = f'{escape(name)}<tspan class="dim">{detail}</tspan>'
        parts.append(f'<text x="{10 + 12 * row.level}" y="{y + 9.5}">{text}</text>')
        kind = "request" if row.level == 0 else "lookup" if row.span.name.startswith("lookup ") else "work"
        parts.append(bar(row.span, y, COLORS[kind]))
        parts += [bar(span, y + 2.5, COLORS["vendor"], BAR_HEIGHT - 5, 0.55) for span in row.sent]
        milliseconds = (row.span.end_time_unix_nano - row.span.start_time_unix_nano) / NANOSECONDS_PER_MS
        x = at(row.span.end_time_unix_nano) + 4
        parts.append(f'<text class="dim" x="{x:.1f}" y="{y + 9.5}">{milliseconds:,.0f}</text>')
    x = 10
    for kind, text in (
        ("request", "request"),
        ("work", "the gateway"),
        ("lookup", "lookup"),
        ("vendor", "vendor"),
    ):
        parts.append(f'<rect x="{x}" y="{height - 16}" width="10" height="10" fill="{COLORS[kind]}" rx="1.5"/>')
        parts.append(f'<text x="{x + 14}" y="{height - 7}">{text}</text>')
        x += 100
    return "".join(parts) + "</svg>\n"


def label(row: Row) -> tuple[str, str]:
    """The name of a span, and what is shown beside it."""
    shown = attributes(row.span)
    if not row.span.name.startswith("lookup "):
        return row.span.name, ""
    keys, name = shown["student_graph.keys"], row.span.name.removeprefix("lookup ")
    return name, f" {shown['student_graph.source']}, {keys} key{'' if keys == 1 else 's'}, {len(row.sent)} sent"


if __name__ == "__main__":
    PICTURE.write_text(draw(trace()), encoding="utf-8")
