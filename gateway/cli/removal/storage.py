"""What the storage of a gateway holds of one district: on Redis, in the record of disclosures, and on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.serving.redis_use import open_redis
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.disclosure.removal.district_lines import lines_by_file
from student_graph.gateway.telemetry.levels import store as level_store

if TYPE_CHECKING:
    from student_graph.gateway.cache.fleet.removal import DistrictOnRedis, Remains

T = TypeVar("T")
REDIS_SECONDS = 60.0
"""Longest time to find or to remove what Redis holds."""


@dataclass(frozen=True)
class DistrictData:
    """The data of a district that is kept outside of memory."""

    redis: Remains | None
    """None if the settings name no Redis."""
    older_answers: int
    """Answers of an earlier version on Redis, of any district."""
    record: Mapping[str, int]
    """Lines in the record of disclosures, by file."""
    level_files: int
    """Files with counts for service levels."""

    @property
    def outside_record(self) -> int:
        """All of it except the record."""
        return (self.redis.total if self.redis is not None else 0) + self.level_files

    @property
    def lines(self) -> int:
        """Lines in the record."""
        return sum(self.record.values())


class Storage:
    """The storage of a gateway, as its settings name it."""

    def __init__(self, path: Path, environ: Mapping[str, str], district: str) -> None:
        """
        Look for a district; nothing is read yet.

        Raises:
            SettingsError: the settings are wrong or still have the district, or a key is missing.
        """
        self.settings = settings_file.load(path, environ)
        if district in {known.id for known in self.settings.districts}:
            raise SettingsError(
                f"--district: {path} still has the district {district!r}: take it out, with what names it, reload "
                "each gateway, and wait until /health/settings says that the new settings hold"
            )
        self._path, self._environ, self.district = path, environ, district
        self.record_folder = path.parent / self.settings.disclosure.directory
        levels = self.settings.service_levels.directory
        self.levels_folder = None if levels is None else path.parent / levels
        if self.settings.cache.redis is not None:
            environment.fleet_key(self.settings, path, environ)

    def find(self) -> DistrictData:
        """
        Look for everything.

        Raises:
            SettingsError: Redis does not answer, or a file cannot be read.
        """
        redis, older = self._on_redis(_find) or (None, 0)
        folder = self.levels_folder
        try:
            record = lines_by_file(self.record_folder, self.district)
            levels = 0 if folder is None else sum(1 for _ in (folder / self.district).glob("*"))
        except OSError as exc:
            raise SettingsError(f"{exc.filename}: {exc.strerror}") from None
        return DistrictData(redis, older, record, levels)

    def remove_outside_record(self) -> None:
        """
        Remove everything except the lines of the record.

        Raises:
            SettingsError: Redis does not answer, or a file cannot be removed.
        """
        self._on_redis(lambda on_redis: on_redis.remove())
        try:
            if self.levels_folder is not None:
                level_store.remove_district(self.levels_folder, self.district)
        except OSError as exc:
            raise SettingsError(f"{exc.filename}: {exc.strerror}") from None

    def _on_redis(self, work: Callable[[DistrictOnRedis], Awaitable[T]]) -> T | None:
        """
        Do some work on Redis; None if the settings name none.

        Raises:
            SettingsError: Redis does not answer, or is not that of these settings.
        """
        store = open_redis(self.settings, self._path, self._environ)
        if store is None:
            return None
        # The packages for Redis, which these modules import, are an extra.
        from student_graph.gateway.cache.fleet.compatibility import RedisReasonError, explained  # noqa: PLC0415 - see above
        from student_graph.gateway.cache.fleet.removal import DistrictOnRedis  # noqa: PLC0415 - see above

        async def connected() -> T:
            try:
                async with asyncio.timeout(REDIS_SECONDS):
                    return await work(DistrictOnRedis(store, self.district))
            finally:
                await store.close()

        try:
            with explained():
                return asyncio.run(connected())
        except RedisReasonError as exc:
            raise SettingsError(f"{self._path}: cache.redis: Redis cannot be searched: {exc}") from None


async def _find(on_redis: DistrictOnRedis) -> tuple[Remains, int]:
    return await on_redis.find(), await on_redis.count_of_older_versions()
