"""
Reads assessment results from vendors' files: MAP Growth, STAR, i-Ready, PSAT and SAT, DIBELS 8, ACCESS.

The folder of a vendor holds results in `data/` and the definitions of tests in `seeds/`. Everything that a file
says about a test taker is kept unchanged, even a number that two students have. The gateway decides which
student a result is about.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from student_graph.adapters.sandbox.facts import AssessmentFact, AssessmentTakerFact, DistrictFacts, ResultFact
from student_graph.adapters.sandbox.people import GRADES
from student_graph.adapters.sandbox.records.assessment_layouts import LAYOUTS, Columns, Layout, Row
from student_graph.adapters.sandbox.records.lms_files import RecordsError

FOLDER = "earthmover-edfi-bundles"
"""Name of the folder that holds a folder for each vendor."""
_DATE_FORMATS = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M")
_EMPTY_TEXTS = frozenset({"", "NA", "N/A"})
_SUBJECTS = {"English": "English Language Arts"}


def read_assessment_files(folder: Path, district: DistrictFacts) -> dict[str, DistrictFacts]:
    """
    Return the tests and results of each assessment vendor, by the vendor's name.

    Raises:
        RecordsError: no known vendor has a file in `folder`, or a file does not have the vendor's layout.
    """
    vendors: dict[str, DistrictFacts] = {}
    for layout, file in _files(folder):
        vendor = _slug(layout.folder).lower()
        if vendor not in vendors:
            vendors[vendor] = DistrictFacts(
                lea=district.lea, name=district.name, year=district.year, now=district.now
            )
        _read(layout, file, _tests(folder / layout.folder / "seeds"), vendors[vendor])
    if not vendors:
        raise RecordsError(f"{folder} holds no files of an assessment vendor")
    return vendors


def _read(layout: Layout, file: Path, seeds: dict[str, AssessmentFact], facts: DistrictFacts) -> None:
    """Add the tests and results of one file."""
    tests = {test.id: test for test in facts.assessments}
    for number, row in enumerate(_rows(file), start=2):
        try:
            facts.results.append(_result(layout, row, f"{file.stem}-{number}", seeds, tests))
        except (KeyError, ValueError):
            location = f"{layout.folder}/{file.name}, line {number}"
            raise RecordsError(f"{location}: not a row of {layout.folder}") from None
    facts.assessments = list(tests.values())


def _files(folder: Path) -> Iterator[tuple[Layout, Path]]:
    """Yield each file that matches a layout, with the first such layout."""
    seen: set[Path] = set()
    for layout in LAYOUTS:
        for file in sorted((folder / layout.folder / "data").glob(layout.files)):
            if file not in seen:
                seen.add(file)
                yield layout, file


def _rows(file: Path) -> Iterable[Row]:
    """Yield the rows of a file, with texts stripped of spaces."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: text.strip() for name, text in row.items() if name and isinstance(text, str)}
    except UnicodeDecodeError:
        raise RecordsError(f"{file.name} is not UTF-8 text") from None


def _tests(seeds: Path) -> dict[str, AssessmentFact]:
    """Return the vendor's tests, by identifier."""
    try:
        subjects = {
            row["assessmentIdentifier"]: row["edfi_descriptor"].rpartition("#")[2]
            for row in _rows(seeds / "academicSubjectDescriptors.csv")
        }
        return {
            (number := row["assessmentIdentifier"]): AssessmentFact(
                id=number,
                namespace=row["namespace"],
                title=row["assessmentTitle"],
                family=row.get("assessmentFamily") or row["assessmentTitle"],
                subject=_SUBJECTS.get(subjects[number], subjects[number]),
                version=0,
            )
            for row in _rows(seeds / "assessments.csv")
        }
    except OSError as exc:
        raise RecordsError(f"{seeds.parent.name}/seeds: {exc.strerror}") from None
    except KeyError as exc:
        raise RecordsError(f"{seeds.parent.name}/seeds lacks {exc}") from None


def _result(
    layout: Layout, row: Row, number: str, seeds: dict[str, AssessmentFact], tests: dict[str, AssessmentFact]
) -> ResultFact:
    """Build the result of a row, and add its test to `tests`, by identifier and school year."""
    taken_at = _instant(" ".join(row[column] for column in layout.taken_at_columns))
    year = _year(row[layout.year]) if layout.year else taken_at.year + (taken_at.month >= 7)
    taker = _taker(layout, row)
    return ResultFact(
        id=_slug(f"{layout.folder}-{number}"),
        student=taker.ids[0][1],
        assessment=_test(layout, row, year, seeds, tests),
        at=taken_at,
        year=year,
        grade=_grade(row[layout.grade]) if layout.grade else "Other",
        scores=tuple((method, _datatype(method, text), text) for method, text in _non_empty(layout.scores, row)),
        level=next(_non_empty((layout.level,), row), None) if layout.level else None,
        objectives=tuple(
            (row[part[1:]] if part.startswith("=") else part, text)
            for part, text in _non_empty(layout.objectives, row)
        ),
        objective_levels=tuple(_non_empty(layout.objective_levels, row)),
        taker=taker,
    )


def _test(
    layout: Layout, row: Row, year: int, seeds: dict[str, AssessmentFact], tests: dict[str, AssessmentFact]
) -> AssessmentFact:
    """Return the test of a school year, or the part of it that a row is about, with all parts scored so far."""
    base_test = seeds[layout.test(row)]
    part = row[layout.part] if layout.part else None
    number = f"{base_test.id} {part} {year}" if part else f"{base_test.id} {year}"
    new_test = AssessmentFact(
        id=number,
        namespace=base_test.namespace,
        title=part or base_test.title,
        family=base_test.family,
        subject=base_test.subject,
        version=year,
    )
    test = tests.setdefault(number, new_test)
    codes = (row[p[1:]] if p.startswith("=") else p for p, _ in _non_empty(layout.objectives, row))
    test.objectives = tuple(dict.fromkeys((*test.objectives, *((code, code) for code in codes))))
    return test


def _taker(layout: Layout, row: Row) -> AssessmentTakerFact:
    """
    Return everything that a row says about the test taker.

    Raises:
        KeyError: the row has no number of the test taker.
    """
    ids = tuple((system, row[column]) for system, column in layout.ids if row.get(column))
    if not ids:
        raise KeyError(layout.ids[0][1])
    first, last = (row[column] or None for column in layout.name) if layout.name else (None, None)
    return AssessmentTakerFact(
        ids=ids, first=first, last=last, birth=_birth(row[layout.birth]) if layout.birth else None
    )


def _non_empty(columns: Columns, row: Row) -> Iterator[tuple[str, str]]:
    """Yield name and text of the columns that are not empty; a vendor's version may lack a column."""
    return ((name, text) for name, column in columns if (text := row.get(column, "")) not in _EMPTY_TEXTS)


def _datatype(method: str, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return "Level"
    return "Percentile" if "ercentile" in method else "Decimal" if "." in text else "Integer"


def _instant(text: str) -> datetime:
    """Parse the time of a test; a time without a zone is read as UTC."""
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return datetime.fromisoformat(text).astimezone(UTC)
    for date_format in _DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("not a date")


def _birth(text: str) -> date | None:
    """Parse a birth date; None if it is unreadable, because it is only used to confirm a link."""
    try:
        return _instant(text).date()
    except ValueError:
        return None


def _year(text: str) -> int:
    """Parse a school year such as `Fall 2021-2022` or `2021-2022` into the calendar year in which it ends."""
    return int(text.rpartition("-")[2])


def _grade(text: str) -> str:
    """Parse a grade level such as `K`, `PK`, `03` or `12`."""
    if text.isdecimal() and int(text) < len(GRADES):
        return GRADES[int(text)]
    return {"K": GRADES[0], "PK": "Preschool/Prekindergarten"}.get(text, "Other")


def _slug(text: str) -> str:
    """Replace everything but letters and digits by hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)
