"""
`http`: the gateway's `/graphql` route with a warm cache of records, one worker on one core.

Compared in the same run: Strawberry's own view and executor with the same schema and data, and a Starlette route
that sends the same bytes.
"""

from __future__ import annotations

from benchmarks.support.figures import Row
from benchmarks.support.server_load import (
    CASE_NAMES,
    requests_per_second,
    response_data,
    rows_for_sizes,
    run_server,
    sequential_requests_per_second,
    server_command,
)

MIN_SHARE_OF_STATIC = {30: 0.15}
"""The gateway's goal as a share of the static route's rate, by number of students."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return rows_for_sizes("http", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates, reference = {}, None
    for name in ("static", "gateway", "stock"):
        with run_server(server_command(name, students)) as url:
            data = response_data(url)
            reference = reference or data
            assert data == reference, f"{name} returns other data"
            rates[name] = (
                sequential_requests_per_second(url, seconds)
                if name == "stock"
                else requests_per_second(url, seconds)
            )
            assert response_data(url) == reference, f"{name} returns other data after the load"
    case = CASE_NAMES[students]
    share = rates["gateway"] / rates["static"]
    return [
        Row("http", case, "gateway over static", share, "x", MIN_SHARE_OF_STATIC.get(students), "higher"),
        Row("http", case, "gateway over stock", rates["gateway"] / rates["stock"], "x"),
        *(Row("http", case, name, rate, "/s") for name, rate in rates.items()),
    ]
