"""The districts' source systems: what they offer, and their health."""

from __future__ import annotations

from datetime import datetime

import strawberry

from student_graph.adapters import interface
from student_graph.adapters.errors import ForbiddenError
from student_graph.adapters.sources import Source
from student_graph.resolvers.context import Health, Info, UnmappedCode
from student_graph.resolvers.fields.docstrings import described
from student_graph.resolvers.fields.field import field
from student_graph.resolvers.types.district import LocalEducationAgency, agency
from student_graph.resolvers.types.scorecard.fields import scorecard_of_source
from student_graph.resolvers.types.scorecard.models import Scorecard


@described
@strawberry.type
class IdentityCounts:
    """Results of linking a source's students to the district's students, since the gateway started."""

    matched: int
    """Students linked with certainty."""
    unmatched: int
    """Students without a link."""
    conflicted: int
    """Students or vendor rows with several candidates, or whose identifiers contradict each other."""


@described
@strawberry.type
class UnreadableRows:
    """Rows of a file that are left out for one reason."""

    reason: str
    """Why they are left out, such as a date that cannot be read."""
    count: int
    """How many there are."""


@described
@strawberry.type
class SourceFile:
    """A file that a source reads. Its content is not shown."""

    name: str
    """Its name below the source's location; in an archive, the archive's name before it."""
    content: str | None
    """What it holds, by the name of its column map; null if it is not served."""
    modified_at: datetime | None
    """When it was written (UTC): its records are as of then. Null if it is not served."""
    rows: int | None
    """Rows that were read; null if it is not served."""
    unreadable_rows: list[UnreadableRows]
    """Rows that are left out, by reason."""
    problem: str | None
    """Why the file is not served, or which of its lines are left out; null if all of it is served."""

    @classmethod
    def of(cls, file: interface.SourceFile) -> SourceFile:
        """Return a file as the adapter describes it."""
        return cls(
            name=file.name,
            content=file.content,
            modified_at=file.modified_at,
            rows=file.rows,
            unreadable_rows=[
                UnreadableRows(reason=reason, count=count)
                for reason, count in sorted(file.unreadable_rows.items())
            ],
            problem=file.problem,
        )


@described
@strawberry.type
class SourceStatus:
    """A source system of a district. Fields about its health are for operators; others get a FORBIDDEN error."""

    source: strawberry.Private[Source]
    name: str
    """Configured name of the source, unique in its district."""
    kind: str
    """Kind of adapter, such as `edfi`."""

    @field
    def district(self, info: Info) -> LocalEducationAgency | None:
        """The district that the source belongs to."""
        return agency(info, self.source.district)

    @field
    def configured_at(self, info: Info) -> datetime | None:
        """
        When the gateway took the source up with its present settings: at its start, or at a reload.

        Calls and failures are counted since then. For operators only.
        """
        return _health(info, self.source).counts.since

    @field
    def capabilities(self) -> list[str]:
        """Names of the lookups that the source answers, such as `students_by_id`."""
        return [lookup.name for lookup in self.source.adapter.capabilities()]

    @field
    def offers(self) -> list[str]:
        """GraphQL types of the records that the source provides, ordered by name."""
        return sorted({lookup.record_type.__name__ for lookup in self.source.adapter.capabilities()})

    @field
    def identity(self, info: Info) -> IdentityCounts | None:
        """
        Results of linking the source's students to the district's.

        Null for a source that uses the district's own ids. For operators only.
        """
        health = _health(info, self.source)
        if self.source.identity is None:
            return None
        return IdentityCounts(matched=health.matched, unmatched=health.unmatched, conflicted=health.conflicted)

    @field
    def reachable(self, info: Info) -> bool | None:
        """Whether the source answered the last call; null before the first call. For operators only."""
        return _health(info, self.source).reachable

    @field
    def last_error_code(self, info: Info) -> str | None:
        """Error code of the last call; null if it succeeded. For operators only."""
        return _health(info, self.source).last_error_code

    @field
    def calls(self, info: Info) -> int | None:
        """Number of calls to the source since the gateway started. For operators only."""
        return _health(info, self.source).calls

    @field
    def failures(self, info: Info) -> int | None:
        """Number of failed lookups since the gateway started. For operators only."""
        return _health(info, self.source).failures

    @field
    def concurrency(self, info: Info) -> int | None:
        """
        Number of requests that the gateway sends to the source at once now, at most.

        It is learned from the source's response times and refusals, up to the `concurrency` of its settings, and
        falls while the source's rate limit is nearly used up. For operators only.
        """
        return _health(info, self.source).concurrency

    @field
    def reads_changes(self, info: Info) -> bool | None:
        """
        Whether long lists are brought up to date by reading only what changed.

        False if the source refused that; null if it was not asked yet, or cannot do it. For operators only.
        """
        _health(info, self.source)
        return self.source.adapter.reads_changes

    @field
    def unmapped(self, info: Info) -> int | None:
        """
        Number of coded values from the source that no enum of the graph has a value for.

        They count as none of these values: such a day of attendance is neither present nor absent. Counted since
        the gateway started. For operators only.
        """
        return _health(info, self.source).unmapped

    @field
    def unmapped_codes(self, info: Info) -> list[UnmappedCode] | None:
        """
        The codes of these values, the most frequent first.

        `districts.codes` in the settings of the gateway says what they mean. Counted since the gateway started;
        at most 100 codes are named. For operators only.
        """
        return list(_health(info, self.source).unmapped_codes)

    @field
    def unexpected_responses(self, info: Info) -> int | None:
        """
        Number of connections that were dropped because the source sent what no request had asked for.

        More than 0 is a fault of the source or of a proxy before it, which could show a student's data in place of
        another's: its administrator must know. Counted since the gateway started. For operators only.
        """
        return _health(info, self.source).unexpected_responses

    @field
    def files(self, info: Info) -> list[SourceFile]:
        """
        The files of a source that reads files, those that are served first; empty for any other source.

        As of the last time that the source listed them. For operators only.
        """
        _health(info, self.source)
        return [SourceFile.of(file) for file in self.source.adapter.source_files]

    @field
    def scorecard(self, info: Info) -> Scorecard | None:
        """
        What the gateway measured about the source, under the rows of Project Unicorn's rubric.

        From what was counted since the gateway started. For operators and superintendents only; counts of students
        and rows are for operators only.
        """
        return scorecard_of_source(info, self.source)


def statuses(info: Info) -> list[SourceStatus]:
    """All sources of the viewer's districts, ordered by district and precedence."""
    districts = info.context.sources.districts
    viewer_districts = [districts[name] for name in sorted(info.context.viewer.districts) if name in districts]
    return [
        SourceStatus(source=source, name=source.name, kind=source.kind)
        for district in viewer_districts
        for source in district.sources
    ]


def _health(info: Info, source: Source) -> Health:
    """
    Health of a source.

    Raises:
        ForbiddenError: the viewer is not an operator.
    """
    if not info.context.viewer.operator:
        error = ForbiddenError("it is for operators only")
        error.source = source.name
        raise error
    return info.context.health(source)
