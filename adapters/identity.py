"""
How the district's ids become a source's, and the source's become the district's.

Configured, ordered, deterministic rules over the identifiers that the system of record holds; never by
name, never fuzzily. Ids that name two students link neither, whichever rule comes first; a second attribute,
where both sides have it, must agree.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from student_graph.adapters.errors import IdentityError
from student_graph.adapters.model import StudentId, StudentIdentity, Subject

UNIQUE_ID_SYSTEM = "studentUniqueId"
"""The identity system of the district's own unique number."""


class IdentityRule(BaseModel):
    """One way to link: a field of the vendor holds the identifier of one of the district's systems."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    field: str
    """The vendor's field, such as `sis_user_id`."""
    system: str = UNIQUE_ID_SYSTEM
    """The district's system: `studentUniqueId`, `Email`, or an identification system such as `State`."""


class IdentityRules(BaseModel):
    """How a source is linked to its district."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    students: tuple[IdentityRule, ...]
    """Ways to link students: asked in this order, and none of them may name another student than the rest."""
    sections: tuple[IdentityRule, ...] = ()
    """Ways to link sections: the system is `sectionIdentifier` or `sectionId`."""
    schools: tuple[IdentityRule, ...] = ()
    """Ways to link schools: the system is `schoolId`."""
    staff: tuple[IdentityRule, ...] = ()
    """Ways to link staff: the system is `staffUniqueId`."""
    confirm: tuple[Literal["birth_date", "email", "family_name"], ...] = ("birth_date",)
    """Attributes that must agree where both sides have them."""


def vendor_key(field: str, text: str) -> str:
    """A key in the vendor's terms, such as `sis_user_id:604822`."""
    return f"{field}:{text}"


def vendor_key_of(rule: IdentityRule, identity: StudentIdentity) -> str | None:
    """
    The key by which `rule` makes a student known to the vendor; None when it has no such identifier.

    Raises:
        IdentityError: the student has two identifiers of that system.
    """
    if rule.system == UNIQUE_ID_SYSTEM:
        return vendor_key(rule.field, identity.student_id)
    found = {i.value.strip() for i in identity.identifiers if i.system == rule.system and i.value.strip()}
    if len(found) > 1:
        raise IdentityError("two identifiers in one system", code="IDENTITY_CONFLICT")
    return vendor_key(rule.field, found.pop()) if found else None


def attributes_agree(subject: Subject, identity: StudentIdentity, rules: IdentityRules) -> bool:
    """Whether no attribute that both sides have disagrees."""
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


class IdentityIndex:
    """Everybody of a district by every identifier: the way from a vendor's id inward."""

    def __init__(self, identities: list[StudentIdentity]) -> None:
        self.by_id = {identity.student_id: identity for identity in identities}
        self._by_identifier: dict[tuple[str, str], set[StudentId]] = {}
        for identity in identities:
            for known in identity.identifiers:
                self._by_identifier.setdefault((known.system, known.value.strip()), set()).add(identity.student_id)

    def is_ambiguous(self, rule: IdentityRule, student: StudentId) -> bool:
        """Whether somebody else has an identifier by which `rule` would name the student."""
        identity = self.by_id.get(student)
        return identity is not None and any(
            len(self._by_identifier[known.system, known.value.strip()]) > 1
            for known in identity.identifiers
            if known.system == rule.system
        )

    def candidates(self, subject: Subject, rules: IdentityRules) -> set[StudentId]:
        """Everybody whom a rule finds by one of the vendor's ids; more than one is a conflict."""
        found: set[StudentId] = set()
        for field, text in subject.ids:
            for rule in rules.students:
                if rule.field != field or not text.strip():
                    continue
                if rule.system == UNIQUE_ID_SYSTEM:
                    found |= {StudentId(text.strip())} & self.by_id.keys()
                else:
                    found |= self._by_identifier.get((rule.system, text.strip()), set())
        return found

    def resolve(self, subject: Subject, rules: IdentityRules) -> StudentIdentity:
        """
        Who a vendor's record is about: whoever its ids name, when they name one student only.

        Raises:
            IdentityError: nobody, two candidates, or a second attribute that disagrees.
        """
        found = self.candidates(subject, rules)
        if not found:
            raise IdentityError("no student has this identifier")
        if len(found) > 1:
            raise IdentityError("identifiers of two students", code="IDENTITY_CONFLICT")
        identity = self.by_id[next(iter(found))]
        if not attributes_agree(subject, identity, rules):
            raise IdentityError("a second attribute disagrees", code="IDENTITY_CONFLICT")
        return identity
