"""Guesses which operation answers a lookup, and which property is an attribute, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_origin, get_type_hints

from student_graph.adapters.contract import Adapter
from student_graph.adapters.lookup import Lookup, lookups_of
from student_graph.adapters.model.code_mapping import raw_attribute
from student_graph.adapters.rest.openapi.reading import resolve
from student_graph.adapters.rest.openapi.schemas import Property, RowShape, row_shape

LOOKUPS: Sequence[Lookup] = [lookup for lookup in lookups_of(Adapter) if not lookup.name.startswith("caseload")]
_NOUNS: Mapping[str, frozenset[str]] = {
    "Student": frozenset({"student", "pupil", "learner"}),
    "School": frozenset({"school", "campus", "building", "site"}),
    "Section": frozenset({"section", "class"}),
    "Staff": frozenset({"staff", "teacher", "employee"}),
    "SchoolEnrollment": frozenset({"enrollment", "enrolment", "placement", "membership"}),
    "SectionEnrollment": frozenset({"roster", "schedule", "classroster", "sectionenrollment"}),
    "CourseGrade": frozenset({"grade", "mark", "gradebook"}),
    "AttendanceEvent": frozenset({"attendance", "absence"}),
    "StudentContact": frozenset({"contact", "parent", "guardian"}),
    "Session": frozenset({"term", "session"}),
    "DisciplineIncident": frozenset({"discipline", "incident", "behavior"}),
    "ProgramParticipation": frozenset({"program"}),
    "AssessmentResult": frozenset({"test", "assessment", "score"}),
    "AcademicRecord": frozenset({"transcript", "gpa"}),
}
"""Nouns of paths, by the record that they are likely to be."""
_KEY_NOUNS: Mapping[str, str] = {"student": "Student", "school": "School", "section": "Section", "staff": "Staff"}
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "vendor_id": ("id", "uid", "guid", "uuid", "sourcedid", "dcid"),
    "student_id": ("studentnumber", "studentid", "localid", "sisid", "pupilid", "learnerid", "number"),
    "staff_id": ("staffid", "teacherid", "employeeid", "staffnumber"),
    "school_id": ("schoolid", "schoolcode", "schoolnumber", "campusid", "buildingid"),
    "section_id": ("sectionid", "sectionnumber", "classid"),
    "section_identifier": ("sectionnumber", "sectionid", "classcode", "number"),
    "first_name": ("firstname", "first", "givenname", "given"),
    "last_name": ("lastname", "last", "familyname", "family", "surname"),
    "middle_name": ("middlename", "middle"),
    "name": ("name", "title"),
    "begin_date": ("startdate", "begindate", "from", "enterdate"),
    "end_date": ("enddate", "until", "to", "leavedate"),
    "entry_date": ("enterdate", "entrydate", "startdate", "enrolldate"),
    "exit_withdraw_date": ("leavedate", "exitdate", "withdrawdate", "enddate"),
    "grade_level": ("grade", "gradelevel"),
    "date": ("date", "attendancedate", "day"),
    "category": ("attendancecode", "code", "kind", "type"),
    "letter": ("lettergrade", "mark", "grade"),
    "numeric": ("percent", "numericgrade", "percentage", "score"),
    "birth_date": ("birthdate", "dateofbirth", "dob", "born"),
    "session_name": ("term", "termname", "session", "semester"),
    "school_year": ("schoolyear", "year", "academicyear"),
    "local_course_code": ("courseid", "coursecode", "coursenumber"),
    "course_name": ("coursetitle", "coursename"),
}
"""Names that vendors have for an attribute, in letters only, the most usual first."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A GET request of the document that returns objects."""

    path: str
    parameters: tuple[str, ...]
    """Names of its query parameters."""
    shape: RowShape

    @property
    def keys(self) -> list[str]:
        """The names of the parameters in its path."""
        return re.findall(r"\{([^{}]+)\}", self.path)


def operations(document: Any) -> list[Operation]:
    """The GET requests of a document that return objects, in the order of the document."""
    result = []
    paths, _ = resolve(document, document.get("paths"))
    for path, node in paths.items():
        item, _ = resolve(document, node)
        get, _ = resolve(document, item.get("get"))
        schema = _schema_of_success(document, get)
        shape = None if schema is None else row_shape(document, schema)
        if shape is None or not shape.properties:
            continue
        declared_parameters = [*_listed(item.get("parameters")), *_listed(get.get("parameters"))]
        parameters = [resolve(document, parameter)[0] for parameter in declared_parameters]
        names = tuple(str(p.get("name")) for p in parameters if p.get("in") == "query")
        result.append(Operation(str(path), names, shape))
    return result


def _schema_of_success(document: Any, operation: dict[str, Any]) -> Any:
    responses, _ = resolve(document, operation.get("responses"))
    success = next((part for status, part in responses.items() if str(status) in ("200", "2XX", "default")), None)
    content, _ = resolve(document, resolve(document, success)[0].get("content"))
    media = next((part for name, part in content.items() if "json" in str(name)), None)
    return resolve(document, media)[0].get("schema")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def candidate(lookup: Lookup, candidates: Iterable[Operation]) -> Operation | None:
    """The operation that most likely answers a lookup; None if no path has its nouns."""
    nouns = _NOUNS.get(lookup.record_type.__name__, frozenset())
    key_noun = _NOUNS.get(_KEY_NOUNS.get(lookup.key_kind, ""), frozenset())
    best: tuple[tuple[int, ...], Operation] | None = None
    for operation in candidates:
        words = [_word(part) for part in operation.path.split("/") if part and not part.startswith("{")]
        if not words or words[-1] not in nouns or operation.shape.is_list is not _needs_list(lookup, operation):
            continue
        keys = len(operation.keys)
        if lookup.key_kind == "district":
            fits = keys == 0
        elif lookup.is_by_id:
            fits = keys >= 1 and operation.path.endswith("}")
        else:
            fits = keys >= 1 and bool(key_noun & set(words[:-1])) and not operation.path.endswith("}")
        rank = (keys, len(operation.path))
        if fits and (best is None or rank < best[0]):
            best = rank, operation
    return None if best is None else best[1]


def _needs_list(lookup: Lookup, operation: Operation) -> bool:
    """Whether a list fits: some vendors send a list of one object for an id."""
    return operation.shape.is_list if lookup.is_by_id else lookup.is_list


def _word(part: str) -> str:
    """A part of a path in small letters and the singular."""
    word = re.sub(r"[^a-z]", "", part.lower())
    return word.removesuffix("es") if word.endswith("sses") else word.removesuffix("s") if len(word) > 3 else word


def attribute_guesses(record: Any, properties: Sequence[Property]) -> dict[str, Property | None]:
    """A property for each required attribute, None if none fits, and for others whose name is the same."""
    hints, result = get_type_hints(record), dict[str, Property | None]()
    codes = {raw_attribute(record, item.name) for item in fields(record)}
    for item in fields(record):
        if item.name in ("subject", "fetched") or item.name in codes:
            continue
        required = item.default is MISSING and item.default_factory is MISSING
        guess = guess_property(item.name, properties)
        if (required and get_origin(hints[item.name]) is not list) or (
            guess is not None and _letters(guess.path[-1]) == _letters(item.name)
        ):
            result[item.name] = guess
    return result


def guess_property(attribute: str, properties: Sequence[Property]) -> Property | None:
    """The property whose name is nearest to an attribute."""
    names = (_letters(attribute), *SYNONYMS.get(attribute, ()))
    for name in names:
        matches = [item for item in properties if _letters(item.path[-1]) == name]
        matches += [item for item in properties if _letters("".join(item.path)) == name]
        if matches:
            return min(matches, key=lambda item: len(item.path))
    return None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
