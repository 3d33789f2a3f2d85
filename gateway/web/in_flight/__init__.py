"""The requests that are in flight: whose they are, which wait for a vendor, and which are ahead of others."""

from student_graph.gateway.web.in_flight.budget_lane import BudgetLane
from student_graph.gateway.web.in_flight.costs import ResponseCosts
from student_graph.gateway.web.in_flight.districts import RequestsByDistrict
from student_graph.gateway.web.in_flight.lane import Lane
from student_graph.gateway.web.in_flight.request import RequestInFlight, Sender, vendor_wait
from student_graph.gateway.web.in_flight.shares import Shares
from student_graph.gateway.web.in_flight.usage import ProcessorDemand, ProcessorShare, Usage
from student_graph.gateway.web.in_flight.viewers import ViewerRequests

__all__ = [
    "BudgetLane",
    "Lane",
    "ProcessorDemand",
    "ProcessorShare",
    "RequestInFlight",
    "RequestsByDistrict",
    "ResponseCosts",
    "Sender",
    "Shares",
    "Usage",
    "ViewerRequests",
    "vendor_wait",
]
