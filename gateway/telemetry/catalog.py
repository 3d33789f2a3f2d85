"""All metrics. The values of their labels are names of the settings and codes of this program, nothing else."""

from __future__ import annotations

from student_graph.gateway.telemetry.families import Kind, Metric

_SOURCE = ("district", "source")


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"student_graph_{name}", Kind.COUNTER, text, labels)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"student_graph_{name}", Kind.GAUGE, text, labels)


def _histogram(name: str, text: str, *labels: str) -> Metric:
    return Metric(f"student_graph_{name}", Kind.HISTOGRAM, text, labels)


REQUEST_DURATION = _histogram(
    "request_duration_seconds",
    "Time from a GraphQL request's head to the end of its response, by the viewer's district (`unknown` without a "
    "viewer, `several` for more than one) and outcome: complete, cached, partial, refused, shed, failed or gone",
    "district",
    "outcome",
)
RESPONSE_ERRORS = _counter(
    "response_errors",
    "GraphQL responses with an error of a code, also refusals; docs/errors.md lists codes",
    "code",
)
SUPPRESSED = _counter("suppressed_tables", "Tables of counts in responses in which small cells were hidden")
OBJECTIVE_PAGES = _counter(
    "objective_pages",
    "Pages that an objective of the district counts: in_time, answered or complete",
    "district",
    "objective",
)
OBJECTIVE_MISSED = _counter(
    "objective_missed", "Pages that missed an objective of the district", "district", "objective"
)
OBJECTIVE_TARGET = _gauge(
    "objective_target_ratio", "Share of the pages that is to keep the objective", "district", "objective"
)
BURN_RATE = _gauge(
    "error_budget_burn_rate",
    "How fast this gateway uses the objective's error budget, over the last 5m, 30m, 1h, 6h and 3d; 1 uses "
    "exactly all of it. No value without pages",
    "district",
    "objective",
    "window",
)
IN_FLIGHT = _gauge("requests_in_flight", "GraphQL requests that are handled now")
WAITING = _gauge(
    "requests_waiting_for_vendors", "GraphQL requests that wait for a vendor and use no processor time"
)
SHED = _counter("requests_shed", "Requests refused because there was too much to do, or by a viewer's limit")
DISTRICT_IN_FLIGHT = _gauge(
    "district_requests_in_flight", "GraphQL requests of a district's viewers that are handled now", "district"
)
DISTRICT_SHED = _counter(
    "district_requests_shed", "Requests of a district's viewers that were refused under overload", "district"
)
DISTRICT_LOOP = _gauge(
    "district_loop_share",
    "Share of the last fifth of a second that the event loop worked for a district's viewers within their budgets",
    "district",
)
DISTRICT_ANSWERS = _gauge(
    "district_answers_bytes", "Memory of a district's cached answers, by estimate", "district"
)

VENDOR_REQUESTS = _counter(
    "vendor_requests", "Requests sent to a vendor, with those for tokens and versions and with retries", *_SOURCE
)
VENDOR_CALLS = _counter("vendor_calls", "Requests sent to a vendor to answer a lookup", *_SOURCE, "lookup")
LOOKUPS = _counter(
    "lookups",
    "Lookups that a source was asked for, by outcome: complete, partial if some keys failed, or failed",
    *_SOURCE,
    "lookup",
    "outcome",
)
LOOKUP_DURATION = _histogram(
    "lookup_duration_seconds", "Time of a lookup with all its vendor calls, waits and retries", *_SOURCE, "lookup"
)
LOOKUP_FAILURES = _counter("lookup_failures", "Keys without an answer, by the error's code", *_SOURCE, "code")
THROTTLED = _counter("vendor_throttled", "Responses by which a vendor asked for fewer requests", *_SOURCE)
ANSWERS = _counter(
    "answers",
    "Answers by origin: fetched from the vendor, cached, or stale from the cache",
    *_SOURCE,
    "origin",
)
ANSWER_AGE = _histogram(
    "answer_age_seconds", "Age of the oldest cached answer, each time that some were shown", *_SOURCE
)
REACHABLE = _gauge("source_reachable", "1 if the last lookup reached the source, 0 if it did not", *_SOURCE)
BREAKER = _gauge(
    "source_breaker", "1 for the state of the circuit breaker: closed, open or probing", *_SOURCE, "state"
)
CREDENTIALS_REFUSED = _gauge(
    "source_credentials_refused", "1 while nothing is sent because the vendor refused the credentials", *_SOURCE
)
QUEUE = _gauge("source_queue_length", "Requests to the vendor that wait for their turn", *_SOURCE)
RUNNING = _gauge("source_calls_running", "Requests to the vendor that run now", *_SOURCE)
CONCURRENCY = _gauge("source_concurrency", "Requests that may run at once, as learned from the vendor", *_SOURCE)
PAUSE = _gauge("source_pause_seconds", "Seconds until the next request may be sent; 0 if it may be now", *_SOURCE)
QUOTA_LEFT = _gauge("source_quota_left", "Calls left of the vendor's quota; no value if there is none", *_SOURCE)
LINKS = _gauge(
    "identity_links", "Students by status of their link: matched, unmatched or conflicted", *_SOURCE, "status"
)
UNMAPPED = _counter("unmapped_codes", "Codes in records that have no meaning, by kind of code", *_SOURCE, "kind")
UNREADABLE = _counter("unreadable_rows", "Rows of a vendor that could not be read", *_SOURCE)

DISCLOSURES = _counter("disclosures_written", "Entries that the record of disclosures got")
LOOP_DELAY = _histogram("loop_delay_seconds", "How late the event loop was, measured ten times a second")
CACHE_BYTES = _gauge("cache_bytes", "Memory that a bounded cache takes, by estimate", "cache")
CACHE_MAX_BYTES = _gauge("cache_max_bytes", "Memory that a bounded cache may take", "cache")
LEVELS_UNWRITABLE = _gauge("service_levels_unwritable", "1 while the counts for reports cannot be written")
READY = _gauge("ready", "1 if the process accepts new requests")
FLEET_JOINED = _gauge("fleet_joined", "1 if the fleet's Redis is reachable; no value without a fleet")
SETTINGS_REFUSED = _gauge("settings_refused", "1 if the last reload of the settings was refused")
LOST = _counter("telemetry_lost", "Spans and sets of metrics that no collector took", "signal")
WORKER_RESTARTS = _counter("worker_restarts", "Workers that ended and were replaced")
BUILD = _gauge("info", "1, with the version", "version")
MEMORY = Metric("process_resident_memory_bytes", Kind.GAUGE, "Resident memory of the process")
CPU = Metric("process_cpu_seconds", Kind.COUNTER, "Processor time of the process")

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All metrics, in the order in which they are shown."""
SOURCE_METRICS = tuple(metric for metric in METRICS if metric.labels[:2] == _SOURCE)
"""The metrics that have values for each source."""
