"""Which documents are tools of assistants, and how assistants reach them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from student_graph.adapters.model import DistrictId
from student_graph.resolvers.context import ViewerRole

DEFAULT_PURPOSE = "assistant"
DEFAULT_ANSWER_KIB = 128
"""KiB of the longest answer: a few ten thousand words, which models of today can still read."""
METADATA_PATH = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """A trusted document that a district offers as a tool."""

    document: str
    """Name of the operation in one of the trusted documents; the tool has this name."""
    description: str | None = None
    """What it is for; None if the document says so itself."""
    roles: frozenset[ViewerRole] = frozenset()
    """Roles to which it is offered; empty for all."""


@dataclass(frozen=True, slots=True)
class AssistantSettings:
    """The tools of all districts, and what assistants must send."""

    url: str
    """Address of the tools, as assistants know it: the resource that tokens are issued for (RFC 8707)."""
    tools: Mapping[DistrictId, Sequence[ToolSettings]]
    """By district."""
    audiences: Mapping[str, str] = field(default_factory=dict)
    """By name of an issuer, the `aud` of its tokens for assistants; `url` for all others."""
    purpose: str = DEFAULT_PURPOSE
    """The purpose of every request of an assistant."""
    max_answer_bytes: int = DEFAULT_ANSWER_KIB * 1024
    """Bytes of the longest answer."""
    hosts: Collection[str] = ()
    """Values of the header `Host` that are accepted, besides that of `url`."""
    origins: Collection[str] = ()
    """Origins of web pages that may ask, besides that of `url`."""

    @property
    def path(self) -> str:
        """Path of the tools."""
        return urlsplit(self.url).path

    @property
    def origin(self) -> str:
        """Scheme and host of the address."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def metadata_url(self) -> str:
        """Address of the metadata of the resource (RFC 9728, section 3.1)."""
        return f"{self.origin}{METADATA_PATH}{self.path}"
