"""The settings of the cache: what a process caches itself, and the Redis that the processes of a fleet share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.limits import BYTES_PER_MIB
from student_graph.gateway.config.sections import NAME_PATTERN, Section, has_valid_port

TLS_SCHEME = "rediss"


def _check_redis_url(url: str) -> str:
    parts = urlsplit(url)
    database = parts.path.strip("/")
    is_redis = parts.scheme in {"redis", TLS_SCHEME} and parts.hostname and (database or "0").isdecimal()
    if not is_redis or "@" in parts.netloc or not has_valid_port(parts):
        raise ValueError(
            "an address such as redis://10.0.0.5:6379/0 (rediss:// for TLS), without a user and a password: "
            "name the user in redis_user, and the variable with the password in redis_password_env"
        )
    return url


class CacheConfig(Section):
    """What the gateway caches between requests."""

    memory: int = Field(default=512, ge=0, le=65536)
    """MiB of memory for cached data; 0 switches the cache off."""
    entries: int = Field(default=200_000, ge=1)
    """Maximum number of cached answers, each for one key of one lookup."""
    responses: bool = Field(default=True, alias="whole_answers")
    """Whether complete responses are cached too, in a quarter of the memory, for the same query sent again."""
    calendars: bool = True
    """Whether calendars and terms of schools are read after the start, and again when they become old."""
    client_seconds: int = Field(default=0, ge=0, le=300)
    """Seconds for which a client may cache a response for itself; 0 for not at all (`private, no-store`)."""
    redis: Annotated[str, AfterValidator(_check_redis_url)] | None = None
    """Address of the Redis that the processes of a fleet share, such as `redis://10.0.0.5:6379/0`."""
    redis_user: str | None = Field(default=None, min_length=1)
    """Name of the gateway's user of Redis (ACL); the user `default` if left out."""
    redis_password_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the password of Redis."""
    redis_ca_file: Path | None = None
    """File with certificates (PEM) of the authority of Redis, if this machine does not know that authority."""
    redis_certificate_file: Path | None = None
    """File with the certificate (PEM) that Redis wants to see of its clients; none by default."""
    redis_key_file: Path | None = None
    """File with the key of that certificate (PEM, not encrypted)."""
    redis_timeout: float = Field(default=0.05, ge=0.005, le=1.0)
    """Seconds that one Redis operation may take; after that the gateway continues without Redis."""
    key_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the key that encrypts everything in Redis, 32 bytes in Base64."""
    name: str = Field(default="student-graph", pattern=NAME_PATTERN)
    """Prefix of all keys in Redis: fleets that share one Redis need different names."""

    @property
    def limits(self) -> Limits:
        """The settings as the cache takes them."""
        return Limits(self.memory * BYTES_PER_MIB, self.entries, self.responses)

    @property
    def problems(self) -> Iterator[str]:
        """Settings that need others."""
        if self.redis and not self.key_env:
            yield "cache.key_env: data in Redis is encrypted; set it to the name of the variable with the key"
        for name in ("redis_ca_file", "redis_certificate_file", "redis_key_file"):
            if getattr(self, name) is not None and urlsplit(self.redis or "").scheme != TLS_SCHEME:
                yield f"cache.{name}: is for TLS: set cache.redis to an address that begins with {TLS_SCHEME}://"
        if (self.redis_certificate_file is None) != (self.redis_key_file is None):
            yield "cache.redis_certificate_file and cache.redis_key_file: name both, or none"
