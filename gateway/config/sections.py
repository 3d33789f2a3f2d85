"""The sections of the settings file about the gateway itself."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.load_shedding import LoadLimits

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""Names of districts, sources and fleets; they become parts of ids and log lines."""
_DEFAULT_LIMITS = DocumentLimits()
_DEFAULT_LIVE = LiveLimits()


class Section(BaseModel):
    """A section of the settings file: unknown settings are refused, and error messages never show a value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


def _check_network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("an address such as 10.0.0.6, or a network such as 10.0.0.0/24") from None
    if network.prefixlen == 0:
        raise ValueError("smaller: in the network of all addresses, everybody could state another address")
    return text


def has_valid_port(parts: SplitResult) -> bool:
    """Whether the port of an address is left out, or one that can be used."""
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


class ServerConfig(Section):
    """Where the gateway listens, which requests it accepts, and how it stops."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 picks a free one."""
    workers: int | None = Field(default=None, ge=1, le=256)
    """Processes that answer on the port; with Redis one for each processor by default, and without it one."""
    gateways: int = Field(default=1, ge=1, le=1_000)
    """Gateways that call the same vendors, as replicas do; each uses its share of what a source allows."""
    graphiql: bool = False
    """Whether `/graphql` shows GraphiQL in a browser; it switches introspection on."""
    introspection: bool = False
    """Whether queries may read the schema."""
    origins: frozenset[str] = frozenset()
    """Origins of web pages that may send queries with a bearer token, such as `https://dashboards.example`."""
    get_queries: bool = False
    """Whether queries may be sent by GET; their variables are then in URLs and in the logs of proxies."""
    defer: bool = False
    """Whether queries may use `@defer`."""
    federation: bool = False
    """Whether the graph is also a subgraph for the supergraph of the district, by Apollo Federation 2."""
    connections_per_address: int = Field(default=2_048, ge=1)
    """Open connections of one address, such as a school behind one router; a trusted proxy may have more."""
    trusted_proxies: tuple[Annotated[str, AfterValidator(_check_network)], ...] = ()
    """Addresses or networks of proxies in front, whose `X-Forwarded-For` tells the address of the client."""
    drain: float = Field(default=5.0, ge=0, le=60)
    """Seconds between SIGTERM, when `/health/ready` changes to 503, and closing the port."""
    hang: float = Field(default=20.0, ge=5, le=600)
    """Seconds after which a worker that does not answer its supervisor is ended and replaced."""
    watch: bool = False
    """Whether changed files of the settings are applied automatically, as on SIGHUP."""
    check_sources: bool = True
    """Whether a reload is refused if a source that it adds or changes does not answer."""


class DocumentsConfig(Section):
    """Trusted documents: queries that the operator lists in advance."""

    manifest: Path | None = None
    """JSON file with the trusted documents by the SHA-256 of their text; relative to the settings file."""
    only: bool = False
    """Whether all other queries are refused."""


class LimitsConfig(Section):
    """Limits on the size of documents, variables and responses."""

    depth: int = Field(default=_DEFAULT_LIMITS.depth, ge=1)
    """Levels of fields."""
    fields: int = Field(default=_DEFAULT_LIMITS.fields, ge=1)
    """Fields; those of a fragment count at every spread."""
    aliases: int = Field(default=_DEFAULT_LIMITS.aliases, ge=0)
    """Fields with an alias."""
    root_fields: int = Field(default=_DEFAULT_LIMITS.root_fields, ge=1)
    """Fields at the root of one operation."""
    fragments: int = Field(default=_DEFAULT_LIMITS.fragments, ge=0)
    """Named fragments."""
    operations: int = Field(default=_DEFAULT_LIMITS.operations, ge=1)
    """Operations in one document."""
    directives: int = Field(default=_DEFAULT_LIMITS.directives, ge=0)
    """Directives in the whole document."""
    variable_depth: int = Field(default=_DEFAULT_LIMITS.variable_depth, ge=1)
    """Levels of lists and objects in a variable or in a literal."""
    variable_list: int = Field(default=_DEFAULT_LIMITS.variable_list, ge=1)
    """Items of one list in a variable or in a literal."""
    variable_members: int = Field(default=_DEFAULT_LIMITS.variable_members, ge=1)
    """Members of one object in a variable or in a literal."""
    schema_fields: int = Field(default=_DEFAULT_LIMITS.schema_fields, ge=0)
    """Fields `__schema` in one operation."""
    type_fields: int = Field(default=_DEFAULT_LIMITS.type_fields, ge=0)
    """Fields `__type` in one operation."""
    cost: int = Field(default=_DEFAULT_LIMITS.cost, ge=1)
    """Estimated records in a response; five times as many for services."""
    calls: int = Field(default=_DEFAULT_LIMITS.calls, ge=1)
    """Estimated vendor calls of an operation; ten times as many for services."""
    list_calls: int = Field(default=_DEFAULT_LIMITS.list_calls, ge=1)
    """Estimated calls for conditions and orders of lists of students; ten times as many for services."""
    answer_records: int = Field(default=_DEFAULT_LIMITS.answer_records, ge=1)
    """Records that a response holds; ten times as many for services."""
    answer_mib: int = Field(default=_DEFAULT_LIMITS.answer_mib, ge=1)
    """MiB that the data of a response takes; four times as many for services."""
    warn_only: bool = False
    """Whether a document over a limit is only logged instead of refused, for a transition period."""
    loosened: bool = False
    """Whether limits may be higher than their defaults, or `warn_only`; each start logs a warning."""

    @property
    def document_limits(self) -> DocumentLimits:
        """The settings as the check of documents takes them."""
        return DocumentLimits(**self.model_dump(exclude={"loosened"}))

    @property
    def above_default(self) -> list[str]:
        """Names of the settings that allow more than their defaults."""
        defaults, limits = asdict(_DEFAULT_LIMITS), asdict(self.document_limits)
        return [name for name, default in defaults.items() if limits[name] > default]


class LoadConfig(Section):
    """Limits on the requests that one process handles at once; over them it responds with 503 or 429."""

    in_flight: int = Field(default=2_000, ge=1)
    """Requests in flight in one process."""
    wait: float = Field(default=0.02, gt=0, le=10)
    """Seconds of processor time that may be ahead of a request when the process is busy; one response may be."""
    viewer_in_flight: int = Field(default=8, ge=1)
    """Requests in flight of one viewer."""
    viewer_rate: float = Field(default=10.0, gt=0)
    """Requests per second of one viewer, on average."""
    viewer_burst: int = Field(default=40, ge=1)
    """Requests that a viewer may send at once after a quiet time."""

    @property
    def load_limits(self) -> LoadLimits:
        """The settings as load shedding takes them."""
        return LoadLimits(**self.model_dump())


class LiveConfig(Section):
    """Live documents: answers that are sent again whenever they have changed."""

    enabled: bool = False
    """Whether a query may be sent as a live document, which keeps a connection open."""
    documents: int = Field(default=_DEFAULT_LIVE.documents, ge=1)
    """Live documents of one process."""
    documents_per_viewer: int = Field(default=_DEFAULT_LIVE.documents_per_viewer, ge=1)
    """Live documents of one viewer."""
    interval: float = Field(default=_DEFAULT_LIVE.interval, ge=1, le=3600)
    """Shortest time in seconds between two executions of one document."""
    answer_mib: int = Field(default=_DEFAULT_LIVE.answer_mib, ge=1)
    """MiB that one answer takes."""
    at_once: int = Field(default=_DEFAULT_LIVE.at_once, ge=1)
    """Documents that are executed again at the same time."""

    @property
    def live_limits(self) -> LiveLimits | None:
        """The settings as live documents take them; None if there are none."""
        return LiveLimits(**self.model_dump(exclude={"enabled"})) if self.enabled else None


class PolicyConfig(Section):
    """Settings of the policy: what requests must state, and who is notified of break-glass access."""

    purposes: frozenset[str] = frozenset()
    """Purposes that a request may state; empty allows any text."""
    reviewers: str | None = Field(default=None, pattern=r"^https://|^http://(127\.0\.0\.1|localhost)[:/]")
    """URL that is notified within a minute of a break-glass access; without it, nobody can use break-glass."""
    purpose_required: bool = False
    """Whether every request must state one of `purposes`."""


OTLP_PATHS = ("/v1/traces", "/v1/metrics", "/v1/logs")
"""Paths of a collector for one kind of telemetry each; the gateway adds them to its address."""


def _check_collector_url(url: str) -> str:
    parts = urlsplit(url)
    is_plain = not (
        parts.query or parts.fragment or "@" in parts.netloc or parts.path.rstrip("/").endswith(OTLP_PATHS)
    )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain or not has_valid_port(parts):
        raise ValueError(
            "the address of an OpenTelemetry collector for OTLP over HTTP, such as http://10.0.0.6:4318, without "
            "/v1/traces and without a password: name the variable with its headers in headers_env"
        )
    return url.rstrip("/")


class TelemetryConfig(Section):
    """Traces and metrics of the gateway, for OpenTelemetry and Prometheus; they hold no data of people."""

    endpoint: Annotated[str, AfterValidator(_check_collector_url)] | None = None
    """Address of an OpenTelemetry collector, such as `http://10.0.0.6:4318`; nothing is sent without it."""
    headers_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with headers for the collector, such as `Authorization=Bearer abc`."""
    sample: float = Field(default=0.1, ge=0, le=1)
    """Share of the requests that are traced, from 0 to 1."""
    caller_decides: bool = False
    """Whether the header `traceparent` of a request decides if it is traced, in place of `sample`."""
    context_to_vendors: bool = False
    """Whether vendors get a header `traceparent` with the requests of a trace."""
    push_seconds: float | None = Field(default=None, ge=1, le=3600)
    """Seconds between two sets of metrics for the collector; it gets none if left out."""
    metrics: bool = False
    """Whether Prometheus may read `/metrics`, with the token of an operator."""
    metrics_token_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with a token that may read `/metrics` and nothing else."""

    @property
    def problems(self) -> Iterator[str]:
        """Settings that need others."""
        for name in ("headers_env", "push_seconds", "caller_decides", "context_to_vendors"):
            if getattr(self, name) and self.endpoint is None:
                yield f"telemetry.{name}: set telemetry.endpoint to the address of the collector"
        if self.metrics_token_env is not None and not self.metrics:
            yield "telemetry.metrics_token_env: set telemetry.metrics = true, or there is nothing to read"


class FreshnessConfig(Section):
    """How long the answers to one lookup are fresh, and how long they may be served stale."""

    fresh: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=7))
    """Seconds for which an answer is served from the cache; the lookup's own value if left out."""
    stale: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=7))
    """Seconds after that for which it may be served, marked as stale; the lookup's own value if left out."""
