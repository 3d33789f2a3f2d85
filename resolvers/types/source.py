"""The districts' sources: what they can tell, and how they are."""

from __future__ import annotations

import strawberry

from student_graph.adapters.errors import ForbiddenError
from student_graph.adapters.sources import Source
from student_graph.resolvers.context import Health, Info
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import field
from student_graph.resolvers.types.district import LocalEducationAgency, agency


@described
@strawberry.type
class IdentityCounts:
    """How well a source's students are linked to the district's, since start."""

    matched: int
    """Students linked for certain."""
    unmatched: int
    """Students without a link."""
    conflicted: int
    """Students, or rows of the vendor, with two candidates or a disagreement."""


@described
@strawberry.type
class SourceStatus:
    """A configured source of a district. How it fares is for operators to see."""

    source: strawberry.Private[Source]
    name: str
    """Configured name."""
    kind: str
    """Kind of adapter, such as `edfi`."""

    @field
    def district(self, info: Info) -> LocalEducationAgency | None:
        """The district that it is a source of."""
        return agency(info, self.source.district)

    @field
    def capabilities(self) -> list[str]:
        """Names of the lookups that it answers."""
        return [lookup.name for lookup in self.source.adapter.capabilities()]

    @field
    def offers(self) -> list[str]:
        """Types of record that it gives, by name."""
        return sorted({lookup.record_type.__name__ for lookup in self.source.adapter.capabilities()})

    @field
    def identity(self, info: Info) -> IdentityCounts | None:
        """How well its students are linked; null for a source that speaks the district's ids. For operators."""
        health = _health(info, self.source)
        if self.source.identity is None:
            return None
        return IdentityCounts(matched=health.matched, unmatched=health.unmatched, conflicted=health.conflicted)

    @field
    def reachable(self, info: Info) -> bool | None:
        """Whether its last call was answered; null before the first. For operators."""
        return _health(info, self.source).reachable

    @field
    def last_error_code(self, info: Info) -> str | None:
        """Code of the last failure, when its last call failed. For operators."""
        return _health(info, self.source).last_error_code

    @field
    def calls(self, info: Info) -> int | None:
        """Vendor calls since start. For operators."""
        return _health(info, self.source).calls

    @field
    def failures(self, info: Info) -> int | None:
        """Failed questions since start. For operators."""
        return _health(info, self.source).failures

    @field
    def unmapped(self, info: Info) -> int | None:
        """Coded values seen that no name of the graph stands for. For operators."""
        return _health(info, self.source).unmapped


def statuses(info: Info) -> list[SourceStatus]:
    """All sources of the viewer's districts, by district and precedence."""
    districts = info.context.sources.districts
    mine = [districts[name] for name in sorted(info.context.viewer.districts) if name in districts]
    return [
        SourceStatus(source=source, name=source.name, kind=source.kind)
        for district in mine
        for source in district.sources
    ]


def _health(info: Info, source: Source) -> Health:
    """What the gateway knows of a source, for operators."""
    if not info.context.viewer.operator:
        error = ForbiddenError("for operators")
        error.source = source.name
        raise error
    return info.context.health(source)
