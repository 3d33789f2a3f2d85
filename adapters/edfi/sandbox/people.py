"""Serializes students, their enrollments and contacts, and staff."""

from __future__ import annotations

from typing import Any

from student_graph.adapters.edfi.sandbox.filters import DataStandard, is_since
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
from student_graph.adapters.sandbox.facts import (
    AddressFact,
    ContactFact,
    DistrictFacts,
    EnrollmentFact,
    StaffFact,
    StudentFact,
)
from student_graph.adapters.sandbox.records.folder import Payload


def resources(facts: DistrictFacts, standard: DataStandard) -> dict[str, ResourceFacts]:
    """The resources of this module by name."""
    older = not is_since(standard, "5.0")
    enrolled = {enrollment.student for enrollment in facts.enrollments}
    contacts = list({contact.id: contact for contact in facts.contacts}.values())
    term = "parent" if older else "contact"
    return {
        "students": (facts.students, lambda fact: _student(fact, with_preferred=not older)),
        "studentSchoolAssociations": (facts.enrollments, _enrollment),
        **_details([fact for fact in facts.students if fact.id in enrolled], facts, standard),
        "staffs": (facts.staff, lambda fact: _staff(fact, with_mails=not is_since(standard, "6.0"))),
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


def _details(
    students: list[StudentFact], facts: DistrictFacts, standard: DataStandard
) -> dict[str, ResourceFacts]:
    """What the agency recorded about students and staff: in one resource up to Data Standard 5."""

    def agency_row(fact: StudentFact, **properties: Any) -> Payload:
        return {
            "educationOrganizationReference": organization_reference(facts.lea),
            "studentReference": student_reference(fact.id),
            **properties,
        }

    if not is_since(standard, "6.0"):
        return {
            "studentEducationOrganizationAssociations": (
                students,
                lambda fact: agency_row(
                    fact,
                    **_demographics(fact),
                    **_directory(fact),
                    studentIdentificationCodes=[_identification_code(*code) for code in fact.codes],
                ),
            )
        }
    return {
        "studentEducationOrganizationAssociations": (students, agency_row),
        "studentIdentificationCodes": (
            [(fact, code) for fact in students for code in fact.codes],
            lambda fact: agency_row(fact[0], **_identification_code(*fact[1])),
        ),
        "studentDirectories": (students, lambda fact: agency_row(fact, **_directory(fact))),
        "studentDemographics": (students, lambda fact: agency_row(fact, **_demographics(fact))),
        "staffDirectories": (facts.staff, lambda fact: _staff_directory(fact, facts.lea)),
    }


def _demographics(fact: StudentFact) -> Payload:
    return omit_none(
        hispanicLatinoEthnicity=fact.hispanic,
        languages=[
            {
                "languageDescriptor": descriptor("Language", language),
                "uses": descriptors("languageUseDescriptor", "LanguageUse", uses),
            }
            for language, uses in fact.languages
        ],
        limitedEnglishProficiencyDescriptor=(
            descriptor("LimitedEnglishProficiency", fact.english) if fact.english else None
        ),
        races=descriptors("raceDescriptor", "Race", fact.races),
        sexDescriptor=descriptor("Sex", fact.sex),
    )


def _directory(fact: StudentFact) -> Payload:
    return {"addresses": [_address(address) for address in fact.addresses], "electronicMails": _mails(fact)}


def _address(fact: AddressFact) -> Payload:
    return omit_none(
        addressTypeDescriptor=descriptor("AddressType", fact.kind),
        stateAbbreviationDescriptor=descriptor("StateAbbreviation", fact.state),
        city=fact.city,
        postalCode=fact.postal_code,
        streetNumberName=fact.street,
        apartmentRoomSuiteNumber=fact.apartment,
        doNotPublishIndicator=fact.unlisted,
        periods=[
            omit_none(beginDate=first_day.isoformat(), endDate=last_day.isoformat() if last_day else None)
            for first_day, last_day in fact.periods
        ],
    )


def _identification_code(system: str, code: str) -> Payload:
    return {
        "studentIdentificationSystemDescriptor": descriptor("StudentIdentificationSystem", system),
        "assigningOrganizationIdentificationCode": "LEA" if system in {"District", "Local"} else "SEA",
        "identificationCode": code,
    }


def _mails(fact: StudentFact) -> list[Payload]:
    return [_mail("Organization", fact.email)] if fact.email else []


def _mail(kind: str, address: str) -> Payload:
    return {
        "electronicMailTypeDescriptor": descriptor("ElectronicMailType", kind),
        "electronicMailAddress": address,
    }


def _staff(fact: StaffFact, *, with_mails: bool) -> Payload:
    return omit_none(
        staffUniqueId=fact.id,
        electronicMails=[_mail("Work", fact.email)] if with_mails else None,
        firstName=fact.first,
        lastSurname=fact.last,
    )


def _staff_directory(fact: StaffFact, agency: int) -> Payload:
    return {
        "educationOrganizationReference": organization_reference(agency),
        "staffReference": {"staffUniqueId": fact.id},
        "electronicMails": [_mail("Work", fact.email)],
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
