"""
`http`: the gateway's own route, warm, one worker on one core.

Beside it, in the same run: Strawberry's own view and executor on the same schema and data, and a Starlette route
that sends the same bytes.
"""

from __future__ import annotations

from benchmarks.load import CASES, answer, cases, python_server, rate, serving, slow_rate
from benchmarks.measuring import Row

AGAINST_STATIC = {30: 0.15}
"""Share of the static route's rate that the gateway is held to."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return cases("http", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates, reference = {}, None
    for name in ("static", "gateway", "stock"):
        with serving(python_server(name, students)) as url:
            told = answer(url)
            reference = reference or told
            assert told == reference, f"{name} answers otherwise"
            rates[name] = slow_rate(url, seconds) if name == "stock" else rate(url, seconds)
            assert answer(url) == reference, f"{name} answers otherwise after the load"
    case = CASES[students]
    share = rates["gateway"] / rates["static"]
    return [
        Row("http", case, "gateway over static", share, "x", AGAINST_STATIC.get(students), "higher"),
        Row("http", case, "gateway over stock", rates["gateway"] / rates["stock"], "x"),
        *(Row("http", case, name, found, "/s") for name, found in rates.items()),
    ]
