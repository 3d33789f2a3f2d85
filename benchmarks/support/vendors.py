"""Sandboxes as the benchmarks use them: with a latency, and a count of the requests for data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from student_graph.adapters.sandbox.serving import Sandbox

NO_DATA = ("/oauth/", "availableChangeVersions")
"""Parts of the paths of requests that read no data."""


def slow_down(sandboxes: Iterable[Sandbox], latency: float, jitter: float) -> None:
    """Delay every response by so many milliseconds, more or less by the jitter."""
    for sandbox in sandboxes:
        sandbox.switches.latency, sandbox.switches.jitter = latency, jitter


def take_requests(sandboxes: Iterable[Sandbox]) -> list[str]:
    """Return the requests that reached the sandboxes since the last call, as method, path and query."""
    requests = []
    for sandbox in sandboxes:
        requests += sandbox.requests
        sandbox.requests.clear()
    return requests


def data_calls(requests: Sequence[str]) -> int:
    """Return the number of requests for data."""
    return sum(map(is_data, requests))


def is_data(request: str) -> bool:
    """Return whether a request is for data: not for a token, a version or the discovery document."""
    path = request.split(" ", 1)[1]
    return path != "/" and not any(part in path for part in NO_DATA)
