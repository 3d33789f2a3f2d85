"""
The settings file of `serve`, `check`, `explain` and `disclosures`: one TOML file, with secrets in the environment.

Errors are found before anything starts, all of them at once. Each is one line that names the file, the district,
source or viewer by its name, the setting and what to change, and never shows the value of a setting.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from student_graph.adapters.identity import IdentityRules
from student_graph.adapters.model.code_mapping import comparable
from student_graph.adapters.registry import SettingsError
from student_graph.gateway.config.access import IssuerConfig, ViewerConfig, access_problems
from student_graph.gateway.config.assistants import AssistantsConfig, ToolConfig, assistant_problems
from student_graph.gateway.config.cache import CacheConfig
from student_graph.gateway.config.certificates import CertificatesConfig, certificate_problem
from student_graph.gateway.config.codes import CodesConfig, SourceCodesConfig
from student_graph.gateway.config.disclosure import DisclosureConfig
from student_graph.gateway.config.families import FamilyConfig, with_families
from student_graph.gateway.config.grants import AssignedConfig, GrantConfig
from student_graph.gateway.config.metrics import MetricsConfig
from student_graph.gateway.config.problems import problems_of, problems_of_sources
from student_graph.gateway.config.sections import (
    NAME_PATTERN,
    DocumentsConfig,
    FreshnessConfig,
    LimitsConfig,
    LiveConfig,
    LoadConfig,
    PolicyConfig,
    Section,
    ServerConfig,
    TelemetryConfig,
)
from student_graph.gateway.config.service_levels import ObjectivesConfig, ServiceLevelsConfig
from student_graph.gateway.config.warm import WarmConfig
from student_graph.resolvers.metrics.facts import MetricSettings


def _check_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone of the IANA database, such as America/Chicago") from None
    return name


def _check_month_day(text: str) -> str:
    month, _, day = text.partition("-")
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 28):  # a day that every year has
        raise ValueError("a month and a day up to 28, such as 07-01")
    return text


class SourceConfig(Section):
    """A vendor API of a district; all settings that are not listed here go to the adapter."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(pattern=NAME_PATTERN)
    """Name of the source, unique in its district."""
    kind: str
    """Name of the adapter, as `student-graph adapters list` shows it."""
    identity: IdentityRules | None = None
    """Rules that link the district's ids to this source's; the adapter's own rules if left out."""
    lookups: frozenset[str] | None = Field(default=None, min_length=1)
    """Names of the lookups that the source is used for; all that its adapter supports if left out."""
    cache: dict[str, FreshnessConfig] = Field(default_factory=dict)
    """How long its answers are cached, by lookup; the lookups' own values if left out."""
    codes: SourceCodesConfig = SourceCodesConfig()
    """What codes in its records mean, if that is another thing than in the other sources of the district."""
    hook_env: str | None = Field(default=None, min_length=1)
    """Name of the environment variable with the key of the source's webhook; without it there is no webhook."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the adapter."""
        return dict(self.model_extra or {})


class DistrictConfig(Section):
    """A school district and its sources, in order of precedence."""

    id: str = Field(pattern=NAME_PATTERN)
    """Short name of the district; part of every id in the graph, so it must never change."""
    name: str = Field(min_length=1)
    """Full name of the district."""
    time_zone: Annotated[str, AfterValidator(_check_time_zone)]
    """Time zone of the district's calendar, such as `America/Chicago`."""
    school_year_starts: Annotated[str, Field(pattern=r"^\d\d-\d\d$"), AfterValidator(_check_month_day)] = "07-01"
    """Month and day on which a school year begins, such as `07-01`."""
    weight: float = Field(default=1.0, gt=0, le=1_000_000)
    """How large its share of the gateway is while districts compete, such as its number of students."""
    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    codes: CodesConfig = CodesConfig()
    """What the codes of its sources mean; a code that is not listed has the meaning that the adapter gives it."""
    metrics: MetricsConfig = MetricsConfig()
    """How its metrics are judged."""
    families: tuple[FamilyConfig, ...] = ()
    """Families of tests, in addition to those that every district has or in place of them."""
    grants: tuple[GrantConfig, ...] = ()
    """Classes of data that are not open, and who may see them."""
    assigned: tuple[AssignedConfig, ...] = ()
    """Students assigned to staff members in addition to those that the SIS names."""
    warm: WarmConfig | None = None
    """When the cache is filled before people come, and with what; never if left out."""
    objectives: ObjectivesConfig | None = None
    """What share of its pages is to be good; none if left out."""
    assistants: tuple[ToolConfig, ...] = ()
    """Tools that it offers to assistants; none if left out."""
    parents_keep_rights: bool = False
    """Whether parents keep their rights when a student turns 18, as for tax dependents (34 CFR 99.31(a)(8))."""

    @property
    def metric_settings(self) -> MetricSettings:
        """What the district says about its data for metrics."""
        return with_families(self.codes.apply_to(self.metrics.settings), self.families)


class Config(Section):
    """All sections of the settings file."""

    server: ServerConfig = ServerConfig()
    documents: DocumentsConfig = DocumentsConfig()
    cache: CacheConfig = CacheConfig()
    limits: LimitsConfig = LimitsConfig()
    live: LiveConfig = LiveConfig()
    load: LoadConfig = LoadConfig()
    policy: PolicyConfig = PolicyConfig()
    assistants: AssistantsConfig = AssistantsConfig()
    disclosure: DisclosureConfig = DisclosureConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    service_levels: ServiceLevelsConfig = ServiceLevelsConfig()
    certificates: CertificatesConfig = CertificatesConfig()
    districts: tuple[DistrictConfig, ...] = Field(min_length=1)
    issuers: tuple[IssuerConfig, ...] = ()
    viewers: tuple[ViewerConfig, ...] = ()


def policy_digest(config: Config) -> str:
    """SHA-256 of the settings that decide who may see what; every line of the record of disclosures names it."""
    district_settings = {"id", "grants", "assigned", "assistants", "parents_keep_rights"}
    included: Any = dict.fromkeys(("issuers", "viewers", "policy", "assistants"), True)
    included["districts"] = {"__all__": district_settings}
    policy = config.model_dump_json(include=included)
    return f"sha256:{sha256(policy.encode()).hexdigest()}"


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """
    The settings in a file.

    `environ` are the environment variables with secrets. With them, an error also says what is wrong with the
    settings of adapters, which need them.

    Raises:
        SettingsError: the file cannot be read, is not TOML, or settings are wrong.
    """
    content: dict[str, Any] = {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        config = Config.model_validate(content)
    except OSError as exc:
        raise SettingsError(f"{path}: {exc.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{path}: not TOML: {exc}") from None
    except ValidationError as exc:
        problems = [*problems_of(exc, content)]
        if environ is not None:
            problems += problems_of_sources(content, SourceConfig.model_fields, path, environ)
        raise SettingsError(*(f"{path}: {problem}" for problem in problems)) from None
    if problems := [*_section_problems(config), *_certificate_problems(config, path.parent)]:
        raise SettingsError(*(f"{path}: {problem}" for problem in problems))
    return config


def _certificate_problems(config: Config, folder: Path) -> Iterator[str]:
    """Problems of sources whose adapter has no certificate of the required tier."""
    for district in config.districts:
        for source in district.sources:
            if problem := certificate_problem(config.certificates, source.kind, folder):
                yield f"district {district.id!r}, source {source.name!r}: kind: {problem}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address always means this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _section_problems(config: Config) -> Iterator[str]:
    """Problems that no single setting can see: names that are used twice, and settings that need each other."""
    ids = [district.id for district in config.districts]
    if duplicate := _first_duplicate(ids):
        yield f"districts: two districts have the id {duplicate!r}; give each its own"
    for district in config.districts:
        if duplicate := _first_duplicate([source.name for source in district.sources]):
            yield f"district {district.id!r}: two sources have the name {duplicate!r}; give each its own"
        if duplicate := _first_duplicate([comparable(family.name) for family in district.families]):
            yield f"district {district.id!r}: two families have the name {duplicate!r}; give each its own"
    for name in () if config.limits.loosened else config.limits.above_default:
        yield f"limits.{name}: is higher than its default; set limits.loosened = true to allow that"
    yield from config.cache.problems
    if config.policy.purpose_required and not config.policy.purposes:
        yield "policy.purposes: list the purposes that a request may state, because purpose_required is set"
    if config.documents.only and config.documents.manifest is None:
        yield "documents.only: set documents.manifest to the file with the trusted documents"
    yield from config.telemetry.problems
    yield from access_problems(config.issuers, config.viewers, config.districts)
    yield from assistant_problems(config.assistants, config.policy, config.districts, config.issuers)


def _first_duplicate(names: list[str]) -> str | None:
    return next((name for index, name in enumerate(names) if name in names[:index]), None)
