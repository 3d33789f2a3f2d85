"""
A district read from a folder of records: Ed-Fi payloads as JSON lines, and LMS files beside them.

Each `<resource>.jsonl` holds the rows of one Ed-Fi resource, kept as they are; what the folder lacks and other
records tell is derived. The LMS files are those of the Ed-Fi LMS starter kit; they may say who studies online,
never who belongs to the district.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import NoReturn

from student_graph.adapters.sandbox.facts import DistrictFacts, StaffFact
from student_graph.adapters.sandbox.records.derived import Payload, completed
from student_graph.adapters.sandbox.records.interchange import add_interchanges
from student_graph.adapters.sandbox.records.starter_kit import RecordsError, read_starter_kit

__all__ = ["EdFiRecords", "Payload", "RecordsError", "read_records"]


@dataclass(slots=True, kw_only=True)
class EdFiRecords(DistrictFacts):
    """Records of a district as Ed-Fi spells them; of the facts only the LMS part and the staff are filled."""

    resources: dict[str, list[Payload]] = field(default_factory=dict)
    """Resource, such as `students`, to its rows; stays and places are derived where the folder has none."""


def read_records(folder: Path, lms: Path | None = None) -> EdFiRecords:
    """
    The records in `folder`, and those of the LMS: in `lms`, or in `lms/` inside, or in the starter kit beside.

    Assessments come from bulk files too, inside or in the Data Standard's samples beside: some are only there.

    Raises:
        RecordsError: it is no such folder, or a file cannot be read.
    """
    if not folder.is_dir():
        raise RecordsError(f"{folder} is not a folder")
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise RecordsError(f"{folder} holds no *.jsonl files")
    resources = {file.stem: _rows(file) for file in files}
    for place in (folder, folder.resolve().parent / "edfi-data-standard-5.2-samples"):
        if any(place.glob("*Assessment*.xml")):
            add_interchanges(place, resources)
    try:
        records = _district(completed(resources))
    except KeyError as exc:
        raise RecordsError(f"{folder}: a record lacks {exc}, which Ed-Fi requires") from None
    except (AttributeError, TypeError, ValueError):
        raise RecordsError(f"{folder}: a record has a value where Ed-Fi has another kind of value") from None
    if kit := _starter_kit(folder, lms):
        read_starter_kit(kit, records)
    return records


def _starter_kit(folder: Path, lms: Path | None) -> Path | None:
    """Where the LMS files are."""
    if lms is not None:
        return lms
    places = (folder / "lms", folder.resolve().parent / "edfi-lms-toolkit" / "starter-kit-sample")
    return next((place for place in places if place.is_dir()), None)


def _rows(file: Path) -> list[Payload]:
    """The rows of one resource; empty lines count for nothing."""
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
        row = json.loads(line, parse_constant=_no_number)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise RecordsError(f"{file.name}, line {number}: not a JSON object")
    return row


def _no_number(text: str) -> NoReturn:
    """Refuse `NaN` and the infinities, which Python reads and JSON does not have."""
    raise ValueError(text)


def _district(resources: dict[str, list[Payload]]) -> EdFiRecords:
    """The district that the records are of, as it stood on the last day of which they tell."""
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
    """Who is employed as what, for tests and demonstrations that need a teacher."""
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
