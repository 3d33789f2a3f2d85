"""Rows before they are spelled: real booleans, references as such, None for what there is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
"""Properties by name; all that the collection has, in the standard's order."""

TABLES = {
    "orgs": "org",
    "academicSessions": "academicSession",
    "courses": "course",
    "classes": "class",
    "users": "user",
    "enrollments": "enrollment",
    "demographics": "demographics",
    "categories": "category",
    "lineItems": "lineItem",
    "results": "result",
    "assessmentLineItems": "assessmentLineItem",
    "assessmentResults": "assessmentResult",
}
"""Collection to the key of a single row."""
GRADEBOOK_TABLES = ("categories", "lineItems", "results", "assessmentLineItems", "assessmentResults")
"""Collections of the gradebook service, that of assessment results included."""

_HEAD = "sourcedId status dateLastModified"
_FIELDS = {
    "orgs": "name type identifier parent children metadata",
    "academicSessions": "title type startDate endDate parent children schoolYear metadata",
    "courses": "title schoolYear courseCode grades subjects org metadata",
    "classes": "title classCode classType location grades subjects course school terms periods metadata",
    "users": "userMasterIdentifier username userIds enabledUser givenName familyName middleName"
    " preferredFirstName preferredMiddleName preferredLastName role roles orgs primaryOrg identifier email agents"
    " grades metadata",
    "enrollments": "class user school role primary beginDate endDate metadata",
    "demographics": "birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"
    " nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces hispanicOrLatinoEthnicity metadata",
    "categories": "title weight metadata",
    "lineItems": "title description assignDate dueDate class school category gradingPeriod academicSession"
    " resultValueMin resultValueMax metadata",
    "results": "lineItem student class scoreStatus score textScore scoreDate comment late missing metadata",
    "assessmentLineItems": "title description parentAssessmentLineItem resultValueMin resultValueMax metadata",
    "assessmentResults": "assessmentLineItem student score textScore scoreDate scorePercentile scoreStatus"
    " metadata",
}
_ONLY_11 = {"users": frozenset({"role", "orgs"})}
_ONLY_12 = {
    "users": frozenset(
        {
            "userMasterIdentifier",
            "preferredFirstName",
            "preferredMiddleName",
            "preferredLastName",
            "roles",
            "primaryOrg",
        }
    ),
    "categories": frozenset({"weight"}),
    "lineItems": frozenset({"school", "academicSession"}),
    "results": frozenset({"class", "textScore", "late", "missing"}),
}
_LISTED = {
    "users": "sourcedId status dateLastModified username enabledUser givenName familyName middleName"
    " preferredFirstName preferredMiddleName preferredLastName roles identifier email",
    "enrollments": "sourcedId status dateLastModified role primary beginDate endDate",
    "orgs": "sourcedId status dateLastModified name type identifier",
    "academicSessions": "sourcedId status dateLastModified title type startDate endDate schoolYear",
    "courses": "sourcedId status dateLastModified title courseCode",
    "classes": "sourcedId status dateLastModified title classCode classType location",
    "demographics": f"{_HEAD} {_FIELDS['demographics'].removesuffix(' metadata')}",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A `GUIDRef`: to a row of another collection."""

    type: str
    id: str

    @property
    def path(self) -> str:
        """Where the row is, below the service."""
        return f"{_HOMES.get(self.type, f'{self.type}s')}/{self.id}"


_HOMES = {single: table for table, single in TABLES.items()}


def fields(table: str, version: str) -> tuple[str, ...]:
    """Properties of a collection's rows in a version of the standard."""
    without = (_ONLY_11 if version == "1.2" else _ONLY_12).get(table, frozenset())
    return tuple(name for name in f"{_HEAD} {_FIELDS[table]}".split() if name not in without)


def listed(table: str) -> tuple[str, ...]:
    """Properties by which the Ed-Fi service filters a collection."""
    return tuple(_LISTED[table].split()) if table in _LISTED else ()


def sourced_id(*parts: object) -> str:
    """An opaque id, the same for the same parts."""
    return hashlib.md5("-".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def org(number: int) -> Reference:
    """A school or agency."""
    return Reference("org", sourced_id("ORG", number))


def session(school: int, name: str) -> Reference:
    """A term of a school."""
    return Reference("academicSession", sourced_id("SES", school, name))


def period(school: int, name: str) -> Reference:
    """A grading period of a school."""
    return Reference("academicSession", sourced_id("PER", school, name))


def school_year(year: int) -> Reference:
    """The school year."""
    return Reference("academicSession", sourced_id("YR", year))


def class_of(key: tuple[int, int, str, str, str]) -> Reference:
    """A section, by its natural key."""
    return Reference("class", sourced_id("SEC", *key))


def natural(resource: str, organization: int | None = None, /, **key: object) -> Row:
    """Metadata of a row: the Ed-Fi resource and key that it was made from, and a person's organization."""
    where = {} if organization is None else {"educationOrganizationId": organization}
    return {"edfi": {"resource": resource, "naturalKey": key, **where}}
