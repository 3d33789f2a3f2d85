"""Converts students, staff, contacts, and their enrollments and assignments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from sys import intern
from typing import TypeVar

from student_graph.adapters.edfi.api import people as api
from student_graph.adapters.edfi.api.payload import SectionReference
from student_graph.adapters.edfi.client.keys import section_id
from student_graph.adapters.edfi.mapping.descriptors import DescriptorCodes, descriptor, optional_descriptor
from student_graph.adapters.model import (
    ContactId,
    Demographics,
    EnglishProficiency,
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
    StudentLanguage,
)
from student_graph.adapters.reading import EndDate, day_after, last_day

D = TypeVar("D", bound=api.StudentDetails | api.StaffDirectory)

_NATIONAL_ID_SYSTEMS = ("ssn", "social security", "canadian sin", "social insurance")
"""Parts of the names of identification systems whose codes must never leave this adapter."""


def section_id_of(reference: SectionReference) -> SectionId:
    """The id of the section that a reference names."""
    return section_id(
        reference.schoolId,
        reference.schoolYear,
        reference.sessionName,
        reference.localCourseCode,
        reference.sectionIdentifier,
    )


def person_name(row: api.Person) -> PersonName:
    """The name of a student, a member of staff or a contact."""
    return PersonName(
        first_name=row.firstName,
        last_name=row.lastSurname,
        middle_name=row.middleName,
        generation_suffix=row.generationCodeSuffix,
    )


def student(row: api.Student) -> Student:
    """A student. If only one half of the preferred name is recorded, the other half comes from the legal name."""
    preferred = None
    if row.preferredFirstName or row.preferredLastSurname:
        preferred = PersonName(
            first_name=row.preferredFirstName or row.firstName,
            last_name=row.preferredLastSurname or row.lastSurname,
        )
    return Student(
        vendor_id=row.id,
        student_id=StudentId(row.studentUniqueId),
        name=person_name(row),
        preferred_name=preferred,
    )


def identity(row: api.Student, details: Sequence[api.StudentDetails]) -> StudentIdentity:
    """
    The identifiers by which other systems know a student.

    They are the identification codes and e-mail addresses of all agencies and schools, without duplicates. If two
    of them disagree, both identifiers are kept: the linking of identities must see the conflict.
    """
    identifiers: dict[tuple[str, str], StudentIdentifier] = {}
    ordered = by_organization(details)
    for code in (code for part in ordered for code in part.codes):
        system = descriptor(code.studentIdentificationSystemDescriptor).code_value
        if not any(name in system.casefold() for name in _NATIONAL_ID_SYSTEMS):
            identifiers.setdefault(
                (system, code.identificationCode),
                StudentIdentifier(
                    system=system,
                    value=code.identificationCode,
                    assigning_organization=code.assigningOrganizationIdentificationCode,
                ),
            )
    for address in (mail.electronicMailAddress for part in ordered for mail in part.mails):
        identifiers.setdefault(("Email", address), StudentIdentifier(system="Email", value=address))
    return StudentIdentity(
        vendor_id=row.id,
        student_id=StudentId(row.studentUniqueId),
        identifiers=list(identifiers.values()),
        birth_date=row.birthDate,
        family_name=row.lastSurname,
    )


def demographics(
    row: api.Student, records: Sequence[api.StudentDemographics], agencies: Collection[int]
) -> Demographics:
    """
    A student's demographics as recorded by an agency, or else by the school of the lowest number.

    Sex is Ed-Fi `sexDescriptor` of that record or, without it, the student's `birthSexDescriptor`.
    """
    recorded = next(iter(_agencies_first(records, agencies)), None)
    return Demographics(
        vendor_id=row.id,
        student_id=StudentId(row.studentUniqueId),
        birth_date=row.birthDate,
        sex=optional_descriptor((recorded and recorded.sexDescriptor) or row.birthSexDescriptor),
        races=[descriptor(race.raceDescriptor) for race in recorded.races] if recorded else [],
        hispanic_latino_ethnicity=recorded.hispanicLatinoEthnicity if recorded else None,
        languages=_languages(recorded.languages) if recorded else [],
    )


def english_proficiency(
    row: api.Student, records: Sequence[api.StudentDemographics], agencies: Collection[int]
) -> EnglishProficiency | None:
    """The English proficiency that an agency states, or else a school of a low number; None if none does."""
    for record in _agencies_first(records, agencies):
        if status := record.limitedEnglishProficiencyDescriptor:
            student_id = StudentId(row.studentUniqueId)
            return EnglishProficiency(vendor_id=record.id, student_id=student_id, status=descriptor(status))
    return None


def _languages(rows: Iterable[api.Language]) -> list[StudentLanguage]:
    """Each language once, with all of its uses, in the order of the codes."""
    uses: dict[str, set[str]] = {}
    for row in rows:
        uses.setdefault(row.languageDescriptor, set()).update(use.languageUseDescriptor for use in row.uses)
    return [
        StudentLanguage(language=descriptor(code), uses=[descriptor(use) for use in sorted(uses[code])])
        for code in sorted(uses)
    ]


def _agencies_first(
    records: Sequence[api.StudentDemographics], agencies: Collection[int]
) -> list[api.StudentDemographics]:
    return sorted(
        by_organization(records),
        key=lambda record: record.educationOrganizationReference.educationOrganizationId not in agencies,
    )


def contact(row: api.StudentContactAssociation, person: api.Contact) -> StudentContact:
    """A contact of a student; `restricted` means that Ed-Fi `contactRestrictions` has text."""
    return StudentContact(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        contact_id=ContactId(person.contactUniqueId),
        name=person_name(person),
        relation=optional_descriptor(row.relationDescriptor),
        primary=row.primaryContactStatus,
        emergency=row.emergencyContactStatus,
        lives_with=row.livesWith,
        legal_guardian=row.legalGuardian,
        restricted=bool(row.contactRestrictions and row.contactRestrictions.strip()),
        emails=[mail.electronicMailAddress for mail in person.electronicMails if not mail.doNotPublishIndicator],
        phones=[phone.telephoneNumber for phone in person.telephones if not phone.doNotPublishIndicator],
    )


def school_enrollment(
    codes: DescriptorCodes, exit_date: EndDate, row: api.StudentSchoolAssociation
) -> SchoolEnrollment:
    """A student's enrollment in a school; its school year is that of the association, or else of the calendar."""
    year = row.schoolYearTypeReference.schoolYear if row.schoolYearTypeReference else None
    if year is None and row.calendarReference:
        year = row.calendarReference.schoolYear
    return SchoolEnrollment(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        school_id=SchoolId(intern(str(row.schoolReference.schoolId))),
        school_year=year,
        entry_date=row.entryDate,
        exit_withdraw_date=day_after(row.exitWithdrawDate, exit_date),
        entry_type=optional_descriptor(row.entryTypeDescriptor),
        exit_type=optional_descriptor(row.exitWithdrawTypeDescriptor),
        grade_level=codes.to_enum(GradeLevel, row.entryGradeLevelDescriptor),
        grade_level_descriptor=descriptor(row.entryGradeLevelDescriptor),
        primary_school=row.primarySchool,
        full_time_equivalency=row.fullTimeEquivalency,
        calendar_code=row.calendarReference.calendarCode if row.calendarReference else None,
    )


def section_enrollment(end: EndDate, row: api.StudentSectionAssociation) -> SectionEnrollment:
    """A student's enrollment in a section."""
    return SectionEnrollment(
        vendor_id=row.id,
        student_id=StudentId(row.studentReference.studentUniqueId),
        section_id=section_id_of(row.sectionReference),
        begin_date=row.beginDate,
        end_date=last_day(row.endDate, end),
        homeroom=row.homeroomIndicator,
    )


def staff(row: api.Staff, directories: Sequence[api.StaffDirectory] = ()) -> Staff:
    """A member of staff, with the e-mail addresses of the row and of the directories, without duplicates."""
    listed = (mail for part in by_organization(directories) for mail in part.electronicMails)
    return Staff(
        vendor_id=row.id,
        staff_id=StaffId(row.staffUniqueId),
        name=person_name(row),
        emails=tuple(dict.fromkeys(mail.electronicMailAddress for mail in (*row.electronicMails, *listed))),
    )


def section_staff(end: EndDate, row: api.StaffSectionAssociation) -> SectionStaff:
    """The assignment of a member of staff to a section."""
    return SectionStaff(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        section_id=section_id_of(row.sectionReference),
        position=optional_descriptor(row.classroomPositionDescriptor),
        begin_date=row.beginDate,
        end_date=last_day(row.endDate, end),
    )


def staff_assignment(codes: DescriptorCodes, row: api.StaffAssignment) -> StaffAssignment:
    """The assignment of a member of staff to a school or an agency."""
    return StaffAssignment(
        vendor_id=row.id,
        staff_id=StaffId(row.staffReference.staffUniqueId),
        education_organization_id=str(row.educationOrganizationReference.educationOrganizationId),
        classification=codes.to_enum(StaffClassification, row.staffClassificationDescriptor),
        classification_descriptor=descriptor(row.staffClassificationDescriptor),
        position_title=row.positionTitle,
        begin_date=row.beginDate,
        end_date=row.endDate,
    )


def by_organization(rows: Sequence[D]) -> list[D]:
    """The rows in the order of their organizations; Ed-Fi sends rows in no defined order."""
    return sorted(rows, key=lambda row: (row.educationOrganizationReference.educationOrganizationId, row.id))
