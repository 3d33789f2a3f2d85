"""What one application tells the observer of its process: its requests, its sources and the state of its parts."""

from student_graph.gateway.server.observing.metrics import Metrics
from student_graph.gateway.server.observing.readings import Readings
from student_graph.gateway.telemetry.observer import Observer
from student_graph.gateway.telemetry.settings import TelemetrySettings

__all__ = ["Metrics", "Observer", "Readings", "TelemetrySettings"]
