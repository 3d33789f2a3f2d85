"""
Reads the CSV files of the Ed-Fi LMS Toolkit: users, sections, assignments and submissions.

https://github.com/Ed-Fi-Exchange-OSS/LMS-Toolkit describes the folders; the newest file of each folder is read.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

from student_graph.adapters.sandbox.facts import (
    AssignmentFact,
    DistrictFacts,
    LmsAccountFact,
    LmsCourseFact,
    SubmissionFact,
)

Row: TypeAlias = dict[str, str]
T = TypeVar("T")


class RecordsError(ValueError):
    """A folder is not a folder of records, or a file in it is unreadable."""


def read_lms_files(folder: Path, facts: DistrictFacts) -> None:
    """
    Add the accounts, courses, assignments and submissions of a folder to `facts`.

    Raises:
        RecordsError: the folder holds no LMS files, or a row is unreadable.
    """
    if not (folder / "users").is_dir() or not (folder / "sections").is_dir():
        raise RecordsError(f"{folder} holds no LMS files: users/ or sections/ is missing")
    facts.accounts = _read(folder / "users", _account)
    members: dict[str, list[int]] = defaultdict(list)
    for subfolder in sorted(folder.glob("section=*/section-associations")):
        section = subfolder.parent.name.partition("=")[2]
        members[section] = _read(subfolder, lambda row: int(row["LMSUserSourceSystemIdentifier"]))
    facts.lms_courses = _read(
        folder / "sections", lambda row: _course(row, members[row["SourceSystemIdentifier"]])
    )
    for subfolder in sorted(folder.glob("section=*/assignments")):
        facts.assignments += _read(subfolder, _assignment)
    for subfolder in sorted(folder.glob("section=*/assignment=*/submissions")):
        facts.submissions += _read(subfolder, _submission)


def _read(folder: Path, fact: Callable[[Row], T]) -> list[T]:
    """Read the rows of the newest file in `folder`, each as a fact."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        return []
    facts = []
    with files[-1].open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                facts.append(fact(row))
            except (KeyError, TypeError, ValueError):
                location = f"{folder.parent.name}/{folder.name}/{files[-1].name}"
                raise RecordsError(f"{location}, line {number}: not a row of the LMS Toolkit") from None
    return facts


def _account(row: Row) -> LmsAccountFact:
    first, _, last = row["Name"].rpartition(" ")
    return LmsAccountFact(
        id=int(row["SourceSystemIdentifier"]),
        owner=row["SISUserIdentifier"],
        sis_id=row["SISUserIdentifier"] or None,
        login=row["LocalUserIdentifier"],
        name=row["Name"],
        sortable_name=f"{last}, {first}" if first else last,
        email=row["EmailAddress"],
        birth=None,
    )


def _course(row: Row, members: list[int]) -> LmsCourseFact:
    """A Canvas section of the toolkit is also its course, because the toolkit has no courses."""
    number = int(row["SourceSystemIdentifier"])
    return LmsCourseFact(
        id=number,
        name=row["SectionDescription"] or row["Title"],
        code=row["Title"],
        section=None,
        lms_section=number,
        sis_section=row["SISSectionIdentifier"] or None,
        members=tuple(members),
    )


def _assignment(row: Row) -> AssignmentFact:
    return AssignmentFact(
        id=int(row["SourceSystemIdentifier"]),
        course=int(row["LMSSectionSourceSystemIdentifier"]),
        title=row["Title"],
        due=_parse_instant(row["DueDateTime"]),
        points=float(row["MaxPoints"]) if row["MaxPoints"] else None,
    )


def _submission(row: Row) -> SubmissionFact:
    status = row["SubmissionStatus"]
    submitted = _parse_instant(row["SubmissionDateTime"])
    graded = bool(row["EarnedPoints"] or row["Grade"])
    return SubmissionFact(
        id=int(row["SourceSystemIdentifier"]),
        assignment=int(row["AssignmentSourceSystemIdentifier"]),
        account=int(row["LMSUserSourceSystemIdentifier"]),
        state="graded" if graded else "submitted" if submitted else "unsubmitted",
        score=float(row["EarnedPoints"]) if row["EarnedPoints"] else None,
        grade=row["Grade"] or None,
        late=status == "Late",
        missing=status == "Missing",
        submitted=submitted,
        graded=_parse_instant(row["LastModifiedDate"]) if graded else None,
    )


def _parse_instant(text: str) -> datetime | None:
    """Parse an instant; the toolkit writes UTC without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
