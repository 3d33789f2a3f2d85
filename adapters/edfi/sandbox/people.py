"""Payloads of people: students and their stays, staff, contacts."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.serializers import (
    Table,
    descriptor,
    descriptors,
    organization,
    present,
    school,
    student,
    year,
)
from student_graph.adapters.sandbox.facts import ContactFact, DistrictFacts, EnrollmentFact, StaffFact, StudentFact
from student_graph.adapters.sandbox.records.folder import Payload


def tables(facts: DistrictFacts, standard: DataStandard) -> dict[str, Table]:
    """The resources of this part."""
    older = standard in {"3.3", "4.0"}
    enrolled = {stay.student for stay in facts.enrollments}
    contacts = list({contact.id: contact for contact in facts.contacts}.values())
    person = "parent" if older else "contact"
    return {
        "students": (facts.students, lambda one: _student(one, preferred=not older)),
        "studentSchoolAssociations": (facts.enrollments, _enrollment),
        "studentEducationOrganizationAssociations": (
            [one for one in facts.students if one.id in enrolled],
            lambda one: _details(one, facts.lea),
        ),
        "staffs": (facts.staff, _staff),
        "staffEducationOrganizationAssignmentAssociations": (facts.staff, _assignment),
        f"{person}s": (contacts, lambda one: _contact(one, person)),
        f"student{person.title()}Associations": (facts.contacts, lambda one: _relation(one, person)),
    }


def _student(fact: StudentFact, *, preferred: bool) -> Payload:
    return present(
        studentUniqueId=fact.id,
        birthDate=fact.birth.isoformat(),
        firstName=fact.first,
        generationCodeSuffix=fact.suffix,
        lastSurname=fact.last,
        middleName=fact.middle,
        preferredFirstName=fact.preferred_first if preferred else None,
    )


def _enrollment(fact: EnrollmentFact) -> Payload:
    calendar = {"calendarCode": fact.calendar, "schoolId": fact.school, "schoolYear": fact.year}
    return present(
        entryDate=fact.entry.isoformat(),
        calendarReference=calendar if fact.calendar else None,
        schoolReference=school(fact.school),
        schoolYearTypeReference=year(fact.year),
        studentReference=student(fact.student),
        entryGradeLevelDescriptor=descriptor("GradeLevel", fact.grade),
        entryTypeDescriptor=descriptor("EntryType", fact.entry_type) if fact.entry_type else None,
        exitWithdrawDate=fact.exit.isoformat() if fact.exit else None,
        exitWithdrawTypeDescriptor=descriptor("ExitWithdrawType", fact.exit_type) if fact.exit_type else None,
        fullTimeEquivalency=fact.fte,
        primarySchool=fact.primary,
    )


def _details(fact: StudentFact, agency: int) -> Payload:
    """What a student is to the agency: identification codes, addresses, sex and ethnicity."""
    return {
        "educationOrganizationReference": organization(agency),
        "studentReference": student(fact.id),
        "electronicMails": [_mail("Organization", fact.email)] if fact.email else [],
        "hispanicLatinoEthnicity": fact.hispanic,
        "races": descriptors("raceDescriptor", "Race", fact.races),
        "sexDescriptor": descriptor("Sex", fact.sex),
        "studentIdentificationCodes": [
            {
                "studentIdentificationSystemDescriptor": descriptor("StudentIdentificationSystem", system),
                "assigningOrganizationIdentificationCode": "LEA" if system in {"District", "Local"} else "SEA",
                "identificationCode": code,
            }
            for system, code in fact.codes
        ],
    }


def _mail(kind: str, address: str) -> Payload:
    return {
        "electronicMailTypeDescriptor": descriptor("ElectronicMailType", kind),
        "electronicMailAddress": address,
    }


def _staff(fact: StaffFact) -> Payload:
    return {
        "staffUniqueId": fact.id,
        "electronicMails": [_mail("Work", fact.email)],
        "firstName": fact.first,
        "lastSurname": fact.last,
    }


def _assignment(fact: StaffFact) -> Payload:
    return {
        "beginDate": fact.begin.isoformat(),
        "staffClassificationDescriptor": descriptor("StaffClassification", fact.classification),
        "educationOrganizationReference": organization(fact.organization),
        "staffReference": {"staffUniqueId": fact.id},
        "positionTitle": fact.title,
    }


def _contact(fact: ContactFact, person: str) -> Payload:
    kind = descriptor("TelephoneNumberType", "Mobile")
    return {
        f"{person}UniqueId": fact.id,
        "electronicMails": [_mail("Home/Personal", fact.email)],
        "firstName": fact.first,
        "lastSurname": fact.last,
        "telephones": [
            {
                "telephoneNumberTypeDescriptor": kind,
                "telephoneNumber": fact.phone,
                "doNotPublishIndicator": fact.unlisted,
            }
        ],
    }


def _relation(fact: ContactFact, person: str) -> Payload:
    return present(
        **{f"{person}Reference": {f"{person}UniqueId": fact.id}},
        studentReference=student(fact.student),
        contactRestrictions=fact.restrictions,
        emergencyContactStatus=fact.primary,
        legalGuardian=fact.legal_guardian,
        livesWith=fact.lives_with,
        primaryContactStatus=fact.primary,
        relationDescriptor=descriptor("Relation", fact.relation),
    )
