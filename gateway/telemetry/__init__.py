"""What the gateway counts and traces: by source, by request and of itself, for `/metrics` and a collector."""

from student_graph.gateway.telemetry.calls import CallCounter, count_call, count_unreadable_rows, counting_calls
from student_graph.gateway.telemetry.counts import MAX_REASONS, OTHER_REASON, LinkStatus, Telemetry, traced
from student_graph.gateway.telemetry.settings import TelemetrySettings

__all__ = [
    "MAX_REASONS",
    "OTHER_REASON",
    "CallCounter",
    "LinkStatus",
    "Telemetry",
    "TelemetrySettings",
    "count_call",
    "count_unreadable_rows",
    "counting_calls",
    "traced",
]
