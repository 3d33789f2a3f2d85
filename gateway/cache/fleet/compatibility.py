"""
Checks whether a Redis suits a fleet: whether another fleet uses the same name, and whether data may be evicted.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from student_graph.gateway.cache.fleet.redis_store import RedisStore

log = logging.getLogger("student_graph.cache")

MARK_SECONDS = 60
"""How long a fleet's name on Redis stays reserved for its key after the last process has ended."""


class OtherKeyError(RedisError):
    """Another fleet, with another key, uses the same name on the same Redis."""

    def __init__(self, name: str) -> None:
        """`name` is that of both fleets."""
        super().__init__(
            f"a fleet with another key has the name {name!r} there: give each a cache.name of its own, or all "
            f"its processes the same key; a name is free {MARK_SECONDS} seconds after its last process has ended"
        )


async def hold_name(store: RedisStore) -> None:
    """
    Mark the fleet's name as used with this key, for `MARK_SECONDS`.

    Raises:
        OtherKeyError: it is used with another key.
    """
    name, mark = _mark(store)
    async with store.client.pipeline(transaction=True) as pipe:
        pipe.set(name, mark, nx=True, ex=MARK_SECONDS)
        pipe.get(name)
        _, holder = await pipe.execute()
    if holder is not None and holder != mark:
        raise OtherKeyError(store.name)
    await store.client.expire(name, MARK_SECONDS)


async def try_use(store: RedisStore) -> str:
    """
    Use Redis as a process of the fleet does, and keep nothing there; returns a warning, or "".

    Raises:
        RedisError: it does not answer, refuses a command, or holds a fleet of this name with another key.
    """
    trial, (name, mark) = f"{store.name}:check", _mark(store)
    async with store.client.pipeline(transaction=True) as pipe:
        pipe.set(trial, b"", ex=1)
        pipe.get(name)
        _, holder = await pipe.execute()
    if holder is not None and holder != mark:
        raise OtherKeyError(store.name)
    await store.client.eval("return redis.call('del', KEYS[1])", 1, trial)
    await store.client.publish(trial, b"")
    return await _eviction_warning(store)


def _mark(store: RedisStore) -> tuple[str, bytes]:
    """The Redis key of the mark that a fleet's name is used, and the mark of this encryption key."""
    return f"{store.name}:key", store.encryptor.derive_key("mark of the key").hex().encode()


async def warn_of_eviction(store: RedisStore) -> None:
    """Log a warning if Redis may evict purges, so that they do not reach processes that start later."""
    if warning := await _eviction_warning(store):
        log.warning("%s", warning)


async def _eviction_warning(store: RedisStore) -> str:
    try:
        policy = str((await store.client.info("memory")).get("maxmemory_policy", ""))
    except RedisError:  # the gateway's user may not ask
        return ""
    if not policy.startswith("allkeys"):
        return ""
    return (
        f"Redis has the maxmemory-policy {policy}, so it may evict purges, and a process that starts later may "
        "serve what was purged: set volatile-ttl or volatile-lru, which evict cached answers only"
    )


class RedisReasonError(Exception):
    """A failure on Redis, with its reason as a sentence for operators."""


@contextmanager
def explained() -> Iterator[None]:
    """
    Turn errors of Redis in the block into errors with a reason for operators.

    Raises:
        RedisReasonError: Redis does not answer, refuses, or belongs to another fleet.
    """
    try:
        yield
    except (RedisError, OSError, TimeoutError) as exc:
        raise RedisReasonError(reason_of(exc)) from None


def reason_of(error: Exception) -> str:
    """
    Why Redis cannot be used, for operators.

    Texts of errors are not shown, except those of the gateway's own errors.
    """
    if isinstance(error, OtherKeyError):
        return str(error)
    if (cause := _tls_error(error)) is not None:
        return _CERTIFICATE_REASON if isinstance(cause, ssl.SSLCertVerificationError) else _TLS_REASON
    reason = next((text for types, text in _REASONS if isinstance(error, types)), "")
    return reason.format(type(error).__name__) or type(error).__name__


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """The failure of TLS that an error comes from; None if it comes from none."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


_CERTIFICATE_REASON = (
    "its certificate is not accepted: it must be valid today and for the host of cache.redis, and be signed by an "
    "authority that this machine knows, or whose certificates are in cache.redis_ca_file"
)
_TLS_REASON = (
    "TLS with it fails: does the port of cache.redis speak TLS, and does it want the certificate of "
    "cache.redis_certificate_file?"
)
_REASONS: Sequence[tuple[tuple[type[Exception], ...], str]] = (
    (
        (MovedError, ClusterDownError),
        "it is a node of a cluster, which has some of the keys: cache.redis must be a single server or a primary",
    ),
    ((ReadOnlyError,), "it is a replica, which cannot be written: cache.redis must be the primary"),
    ((AuthenticationError,), "it refuses the user or the password: cache.redis_user, cache.redis_password_env"),
    (
        (OutOfMemoryError,),
        "it is full: raise its maxmemory, or set its maxmemory-policy to volatile-ttl, so that answers make room",
    ),
    (
        (NoPermissionError,),
        "its user may not run a command: allow it all commands on keys and channels that begin with cache.name",
    ),
    (
        (RedisConnectionError, RedisTimeoutError, OSError),
        "{}: is the server of cache.redis running, does this machine reach it, and does it want TLS (rediss://)?",
    ),
)
"""What to change, by the types of an error; `{}` is the name of its type."""
