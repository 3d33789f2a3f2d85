"""The Redis of a settings file: opened for a process, or tried for `check`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config import environment, settings_file

if TYPE_CHECKING:
    from student_graph.gateway.cache.fleet.redis_store import RedisStore

CHECK_SECONDS = 5.0
"""How long Redis may take to answer a check."""


def open_redis(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> RedisStore | None:
    """
    The Redis of the settings; None if they name none. Nothing is sent yet.

    Raises:
        SettingsError: a secret is missing, a file of certificates cannot be used, or packages are not installed.
    """
    section = settings.cache
    if section.redis is None:
        return None
    try:
        # The packages for Redis, which these modules import, are an extra.
        from student_graph.gateway.cache.fleet.encryption import Encryptor  # noqa: PLC0415 - see above
        from student_graph.gateway.cache.fleet.login import CertificateFileError, RedisLogin  # noqa: PLC0415 - see above
        from student_graph.gateway.cache.fleet.redis_store import RedisStore  # noqa: PLC0415 - see above
    except ImportError:
        raise SettingsError(f"{path}: cache.redis: install student-graph[redis] to use Redis") from None
    files = (section.redis_ca_file, section.redis_certificate_file, section.redis_key_file)
    login = RedisLogin(
        section.redis_user,
        environment.redis_password(settings, path, environ),
        *(None if file is None else path.parent / file for file in files),
    )
    try:
        login.check_files()
    except CertificateFileError as exc:
        raise SettingsError(f"{path}: cache.redis_{exc.name}: {exc}") from None
    encryptor = Encryptor(environment.fleet_key(settings, path, environ))
    return RedisStore(section.redis, encryptor, login, section.name, section.redis_timeout)


def redis_status(settings: settings_file.Config, path: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """
    `ok` or `failed`, and what to change about the Redis of the settings, which name one.

    Raises:
        SettingsError: as for `open_redis`.
    """
    store = open_redis(settings, path, environ)
    assert store is not None
    from student_graph.gateway.cache.fleet.compatibility import RedisReasonError, explained, try_use  # noqa: PLC0415 - only a fleet needs it

    async def tried() -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await try_use(store)
        finally:
            await store.close()

    try:
        with explained():
            return "ok", asyncio.run(tried()) or "gateways can share their answers"
    except RedisReasonError as exc:
        return "failed", f"{exc}"
