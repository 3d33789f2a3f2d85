"""Observes GraphQL requests: the outcome, time and span of each."""

from student_graph.gateway.concurrency.observation import trace_ids
from student_graph.gateway.web.observing.middleware import ObservedApp, RequestObserver

__all__ = ["ObservedApp", "RequestObserver", "trace_ids"]
