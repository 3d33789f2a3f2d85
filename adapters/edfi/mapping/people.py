"""People and their places."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.payload import SectionReference
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.mapping.descriptors import Codes, descriptor, optional
from student_graph.adapters.model import (
    ContactId,
    Demographics,
    GradeLevel,
    PersonName,
    SchoolEnrollment,
    SchoolId,
    SectionEnrollment,
    SectionId,
    SectionStaff,
    Staff,
    StaffAssignment,
    StaffClassification,
    StaffId,
    Student,
    StudentContact,
    StudentId,
    StudentIdentifier,
    StudentIdentity,
)

Association = api.StudentEducationOrganizationAssociation

_NATIONAL_NUMBERS = ("ssn", "social security", "canadian sin", "social insurance")
"""What the name of an identification system that must never leave this adapter contains."""


def section_of(reference: SectionReference) -> SectionId:
    """The section that a reference names."""
    return section_id(
        reference.schoolId,
        reference.schoolYear,
        reference.sessionName,
        reference.localCourseCode,
        reference.sectionIdentifier,
    )


def person_name(row: api.Named) -> PersonName:
    """Name of somebody."""
    return PersonName(
        first_name=row.firstName,
        last_name=row.lastSurname,
        middle_name=row.middleName,
        generation_suffix=row.generationCodeSuffix,
    )


def student(row: api.Student) -> Student:
    """A student; a preferred name may give one half of the name only."""
    preferred = None
    if row.preferredFirstName or row.preferredLastSurname:
        preferred = PersonName(
            first_name=row.preferredFirstName or row.firstName,
            last_name=row.preferredLastSurname or row.lastSurname,
        )
    return Student(
        vendor_id=row.id,
        student_unique_id=StudentId(row.studentUniqueId),
        name=person_name(row),
        preferred_name=preferred,
    )


def identity(row: api.Student, associations: Sequence[Association]) -> StudentIdentity:
    """
    By what other systems may know a student: the codes of all associations.

    Where two of them disagree both are kept: that is a conflict for whoever links, not a choice to make here.
    """
    found: dict[tuple[str, str], StudentIdentifier] = {}
    for association in _by_organization(associations):
        for code in association.studentIdentificationCodes:
            system = descriptor(code.studentIdentificationSystemDescriptor).code_value
            if not any(name in system.casefold() for name in _NATIONAL_NUMBERS):
                found.setdefault(
                    (system, code.identificationCode),
                    StudentIdentifier(
                        system=system,
                        value=code.identificationCode,
                        assigning_organization=code.assigningOrganizationIdentificationCode,
                    ),
                )
        for mail in association.electronicMails:
            address = mail.electronicMailAddress
            found.setdefault(("Email", address), StudentIdentifier(system="Email", value=address))
    return StudentIdentity(
        vendor_id=row.id,
        student_id=StudentId(row.studentUniqueId),
        identifiers=list(found.values()),
        birth_date=row.birthDate,
        family_name=row.lastSurname,
    )


def demographics(row: api.Student, associations: Sequence[Association], agencies: Collection[int]) -> Demographics:
    """
    Who a student is, by the association with the agency, else by that with the school of the lowest number.

    Sex is Ed-Fi `sexDescriptor`, else `birthSexDescriptor`.
    """
    ranked = sorted(
        _by_organization(associations),
        key=lambda each: each.educationOrganizationReference.educationOrganizationId not in agencies,
    )
    chosen = ranked[0] if ranked else None
    return Demographics(
        vendor_id=row.id,
        student_id=StudentId(row.studentUniqueId),
        birth_date=row.birthDate,
        sex=optional((chosen and chosen.sexDescriptor) or row.birthSexDescriptor),
        races=[descriptor(race.raceDescriptor) for race in chosen.races] if chosen else [],
        hispanic_latino_ethnicity=chosen.hispanicLatinoEthnicity if chosen else None,
    )


def contact(row: api.StudentContactAssociation, person: api.Contact) -> StudentContact:
    """A contact of a student."""
    return StudentContact(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        contact_unique_id=ContactId(person.contactUniqueId),
        name=person_name(person),
        relation=optional(row.relationDescriptor),
        primary=row.primaryContactStatus,
        emergency=row.emergencyContactStatus,
        lives_with=row.livesWith,
        legal_guardian=row.legalGuardian,
        restricted=bool(row.contactRestrictions and row.contactRestrictions.strip()),
        emails=[mail.electronicMailAddress for mail in person.electronicMails if not mail.doNotPublishIndicator],
        phones=[phone.telephoneNumber for phone in person.telephones if not phone.doNotPublishIndicator],
    )


def school_enrollment(codes: Codes, row: api.StudentSchoolAssociation) -> SchoolEnrollment:
    """A stay at a school; its year is that of the association, else of its calendar."""
    year = row.schoolYearTypeReference.schoolYear if row.schoolYearTypeReference else None
    if year is None and row.calendarReference:
        year = row.calendarReference.schoolYear
    return SchoolEnrollment(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(str(row.schoolReference.schoolId)),
        school_year=year,
        entry_date=row.entryDate,
        exit_withdraw_date=row.exitWithdrawDate,
        entry_type=optional(row.entryTypeDescriptor),
        exit_type=optional(row.exitWithdrawTypeDescriptor),
        grade_level=codes.read(GradeLevel, row.entryGradeLevelDescriptor),
        grade_level_descriptor=descriptor(row.entryGradeLevelDescriptor),
        primary_school=row.primarySchool,
        full_time_equivalency=row.fullTimeEquivalency,
        calendar_code=row.calendarReference.calendarCode if row.calendarReference else None,
    )


def section_enrollment(row: api.StudentSectionAssociation) -> SectionEnrollment:
    """A place in a section."""
    return SectionEnrollment(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        section_id=section_of(row.sectionReference),
        begin_date=row.beginDate,
        end_date=row.endDate,
        homeroom=row.homeroomIndicator,
    )


def staff(row: api.Staff) -> Staff:
    """A member of staff."""
    return Staff(
        vendor_id=row.id,
        staff_unique_id=StaffId(row.staffUniqueId),
        name=person_name(row),
        emails=tuple(mail.electronicMailAddress for mail in row.electronicMails),
    )


def section_staff(row: api.StaffSectionAssociation) -> SectionStaff:
    """Somebody who teaches a section."""
    return SectionStaff(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        section_id=section_of(row.sectionReference),
        position=optional(row.classroomPositionDescriptor),
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def staff_assignment(codes: Codes, row: api.StaffAssignment) -> StaffAssignment:
    """What somebody is employed as."""
    return StaffAssignment(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        education_organization_id=str(row.educationOrganizationReference.educationOrganizationId),
        classification=codes.read(StaffClassification, row.staffClassificationDescriptor),
        classification_descriptor=descriptor(row.staffClassificationDescriptor),
        position_title=row.positionTitle,
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def _by_organization(associations: Sequence[Association]) -> list[Association]:
    """Ed-Fi lists in no order."""
    return sorted(
        associations, key=lambda each: (each.educationOrganizationReference.educationOrganizationId, each.id)
    )
