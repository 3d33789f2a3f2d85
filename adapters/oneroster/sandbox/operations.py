"""What a server offers: routes, the rows that they answer with, and the scopes that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from student_graph.adapters.oneroster.sandbox.quirks import Manner
from student_graph.adapters.oneroster.sandbox.rows import Row
from student_graph.adapters.oneroster.sandbox.tables import Tables

Ids: TypeAlias = Mapping[str, str]
Answers: TypeAlias = Callable[[Tables, Ids], list[Row]]

ROSTERING, GRADEBOOK = "rostering", "gradebook"
_CORE = ("roster-core.readonly", "roster.readonly")
_ROSTER = ("roster.readonly",)
_DEMOGRAPHICS = ("roster-demographics.readonly",)
_GRADES_CORE = ("gradebook-core.readonly", "gradebook.readonly")
_GRADES = ("gradebook.readonly",)
_ASSESSMENT = ("assessment.readonly",)


@dataclass(frozen=True, slots=True)
class Operation:
    """One route; braces hold the collection whose id stands there, and `{id}` makes it a single row's."""

    service: str
    path: str
    table: str
    scopes: tuple[str, ...]
    """Any of them will do."""
    answers: Answers
    """Rows of a collection, or those among which a single row is."""

    @property
    def single(self) -> bool:
        """Whether it answers with one row."""
        return self.path.endswith("{id}")

    def match(self, path: str, *, any_case: bool) -> Ids | None:
        """Ids in a path that is this route's; None where it is another's."""
        ours, theirs = self.path.split("/"), path.split("/")
        if len(ours) != len(theirs):
            return None
        ids = {}
        for our, their in zip(ours, theirs, strict=True):
            if our.startswith("{"):
                ids[our.strip("{}")] = their
            elif our != their and not (any_case and our.lower() == their.lower()):
                return None
        return ids


PARENTS = {
    "school": "orgs",
    "class": "classes",
    "student": "users",
    "teacher": "users",
    "user": "users",
    "course": "courses",
    "term": "academicSessions",
    "lineItem": "lineItems",
}
"""Collection whose row a name in a path stands for: without that row the route is a 404."""


def operations(manner: Manner, version: str) -> list[Operation]:
    """What a server of this manner and version offers."""
    offered = [*_collections(ROSTERING, _ROSTERING_ROWS)]
    if manner.nested:
        offered += (Operation(ROSTERING, path, table, _ROSTER, rows) for path, (table, rows) in _NESTED.items())
    if manner.gradebook:
        offered += _collections(GRADEBOOK, _GRADEBOOK_ROWS)
        below = _CLASS_RESULTS if manner.nested else {}
        below = below | (_RESULT_ROUTES if manner.result_routes else {})
        offered += (Operation(GRADEBOOK, path, table, _GRADES, rows) for path, (table, rows) in below.items())
    if manner.assessments and version == "1.2":
        offered += _collections(GRADEBOOK, _ASSESSMENT_ROWS)
    return [each for each in offered if each.path not in manner.absent]


def _collections(service: str, rows: Mapping[str, tuple[str, tuple[str, ...], Answers]]) -> Iterator[Operation]:
    for name, (table, scopes, answers) in rows.items():
        yield Operation(service, f"/{name}", table, scopes, answers)
        yield Operation(service, f"/{name}/{{id}}", table, scopes, answers)


def _all(table: str) -> Answers:
    return lambda tables, _: tables.rows[table]


def _pointing(table: str, name: str, to: str) -> tuple[str, Answers]:
    return table, lambda tables, ids: tables.pointing(table, name, ids[to])


def _schools(tables: Tables, _: Ids) -> list[Row]:
    return [row for row in tables.rows["orgs"] if row["type"] == "school"]


def _users(role: str) -> Answers:
    return lambda tables, _: tables.users(role)


def _users_at(role: str) -> tuple[str, Answers]:
    return "users", lambda tables, ids: tables.users_at(role, ids["school"])


def _users_in(role: str) -> tuple[str, Answers]:
    return "users", lambda tables, ids: tables.users_in(role, ids["class"])


def _in_school(role: str) -> tuple[str, Answers]:
    """Users in a class, which must be the school's."""
    return "users", lambda tables, ids: tables.users_in(role, ids["class"]) if _is_at(tables, ids) else []


def _enrollments(tables: Tables, ids: Ids) -> list[Row]:
    return tables.pointing("enrollments", "class", ids["class"]) if _is_at(tables, ids) else []


def _is_at(tables: Tables, ids: Ids) -> bool:
    section = tables.find("classes", ids["class"])
    return section is not None and section["school"].id == ids["school"]


def _term_classes(tables: Tables, ids: Ids) -> list[Row]:
    return [row for row in tables.rows["classes"] if any(term.id == ids["term"] for term in row["terms"])]


def _periods(tables: Tables, ids: Ids) -> list[Row]:
    return [row for row in tables.sessions("gradingPeriod") if row["parent"].id == ids["term"]]


def _item_results(tables: Tables, ids: Ids) -> list[Row]:
    results = tables.results_of(ids["class"])
    return [row for row in results if row["lineItem"].id == ids["lineItem"]]


def _student_results(tables: Tables, ids: Ids) -> list[Row]:
    return [row for row in tables.results_of(ids["class"]) if row["student"].id == ids["student"]]


_ROSTERING_ROWS: dict[str, tuple[str, tuple[str, ...], Answers]] = {
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
_NESTED: dict[str, tuple[str, Answers]] = {
    "/schools/{school}/classes": _pointing("classes", "school", "school"),
    "/schools/{school}/courses": _pointing("courses", "org", "school"),
    "/schools/{school}/enrollments": _pointing("enrollments", "school", "school"),
    "/schools/{school}/students": _users_at("student"),
    "/schools/{school}/teachers": _users_at("teacher"),
    "/schools/{school}/terms": ("academicSessions", lambda tables, ids: tables.terms_at(ids["school"])),
    "/schools/{school}/classes/{class}/enrollments": ("enrollments", _enrollments),
    "/schools/{school}/classes/{class}/students": _in_school("student"),
    "/schools/{school}/classes/{class}/teachers": _in_school("teacher"),
    "/classes/{class}/students": _users_in("student"),
    "/classes/{class}/teachers": _users_in("teacher"),
    "/courses/{course}/classes": _pointing("classes", "course", "course"),
    "/students/{student}/classes": (
        "classes",
        lambda tables, ids: tables.classes_with(ids["student"], "student"),
    ),
    "/teachers/{teacher}/classes": (
        "classes",
        lambda tables, ids: tables.classes_with(ids["teacher"], "teacher"),
    ),
    "/users/{user}/classes": ("classes", lambda tables, ids: tables.classes_with(ids["user"])),
    "/terms/{term}/classes": ("classes", _term_classes),
    "/terms/{term}/gradingPeriods": ("academicSessions", _periods),
}
_GRADEBOOK_ROWS = {name: (name, _GRADES_CORE, _all(name)) for name in ("categories", "lineItems", "results")}
_ASSESSMENT_ROWS = {name: (name, _ASSESSMENT, _all(name)) for name in ("assessmentLineItems", "assessmentResults")}
_CLASS_RESULTS: dict[str, tuple[str, Answers]] = {
    "/classes/{class}/categories": ("categories", lambda tables, ids: tables.categories_of(ids["class"])),
    "/classes/{class}/lineItems": _pointing("lineItems", "class", "class"),
    "/classes/{class}/lineItems/{lineItem}/results": ("results", _item_results),
    "/classes/{class}/results": ("results", lambda tables, ids: tables.results_of(ids["class"])),
    "/classes/{class}/students/{student}/results": ("results", _student_results),
}
_RESULT_ROUTES: dict[str, tuple[str, Answers]] = {
    "/lineItems/{lineItem}/results": _pointing("results", "lineItem", "lineItem"),
    "/students/{student}/results": _pointing("results", "student", "student"),
}
