"""
Requests in flight, shared by all operations: a key that is being requested is not requested again.

Each key is answered when its answer arrives. An operation waits until its own deadline; the request goes on in the
background, within bounds, so that the next operation continues it.
"""

from student_graph.gateway.cache.in_flight.abandoned import AbandonedRequests
from student_graph.gateway.cache.in_flight.request import InFlightRequest, Waiter
from student_graph.gateway.cache.in_flight.requests import InFlightRequests

__all__ = ["AbandonedRequests", "InFlightRequest", "InFlightRequests", "Waiter"]
