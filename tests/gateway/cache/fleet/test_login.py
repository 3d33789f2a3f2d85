"""A managed Redis: with a user of its own, TLS by a private authority, and a certificate that it wants to see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from student_graph.gateway.cache.fleet.compatibility import RedisReasonError, explained, try_use
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.login import RedisLogin
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from student_graph.gateway.demo.rehearsal.vendors.certificates import AUTHORITY, VALID, write_certificates
from tests.gateway.cache.processes import REDIS_SECONDS
from tests.gateway.redis_server import free_port, redis_server
from tests.gateway.servers import ROOT

USER, PASSWORD = "student-graph", "a password of the test"
RULES = ("on", f">{PASSWORD}", "~student-graph:*", "&student-graph:*", "+@all", "-@admin", "-@dangerous")
"""The rules of docs/caching.md."""


@dataclass(frozen=True)
class ManagedRedis:
    """A running Redis, and what a process needs there."""

    url: str
    plain_url: str
    """The address without TLS."""
    login: RedisLogin

    def store(self, login: RedisLogin, name: str = "student-graph") -> RedisStore:
        """The Redis of a process."""
        return RedisStore(self.url, Encryptor(b"k" * 32), login, name, timeout=REDIS_SECONDS)


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagedRedis]:
    """A Redis that knows one user, and only clients with a certificate of its authority."""
    folder, port = tmp_path_factory.mktemp("certificates"), free_port()
    write_certificates(folder)
    authority, own = folder / AUTHORITY, folder / VALID
    tls = {"--tls-port": port, "--tls-ca-cert-file": authority, "--tls-cert-file": own, "--tls-key-file": own}
    options = [str(part) for option in tls.items() for part in option]
    with redis_server(*options, "--user", USER, *RULES) as server:
        login = RedisLogin(USER, PASSWORD, authority, own, own)
        yield ManagedRedis(f"rediss://127.0.0.1:{port}/0", server.url, login)


async def test_a_process_uses_redis_as_its_own_user_over_tls(managed: ManagedRedis) -> None:
    """With the rights that the page names: no more than the keys and channels of the fleet's name."""
    rules = " ".join(RULES).replace(PASSWORD, "PASSWORD")
    assert f"`ACL SETUSER {USER} {rules}`" in (ROOT / "docs" / "caching.md").read_text()
    store = managed.store(managed.login)
    await try_use(store)
    await store.set({"digest": b"encrypted"}, seconds=60)

    assert await store.values(["digest", "other"]) == [b"encrypted", None]
    assert await store.claim_work("warm", 60)
    assert await store.client.acl_whoami() == USER
    await store.close()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ca_file": None}, "its certificate is not accepted"),
        ({"certificate_file": None, "key_file": None}, "TLS with it fails"),
    ],
)
async def test_what_is_missing_for_tls_is_named(
    managed: ManagedRedis, changes: dict[str, Path | str | None], reason: str
) -> None:
    """By the setting to change."""
    store = managed.store(replace(managed.login, **changes))  # type: ignore[arg-type] - fields by name
    with pytest.raises(RedisReasonError, match=reason) as refused, explained():
        await try_use(store)
    await store.close()

    assert "cache.redis_" in str(refused.value)


@pytest.mark.parametrize("login", [RedisLogin(USER, "another one"), RedisLogin(password=PASSWORD)])
async def test_a_wrong_user_or_password_is_named(managed: ManagedRedis, login: RedisLogin) -> None:
    """By the settings to change, and without the secret."""
    store = RedisStore(managed.plain_url, Encryptor(b"k" * 32), login, timeout=REDIS_SECONDS)
    with pytest.raises(RedisReasonError, match="it refuses the user or the password: ") as refused, explained():
        await try_use(store)
    await store.close()

    assert PASSWORD not in f"{refused.value} {login!r}"


async def test_a_user_without_rights_for_the_name_is_named(managed: ManagedRedis) -> None:
    """As where two fleets have names of their own, and one user."""
    store = managed.store(managed.login, name="another")
    with pytest.raises(RedisReasonError, match="its user may not run a command"), explained():
        await try_use(store)
    await store.close()
