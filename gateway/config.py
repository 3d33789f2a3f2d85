"""
What `serve` and `check` are told: one TOML file, with secrets in the environment.

Everything wrong with it is found before anything is started, and said in one line that names the file, the
setting and what to change; never the value of a setting.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from adapters.identity import IdentityRules
from adapters.model import DistrictId, Sensitivity, StaffId
from adapters.registry import SettingsError
from gateway.cache import Limits
from gateway.cache.limits import MIB
from resolvers.context import Viewer, ViewerRole

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""How districts and sources are named: short enough for an id, plain enough for a log."""
LOOPBACK_ONLY = (
    "only loopback addresses are accepted for now: the policy that says who may see what is there in its first "
    "form only, and real records wait for its full form"
)


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone of the IANA database, such as America/Chicago") from None
    return name


def _year_start(text: str) -> str:
    month, _, day = text.partition("-")
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 28):
        raise ValueError("a month and a day up to 28, such as 07-01")
    return text


def _redis(address: str) -> str:
    parts = urlsplit(address)
    database = parts.path.strip("/")
    plain = parts.scheme in {"redis", "rediss"} and parts.hostname and (database or "0").isdecimal()
    if not plain or "@" in parts.netloc or not _has_port(parts):
        raise ValueError(
            "an address such as redis://10.0.0.5:6379/0 (rediss:// for TLS), without a password: "
            "name its variable in redis_password_env"
        )
    return address


def _has_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


class ServerConfig(_Section):
    """Where the gateway answers, and how it stops."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    graphiql: bool = False
    """Whether `/graphql` shows GraphiQL to a browser."""
    get_queries: bool = False
    """Whether queries may come by GET; their variables then stand in addresses, and in logs on the way."""
    defer: bool = False
    """Whether documents may ask for parts of their answers later (`@defer`)."""
    drain: float = Field(default=0.0, ge=0, le=60)
    """Seconds between the signal to stop, when `/health/ready` turns to 503, and the door's closing."""


class DocumentsConfig(_Section):
    """Documents that are known beforehand."""

    manifest: Path | None = None
    """JSON file of trusted documents by the SHA-256 of their text, beside the settings file when relative."""
    only: bool = False
    """Whether no other documents are answered."""


class CacheConfig(_Section):
    """What is kept of the sources' answers between operations."""

    memory: int = Field(default=64, ge=0, le=65536)
    """MiB of answers that are kept in memory; 0 keeps none."""
    entries: int = Field(default=200_000, ge=1)
    """Answers that are kept, each for one key of one lookup."""
    whole_answers: bool = True
    """Whether the bytes of answers are kept too, in a quarter of the memory, for who asks the same again."""
    client_seconds: int = Field(default=0, ge=0, le=300)
    """Seconds for which a client may keep an answer for itself; 0 for not at all (`private, no-store`)."""
    redis: Annotated[str, AfterValidator(_redis)] | None = None
    """Address of the Redis that a fleet's processes share, such as `redis://10.0.0.5:6379/0`."""
    redis_password_env: str | None = Field(default=None, min_length=1)
    """Name of the variable with its password."""
    redis_timeout: float = Field(default=0.05, ge=0.005, le=1.0)
    """Seconds that one operation of it may take; whoever waits longer goes on without."""
    key_env: str | None = Field(default=None, min_length=1)
    """Name of the variable with the fleet's key, 32 bytes in Base64: all that Redis keeps is encrypted by it."""
    name: str = Field(default="student-graph", pattern=NAME)
    """What everything in Redis begins with: fleets that share one need names of their own."""

    @property
    def limits(self) -> Limits:
        """The same as the cache is told it."""
        return Limits(self.memory * MIB, self.entries, self.whole_answers)


class AgingConfig(_Section):
    """How the answers to one lookup age."""

    fresh: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=7))
    """Seconds for which an answer needs no second asking; as the lookup says when left out."""
    stale: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=30))
    """Seconds after that for which it may be served, marked as stale; as the lookup says when left out."""


class SourceConfig(_Section):
    """One vendor API of a district; what the adapter itself is told stands beside these settings."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(pattern=NAME)
    """Name of the source, unique in its district."""
    kind: str
    """Name of the adapter, as `student-graph adapters list` shows it."""
    identity: IdentityRules | None = None
    """How the district's ids become this source's; the adapter's own rules when left out."""
    lookups: frozenset[str] | None = Field(default=None, min_length=1)
    """Names of the lookups that the source is asked; all that its adapter answers when left out."""
    cache: dict[str, AgingConfig] = Field(default_factory=dict)
    """How its answers age, by lookup; as the lookups say when left out."""
    hook_env: str | None = Field(default=None, min_length=1)
    """Name of the variable with the key that the vendor signs its calls to the hook with; without one, no hook."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the adapter is told."""
        return dict(self.model_extra or {})


class DistrictConfig(_Section):
    """A school district and its sources, in order of precedence."""

    id: str = Field(pattern=NAME)
    """Short name of the district; part of every id that the graph gives out."""
    name: str = Field(min_length=1)
    """Name of the district, for people."""
    time_zone: Annotated[str, AfterValidator(_zone)]
    """Time zone of the district's calendar, such as `America/Chicago`."""
    school_year_starts: Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_year_start)] = "07-01"
    """Month and day on which a school year begins."""
    sources: tuple[SourceConfig, ...] = Field(min_length=1)


class ViewerConfig(_Section):
    """Somebody who may ask, and the variable that holds the token."""

    subject: str = Field(min_length=1)
    """Stable name of the person or service."""
    role: ViewerRole
    """What the viewer is to the district."""
    districts: tuple[str, ...] = Field(min_length=1)
    """Ids of the districts whose records the viewer may see."""
    grants: frozenset[Sensitivity] = frozenset()
    """Classes of data beside the open one."""
    staff_id: str | None = None
    """The viewer's number as a member of staff."""
    operator: bool = False
    """Whether the viewer sees the sources' health and identity counts."""
    token_env: str = Field(min_length=1)
    """Name of the environment variable with the viewer's token, at least 32 characters long."""

    def viewer(self) -> Viewer:
        """The viewer that the gateway knows."""
        return Viewer(
            subject=self.subject,
            role=self.role,
            districts=frozenset(map(DistrictId, self.districts)),
            grants=self.grants,
            staff_id=StaffId(self.staff_id) if self.staff_id else None,
            operator=self.operator,
        )


class Config(_Section):
    """The whole file."""

    server: ServerConfig = ServerConfig()
    documents: DocumentsConfig = DocumentsConfig()
    cache: CacheConfig = CacheConfig()
    districts: tuple[DistrictConfig, ...] = Field(min_length=1)
    viewers: tuple[ViewerConfig, ...] = ()


def load(path: Path) -> Config:
    """
    The settings in a file.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or says something that it may not.
    """
    try:
        config = Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not text in UTF-8") from None
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{path}: not TOML: {exc}") from None
    except ValidationError as exc:
        raise SettingsError(f"{path}: {_problem(exc)}") from None
    if problem := next(_contradictions(config), None):
        raise SettingsError(f"{path}: {problem}")
    return config


def is_loopback(host: str) -> bool:
    """Whether a host's name or address cannot lead out of this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _contradictions(config: Config) -> Iterator[str]:
    """What single settings cannot know: names used twice, and districts that are not there."""
    ids = [district.id for district in config.districts]
    if twice := _twice(ids):
        yield f"districts: two districts have the id {twice!r}; give each its own"
    for place, district in enumerate(config.districts):
        if twice := _twice([source.name for source in district.sources]):
            yield f"districts[{place}].sources: two sources have the name {twice!r}; give each its own"
    if config.cache.redis and not config.cache.key_env:
        yield "cache.key_env: what is kept in Redis is encrypted; name the variable with the fleet's key"
    if config.documents.only and config.documents.manifest is None:
        yield "documents.only: name the trusted documents in documents.manifest"
    for place, viewer in enumerate(config.viewers):
        if unknown := [district for district in viewer.districts if district not in ids]:
            yield f"viewers[{place}].districts: there is no district {unknown[0]!r}; there are {', '.join(ids)}"


def _twice(names: list[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _problem(exc: ValidationError) -> str:
    """The first thing that is wrong, in words that hold no value, and how many more there are."""
    problems = exc.errors(include_input=False, include_url=False)
    first = problems[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    match first["type"]:
        case "missing":
            told = f"{where} is missing"
        case "extra_forbidden":
            told = f"there is no setting {where}"
        case "value_error":
            told = f"{where}: must be {first['ctx']['error']}"
        case _:
            told = f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    return told + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else "")
