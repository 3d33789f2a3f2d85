"""The table of metrics in docs/telemetry.md: `python -m tests.gateway.telemetry.table` writes it."""

from __future__ import annotations

from student_graph.gateway.telemetry.catalog import METRICS
from tests.gateway.servers import ROOT

PAGE = ROOT / "docs" / "telemetry.md"
BEGIN, END = "<!-- metrics: make telemetry -->\n", "<!-- end of metrics -->\n"


def table() -> str:
    """The table, one row for each metric."""
    rows = ["| metric | kind | labels | what it says |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        rows.append(f"| `{metric.shown_name}` | {metric.kind.value} | {labels} | {metric.help} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The page with the present table."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
