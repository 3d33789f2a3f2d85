"""Serializes students, their enrollments and contacts, and staff."""

from __future__ import annotations

from student_graph.adapters.edfi.sandbox.filters import DataStandard
from student_graph.adapters.edfi.sandbox.serializers import (
    ResourceFacts,
    descriptor,
    descriptors,
    omit_none,
    organization_reference,
    school_reference,
    student_reference,
    year_reference,
)
from student_graph.adapters.sandbox.facts import ContactFact, DistrictFacts, EnrollmentFact, StaffFact, StudentFact
from student_graph.adapters.sandbox.records.folder import Payload


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name."""
    older = standard in {"3.3", "4.0"}
    enrolled = {enrollment.student for enrollment in facts.enrollments}
    contacts = list({contact.id: contact for contact in facts.contacts}.values())
    term = "parent" if older else "contact"
    return {
        "students": (facts.students, lambda fact: _student(fact, with_preferred=not older)),
        "studentSchoolAssociations": (facts.enrollments, _enrollment),
        "studentEducationOrganizationAssociations": (
            [fact for fact in facts.students if fact.id in enrolled],
            lambda fact: _agency_association(fact, facts.lea),
        ),
        "staffs": (facts.staff, _staff),
        "staffEducationOrganizationAssignmentAssociations": (facts.staff, _assignment),
        f"{term}s": (contacts, lambda fact: _contact(fact, term)),
        f"student{term.title()}Associations": (
            facts.contacts,
            lambda fact: _contact_association(fact, term),
        ),
    }


def _student(fact: StudentFact, *, with_preferred: bool) -> Payload:
    return omit_none(
        studentUniqueId=fact.id,
        birthDate=fact.birth.isoformat(),
        firstName=fact.first,
        generationCodeSuffix=fact.suffix,
        lastSurname=fact.last,
        middleName=fact.middle,
        preferredFirstName=fact.preferred_first if with_preferred else None,
    )


def _enrollment(fact: EnrollmentFact) -> Payload:
    calendar = {"calendarCode": fact.calendar, "schoolId": fact.school, "schoolYear": fact.year}
    return omit_none(
        entryDate=fact.entry.isoformat(),
        calendarReference=calendar if fact.calendar else None,
        schoolReference=school_reference(fact.school),
        schoolYearTypeReference=year_reference(fact.year),
        studentReference=student_reference(fact.student),
        entryGradeLevelDescriptor=descriptor("GradeLevel", fact.grade),
        entryTypeDescriptor=descriptor("EntryType", fact.entry_type) if fact.entry_type else None,
        exitWithdrawDate=fact.exit.isoformat() if fact.exit else None,
        exitWithdrawTypeDescriptor=descriptor("ExitWithdrawType", fact.exit_type) if fact.exit_type else None,
        fullTimeEquivalency=fact.fte,
        primarySchool=fact.primary,
    )


def _agency_association(fact: StudentFact, agency: int) -> Payload:
    """A student's association with the agency: identification codes, e-mail addresses, sex and ethnicity."""
    return {
        "educationOrganizationReference": organization_reference(agency),
        "studentReference": student_reference(fact.id),
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
        "educationOrganizationReference": organization_reference(fact.organization),
        "staffReference": {"staffUniqueId": fact.id},
        "positionTitle": fact.title,
    }


def _contact(fact: ContactFact, term: str) -> Payload:
    kind = descriptor("TelephoneNumberType", "Mobile")
    return {
        f"{term}UniqueId": fact.id,
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


def _contact_association(fact: ContactFact, term: str) -> Payload:
    return omit_none(
        **{f"{term}Reference": {f"{term}UniqueId": fact.id}},
        studentReference=student_reference(fact.student),
        contactRestrictions=fact.restrictions,
        emergencyContactStatus=fact.primary,
        legalGuardian=fact.legal_guardian,
        livesWith=fact.lives_with,
        primaryContactStatus=fact.primary,
        relationDescriptor=descriptor("Relation", fact.relation),
    )
