"""
`peers`: the gateway compared with hand-written servers on Node, with the same records and the same document.

Apollo Server with DataLoaders, and graphql-jit on Node's own HTTP server, each on one core. Responses are compared
before and after the load.
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

MIN_SHARE_OF_GRAPHQL_JIT = {30: 1.0, 500: 2.5}
"""The gateway's goal, as a multiple of graphql-jit's rate, by number of students."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return rows_for_sizes("peers", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates = {}
    with run_server(server_command("gateway", students)) as url:
        reference = response_data(url)
        requests_per_second(url, 1)
        rates["gateway"] = requests_per_second(url, seconds)
        assert response_data(url) == reference, "the gateway returns other data after the load"
    rates |= node_servers(reference, seconds)
    case = CASE_NAMES[students]
    return [
        Row(
            "peers",
            case,
            "gateway over graphql-jit",
            rates["gateway"] / rates["jit"],
            "x",
            MIN_SHARE_OF_GRAPHQL_JIT[students],
            "higher",
        ),
        Row("peers", case, "gateway over Apollo", rates["gateway"] / rates["apollo"], "x"),
        *(Row("peers", case, name, rate, "/s") for name, rate in rates.items()),
    ]
