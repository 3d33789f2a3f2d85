"""
Reads Ed-Fi bulk files of assessments and their results into the payloads that the API would serve.

The Data Standard's sample district publishes some assessments only in this form: XML interchanges
AssessmentMetadata and StudentAssessment. The standard's handbook names the elements; an element `X` with a code
becomes the property `xDescriptor`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from student_graph.adapters.sandbox.records.derived_enrollments import Payload
from student_graph.adapters.sandbox.records.lms_files import RecordsError


def add_interchanges(folder: Path, resources: dict[str, list[Payload]]) -> None:
    """
    Add the assessments and results of a folder's interchange files that `resources` does not have yet.

    Raises:
        RecordsError: a file is not XML, or declares a document type, which an interchange never needs.
    """
    for resource, tag, make, key in (
        ("assessments", "Assessment", _assessment, _test_key),
        ("studentAssessments", "StudentAssessment", _result, _result_key),
    ):
        rows = resources.setdefault(resource, [])
        known = {key(row) for row in rows}
        files = sorted(folder.glob("*Assessment*.xml"))
        new_rows = (make(element) for file in files for element in _elements(file) if element.tag == tag)
        for row in new_rows:
            if key(row) not in known:
                known.add(key(row))
                rows.append(row)


def _test_key(row: Payload) -> tuple[str, ...]:
    """The key of an assessment."""
    return row["assessmentIdentifier"], row["namespace"]


def _result_key(row: Payload) -> tuple[str, ...]:
    """The key of a result; the identifier alone may belong to several students."""
    student = row["studentReference"]["studentUniqueId"]
    return row["studentAssessmentIdentifier"], student, *_test_key(row["assessmentReference"])


def _elements(file: Path) -> Iterable[Element]:
    """Return the elements of an interchange, without XML namespaces."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordsError(f"{file.name} is not UTF-8 text") from None
    if "<!" in text.replace("<!--", ""):
        raise RecordsError(f"{file.name}: declares a document type")
    try:
        root = fromstring(text)  # noqa: S314 - a document type, which could add entities, was refused above
    except ParseError as exc:
        raise RecordsError(f"{file.name}, line {exc.position[0]}: not XML") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _assessment(element: Element) -> Payload:
    """Build the payload of an assessment."""
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
    """Build the payload of a result."""
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
    """Build the payload of the result in one part of an assessment."""
    path = "ObjectiveAssessmentReference/ObjectiveAssessmentIdentity/"
    reference = _reference(element, f"{path}AssessmentReference/AssessmentIdentity/")
    reference["identificationCode"] = _text(element, f"{path}IdentificationCode")
    return {"objectiveAssessmentReference": reference, **_scores(element)}


def _scores(element: Element) -> Payload:
    """Build the scores and levels of an assessment or of a part of it."""
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


def _reference(element: Element, path: str) -> Payload:
    """Build a reference to an assessment."""
    names: list[tuple[str, str]] = [("assessmentIdentifier", "AssessmentIdentifier"), ("namespace", "Namespace")]
    return {name: _text(element, path + tag) for name, tag in names}


def _codes(element: Element, tag: str, name: str) -> list[Payload]:
    return [{name: code.text} for code in element.findall(tag)]


def _text(element: Element, path: str) -> str:
    """Return the text of a required element."""
    if (text := element.findtext(path)) is None:
        raise RecordsError(f"an interchange lacks {path.rpartition('/')[2]}")
    return text.strip()


def _row(key: Payload) -> Payload:
    """Add the id, version and date that a server would give to a payload."""
    digest = hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()
    return {
        "id": digest[:32],
        **key,
        "_etag": str(int(digest[32:46], 16)),
        "_lastModifiedDate": "2022-06-01T00:00:00Z",
    }
