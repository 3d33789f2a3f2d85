"""The sections of the settings file about assistants, which are off unless they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from student_graph.adapters.model import DistrictId
from student_graph.gateway.config.access import IssuerConfig, check_https
from student_graph.gateway.config.sections import PolicyConfig, Section
from student_graph.gateway.web.assistants.settings import (
    DEFAULT_ANSWER_KIB,
    DEFAULT_PURPOSE,
    AssistantSettings,
    ToolSettings,
)
from student_graph.resolvers.context import ViewerRole

TAKEN_PATHS = ("/graphql", "/health", "/status", "/dashboard", "/.well-known")


def _check_url(url: str) -> str:
    path = urlsplit(check_https(url)).path
    is_free = len(path) > 1 and not path.endswith("/") and not path.startswith(TAKEN_PATHS)
    if not is_free or urlsplit(url).query or "{" in path:
        raise ValueError("an https address with a path of its own, such as https://graph.example/mcp")
    return url


class ToolConfig(Section):
    """A trusted document that is a tool of assistants, if it reads no data of a restricted class."""

    document: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    """Name of the operation in the trusted documents; the tool has the same name."""
    description: str | None = Field(default=None, min_length=1, max_length=4000)
    """What the tool is for; without it, the document's own description or the comments at its beginning."""
    roles: frozenset[ViewerRole] = frozenset()
    """Roles of the viewers that get the tool; empty for all."""

    @property
    def settings(self) -> ToolSettings:
        """The section as the gateway takes it."""
        return ToolSettings(self.document, self.description, self.roles)


class AssistantsConfig(Section):
    """How assistants reach the tools that districts offer, over the Model Context Protocol (MCP)."""

    url: Annotated[str, AfterValidator(_check_url)] | None = None
    """Public address of the tools, such as `https://graph.example/mcp`; without it, there are no tools."""
    hosts: frozenset[str] = frozenset()
    """Further values of the header `Host`, if a proxy replaces that of `url`."""
    purpose: str = Field(default=DEFAULT_PURPOSE, min_length=1, max_length=64)
    """Purpose of all requests of assistants, for grants and in the record of disclosures."""
    answer_kib: int = Field(default=DEFAULT_ANSWER_KIB, ge=1, le=4096)
    """KiB of the longest answer of a tool; a longer one is an error that asks for less."""


class DistrictSection(Protocol):
    """The part of a district's section that is about assistants."""

    @property
    def id(self) -> str:
        """Id of the district."""

    @property
    def assistants(self) -> tuple[ToolConfig, ...]:
        """Its tools."""


def assistant_settings(
    config: AssistantsConfig, districts: Sequence[DistrictSection], issuers: Sequence[IssuerConfig]
) -> AssistantSettings | None:
    """The tools of all districts, and what assistants must send; None if there are no tools."""
    if config.url is None:
        return None
    return AssistantSettings(
        config.url,
        {
            DistrictId(district.id): [tool.settings for tool in district.assistants]
            for district in districts
            if district.assistants
        },
        {issuer.issuer: issuer.assistants_audience for issuer in issuers if issuer.assistants_audience},
        config.purpose,
        config.answer_kib * 1024,
        config.hosts,
    )


def assistant_problems(
    config: AssistantsConfig,
    policy: PolicyConfig,
    districts: Sequence[DistrictSection],
    issuers: Sequence[IssuerConfig],
) -> Iterator[str]:
    """Problems that no single section can see: settings that need each other, and audiences that are equal."""
    offering = [district for district in districts if district.assistants]
    if config.url is None:
        for district in offering:
            yield f"district {district.id!r}, assistants: set assistants.url to the public address of the tools"
        return
    if not offering:
        yield "assistants.url: no district offers a tool; add [[districts.assistants]], or leave the address out"
    if policy.purposes and config.purpose not in policy.purposes:
        yield "assistants.purpose: is not one of policy.purposes; add it there"
    for district in offering:
        names = [tool.document for tool in district.assistants]
        if len(set(names)) < len(names):
            yield f"district {district.id!r}, assistants: two tools have the same document; list it once"
        speaking = [issuer for issuer in issuers if district.id in issuer.districts]
        if not speaking:
            yield f"district {district.id!r}, assistants: nobody can ask without one of [[issuers]]"
        for issuer in speaking:
            if issuer.audience == (issuer.assistants_audience or config.url):
                yield (
                    f"issuer {issuer.issuer!r}: audience: a token for the graph must not be one for assistants; "
                    "give them different audiences"
                )
