"""What one application tells the observer of its process: its requests, its sources and the state of its parts."""

from student_graph.gateway.server.observing.levels import Levels
from student_graph.gateway.server.observing.metrics import Metrics
from student_graph.gateway.server.observing.readings import Readings
from student_graph.gateway.telemetry.levels import LevelRecorder, LevelSettings
from student_graph.gateway.telemetry.observer import Observer
from student_graph.gateway.telemetry.settings import TelemetrySettings

__all__ = ["LevelRecorder", "LevelSettings", "Levels", "Metrics", "Observer", "Readings", "TelemetrySettings"]
