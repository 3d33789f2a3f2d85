"""The sections of the settings file that speak of the gateway itself."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from student_graph.gateway.cache import Limits
from student_graph.gateway.cache.limits import MIB
from student_graph.gateway.documents.limits import DocumentLimits
from student_graph.gateway.web.load_shedding import LoadLimits

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
"""How districts, sources and fleets are named: short enough for an id, plain enough for a log."""
_STRICT = DocumentLimits()


class Section(BaseModel):
    """A part of the settings file: what it does not know is refused, and no error shows a value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


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


class ServerConfig(Section):
    """Where the gateway answers, and how it stops."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    graphiql: bool = False
    """Whether `/graphql` shows GraphiQL to a browser; it needs introspection, and brings it."""
    introspection: bool = False
    """Whether documents may ask what the schema has."""
    origins: frozenset[str] = frozenset()
    """Origins of web pages that may ask, such as `https://dashboards.example`, by a bearer token."""
    get_queries: bool = False
    """Whether queries may come by GET; their variables then stand in addresses, and in logs on the way."""
    defer: bool = False
    """Whether documents may ask for parts of their answers later (`@defer`)."""
    drain: float = Field(default=0.0, ge=0, le=60)
    """Seconds between the signal to stop, when `/health/ready` turns to 503, and the door's closing."""


class DocumentsConfig(Section):
    """Documents that are known beforehand."""

    manifest: Path | None = None
    """JSON file of trusted documents by the SHA-256 of their text, beside the settings file when relative."""
    only: bool = False
    """Whether no other documents are answered."""


class CacheConfig(Section):
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


class LimitsConfig(Section):
    """How large documents and variables may be; what is left out is as strict as it comes."""

    depth: int = Field(default=_STRICT.depth, ge=1)
    """Levels of fields."""
    fields: int = Field(default=_STRICT.fields, ge=1)
    """Fields, those of a fragment counted wherever it is spread."""
    aliases: int = Field(default=_STRICT.aliases, ge=0)
    """Fields with an alias."""
    root_fields: int = Field(default=_STRICT.root_fields, ge=1)
    """Fields at the root of one operation."""
    fragments: int = Field(default=_STRICT.fragments, ge=0)
    """Named fragments."""
    operations: int = Field(default=_STRICT.operations, ge=1)
    """Operations in one document."""
    directives: int = Field(default=_STRICT.directives, ge=0)
    """Directives in the whole document."""
    variable_depth: int = Field(default=_STRICT.variable_depth, ge=1)
    """Levels of lists and objects in a variable."""
    variable_list: int = Field(default=_STRICT.variable_list, ge=1)
    """Items of one list in a variable."""
    cost: int = Field(default=_STRICT.cost, ge=1)
    """Records that an answer may hold, as far as it can be told before; twenty times as many for services."""
    calls: int = Field(default=_STRICT.calls, ge=1)
    """Calls to vendors that an operation may cost, likewise; ten times as many for services."""
    warn_only: bool = False
    """Whether what is beyond a bound is only logged, for a time of transition."""
    loosened: bool = False
    """Whether bounds may be wider than they come, or only warned of; said at each start."""

    @property
    def document_limits(self) -> DocumentLimits:
        """The same as the guard is told it."""
        return DocumentLimits(**self.model_dump(exclude={"loosened"}))

    @property
    def wider(self) -> list[str]:
        """Names of the settings that let more through than they come."""
        strict, mine = asdict(DocumentLimits()), asdict(self.document_limits)
        return [name for name, most in strict.items() if mine[name] > most]


class LoadConfig(Section):
    """How much is taken on at once; beyond it clients are told to come back."""

    in_flight: int = Field(default=2_000, ge=1)
    """Requests under way in one process."""
    wait: float = Field(default=0.02, gt=0, le=10)
    """Seconds of work that may lie before a question when the process is busy."""
    viewer_in_flight: int = Field(default=8, ge=1)
    """Requests under way of one viewer."""
    viewer_rate: float = Field(default=10.0, gt=0)
    """Requests a second of one viewer, over time."""
    viewer_burst: int = Field(default=40, ge=1)
    """Requests that a viewer may send at once after a silence."""

    @property
    def loads(self) -> LoadLimits:
        """The same as the door is told it."""
        return LoadLimits(**self.model_dump())


class PolicyConfig(Section):
    """What requests must say of themselves."""

    purposes: frozenset[str] = frozenset()
    """Purposes that a request may state; empty for any."""
    reviewers: str | None = Field(default=None, pattern=r"^https://|^http://(127\.0\.0\.1|localhost)[:/]")
    """Address that is told within a minute when somebody breaks the glass; without one nobody can."""
    purpose_required: bool = False
    """Whether every request must state one of them."""


class DisclosureConfig(Section):
    """Where it is recorded what was disclosed to whom."""

    directory: Path = Path("disclosures")
    """Folder of the record, beside the settings file when relative; readable by its owner alone."""
    key_env: str | None = Field(default=None, min_length=1)
    """Name of the variable with the key of pseudonyms and signatures, 32 bytes in Base64."""
    stdout: Literal["nothing", "lines", "otlp"] = "nothing"
    """What is printed beside: the same lines, or log records as the OpenTelemetry Collector reads them."""
    file_mib: int = Field(default=256, ge=1)
    """MiB of a file of the record, after which its process begins a new one; so it does each day (UTC)."""


class AgingConfig(Section):
    """How the answers to one lookup age."""

    fresh: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=7))
    """Seconds for which an answer needs no second asking; as the lookup says when left out."""
    stale: timedelta | None = Field(default=None, ge=timedelta(0), le=timedelta(days=7))
    """Seconds after that for which it may be served, marked as stale; as the lookup says when left out."""
