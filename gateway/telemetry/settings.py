"""Settings of traces and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

REQUIRED_MODULES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http", "prometheus_client")
"""Modules of the packages in the extra `telemetry`."""


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What is traced and measured, and who gets it."""

    endpoint: str | None = None
    """Address of an OpenTelemetry collector for OTLP over HTTP, without the path; None if there is none."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers of requests to the collector, such as a token."""
    sample: float = 0.1
    """Share of the requests that are traced."""
    caller_decides: bool = False
    """Whether a request whose `traceparent` says that it is sampled, or not, is traced accordingly."""
    context_to_vendors: bool = False
    """Whether vendors get the header `traceparent`."""
    metrics: bool = False
    """Whether `/metrics` is served."""
    metrics_token: str | None = field(default=None, repr=False)
    """A token that may read `/metrics` and nothing else; None if only operators may."""
    push_seconds: float | None = None
    """Time between two sets of metrics for the collector; None if it gets none."""

    @property
    def traces(self) -> bool:
        """Whether requests are traced."""
        return self.endpoint is not None and self.sample > 0

    @property
    def measures(self) -> bool:
        """Whether anybody gets metrics."""
        return self.metrics or (self.endpoint is not None and self.push_seconds is not None)

    @property
    def package_problem(self) -> str | None:
        """Which packages must be installed before anything is traced or measured; None if they are."""
        if not (self.traces or self.measures) or all(map(_is_installed, REQUIRED_MODULES)):
            return None
        return (
            "telemetry: traces and metrics need packages that are not installed: "
            "pip install 'student-graph[telemetry]'"
        )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a package above it is missing
        return False
