"""The operations of a server: routes, the rows that they return, and the scopes that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import Row
from student_graph.adapters.oneroster.sandbox.tables import Tables

PathIds: TypeAlias = Mapping[str, str]
"""The ids in a path, by the name in the braces of the route."""
RowSelector: TypeAlias = Callable[[Tables, PathIds], list[Row]]
"""Returns the rows of an operation."""

ROSTERING, GRADEBOOK = "rostering", "gradebook"
_CORE = ("roster-core.readonly", "roster.readonly")
_ROSTER = ("roster.readonly",)
_DEMOGRAPHICS = ("roster-demographics.readonly",)
_GRADES_CORE = ("gradebook-core.readonly", "gradebook.readonly")
_GRADES = ("gradebook.readonly",)
_ASSESSMENT = ("assessment.readonly",)


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One route. A name in braces is the id of a row of another collection; `{id}` is that of the row to return.
    """

    service: str
    path: str
    table: str
    scopes: tuple[str, ...]
    """The scopes; a token needs one of them."""
    select_rows: RowSelector
    """Returns the rows of the collection, or those among which the single row is."""

    @property
    def single(self) -> bool:
        """Whether it returns one row."""
        return self.path.endswith("{id}")

    def match(self, path: str, *, ignore_path_case: bool) -> PathIds | None:
        """The ids in a path of this route; None for a path of another route."""
        own_parts, parts = self.path.split("/"), path.split("/")
        if len(own_parts) != len(parts):
            return None
        ids = {}
        for own_part, part in zip(own_parts, parts, strict=True):
            if own_part.startswith("{"):
                ids[own_part.strip("{}")] = part
            elif own_part != part and not (ignore_path_case and own_part.lower() == part.lower()):
                return None
        return ids


TABLES_OF_NAMES = {
    "school": "orgs",
    "class": "classes",
    "student": "users",
    "teacher": "users",
    "user": "users",
    "course": "courses",
    "term": "academicSessions",
    "lineItem": "lineItems",
}
"""The collection to which the id of a name in a path belongs. If there is no such row, the response is a 404."""


def operations(quirks: Quirks, version: str) -> list[Operation]:
    """The operations of a server with these quirks, in a version of the standard."""
    served = [*_collections(ROSTERING, _ROSTERING_ROWS)]
    if quirks.nested_routes:
        served += (Operation(ROSTERING, path, table, _ROSTER, rows) for path, (table, rows) in _NESTED.items())
    if quirks.gradebook:
        served += _collections(GRADEBOOK, _GRADEBOOK_ROWS)
        nested = _CLASS_RESULTS if quirks.nested_routes else {}
        nested = nested | (_RESULT_ROUTES if quirks.result_routes else {})
        served += (Operation(GRADEBOOK, path, table, _GRADES, rows) for path, (table, rows) in nested.items())
    if quirks.assessments and version == "1.2":
        served += _collections(GRADEBOOK, _ASSESSMENT_ROWS)
    return [operation for operation in served if operation.path not in quirks.absent_routes]


def _collections(
    service: str, rows: Mapping[str, tuple[str, tuple[str, ...], RowSelector]]
) -> Iterator[Operation]:
    for name, (table, scopes, select_rows) in rows.items():
        yield Operation(service, f"/{name}", table, scopes, select_rows)
        yield Operation(service, f"/{name}/{{id}}", table, scopes, select_rows)


def _all(table: str) -> RowSelector:
    return lambda tables, _: tables.rows[table]


def _referring(table: str, name: str, id_name: str) -> tuple[str, RowSelector]:
    return table, lambda tables, ids: tables.referring(table, name, ids[id_name])


def _schools(tables: Tables, _: PathIds) -> list[Row]:
    return [row for row in tables.rows["orgs"] if row["type"] == "school"]


def _users(role: str) -> RowSelector:
    return lambda tables, _: tables.users(role)


def _users_at(role: str) -> tuple[str, RowSelector]:
    return "users", lambda tables, ids: tables.users_at(role, ids["school"])


def _users_in(role: str) -> tuple[str, RowSelector]:
    return "users", lambda tables, ids: tables.users_in(role, ids["class"])


def _users_of_school_class(role: str) -> tuple[str, RowSelector]:
    """The users of a class with a role; none if the class is not in the school of the path."""
    return "users", lambda tables, ids: tables.users_in(role, ids["class"]) if _is_in_school(tables, ids) else []


def _enrollments(tables: Tables, ids: PathIds) -> list[Row]:
    return tables.referring("enrollments", "class", ids["class"]) if _is_in_school(tables, ids) else []


def _is_in_school(tables: Tables, ids: PathIds) -> bool:
    section = tables.find("classes", ids["class"])
    return section is not None and section["school"].id == ids["school"]


def _term_classes(tables: Tables, ids: PathIds) -> list[Row]:
    return [row for row in tables.rows["classes"] if any(term.id == ids["term"] for term in row["terms"])]


def _periods(tables: Tables, ids: PathIds) -> list[Row]:
    return [row for row in tables.sessions("gradingPeriod") if row["parent"].id == ids["term"]]


def _item_results(tables: Tables, ids: PathIds) -> list[Row]:
    results = tables.results_of(ids["class"])
    return [row for row in results if row["lineItem"].id == ids["lineItem"]]


def _student_results(tables: Tables, ids: PathIds) -> list[Row]:
    return [row for row in tables.results_of(ids["class"]) if row["student"].id == ids["student"]]


_ROSTERING_ROWS: dict[str, tuple[str, tuple[str, ...], RowSelector]] = {
    "orgs": ("orgs", _CORE, _all("orgs")),
    "schools": ("orgs", _CORE, _schools),
    "academicSessions": ("academicSessions", _CORE, _all("academicSessions")),
    "terms": ("academicSessions", _CORE, lambda tables, _: tables.sessions("term")),
    "gradingPeriods": ("academicSessions", _CORE, lambda tables, _: tables.sessions("gradingPeriod")),
    "courses": ("courses", _CORE, _all("courses")),
    "classes": ("classes", _CORE, _all("classes")),
    "users": ("users", _CORE, _all("users")),
    "students": ("users", _CORE, _users("student")),
    "teachers": ("users", _CORE, _users("teacher")),
    "enrollments": ("enrollments", _CORE, _all("enrollments")),
    "demographics": ("demographics", _DEMOGRAPHICS, _all("demographics")),
}
_NESTED: dict[str, tuple[str, RowSelector]] = {
    "/schools/{school}/classes": _referring("classes", "school", "school"),
    "/schools/{school}/courses": _referring("courses", "org", "school"),
    "/schools/{school}/enrollments": _referring("enrollments", "school", "school"),
    "/schools/{school}/students": _users_at("student"),
    "/schools/{school}/teachers": _users_at("teacher"),
    "/schools/{school}/terms": ("academicSessions", lambda tables, ids: tables.terms_at(ids["school"])),
    "/schools/{school}/classes/{class}/enrollments": ("enrollments", _enrollments),
    "/schools/{school}/classes/{class}/students": _users_of_school_class("student"),
    "/schools/{school}/classes/{class}/teachers": _users_of_school_class("teacher"),
    "/classes/{class}/students": _users_in("student"),
    "/classes/{class}/teachers": _users_in("teacher"),
    "/courses/{course}/classes": _referring("classes", "course", "course"),
    "/students/{student}/classes": (
        "classes",
        lambda tables, ids: tables.classes_of(ids["student"], "student"),
    ),
    "/teachers/{teacher}/classes": (
        "classes",
        lambda tables, ids: tables.classes_of(ids["teacher"], "teacher"),
    ),
    "/users/{user}/classes": ("classes", lambda tables, ids: tables.classes_of(ids["user"])),
    "/terms/{term}/classes": ("classes", _term_classes),
    "/terms/{term}/gradingPeriods": ("academicSessions", _periods),
}
_GRADEBOOK_ROWS = {name: (name, _GRADES_CORE, _all(name)) for name in ("categories", "lineItems", "results")}
_ASSESSMENT_ROWS = {name: (name, _ASSESSMENT, _all(name)) for name in ("assessmentLineItems", "assessmentResults")}
_CLASS_RESULTS: dict[str, tuple[str, RowSelector]] = {
    "/classes/{class}/categories": ("categories", lambda tables, ids: tables.categories_of(ids["class"])),
    "/classes/{class}/lineItems": _referring("lineItems", "class", "class"),
    "/classes/{class}/lineItems/{lineItem}/results": ("results", _item_results),
    "/classes/{class}/results": ("results", lambda tables, ids: tables.results_of(ids["class"])),
    "/classes/{class}/students/{student}/results": ("results", _student_results),
}
_RESULT_ROUTES: dict[str, tuple[str, RowSelector]] = {
    "/lineItems/{lineItem}/results": _referring("results", "lineItem", "lineItem"),
    "/students/{student}/results": _referring("results", "student", "student"),
}
