"""
Results of assessments from vendors' files: MAP Growth, STAR, i-Ready, PSAT and SAT, DIBELS 8, ACCESS.

A folder for each vendor holds files in `data/` and what the tests are in `seeds/`. Everything that a file says of
who took a test is kept as it says so, numbers that belong to two children included: whom a result is about is
decided by whoever reads it, never here.
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
from student_graph.adapters.sandbox.records.starter_kit import RecordsError

FOLDER = "earthmover-edfi-bundles"
"""Name of the folder that holds one folder for each vendor."""
_DAYS = ("%m/%d/%Y", "%Y-%m-%d", "%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M")
_NOTHING = frozenset({"", "NA", "N/A"})
_SUBJECTS = {"English": "English Language Arts"}


def read_assessment_files(folder: Path, district: DistrictFacts) -> dict[str, DistrictFacts]:
    """
    The district as each assessment vendor knows it, by the vendor's name: tests, and who reached what in them.

    Raises:
        RecordsError: no known vendor has a file in `folder`, or a file is not laid out as that vendor's are.
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
            where = f"{layout.folder}/{file.name}, line {number}"
            raise RecordsError(f"{where}: not a row of {layout.folder}") from None
    facts.assessments = list(tests.values())


def _files(folder: Path) -> Iterator[tuple[Layout, Path]]:
    """Every file that a layout fits, with the first that does."""
    seen: set[Path] = set()
    for layout in LAYOUTS:
        for file in sorted((folder / layout.folder / "data").glob(layout.files)):
            if file not in seen:
                seen.add(file)
                yield layout, file


def _rows(file: Path) -> Iterable[Row]:
    """The rows of a file, without the spaces around what they say."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: text.strip() for name, text in row.items() if name and isinstance(text, str)}
    except UnicodeDecodeError:
        raise RecordsError(f"{file.name} is not UTF-8 text") from None


def _tests(seeds: Path) -> dict[str, AssessmentFact]:
    """What the vendor's tests are, by identifier."""
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
    """One row; its test is noted in `tests`, by identifier and school year."""
    taken = _instant(" ".join(row[column] for column in layout.taken))
    year = _year(row[layout.year]) if layout.year else taken.year + (taken.month >= 7)
    taker = _taker(layout, row)
    return ResultFact(
        id=_slug(f"{layout.folder}-{number}"),
        student=taker.ids[0][1],
        assessment=_test(layout, row, year, seeds, tests),
        at=taken,
        year=year,
        grade=_grade(row[layout.grade]) if layout.grade else "Other",
        scores=tuple((method, _datatype(method, text), text) for method, text in _told(layout.scores, row)),
        level=next(_told((layout.level,), row), None) if layout.level else None,
        objectives=tuple(
            (row[part[1:]] if part.startswith("=") else part, text) for part, text in _told(layout.objectives, row)
        ),
        taker=taker,
    )


def _test(
    layout: Layout, row: Row, year: int, seeds: dict[str, AssessmentFact], tests: dict[str, AssessmentFact]
) -> AssessmentFact:
    """The test of a school year, or the part of it that a row is about; with every part that was ever scored."""
    whole = seeds[layout.test(row)]
    part = row[layout.part] if layout.part else None
    number = f"{whole.id} {part} {year}" if part else f"{whole.id} {year}"
    fresh = AssessmentFact(
        id=number,
        namespace=whole.namespace,
        title=part or whole.title,
        family=whole.family,
        subject=whole.subject,
        version=year,
    )
    test = tests.setdefault(number, fresh)
    codes = (row[p[1:]] if p.startswith("=") else p for p, _ in _told(layout.objectives, row))
    test.objectives = tuple(dict.fromkeys((*test.objectives, *((code, code) for code in codes))))
    return test


def _taker(layout: Layout, row: Row) -> AssessmentTakerFact:
    """
    Everything that the row says of who took the test.

    Raises:
        KeyError: it says no number at all.
    """
    ids = tuple((whose, row[column]) for whose, column in layout.ids if row.get(column))
    if not ids:
        raise KeyError(layout.ids[0][1])
    first, last = (row[column] or None for column in layout.name) if layout.name else (None, None)
    return AssessmentTakerFact(
        ids=ids, first=first, last=last, birth=_birth(row[layout.birth]) if layout.birth else None
    )


def _told(columns: Columns, row: Row) -> Iterator[tuple[str, str]]:
    """What each is about and its text, for those that hold anything; a vendor's version may lack a column."""
    return ((about, text) for about, column in columns if (text := row.get(column, "")) not in _NOTHING)


def _datatype(method: str, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return "Level"
    return "Percentile" if "ercentile" in method else "Decimal" if "." in text else "Integer"


def _instant(text: str) -> datetime:
    """When a test was taken; a file that names no time zone is read as UTC."""
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        return datetime.fromisoformat(text).astimezone(UTC)
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("not a day")


def _birth(text: str) -> date | None:
    """The birth date; None where none can be read, for it only ever confirms."""
    try:
        return _instant(text).date()
    except ValueError:
        return None


def _year(text: str) -> int:
    """The school year that `Fall 2021-2022` or `2021-2022` names, by the calendar year in which it ends."""
    return int(text.rpartition("-")[2])


def _grade(text: str) -> str:
    """The grade level that `K`, `PK`, `03` or `12` stands for."""
    if text.isdecimal() and int(text) < len(GRADES):
        return GRADES[int(text)]
    return {"K": GRADES[0], "PK": "Preschool/Prekindergarten"}.get(text, "Other")


def _slug(text: str) -> str:
    """The text as a name without spaces and signs."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text)
