"""Districts as the ready file of a demo describes them: their sources, and what they say about their data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.model import DistrictId
from student_graph.adapters.registry import find_adapter
from student_graph.adapters.sources import District
from student_graph.gateway.config.districts import connect
from student_graph.gateway.config.metrics import MetricsConfig

TIME_ZONE = ZoneInfo("America/Chicago")
METRICS: Mapping[str, Any] = {
    "failing_below": 60,
    "failing_letters": ["F"],
    "grade_scale": {"A": 95, "B": 85, "C": 75, "D": 65, "F": 50},
}
"""
What every demo district sets in `districts.metrics`.

Grades that are made up have an F below 60 points, and each other letter for ten points.
"""


def connect_district(description: Mapping[str, Any]) -> District:
    """
    The district of a description with its sources; none is called yet.

    Raises:
        ValueError: a setting has no such value.
        KeyError: a part is missing.
    """
    district = DistrictId(description["id"])
    sources = [
        connect(
            district,
            source["name"],
            source["kind"],
            find_adapter(source["kind"]).settings_type().model_validate(source["settings"]),
            identity=IdentityRules.model_validate(source["identity"]) if "identity" in source else None,
            lookups=frozenset(source["lookups"]) if "lookups" in source else None,
        )
        for source in description["sources"]
    ]
    now = datetime.fromisoformat(description["now"])
    for source in sources:
        source.adapter.now = lambda: now
    return District(district, description["name"], tuple(sources), TIME_ZONE, frozen_on=now)


def metrics_config(description: Mapping[str, Any]) -> MetricsConfig:
    """
    How the district of a description judges its metrics.

    Raises:
        ValueError: a setting has no such value.
        KeyError: the description has no metrics.
    """
    return MetricsConfig.model_validate(description["metrics"])
