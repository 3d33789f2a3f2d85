"""The process: a service built from its settings, and the HTTP server that runs it."""

from student_graph.gateway.server.process import freeze_garbage_collector, listen, run
from student_graph.gateway.server.service import Application, Service

__all__ = ["Application", "Service", "freeze_garbage_collector", "listen", "run"]
