"""
What `serve` and `check` are told: one TOML file, with secrets in the environment.

Everything wrong with it is found before anything is started, and said in one line that names the file, the
setting and what to change; never the value of a setting.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config.access import (
    AssignedConfig,
    GrantConfig,
    IssuerConfig,
    ViewerConfig,
    contradictions,
)
from student_graph.gateway.config.sections import (
    NAME,
    AgingConfig,
    CacheConfig,
    DisclosureConfig,
    DocumentsConfig,
    LimitsConfig,
    LoadConfig,
    PolicyConfig,
    Section,
    ServerConfig,
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


class SourceConfig(Section):
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


class DistrictConfig(Section):
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
    grants: tuple[GrantConfig, ...] = ()
    """Classes of data beside the open one, and who may see them."""
    assigned: tuple[AssignedConfig, ...] = ()
    """Students given to members of staff beside those whom the SIS tells."""
    parents_keep_rights: bool = False
    """Whether a parent's rights stay when a child comes of age, as those of parents of tax dependents do."""


class Config(Section):
    """The whole file."""

    server: ServerConfig = ServerConfig()
    documents: DocumentsConfig = DocumentsConfig()
    cache: CacheConfig = CacheConfig()
    limits: LimitsConfig = LimitsConfig()
    load: LoadConfig = LoadConfig()
    policy: PolicyConfig = PolicyConfig()
    disclosure: DisclosureConfig = DisclosureConfig()
    districts: tuple[DistrictConfig, ...] = Field(min_length=1)
    issuers: tuple[IssuerConfig, ...] = ()
    viewers: tuple[ViewerConfig, ...] = ()


def policy_digest(config: Config) -> str:
    """What the settings say of who may see what, as a digest: it stands in every line of the record."""
    of_district = {"id", "grants", "assigned", "parents_keep_rights"}
    parts: Any = {"districts": {"__all__": of_district}, "issuers": True, "viewers": True, "policy": True}
    who = config.model_dump_json(include=parts)
    return f"sha256:{sha256(who.encode()).hexdigest()}"


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
    if config.limits.wider and not config.limits.loosened:
        yield f"limits.{config.limits.wider[0]}: is wider than it comes; say limits.loosened = true to mean it"
    if config.cache.redis and not config.cache.key_env:
        yield "cache.key_env: what is kept in Redis is encrypted; name the variable with the fleet's key"
    if config.policy.purpose_required and not config.policy.purposes:
        yield "policy.purposes: name those that a request may state, for one is required"
    if config.documents.only and config.documents.manifest is None:
        yield "documents.only: name the trusted documents in documents.manifest"
    yield from contradictions(config.issuers, config.viewers, ids)


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
