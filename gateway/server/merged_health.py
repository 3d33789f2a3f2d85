"""The health of one source, from the reports of several workers that each count for themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SUMS = (
    "calls",
    "lookups",
    "failedLookups",
    "throttled",
    "answers",
    "staleAnswers",
    "unmapped",
    "unreadableRows",
    "droppedConnections",
)
"""Counts of what each worker did itself."""
REQUEST_SUMS = ("running", "waiting", "atOnce", "atOnceMax")
"""Requests to the vendor: each worker has its own gate."""


def merged_health(reports: Sequence[Mapping[str, Any]], max_codes: int) -> Mapping[str, Any]:
    """
    The health of a source in all workers, in the form that each of them reports.

    Links are those of the worker that has seen most students: others have seen some of the same. Whether the
    source answers is what the worker says that asked it last: another one may not have asked it since an outage.
    """
    if len(reports) == 1:
        return reports[0]
    codes: Counter[tuple[str, str | None]] = Counter()
    for report in reports:
        for code in report["unmappedCodes"]:
            codes[code["kind"], code["code"]] += code["count"]
    failures: Counter[str] = Counter()
    for report in reports:
        failures.update(report["failuresByCode"])
    sums = {name: sum(report[name] for report in reports) for name in SUMS}
    cached = sum(report["answers"] * (report["cachedShare"] or 0.0) for report in reports)
    linked = max(reports, key=lambda report: report["students"] or 0)
    latest = max(reports, key=lambda report: report["lastLookupAt"] or "")
    return {
        **linked,
        **sums,
        **{name: latest[name] for name in ("lastLookupAt", "reachable", "lastErrorCode")},
        "requests": _merged_requests(latest["requests"], [report["requests"] for report in reports]),
        "failuresByCode": dict(failures),
        "cachedShare": cached / sums["answers"] if sums["answers"] else None,
        "oldestSeconds": max(report["oldestSeconds"] for report in reports),
        "unmappedCodes": [
            {"kind": kind, "code": code, "count": count} for (kind, code), count in codes.most_common(max_codes)
        ],
        "since": min((r["since"] for r in reports if r["since"] is not None), default=None),
    }


def _merged_requests(
    latest: Mapping[str, Any] | None, all_reports: Iterable[Mapping[str, Any] | None]
) -> Mapping[str, Any] | None:
    """The requests of all workers to a vendor; the circuit breaker is that of `latest`, the quota the smallest."""
    if latest is None:
        return None
    reports = [report for report in all_reports if report is not None]
    quotas = [report["quotaLeft"] for report in reports if report["quotaLeft"] is not None]
    sums = {name: sum(report[name] for report in reports) for name in REQUEST_SUMS}
    return {**latest, **sums, "quotaLeft": min(quotas, default=None)}
