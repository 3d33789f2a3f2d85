"""Observes GraphQL requests: what became of each, how long it took, and its span."""

from student_graph.gateway.concurrency.observation import trace_ids
from student_graph.gateway.web.observing.middleware import ObservedApp, RequestObserver

__all__ = ["ObservedApp", "RequestObserver", "trace_ids"]
