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
    """Return the number of requests for data, without those for tokens, versions and the discovery document."""
    paths = [request.split(" ", 1)[1] for request in requests]
    return sum(path != "/" and not any(part in path for part in NO_DATA) for path in paths)
