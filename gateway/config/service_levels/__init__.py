"""The settings of service levels: what is counted and where, and the objectives of a district."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from student_graph.adapters.model import DistrictId
from student_graph.gateway.config.sections import Section
from student_graph.gateway.telemetry.histogram import REQUEST_SECONDS
from student_graph.gateway.telemetry.levels import LevelSettings, Objectives
from student_graph.gateway.telemetry.levels.objectives import Objective

MIN_SECONDS = 0.1
PAGE_SECONDS = tuple(bound for bound in REQUEST_SECONDS if bound >= MIN_SECONDS)
"""Times that an objective may name: pages are counted by these."""


def _check_share(share: float) -> float:
    if share == 1:
        raise ValueError("under 1: at 100 % there is no page that may fail; 0.999 is 99.9 %")
    if not 0.5 <= share < 1:
        raise ValueError("a share from 0.5 to less than 1, such as 0.999 for 99.9 %")
    return share


def _check_seconds(seconds: float) -> float:
    if seconds not in PAGE_SECONDS:
        raise ValueError(
            f"one of the times by which pages are counted: {', '.join(f'{s:g}' for s in PAGE_SECONDS)}"
        )
    return seconds


Share = Annotated[float, AfterValidator(_check_share)]


class ServiceLevelsConfig(Section):
    """Counts of pages and of what sources did, by district and hour, for reports; none is about a person."""

    directory: Path | None = None
    """Folder of the counts, relative to the settings file, such as `service-levels`; without it none are kept."""
    keep_months: int = Field(default=25, ge=1, le=240)
    """Months for which they are kept."""


class ObjectivesConfig(Section):
    """What share of a district's pages is to be good; alerts say when too many are not."""

    seconds: Annotated[float, AfterValidator(_check_seconds)] = 2.5
    """The time within which a page is to come."""
    in_time: Share | None = None
    """Share of pages that are to come within that time."""
    answered: Share | None = None
    """Share of pages that are to be answered, whole or with a reason for each part that is missing."""
    complete: Share | None = None
    """Share of pages that are to lack nothing because of a source or of the gateway."""

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if not self.objectives.targets:
            raise ValueError("with a share for at least one of in_time, answered and complete")
        return self

    @property
    def objectives(self) -> Objectives:
        """The objectives as they are measured."""
        shares = {objective: getattr(self, objective.value) for objective in Objective}
        return Objectives(self.seconds, {name: share for name, share in shares.items() if share is not None})


def level_settings(
    section: ServiceLevelsConfig, folder: Path, districts: Iterable[tuple[str, ObjectivesConfig | None]]
) -> LevelSettings:
    """What is counted by the settings in `folder`; `districts` are ids with objectives."""
    objectives = {DistrictId(district): config.objectives for district, config in districts if config is not None}
    directory = None if section.directory is None else folder / section.directory
    return LevelSettings(directory, section.keep_months, objectives)


__all__ = ["ObjectivesConfig", "ServiceLevelsConfig", "level_settings"]
