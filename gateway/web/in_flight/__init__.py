"""The requests that are in flight: whose they are, and which of them wait for a vendor."""

from student_graph.gateway.web.in_flight.request import RequestInFlight, vendor_wait
from student_graph.gateway.web.in_flight.shares import Shares

__all__ = ["RequestInFlight", "Shares", "vendor_wait"]
