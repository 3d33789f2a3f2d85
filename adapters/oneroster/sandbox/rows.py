"""Rows before serialization: with real booleans, `Reference` objects, and None for absent values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
"""All properties of the collection by name, in the order of the standard."""

MAX_REMEMBERED_IDS = 100_000
"""More than the ids of a district; a hash takes longer than all else in making a row."""
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
"""The key of a single row in responses, by collection."""
GRADEBOOK_TABLES = ("categories", "lineItems", "results", "assessmentLineItems", "assessmentResults")
"""The collections of the gradebook service, with those of assessment results."""

_COMMON_FIELDS = "sourcedId status dateLastModified"
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
_ED_FI_FILTER_FIELDS = {
    "users": "sourcedId status dateLastModified username enabledUser givenName familyName middleName"
    " preferredFirstName preferredMiddleName preferredLastName roles identifier email",
    "enrollments": "sourcedId status dateLastModified role primary beginDate endDate",
    "orgs": "sourcedId status dateLastModified name type identifier",
    "academicSessions": "sourcedId status dateLastModified title type startDate endDate schoolYear",
    "courses": "sourcedId status dateLastModified title courseCode",
    "classes": "sourcedId status dateLastModified title classCode classType location",
    "demographics": f"{_COMMON_FIELDS} {_FIELDS['demographics'].removesuffix(' metadata')}",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A `GUIDRef`: a reference to a row of another collection."""

    type: str
    id: str

    @property
    def path(self) -> str:
        """The path of the row below the address of its service."""
        return f"{_TABLES_BY_TYPE.get(self.type, f'{self.type}s')}/{self.id}"


_TABLES_BY_TYPE = {single: table for table, single in TABLES.items()}


@cache
def fields(table: str, version: str) -> tuple[str, ...]:
    """The properties of a collection in a version of the standard."""
    excluded = (_ONLY_11 if version == "1.2" else _ONLY_12).get(table, frozenset())
    return tuple(name for name in f"{_COMMON_FIELDS} {_FIELDS[table]}".split() if name not in excluded)


def ed_fi_filter_fields(table: str) -> tuple[str, ...]:
    """The properties by which the Ed-Fi service can filter a collection; empty if it has none."""
    return tuple(_ED_FI_FILTER_FIELDS[table].split()) if table in _ED_FI_FILTER_FIELDS else ()


@lru_cache(maxsize=MAX_REMEMBERED_IDS)
def sourced_id(*parts: object) -> str:
    """An opaque id; equal parts have equal ids."""
    return hashlib.md5("-".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


def org(number: int) -> Reference:
    """The reference to a school or an agency."""
    return Reference("org", sourced_id("ORG", number))


def session(school: int, name: str) -> Reference:
    """The reference to a term of a school."""
    return Reference("academicSession", sourced_id("SES", school, name))


def period(school: int, name: str) -> Reference:
    """The reference to a grading period of a school."""
    return Reference("academicSession", sourced_id("PER", school, name))


def school_year(year: int) -> Reference:
    """The reference to a school year."""
    return Reference("academicSession", sourced_id("YR", year))


def class_of(key: tuple[int, int, str, str, str]) -> Reference:
    """The reference to the class of a section, by the natural key of the section."""
    return Reference("class", sourced_id("SEC", *key))


def natural_key_metadata(resource: str, organization: int | None = None, /, **key: object) -> Row:
    """
    The metadata of a row in the Ed-Fi service: Ed-Fi resource, natural key and, for people, their organization.
    """
    home = {} if organization is None else {"educationOrganizationId": organization}
    return {"edfi": {"resource": resource, "naturalKey": key, **home}}
