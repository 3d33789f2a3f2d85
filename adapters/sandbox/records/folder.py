"""
Reads a district from a folder of records: Ed-Fi payloads as JSON lines, and LMS files next to them.

Each `<resource>.jsonl` holds the rows of one Ed-Fi resource, which are not changed. Missing enrollments are
derived from the other records. The LMS files are those of the Ed-Fi LMS Toolkit; they add online work and never
students.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NoReturn

from student_graph.adapters.sandbox.facts import DistrictFacts, StaffFact
from student_graph.adapters.sandbox.records.derived_enrollments import Payload, with_derived_enrollments
from student_graph.adapters.sandbox.records.interchange import add_interchanges
from student_graph.adapters.sandbox.records.lms_files import RecordsError, read_lms_files

__all__ = ["EdFiRecords", "Payload", "RecordsError", "read_records"]


@dataclass(slots=True, kw_only=True)
class EdFiRecords(DistrictFacts):
    """A district whose SIS records are Ed-Fi payloads; only the LMS facts and the staff facts are filled."""

    resources: dict[str, list[Payload]] = field(default_factory=dict)
    """Rows by resource, such as `students`; enrollments are derived if the folder has none."""


def read_records(folder: Path, lms: Path | None = None) -> EdFiRecords:
    """
    Read the records in `folder`, and the LMS files in `lms`, in its `lms/`, or in the LMS Toolkit next to it.

    Assessments are also read from bulk files in the folder or in the Data Standard's samples next to it,
    because some exist only there.

    Raises:
        RecordsError: it is not a folder of records, or a file is unreadable.
    """
    if not folder.is_dir():
        raise RecordsError(f"{folder} is not a folder")
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise RecordsError(f"{folder} holds no *.jsonl files")
    resources = {file.stem: _rows(file) for file in files}
    for xml_folder in (folder, folder.resolve().parent / "edfi-data-standard-5.2-samples"):
        if any(xml_folder.glob("*Assessment*.xml")):
            add_interchanges(xml_folder, resources)
    try:
        records = _district(with_derived_enrollments(resources))
    except KeyError as exc:
        raise RecordsError(f"{folder}: a record lacks {exc}, which Ed-Fi requires") from None
    except (AttributeError, TypeError, ValueError):
        raise RecordsError(f"{folder}: a record has a value where Ed-Fi has another kind of value") from None
    if lms_folder := _lms_folder(folder, lms):
        read_lms_files(lms_folder, records)
    return records


def _lms_folder(folder: Path, lms: Path | None) -> Path | None:
    """Return the folder of the LMS files, or None."""
    if lms is not None:
        return lms
    candidates = (folder / "lms", folder.resolve().parent / "edfi-lms-toolkit" / "starter-kit-sample")
    return next((candidate for candidate in candidates if candidate.is_dir()), None)


def _rows(file: Path) -> list[Payload]:
    """Read the rows of one resource; empty lines are ignored."""
    rows = []
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
            if line.strip():
                rows.append(_row(file, number, line))
    except UnicodeDecodeError:
        raise RecordsError(f"{file.name} is not UTF-8 text") from None
    return rows


def _row(file: Path, number: int, line: str) -> Payload:
    try:
        row = json.loads(line, parse_constant=_refuse_constant)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise RecordsError(f"{file.name}, line {number}: not a JSON object")
    return row


def _refuse_constant(text: str) -> NoReturn:
    """Refuse `NaN` and the infinities, which Python accepts and JSON does not have."""
    raise ValueError(text)


def _district(resources: dict[str, list[Payload]]) -> EdFiRecords:
    """Build the district of the records, on the last day with attendance."""
    agencies = resources.get("localEducationAgencies", [])
    years = [row["schoolYearTypeReference"]["schoolYear"] for row in resources.get("sessions", [])]
    last = max(_days(resources), default=date(2000, 1, 1))
    return EdFiRecords(
        lea=agencies[0]["localEducationAgencyId"] if agencies else 0,
        name=agencies[0]["nameOfInstitution"] if agencies else "",
        year=max(years, default=last.year),
        now=datetime.combine(last, time(12), UTC),
        staff=list(_staff(resources)),
        resources=resources,
    )


def _days(resources: dict[str, list[Payload]]) -> Iterable[date]:
    for resource in ("studentSchoolAttendanceEvents", "studentSectionAttendanceEvents"):
        for row in resources.get(resource, []):
            yield date.fromisoformat(row["eventDate"])


def _staff(resources: dict[str, list[Payload]]) -> Iterable[StaffFact]:
    """Yield the staff with their positions, for tests and demos that need a teacher."""
    people = {row["staffUniqueId"]: row for row in resources.get("staffs", [])}
    for row in resources.get("staffEducationOrganizationAssignmentAssociations", []):
        if person := people.get(row["staffReference"]["staffUniqueId"]):
            mails = [mail["electronicMailAddress"] for mail in person.get("electronicMails", [])]
            yield StaffFact(
                id=person["staffUniqueId"],
                first=person["firstName"],
                last=person["lastSurname"],
                email=mails[0] if mails else "",
                classification=row["staffClassificationDescriptor"].rpartition("#")[2],
                organization=row["educationOrganizationReference"]["educationOrganizationId"],
                title=row.get("positionTitle", ""),
                begin=date.fromisoformat(row["beginDate"]),
            )
