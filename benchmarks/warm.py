"""
`warm`: the same page requested again, served from the cache of complete responses.

Compared in the same run: a Starlette route that sends the same bytes, the gateway without cached responses, and
hand-written servers on Node that hold all records in memory.
"""

from __future__ import annotations

from benchmarks.support.figures import Row
from benchmarks.support.node_servers import node_servers
from benchmarks.support.server_load import (
    CASE_NAMES,
    requests_per_second,
    response_data,
    rows_for_sizes,
    run_server,
    server_command,
)

MIN_SHARE_OF_STATIC = {30: 0.6}
"""The goal for a cached response, as a share of the static route's rate, by number of students."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return rows_for_sizes("warm", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates = {}
    for name in ("static", "cached", "gateway"):
        with run_server(server_command(name, students)) as url:
            reference = response_data(url)
            requests_per_second(url, 1)
            rates[name] = requests_per_second(url, seconds)
            assert response_data(url) == reference, f"{name} returns other data after the load"
    rates |= node_servers(reference, seconds)
    case, peers = CASE_NAMES[students], ("gateway", "apollo", "jit")
    ahead = min(rates["cached"] / rates[name] for name in peers)
    share = rates["cached"] / rates["static"]
    return [
        Row("warm", case, "cached response over static", share, "x", MIN_SHARE_OF_STATIC.get(students), "higher"),
        Row("warm", case, "cached response over the fastest other", ahead, "x", 1.0, "higher"),
        *(Row("warm", case, name, rate, "/s") for name, rate in rates.items()),
    ]
