"""
The only HTTP client that adapters use.

It sends requests to the configured origin only, stores no cookies, follows no redirects by itself, ignores
proxies of the environment, limits the size of a response, limits concurrency, retries where that is safe and
stops calling a vendor that fails. Adapters do not have to handle any of this.
"""

from student_graph.gateway.http.client import VendorClient, create_client, gate_of
from student_graph.gateway.http.gate import Gate
from student_graph.gateway.http.priority import background, is_background_work
from student_graph.gateway.http.transport import NetworkOptions

__all__ = [
    "Gate",
    "NetworkOptions",
    "VendorClient",
    "background",
    "create_client",
    "gate_of",
    "is_background_work",
]
