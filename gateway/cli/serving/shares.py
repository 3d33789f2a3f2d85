"""What one worker of several may use of settings that are for all of them."""

from __future__ import annotations

from student_graph.gateway.config.settings_file import Config, DistrictConfig, SourceConfig

QUOTA = "requests_per_minute"
"""Setting of a source: what its vendor allows, whoever asks."""


def with_shared_quotas(settings: Config, workers: int) -> Config:
    """Settings in which each source has a worker's share of its quota, and at least one request a minute."""
    if workers == 1:
        return settings
    return settings.model_copy(
        update={"districts": type(settings.districts)(_district(d, workers) for d in settings.districts)}
    )


def _district(district: DistrictConfig, workers: int) -> DistrictConfig:
    return district.model_copy(
        update={"sources": type(district.sources)(_source(s, workers) for s in district.sources)}
    )


def _source(source: SourceConfig, workers: int) -> SourceConfig:
    quota = source.settings.get(QUOTA)
    if not isinstance(quota, int):  # none is set, or a wrong one, which the adapter refuses
        return source
    return source.model_copy(update={QUOTA: max(1, quota // workers) if quota > 0 else quota})
