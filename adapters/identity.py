"""
Links between the district's ids of students and a source's ids.

The links follow configured, ordered, deterministic rules over the identifiers that the system of record holds.
They never use names or fuzzy matching. Ids that point to two students link neither of them, whatever the order
of the rules. A second attribute that the vendor has must be recorded in the district too, and agree.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from student_graph.adapters.errors import IdentityError
from student_graph.adapters.model import StudentId, StudentIdentity, Subject

UNIQUE_ID_SYSTEM = "studentUniqueId"
"""Name of the identification system of the district's own unique number."""
EMAIL_SYSTEM = "Email"
"""Name of the identification system of e-mail addresses, whose letter case says nothing."""
UNCONFIRMED = "IDENTITY_UNCONFIRMED"
"""Code of a link that must be confirmed and cannot be."""


class IdentityRule(BaseModel):
    """A rule that links two ids: a field of the vendor holds an identifier of one of the district's systems."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    field: str
    """The vendor's field, such as `sis_user_id`."""
    system: str = UNIQUE_ID_SYSTEM
    """The district's system: `studentUniqueId`, `Email`, or an identification system such as `State`."""


class IdentityRules(BaseModel):
    """The rules that link a source's ids to those of its district."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    students: tuple[IdentityRule, ...]
    """Rules for students, in this order; the source's record is withheld if two rules lead to two students."""
    sections: tuple[IdentityRule, ...] = ()
    """Rules for sections; the system is `sectionIdentifier` or `sectionId`."""
    schools: tuple[IdentityRule, ...] = ()
    """Rules for schools; the system is `schoolId`."""
    staff: tuple[IdentityRule, ...] = ()
    """Rules for staff; the system is `staffUniqueId`."""
    confirm: tuple[Literal["birth_date", "email", "family_name"], ...] = ("birth_date",)
    """Attributes that must agree if the source has them; what the district does not record confirms nothing."""
    requires_confirmation: bool = False
    """Whether a record is withheld if the source has none of the attributes of `confirm` for it."""


def vendor_key(field: str, value: str) -> str:
    """Return a vendor's key: the name of the vendor's field and the value, such as `sis_user_id:604822`."""
    return f"{field}:{value}"


def vendor_key_of(rule: IdentityRule, identity: StudentIdentity) -> str | None:
    """
    Return the vendor's key of a student by `rule`; None if the student has no identifier of the rule's system.

    Raises:
        IdentityError: the student has two identifiers of the rule's system.
    """
    if rule.system == UNIQUE_ID_SYSTEM:
        return vendor_key(rule.field, identity.student_id)
    values = {_identifier(i.system, i.value)[1] for i in identity.identifiers if i.system == rule.system}
    values.discard("")
    if len(values) > 1:
        raise IdentityError("two identifiers in one system", code="IDENTITY_CONFLICT")
    return vendor_key(rule.field, values.pop()) if values else None


def _identifier(system: str, value: str) -> tuple[str, str]:
    """A system and an identifier in it as they are compared: e-mail addresses in small letters."""
    text = value.strip()
    return system, text.lower() if system == EMAIL_SYSTEM else text


def attributes_agree(subject: Subject, identity: StudentIdentity, rules: IdentityRules) -> bool:
    """Whether all attributes of `rules.confirm` that both sides have are equal; letter case is ignored."""
    emails = {i.value.casefold() for i in identity.identifiers if i.system == "Email"}
    for attribute in rules.confirm:
        match attribute:
            case "birth_date":
                agrees = None in (pair := (subject.birth_date, identity.birth_date)) or pair[0] == pair[1]
            case "email":
                agrees = subject.email is None or not emails or subject.email.casefold() in emails
            case "family_name":
                names = (subject.family_name, identity.family_name)
                agrees = None in names or str(names[0]).casefold() == str(names[1]).casefold()
        if not agrees:
            return False
    return True


def confirm_link(subject: Subject, identity: StudentIdentity, rules: IdentityRules) -> None:
    """
    Check that the attributes of `rules.confirm` that the vendor has confirm a link.

    Raises:
        IdentityError: one disagrees (IDENTITY_CONFLICT), or the district does not record it
            (IDENTITY_UNCONFIRMED): a system that stops showing an attribute must not open what it has closed.
    """
    if not attributes_agree(subject, identity, rules):
        raise IdentityError("a second attribute disagrees", code="IDENTITY_CONFLICT")
    emails = next((i.value for i in identity.identifiers if i.system == "Email"), None)
    recorded = {
        "birth_date": (subject.birth_date, identity.birth_date),
        "email": (subject.email, emails),
        "family_name": (subject.family_name, identity.family_name),
    }
    for attribute in rules.confirm:
        of_vendor, of_district = recorded[attribute]
        if of_vendor is not None and of_district is None:
            raise IdentityError(f"the district records no {attribute} that confirms the link", code=UNCONFIRMED)
    if rules.requires_confirmation and all(recorded[attribute][0] is None for attribute in rules.confirm):
        raise IdentityError("the source has no attribute that confirms the link", code=UNCONFIRMED)


class IdentityIndex:
    """All students of a district by all their identifiers; it resolves a vendor's ids to a student."""

    def __init__(self, identities: list[StudentIdentity]) -> None:
        self.by_id = {identity.student_id: identity for identity in identities}
        self._identities = identities

    @cached_property
    def _by_identifier(self) -> dict[tuple[str, str], set[StudentId]]:
        """Students by system and identifier, which rules by the district's unique number do not need."""
        students: dict[tuple[str, str], set[StudentId]] = {}
        for identity in self._identities:
            for item in identity.identifiers:
                students.setdefault(_identifier(item.system, item.value), set()).add(identity.student_id)
        return students

    def is_ambiguous(self, rule: IdentityRule, student: StudentId) -> bool:
        """
        Whether another student has the same identifier of the rule's system.

        Raises:
            IdentityError: the student is not in the index, so that nothing can be said (IDENTITY_UNCONFIRMED).
        """
        identity = self.by_id.get(student)
        if identity is None:
            raise IdentityError("the district's list of students does not hold the student", code=UNCONFIRMED)
        return any(
            len(self._by_identifier[_identifier(item.system, item.value)]) > 1
            for item in identity.identifiers
            if item.system == rule.system
        )

    def candidates(self, subject: Subject, rules: IdentityRules) -> set[StudentId]:
        """Return all students that a rule finds by one of the vendor's ids; more than one is a conflict."""
        candidates: set[StudentId] = set()
        for field, value in subject.ids:
            for rule in rules.students:
                if rule.field != field or not value.strip():
                    continue
                if rule.system == UNIQUE_ID_SYSTEM:
                    candidates |= {StudentId(value.strip())} & self.by_id.keys()
                else:
                    candidates |= self._by_identifier.get(_identifier(rule.system, value), set())
        return candidates

    def resolve(self, subject: Subject, rules: IdentityRules) -> StudentIdentity:
        """
        Return the student that a vendor's record is about: the only one that the vendor's ids lead to.

        Raises:
            IdentityError: the ids lead to no student or to two, or a second attribute does not confirm it.
        """
        candidates = self.candidates(subject, rules)
        if not candidates:
            raise IdentityError("no student has this identifier")
        if len(candidates) > 1:
            raise IdentityError("identifiers of two students", code="IDENTITY_CONFLICT")
        identity = self.by_id[next(iter(candidates))]
        confirm_link(subject, identity, rules)
        return identity
