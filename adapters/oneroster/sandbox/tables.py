"""The rows of all collections, with indexes of their references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC

from student_graph.adapters.oneroster.sandbox import assessments, schools
from student_graph.adapters.oneroster.sandbox.enrollments import enrollments
from student_graph.adapters.oneroster.sandbox.gradebook import Gradebook
from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.quirks import Quirks
from student_graph.adapters.oneroster.sandbox.rows import (
    TABLES,
    Reference,
    Row,
    class_of,
    fields,
    org,
    session,
    sourced_id,
)
from student_graph.adapters.sandbox.facts import DistrictFacts

_DELETED_ROW_VALUES: dict[str, Row] = {
    "users": {"givenName": "Deleted", "familyName": "Row", "enabledUser": False},
    "results": {"score": 1.0},
    "assessmentResults": {"score": 1.0},
}
"""Values of deleted rows that differ from the original row, so that tests notice them."""


class Tables:
    """The rows of a district by collection, and the relations between them."""

    def __init__(self, facts: DistrictFacts, quirks: Quirks, version: str) -> None:
        people = People(facts, quirks, version)
        gradebook = Gradebook(facts, people, quirks, version)
        rows_by_table: dict[str, Iterable[Row]] = {
            "orgs": schools.orgs(facts),
            "academicSessions": schools.sessions(facts, quirks),
            "courses": schools.courses(facts, quirks),
            "classes": schools.classes(facts, quirks),
            "users": people.users(),
            "enrollments": enrollments(facts, people, quirks),
            "demographics": people.demographics(),
            "categories": gradebook.categories(),
            "lineItems": gradebook.line_items(),
            "results": gradebook.results(),
            "assessmentLineItems": assessments.line_items(facts),
            "assessmentResults": assessments.results(facts, people),
        }
        self._first_end = quirks.end_date(facts.now.date()) or ""
        modified_at = facts.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.rows: dict[str, list[Row]] = {}
        """The rows by collection."""
        for table in TABLES:
            rows = [_complete_row(row, table, version, modified_at) for row in rows_by_table[table]]
            status = quirks.deleted_status
            self.rows[table] = rows if status is None else rows + _deleted_copies(rows, table, status)
        self._referring: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._in_order: dict[str, list[Row]] = {}
        self._by_id = {table: {row["sourcedId"]: row for row in rows} for table, rows in self.rows.items()}
        self._terms_at: dict[str, set[str]] = defaultdict(set)
        for term in facts.sessions:
            self._terms_at[org(term.school).id].add(session(term.school, term.name).id)
        self.sections = {class_of(section.key).id: section for section in facts.sections}
        """The sections by the id of their class."""

    def find(self, table: str, sourced_id: str) -> Row | None:
        """The row with an id; None if there is none."""
        return self._by_id[table].get(sourced_id)

    def users(self, role: str) -> list[Row]:
        """The users with a role."""
        return [row for row in self.rows["users"] if role in _roles(row)]

    def users_at(self, role: str, school: str) -> list[Row]:
        """The users with a role at a school."""
        return [row for row in self.users(role) if Reference("org", school) in _orgs(row)]

    def users_in(self, role: str, section: str) -> list[Row]:
        """The users with a role in a class who have not left it."""
        rows = self.referring("enrollments", "class", section)
        ids = dict.fromkeys(row["user"].id for row in rows if self._is_present(row, role))
        return [self._by_id["users"][user_id] for user_id in ids if user_id in self._by_id["users"]]

    def classes_of(self, user: str, role: str | None = None) -> list[Row]:
        """The classes of a user who has not left them."""
        rows = self.referring("enrollments", "user", user)
        ids = dict.fromkeys(row["class"].id for row in rows if self._is_present(row, role))
        return [self._by_id["classes"][class_id] for class_id in ids]

    def referring(self, table: str, name: str, target_id: str) -> list[Row]:
        """The rows of a collection whose reference `name` is to a row."""
        if (table, name) not in self._referring:
            index = self._referring[table, name] = defaultdict(list)
            for row in self.rows[table]:
                if row[name] is not None:
                    index[row[name].id].append(row)
        return self._referring[table, name].get(target_id, [])

    def in_order(self, table: str) -> list[Row]:
        """The rows of a collection by id."""
        if table not in self._in_order:
            self._in_order[table] = sorted(self.rows[table], key=lambda row: row["sourcedId"])
        return self._in_order[table]

    def sessions(self, kind: str) -> list[Row]:
        """The academic sessions of a type."""
        return [row for row in self.rows["academicSessions"] if row["type"] == kind]

    def terms_at(self, school: str) -> list[Row]:
        """The terms of a school."""
        return [row for row in self.sessions("term") if row["sourcedId"] in self._terms_at[school]]

    def categories_of(self, section: str) -> list[Row]:
        """The categories of the line items of a class."""
        used = {row["category"].id for row in self.referring("lineItems", "class", section)}
        return [row for row in self.rows["categories"] if row["sourcedId"] in used]

    def results_of(self, section: str) -> list[Row]:
        """The results of all line items of a class."""
        items = self.referring("lineItems", "class", section)
        return [row for item in items for row in self.referring("results", "lineItem", item["sourcedId"])]

    def _is_present(self, enrollment: Row, role: str | None) -> bool:
        """Whether an enrollment has the role, is active and has not ended."""
        end = enrollment["endDate"]
        current = enrollment["status"] == "active" and (end is None or end >= self._first_end)
        return current and role in {None, enrollment["role"]}


def _complete_row(row: Row, table: str, version: str, modified_at: str) -> Row:
    """A row with the common properties and without those of the other version."""
    values = {"status": "active", "dateLastModified": modified_at} | row
    return {name: values[name] for name in fields(table, version)}


def _deleted_copies(rows: list[Row], table: str, status: str) -> list[Row]:
    """
    Copies of some rows with the status of a deleted row and other values; enrollments are in another class.

    The last row is among them: in the enrollments it is that of a teacher.
    """
    copies = []
    positions = {0, len(rows) // 3, 2 * len(rows) // 3, len(rows) - 1} if rows else set()
    for row in [rows[position] for position in sorted(positions)]:
        replaced: Row = dict(_DELETED_ROW_VALUES.get(table, {}))
        if table == "enrollments":
            own_ids = {other["class"].id for other in rows if other["user"] == row["user"]}
            other_row = next((other for other in rows if other["class"].id not in own_ids), row)
            replaced = {"class": other_row["class"], "school": other_row["school"]}
        copies.append({**row, **replaced, "sourcedId": sourced_id("DEL", row["sourcedId"]), "status": status})
    return copies


def _roles(user: Row) -> set[str]:
    return {user["role"]} if "role" in user else {role["role"] for role in user["roles"]}


def _orgs(user: Row) -> list[Reference]:
    return list(user["orgs"]) if "orgs" in user else [role["org"] for role in user["roles"]]
