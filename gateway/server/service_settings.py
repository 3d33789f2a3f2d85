"""What one process serves, and with which settings."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from student_graph.adapters.model import DistrictId
from student_graph.adapters.sources import District
from student_graph.gateway.auth import Issuer
from student_graph.gateway.cache import Fleet, Limits
from student_graph.gateway.disclosure import DisclosureLog
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.execution import configured_executor
from student_graph.gateway.fetch.pipeline import OPERATION_TIMEOUT_SECONDS
from student_graph.gateway.server.clients.connection_table import MAX_CONNECTIONS_PER_ADDRESS
from student_graph.gateway.server.observing import LevelSettings, TelemetrySettings
from student_graph.gateway.server.workers.reports import OneWorker, Workers
from student_graph.gateway.warm.plan import WarmTimes
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.assistants.settings import AssistantSettings
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.load_shedding import LoadLimits
from student_graph.gateway.web.routes.dashboard import DashboardPage
from student_graph.gateway.web.routes.graphiql import GraphiQLPage
from student_graph.gateway.web.routes.webhooks import WebhookKeys
from student_graph.resolvers.context import Viewer
from student_graph.resolvers.metrics.facts import MetricSettings

SIGNING_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """What one process serves, and with which settings."""

    districts: Sequence[District]
    viewers: Mapping[str, Viewer]
    """Viewers with a token in the settings, by token."""
    graphiql: GraphiQLPage | None = None
    """The GraphiQL page; None if browsers get none."""
    allowed_hosts: Collection[str] = ("*",)
    """Host names that requests may be addressed to; `*` for all."""
    connections_per_address: int = MAX_CONNECTIONS_PER_ADDRESS
    """Open connections that one address may have; the one that has waited for longest makes room for a new one."""
    trusted_proxies: Collection[str] = ()
    """Addresses and networks of proxies whose `X-Forwarded-For` tells the address of the client."""
    drain_seconds: float = 0.0
    """Time between the signal to stop and the end of listening, in which the process is unready."""
    assistants: AssistantSettings | None = None
    """Which trusted documents are tools of assistants; None if none are."""
    dashboard: DashboardPage | None = None
    """The example dashboard; None if it is not served."""
    get_queries: bool = False
    """Whether GET requests are answered. Their variables are in URLs, which logs on the way may keep."""
    defer: bool = False
    """Whether documents may use `@defer`."""
    federation: bool = False
    """Whether the schema has the fields of a subgraph of a supergraph."""
    live: LiveLimits | None = None
    """Limits of live documents; None if there are none."""
    trusted_documents: Mapping[str, str] = field(default_factory=dict)
    """Texts of trusted documents, by SHA-256."""
    trusted_only: bool = False
    """Whether only trusted documents are executed."""
    cache_limits: Limits = field(default_factory=Limits)
    """Limits of the cache of this process."""
    client_cache_seconds: int = 0
    """How long a client may cache a response privately; 0 for not at all."""
    fleet: Fleet | None = None
    """The processes that share purges and claims with this one; None if it runs alone."""
    shares_answers: bool = True
    """Whether they share their cache entries, too; workers without Redis do not."""
    workers: Workers = field(default_factory=OneWorker)
    """The workers that answer on the same port."""
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    """What is traced and measured; nothing by default."""
    levels: LevelSettings = field(default_factory=LevelSettings)
    """What is counted for service levels, and the districts' objectives; nothing by default."""
    webhook_keys: WebhookKeys = field(default_factory=dict)
    """Keys of the sources that report changes."""
    signing_key: bytes = field(default_factory=lambda: secrets.token_bytes(SIGNING_KEY_BYTES))
    """Key that signs cursors and break-glass tickets: the same in all processes of a fleet."""
    introspection: bool = True
    """Whether documents may query the schema, as GraphiQL does."""
    document_limits: DocumentLimits = field(default_factory=DocumentLimits)
    """Largest allowed documents, variables and costs."""
    issuers: Sequence[Issuer] = ()
    """OIDC issuers whose tokens are accepted."""
    allowed_origins: Collection[str] = ()
    """Origins of web pages that may send requests from a browser (CORS)."""
    load_limits: LoadLimits = field(default_factory=LoadLimits)
    """Limits on concurrent requests."""
    purposes: Purposes = field(default_factory=Purposes)
    """Which purposes requests may or must state."""
    disclosure_log: DisclosureLog | None = None
    """Where disclosures are recorded; None to record none."""
    reviewers_url: str | None = None
    """URL that is notified when break-glass is used; None if break-glass is not available."""
    policy_digest: str = ""
    """Digest of the settings' access rules, which the disclosure log names."""
    dependents: frozenset[DistrictId] = frozenset()
    """Districts in which parents keep their rights when a student turns 18."""
    metric_settings: Mapping[DistrictId, MetricSettings] = field(default_factory=dict)
    """How districts judge their metrics; one that is missing has the defaults."""
    warm: Mapping[DistrictId, WarmTimes] = field(default_factory=dict)
    """When the cache is filled before people come, and with what, by district."""
    calendars: bool = False
    """Whether calendars and terms of schools are read after the start, and again when they become old."""
    operation_seconds: float = OPERATION_TIMEOUT_SECONDS
    """How long an operation waits for its sources at most."""
    executor: str = field(default_factory=configured_executor)
    """What executes operations: `breadth`, or `stock` for graphql-core's own executor."""
