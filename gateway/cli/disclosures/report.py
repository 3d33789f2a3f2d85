"""
What one student's disclosures were, as a parent may ask for it.

The law (34 CFR 99.32) asks for the parties that received a student's records and for their legitimate interests.
Nothing about other students is in a report: the counts are of this student's records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from student_graph.gateway.disclosure.keys import DisclosureKeys

BASES = {
    "99.10": "right of a parent",
    "99.31(a)(1)": "school official with a legitimate educational interest",
    "99.36": "health or safety emergency",
    "99.5": "right of an eligible student",
}
"""Legal bases by the section of 34 CFR part 99 that the record states."""
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Person:
    """A person who saw a student's records."""

    pseudonym: str
    """The keyed hash that all lines about the person have."""
    issuer: str | None
    """The issuer of the person's token; None for a service, whose token is in the settings."""
    subject: str | None = None
    """The person's subject at the issuer; None in lines of another key, or older than recorded subjects."""
    kind: str | None = None
    """`staff`, `student` or `contact`, if the person has a number in the district; else None."""
    number: str | None = None
    """The district's number of the person; None as above."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One response that held records of a student, or one break-glass access to them."""

    when: str
    """Time of the response (UTC), such as `2026-11-28T11:40:14.654Z`."""
    person: Person
    role: str
    purpose: str | None
    """Purpose that the request stated, or the reason for a break-glass access; None if none was stated."""
    basis: str
    """Section of 34 CFR part 99."""
    operation: str | None
    """Name of the GraphQL operation, if it has one."""
    records: int | None
    """Number of records about the student; None if the line counts those of all students together."""
    classes: dict[str, int | None]
    """
    Classes of data that the response opened, without the open one, with the number of records about the student;
    None if the line does not count them for each student. 0: the viewer may have learned that there are none.
    """
    fields: list[str]
    """Fields that the operation selects."""
    break_glass: bool
    """Whether it is the opening of a break-glass access, or used one."""
    assistant: str | None
    """Client id of the assistant that asked in the person's name; None if the person asked."""
    request: str
    """Id of the request, which errors and logs name, too."""
    address: str | None
    """Network address that the request came from; None if it is not known."""

    def as_json(self, name: str | None) -> dict[str, Any]:
        """The disclosure as JSON values, with the person's name, None if it is not known."""
        person = self.person
        return {
            "when": self.when,
            "person": {
                "name": name,
                "subject": person.subject,
                "issuer": person.issuer,
                **({} if person.kind is None else {person.kind: person.number}),
                "pseudonym": person.pseudonym,
            },
            "role": self.role,
            "purpose": self.purpose,
            "basis": {"section": self.basis, "meaning": BASES.get(self.basis)},
            "operation": self.operation,
            "records": self.records,
            "classes": self.classes,
            "fields": self.fields,
            "breakGlass": self.break_glass,
            "assistant": self.assistant,
            "request": self.request,
            "address": self.address,
        }


def report(
    lines: Iterable[Mapping[str, Any]], student: str, district: str, keys: DisclosureKeys
) -> Iterator[Disclosure]:
    """The disclosures of a student, by the pseudonym, from lines of the record that name the student."""
    for line in lines:
        opening = line.get("opening")
        records, classes = _count_student_records(line, student)
        yield Disclosure(
            when=line["ts"],
            person=_person(line.get("actor", {}), district, keys),
            role=line["actor"]["role"],
            purpose=opening["reason"] if opening else line.get("purpose"),
            basis=line.get("basis", ""),
            operation=line.get("opName"),
            records=0 if opening else records,
            classes=classes,
            fields=list(line.get("fields", ())),
            break_glass=bool(opening or line.get("breakGlass")),
            assistant=line.get("assistant"),
            request=line.get("requestId", ""),
            address=line.get("address"),
        )


def _count_student_records(line: Mapping[str, Any], student: str) -> tuple[int | None, dict[str, int | None]]:
    """Return how many records of a student a line has: in all, and of each class that is not open."""
    classes, counts = list(line.get("categories", ())), line.get("counts")
    if counts is None:
        return None, dict.fromkeys(classes)
    position = line["students"].index(student)
    of_student = {name: of_class[position] for name, of_class in counts.items()}
    return sum(of_student.values()), {name: of_student.get(name, 0) for name in classes}


def _person(actor: Mapping[str, Any], district: str, keys: DisclosureKeys) -> Person:
    pseudonym, issuer = str(actor.get("sub", "")), actor.get("idp")
    text = keys.unseal(district, str(actor.get("id", "")))
    if text is None:
        return Person(pseudonym, issuer)
    known: dict[str, str] = json.loads(text)
    subject = known.pop("subject")
    kind, number = next(iter(known.items()), (None, None))
    return Person(pseudonym, issuer, subject, kind, number)
