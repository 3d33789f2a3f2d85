"""
Ed-Fi bulk files of assessments and their results, as the payloads that the API would serve for them.

The Data Standard's sample district publishes some of its assessments only in this form: XML interchanges of
the kinds AssessmentMetadata and StudentAssessment. Elements are named in the standard's handbook; an element
`X` that holds a code becomes the property `xDescriptor`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from student_graph.adapters.sandbox.records.derived import Payload
from student_graph.adapters.sandbox.records.starter_kit import RecordsError


def add_interchanges(folder: Path, resources: dict[str, list[Payload]]) -> None:
    """
    Add the assessments and results of a folder's interchange files that `resources` lack.

    Raises:
        RecordsError: a file is not XML, or declares a document type, which none of these needs.
    """
    for resource, tag, make, key in (
        ("assessments", "Assessment", _assessment, _test),
        ("studentAssessments", "StudentAssessment", _result, _occasion),
    ):
        rows = resources.setdefault(resource, [])
        known = {key(row) for row in rows}
        files = sorted(folder.glob("*Assessment*.xml"))
        found = (make(each) for file in files for each in _elements(file) if each.tag == tag)
        for row in found:
            if key(row) not in known:
                known.add(key(row))
                rows.append(row)


def _test(row: Payload) -> tuple[str, ...]:
    """What tells assessments apart."""
    return row["assessmentIdentifier"], row["namespace"]


def _occasion(row: Payload) -> tuple[str, ...]:
    """What tells results apart: the identifier alone may stand for several students."""
    student = row["studentReference"]["studentUniqueId"]
    return row["studentAssessmentIdentifier"], student, *_test(row["assessmentReference"])


def _elements(file: Path) -> Iterable[Element]:
    """What an interchange holds, namespaces left out."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordsError(f"{file.name} is not UTF-8 text") from None
    if "<!" in text.replace("<!--", ""):
        raise RecordsError(f"{file.name}: declares a document type")
    try:
        root = fromstring(text)  # noqa: S314 - what could add an entity was refused above
    except ParseError as exc:
        raise RecordsError(f"{file.name}, line {exc.position[0]}: not XML") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _assessment(element: Element) -> Payload:
    """A test as such."""
    key = {
        "assessmentIdentifier": _text(element, "AssessmentIdentifier"),
        "namespace": _text(element, "Namespace"),
    }
    return _row(key) | {
        "assessmentTitle": _text(element, "AssessmentTitle"),
        "academicSubjects": _codes(element, "AcademicSubject", "academicSubjectDescriptor"),
        "assessedGradeLevels": _codes(element, "AssessedGradeLevel", "gradeLevelDescriptor"),
        "assessmentCategoryDescriptor": _text(element, "AssessmentCategory"),
    }


def _result(element: Element) -> Payload:
    """What a student reached in a test."""
    key = {
        "studentAssessmentIdentifier": _text(element, "StudentAssessmentIdentifier"),
        "assessmentReference": _reference(element, "AssessmentReference/AssessmentIdentity/"),
        "studentReference": {
            "studentUniqueId": _text(element, "StudentReference/StudentIdentity/StudentUniqueId")
        },
    }
    row = _row(key) | {
        "administrationDate": f"{_text(element, 'AdministrationDate')}Z",
        "whenAssessedGradeLevelDescriptor": _text(element, "WhenAssessedGradeLevel"),
        **_scores(element),
        "studentObjectiveAssessments": [
            _objective(part) for part in element.findall("StudentObjectiveAssessment")
        ],
    }
    if year := element.findtext("SchoolYear"):
        row["schoolYearTypeReference"] = {"schoolYear": int(year.rpartition("-")[2])}
    return row


def _objective(element: Element) -> Payload:
    """What a student reached in one part of a test."""
    place = "ObjectiveAssessmentReference/ObjectiveAssessmentIdentity/"
    reference = _reference(element, f"{place}AssessmentReference/AssessmentIdentity/")
    reference["identificationCode"] = _text(element, f"{place}IdentificationCode")
    return {"objectiveAssessmentReference": reference, **_scores(element)}


def _scores(element: Element) -> Payload:
    """Scores and levels of a test or of a part of it."""
    return {
        "scoreResults": [
            {
                "assessmentReportingMethodDescriptor": _text(score, "AssessmentReportingMethod"),
                "resultDatatypeTypeDescriptor": _text(score, "ResultDatatypeType"),
                "result": _text(score, "Result"),
            }
            for score in element.findall("ScoreResult")
        ],
        "performanceLevels": [
            {
                "assessmentReportingMethodDescriptor": _text(level, "AssessmentReportingMethod"),
                "performanceLevelDescriptor": _text(level, "PerformanceLevel"),
            }
            for level in element.findall("PerformanceLevel")
        ],
    }


def _reference(element: Element, place: str) -> Payload:
    """Which test."""
    names: list[tuple[str, str]] = [("assessmentIdentifier", "AssessmentIdentifier"), ("namespace", "Namespace")]
    return {name: _text(element, place + tag) for name, tag in names}


def _codes(element: Element, tag: str, name: str) -> list[Payload]:
    return [{name: each.text} for each in element.findall(tag)]


def _text(element: Element, place: str) -> str:
    """The text of an element that the interchange requires."""
    if (text := element.findtext(place)) is None:
        raise RecordsError(f"an interchange lacks {place.rpartition('/')[2]}")
    return text.strip()


def _row(key: Payload) -> Payload:
    """A payload with the id, version and date that a server would have given it."""
    digest = hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()
    return {
        "id": digest[:32],
        **key,
        "_etag": str(int(digest[32:46], 16)),
        "_lastModifiedDate": "2022-06-01T00:00:00Z",
    }
