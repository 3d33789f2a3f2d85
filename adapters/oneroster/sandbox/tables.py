"""All rows of the district by collection, and what belongs to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC

from student_graph.adapters.oneroster.sandbox import assessments, schools
from student_graph.adapters.oneroster.sandbox.enrollments import enrollments
from student_graph.adapters.oneroster.sandbox.gradebook import Gradebook
from student_graph.adapters.oneroster.sandbox.people import People
from student_graph.adapters.oneroster.sandbox.quirks import Manner
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

_REPLACED: dict[str, Row] = {
    "users": {"givenName": "Deleted", "familyName": "Row", "enabledUser": False},
    "results": {"score": 1.0},
    "assessmentResults": {"score": 1.0},
}
"""By what a row marked `tobedeleted` can be told when it slips through."""


class Tables:
    """The district as rows, and its relations."""

    def __init__(self, facts: DistrictFacts, manner: Manner, version: str) -> None:
        people = People(facts, manner, version)
        book = Gradebook(facts, people, manner, version)
        made: dict[str, Iterable[Row]] = {
            "orgs": schools.orgs(facts),
            "academicSessions": schools.sessions(facts, manner),
            "courses": schools.courses(facts, manner),
            "classes": schools.classes(facts, manner),
            "users": people.users(),
            "enrollments": enrollments(facts, people),
            "demographics": people.demographics(),
            "categories": book.categories(),
            "lineItems": book.line_items(),
            "results": book.results(),
            "assessmentLineItems": assessments.line_items(facts),
            "assessmentResults": assessments.results(facts, people),
        }
        self._today = facts.now.date().isoformat()
        changed = facts.now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.rows: dict[str, list[Row]] = {}
        """By collection."""
        for table in TABLES:
            rows = [_whole(row, table, version, changed) for row in made[table]]
            self.rows[table] = rows + (_deleted(rows, table) if manner.deleted else [])
        self._pointing: dict[tuple[str, str], dict[str, list[Row]]] = {}
        self._by_id = {table: {row["sourcedId"]: row for row in rows} for table, rows in self.rows.items()}
        self._terms_at: dict[str, set[str]] = defaultdict(set)
        for term in facts.sessions:
            self._terms_at[org(term.school).id].add(session(term.school, term.name).id)
        self.sections = {class_of(section.key).id: section for section in facts.sections}
        """By the id of their class."""

    def find(self, table: str, sourced: str) -> Row | None:
        """A row by its id."""
        return self._by_id[table].get(sourced)

    def users(self, role: str) -> list[Row]:
        """Users of a role."""
        return [row for row in self.rows["users"] if role in _roles(row)]

    def users_at(self, role: str, school: str) -> list[Row]:
        """Users who have a role at a school."""
        return [row for row in self.users(role) if Reference("org", school) in _orgs(row)]

    def users_in(self, role: str, section: str) -> list[Row]:
        """Users who have a role in a class, and have not left it."""
        rows = self.pointing("enrollments", "class", section)
        ids = dict.fromkeys(row["user"].id for row in rows if self._is_present(row, role))
        return [self._by_id["users"][each] for each in ids if each in self._by_id["users"]]

    def classes_with(self, user: str, role: str | None = None) -> list[Row]:
        """Classes in which a user is and has not left."""
        rows = self.pointing("enrollments", "user", user)
        ids = dict.fromkeys(row["class"].id for row in rows if self._is_present(row, role))
        return [self._by_id["classes"][each] for each in ids]

    def pointing(self, table: str, name: str, to: str) -> list[Row]:
        """Rows whose reference `name` leads to a row."""
        if (table, name) not in self._pointing:
            index = self._pointing[table, name] = defaultdict(list)
            for row in self.rows[table]:
                if row[name] is not None:
                    index[row[name].id].append(row)
        return self._pointing[table, name].get(to, [])

    def sessions(self, kind: str) -> list[Row]:
        """Academic sessions of a type."""
        return [row for row in self.rows["academicSessions"] if row["type"] == kind]

    def terms_at(self, school: str) -> list[Row]:
        """Terms of a school."""
        return [row for row in self.sessions("term") if row["sourcedId"] in self._terms_at[school]]

    def categories_of(self, section: str) -> list[Row]:
        """Categories of the line items of a class."""
        used = {row["category"].id for row in self.pointing("lineItems", "class", section)}
        return [row for row in self.rows["categories"] if row["sourcedId"] in used]

    def results_of(self, section: str) -> list[Row]:
        """Results of all line items of a class."""
        items = self.pointing("lineItems", "class", section)
        return [row for item in items for row in self.pointing("results", "lineItem", item["sourcedId"])]

    def _is_present(self, enrollment: Row, role: str | None) -> bool:
        """Whether an enrollment has the role, is active and has not ended."""
        last = enrollment["endDate"]
        lasts = enrollment["status"] == "active" and (last is None or last >= self._today)
        return lasts and role in {None, enrollment["role"]}


def _whole(row: Row, table: str, version: str, changed: str) -> Row:
    """A row with what all have, and without what its version does not."""
    named = {"status": "active", "dateLastModified": changed} | row
    return {name: named[name] for name in fields(table, version)}


def _deleted(rows: list[Row], table: str) -> list[Row]:
    """Rows that are gone, told from the living by what they say; an enrollment was in another class."""
    gone = []
    for row in rows[:: max(len(rows) // 3, 1)][:3]:
        replaced: Row = dict(_REPLACED.get(table, {}))
        if table == "enrollments":
            own = {each["class"].id for each in rows if each["user"] == row["user"]}
            other = next((each for each in rows if each["class"].id not in own), row)
            replaced = {"class": other["class"], "school": other["school"]}
        gone.append({**row, **replaced, "sourcedId": sourced_id("DEL", row["sourcedId"]), "status": "tobedeleted"})
    return gone


def _roles(user: Row) -> set[str]:
    return {user["role"]} if "role" in user else {each["role"] for each in user["roles"]}


def _orgs(user: Row) -> list[Reference]:
    return list(user["orgs"]) if "orgs" in user else [each["org"] for each in user["roles"]]
