"""
`warm`: the same page asked again, answered with the bytes that were made for it before.

Beside it, in the same run: a Starlette route that sends the same bytes, and hand-written servers on Node that hold
all records in memory.
"""

from __future__ import annotations

from benchmarks.load import CASES, answer, cases, python_server, rate, serving
from benchmarks.measuring import Row
from benchmarks.peers import node_servers

AGAINST_STATIC = {30: 0.6}
"""Share of the static route's rate that a whole answer is held to."""


async def measure(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    return cases("warm", _case, quick=quick)


def _case(students: int, seconds: int) -> list[Row]:
    rates = {}
    for name in ("static", "whole", "gateway"):
        with serving(python_server(name, students)) as url:
            reference = answer(url)
            rate(url, 1)
            rates[name] = rate(url, seconds)
            assert answer(url) == reference, f"{name} answers otherwise after the load"
    rates |= node_servers(reference, seconds)
    case, peers = CASES[students], ("gateway", "apollo", "jit")
    ahead = min(rates["whole"] / rates[name] for name in peers)
    share = rates["whole"] / rates["static"]
    return [
        Row("warm", case, "whole answer over static", share, "x", AGAINST_STATIC.get(students), "higher"),
        Row("warm", case, "whole answer over the fastest other", ahead, "x", 1.0, "higher"),
        *(Row("warm", case, name, found, "/s") for name, found in rates.items()),
    ]
