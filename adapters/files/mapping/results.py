"""
Maps the rows of a student to assessment results.

Which rows count: equal rows are one result, however often and in however many files they are. Rows of one taking
of a test in a newer file replace those in older files. Unequal rows of one taking in one file stay several
results: none of them can be known to be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import TypeAlias
from zoneinfo import ZoneInfo

from student_graph.adapters.files.api.layouts import LevelColumn, Part, ScoreColumn
from student_graph.adapters.files.client.faults import NO_DATE, NO_TEST
from student_graph.adapters.files.mapping import values
from student_graph.adapters.files.mapping.rows import Row, RowFaultError
from student_graph.adapters.files.mapping.tests import identifier, test_of
from student_graph.adapters.model import (
    AssessmentId,
    AssessmentResult,
    Descriptor,
    ObjectiveResult,
    PerformanceLevel,
    Score,
    StudentId,
    Subject,
)

Sitting: TypeAlias = tuple[str, str]
"""One taking of a test by a student: the test, and the vendor's id of the taking or else its date."""
_RECORD_ID_BYTES = 10
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DateReading:
    """How a district's files write dates."""

    zone: ZoneInfo
    """Zone of times without one."""
    formats: tuple[str, ...] = ()
    """Formats of the district's own, tried before those of the column map."""


def assessment_results(
    rows: Iterable[Row], key: str, dates: DateReading, on_fault: Callable[[Row, str], None]
) -> list[AssessmentResult]:
    """
    Return the results of one student, the latest first; rows without any score, level or part are no results.

    `key` is the key that the student was found by. A row that cannot be read is passed to `on_fault` with the
    reason, and the others are returned.
    """
    sittings: dict[Sitting, list[Row]] = {}
    for row in rows:
        if not _counts(row):
            continue
        try:
            sittings.setdefault(_sitting(row, dates), []).append(row)
        except RowFaultError as fault:
            on_fault(row, str(fault))
    mapper = _Mapper(StudentId(key), dates)
    results = [result for sitting, group in sittings.items() for result in mapper.results(sitting, group)]
    results.sort(key=lambda result: result.vendor_id)
    return sorted(results, key=lambda result: result.administration_date or _EARLIEST, reverse=True)


def _counts(row: Row) -> bool:
    """Whether the map counts the row: a deactivated test is no result."""
    return all(
        column not in row.texts or row.texts[column].casefold() in {word.casefold() for word in words}
        for column, words in row.layout.counts_if.items()
    )


def _sitting(row: Row, dates: DateReading) -> Sitting:
    """
    Which taking of which test a row is about.

    Raises:
        RowFaultError: the row has no readable date, or is of no known test.
    """
    test = test_of(row.layout, row.texts)
    if test is None:
        raise RowFaultError(NO_TEST)
    taken_at = taken_at_of(row, dates)
    if taken_at is None:
        raise RowFaultError(NO_DATE)
    return identifier(test, row.texts), row.text(row.layout.event_id) or taken_at.isoformat()


def taken_at_of(row: Row, dates: DateReading) -> datetime | None:
    """When the test of a row was taken, in UTC; None if the date cannot be read."""
    parts = [text for names in row.layout.date.columns if (text := row.text(names))]
    formats = (*dates.formats, *row.layout.date.formats)
    full = values.moment(" ".join(parts), formats, dates.zone)
    # A time of day that cannot be read does not hide the date.
    return full or (values.moment(parts[0], formats, dates.zone) if len(parts) > 1 else None)


@dataclass(frozen=True, slots=True)
class _Mapper:
    """Maps the rows of one student."""

    key: StudentId
    dates: DateReading

    def results(self, sitting: Sitting, rows: Sequence[Row]) -> list[AssessmentResult]:
        """Usually one result; without a row of the complete test, the rows of its parts make one."""
        complete = _newest([row for row in rows if not row.layout.is_about_part])
        parts = _newest_parts([row for row in rows if row.layout.is_about_part])
        mains: list[Row | None] = [*complete] or [None]
        results = [
            self._result(sitting, number, main, parts if number == 0 else []) for number, main in enumerate(mains)
        ]
        # A student who was only registered for the test has a row without any result.
        return [result for result in results if result.scores or result.performance_levels or result.objectives]

    def _result(self, sitting: Sitting, number: int, main: Row | None, parts: Sequence[Row]) -> AssessmentResult:
        row = main or parts[0]
        taken_at = taken_at_of(row, self.dates)
        assert taken_at is not None, "rows without a date are in no sitting"
        layout = row.layout
        sources = [*([main] if main else []), *parts]
        return AssessmentResult(
            vendor_id=_record_id(row, sitting, number),
            file_written_at=max(source.modified_at for source in sources),
            subject=_subject(row, self.dates),
            student_id=self.key,
            assessment_id=AssessmentId(sitting[0]),
            administration_date=taken_at,
            school_year=values.school_year(row.text(layout.school_year), taken_at),
            grade_level_when_assessed=values.grade(row.text(layout.grade)),
            retest=values.flag(row.text(layout.retest)),
            norm_year=values.year(row.text(layout.norm_year)),
            scores=_scores(main.layout.scores, main) if main else [],
            performance_levels=_levels(main.layout.levels, main) if main else [],
            objectives=[
                objective
                for source in sources
                for part in source.layout.all_parts
                if (objective := _objective(part, source)) is not None
            ],
        )


def _newest(rows: Sequence[Row]) -> list[Row]:
    """The distinct rows of the newest file among these."""
    if not rows:
        return []
    newest = max(rows, key=lambda row: (row.modified_at, row.file))
    own = [row for row in rows if row.file == newest.file]
    return list({row.content: row for row in own}.values())


def _newest_parts(rows: Sequence[Row]) -> list[Row]:
    """The distinct rows about parts, of each part those of the newest file with the part."""
    by_part: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        names = tuple(part.name or row.text(part.name_column) for part in row.layout.all_parts)
        by_part.setdefault((row.layout.name, *names), []).append(row)
    return [row for group in by_part.values() for row in _newest(group)]


def _record_id(row: Row, sitting: Sitting, number: int) -> str:
    """
    An id of the result that stays if a corrected file has other scores, and differs from others of the student.

    It is made of what every viewer of the result may see. If a birth date were in it, whoever knows the rest could
    try all dates until the digest is the same.
    """
    basis = [row.family.family, *sitting, row.text(row.layout.student.get("family_name", ()))]
    digest = blake2b("\0".join(basis).encode(), digest_size=_RECORD_ID_BYTES)
    return digest.hexdigest() + (f"-{number + 1}" if number else "")


def _subject(row: Row, dates: DateReading) -> Subject:
    """The student as the row names them."""
    columns, missing = row.layout.student, row.layout.missing_words
    texts = {
        field: "" if values.is_missing(text := row.text(names), missing) else text
        for field, names in columns.items()
    }
    return Subject(
        ids=tuple((field, texts[field]) for field in ("district_id", "state_id", "vendor_id") if texts.get(field)),
        birth_date=_birth_date(texts.get("birth_date", ""), row, dates),
        email=texts.get("email") or None,
        family_name=texts.get("family_name") or None,
    )


def _birth_date(text: str, row: Row, dates: DateReading) -> date | None:
    formats = (*dates.formats, *(row.layout.birth_formats or (*row.layout.date.formats, *values.COMMON_DATES)))
    return values.day(text, formats)


def _scores(columns: Sequence[ScoreColumn], row: Row) -> list[Score]:
    """The scores of a row; a text that is no number stays as it is."""
    return [
        Score(
            reporting_method=Descriptor(code_value=column.method),
            result=text,
            numeric=(numeric := values.number(text)),
            datatype=values.datatype(text, numeric, column.datatype),
        )
        for column in columns
        if not values.is_missing(text := row.text(column.column), row.layout.missing_words)
    ]


def _levels(columns: Sequence[LevelColumn], row: Row) -> list[PerformanceLevel]:
    return [
        PerformanceLevel(
            reporting_method=Descriptor(code_value=column.method) if column.method else None,
            level=Descriptor(code_value=text),
        )
        for column in columns
        if not values.is_missing(text := row.text(column.column), row.layout.missing_words)
    ]


def _objective(part: Part, row: Row) -> ObjectiveResult | None:
    """The result of a part; None if the row has no name, no score and no level of it."""
    name = part.name or row.text(part.name_column)
    scores, levels = _scores(part.scores, row), _levels(part.levels, row)
    if not name or not (scores or levels):
        return None
    return ObjectiveResult(identification_code=name, scores=scores, performance_levels=levels)
