"""The report of a district as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from student_graph.gateway.cli.report.shown import MIN_PAGES, ShownDisclosures
from student_graph.gateway.server.commands.month import DistrictMonth, Period, SourceMonth
from student_graph.gateway.telemetry.histogram import AGE_SECONDS
from student_graph.gateway.telemetry.levels.objectives import Objective


def as_json(
    district: str, name: str, report: DistrictMonth, disclosures: ShownDisclosures | None
) -> dict[str, Any]:
    """The report, with null for what was not measured and for what is not shown because it is small."""
    return {
        "id": district,
        "name": name,
        "timeZone": report.month.zone.key,
        "countedFrom": _instant(report.counted_from),
        "countedUntil": _instant(report.counted_until),
        "availability": {
            "minutes": report.minutes,
            "minutesReady": report.minutes_ready,
            "notReady": [_period(period) for period in report.not_ready],
        },
        "pages": _pages(report),
        "sources": [_source(source) for source in report.sources],
        "disclosures": None if disclosures is None else _disclosures(disclosures),
        "unreadableFiles": [path.name for path in report.unreadable],
    }


def _pages(report: DistrictMonth) -> dict[str, Any]:
    pages = report.pages.pages
    if pages < MIN_PAGES:
        return {"pages": None, "failed": None, "objectives": []}
    return {
        "pages": pages,
        "failed": report.pages.failed,
        "half": report.seconds_of_share(0.5),
        "most": report.seconds_of_share(0.95),
        "objectives": [_objective(objective, report) for objective in Objective],
    }


def _objective(objective: Objective, report: DistrictMonth) -> dict[str, Any]:
    judged, missed = report.judged(objective)
    target = report.objectives.targets.get(objective)
    return {
        "objective": objective.value,
        "seconds": report.objectives.seconds if objective is Objective.IN_TIME else None,
        "pages": judged,
        "missed": missed,
        "share": 1 - missed / judged,
        "target": target,
        "budgetUsed": None if target is None else missed / judged / (1 - target),
    }


def _source(source: SourceMonth) -> dict[str, Any]:
    counts = source.counts
    bounds: Sequence[float | None] = (*AGE_SECONDS, None)
    return {
        "name": source.name,
        "lookups": counts.lookups,
        "failed": source.failed,
        "failuresByCode": counts.failures,
        "failing": [_period(period) for period in source.failing],
        "shownFromCache": counts.shown,
        "stale": counts.stale,
        "ages": [{"upToSeconds": bound, "times": times} for bound, times in zip(bounds, counts.ages, strict=True)],
    }


def _disclosures(shown: ShownDisclosures) -> dict[str, Any]:
    return {
        "answers": shown.answers,
        "records": shown.records,
        "breakGlass": shown.openings,
        "roles": [
            {
                "role": role,
                "answers": shown.answers_by_role[role],
                "records": shown.records_by_role[role],
                "classes": {name: shown.cells[role, name] for name in shown.classes},
            }
            for role in shown.roles
        ],
    }


def _period(period: Period) -> dict[str, Any]:
    row: dict[str, Any] = {"from": _instant(period.begins), "until": _instant(period.ends)}
    if period.lookups:
        row |= {"failed": period.failed, "lookups": period.lookups, "codes": list(period.codes)}
    return row


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="minutes")
