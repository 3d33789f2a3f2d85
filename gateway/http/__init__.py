"""
The one HTTP client that adapters are given.

It asks the configured origin and nobody else, keeps no cookies, follows no redirects, heeds no proxy of the
environment, reads no answer beyond a limit, waits its turn and knows when to leave a vendor alone, so that no
adapter has to think of these.
"""

from student_graph.gateway.http.attempts import Wire
from student_graph.gateway.http.client import VendorClient, client, gate_of
from student_graph.gateway.http.gate import Gate

__all__ = ["Gate", "VendorClient", "Wire", "client", "gate_of"]
