"""
What Data Standard 6.0 changes in the query parameters of the resources.

https://github.com/Ed-Fi-Alliance-OSS/Ed-Fi-API-Specifications, `resources-ds-6.0.yaml`
"""

from __future__ import annotations

RESOURCES_FROM_6: dict[str, str] = {
    "studentIdentificationCodes": (
        "studentIdentificationSystemDescriptor educationOrganizationId studentUniqueId "
        "assigningOrganizationIdentificationCode id identificationCode"
    ),
    "studentDirectories": "educationOrganizationId studentUniqueId id",
    "studentDemographics": (
        "educationOrganizationId studentUniqueId citizenshipStatusDescriptor "
        "economicDisadvantageDescriptor limitedEnglishProficiencyDescriptor sexDescriptor "
        "supporterMilitaryConnectionDescriptor genderIdentity hispanicLatinoEthnicity id"
    ),
    "staffDirectories": "educationOrganizationId staffUniqueId id",
    "studentSection504ProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName "
        "programTypeDescriptor studentUniqueId section504DisabilityDescriptor accommodationPlan "
        "section504Eligibility section504EligibilityDecisionDate section504MeetingDate "
        "reasonExitedDescriptor endDate id servedOutsideOfRegularSession"
    ),
}
"""The filters of the resources that Data Standard 6 added."""

DIFFERENCES_FROM_6: dict[str, tuple[str, str]] = {
    "localEducationAgencies": (
        (
            "federalLocaleCodeDescriptor operationalStatusDescriptor id nameOfInstitution "
            "shortNameOfInstitution webSite"
        ),
        "",
    ),
    "schools": (
        (
            "postSecondaryInstitutionId accreditationStatusDescriptor federalLocaleCodeDescriptor "
            "improvingSchool operationalStatusDescriptor id nameOfInstitution shortNameOfInstitution "
            "webSite"
        ),
        "",
    ),
    "students": ("", "citizenshipStatusDescriptor"),
    "studentEducationOrganizationAssociations": (
        "",
        (
            "limitedEnglishProficiencyDescriptor sexDescriptor supporterMilitaryConnectionDescriptor "
            "genderIdentity hispanicLatinoEthnicity"
        ),
    ),
    "courses": (
        (
            "courseIdentificationSystemDescriptor assigningOrganizationIdentificationCode "
            "courseCatalogURL identificationCode"
        ),
        "",
    ),
    "studentSectionAssociations": (
        (
            "dualCreditEducationOrganizationId dualCreditInstitutionDescriptor dualCreditTypeDescriptor "
            "dualCreditIndicator dualHighSchoolCreditIndicator"
        ),
        "",
    ),
    "staffs": (
        "educationOrganizationId requisitionNumber",
        "citizenshipStatusDescriptor sexDescriptor genderIdentity hispanicLatinoEthnicity",
    ),
    "staffEducationOrganizationAssignmentAssociations": ("yearsOfExperienceAtCurrentEducationOrganization", ""),
    "assessments": (
        (
            "academicSubjectDescriptor assessmentIdentificationSystemDescriptor "
            "assigningOrganizationIdentificationCode identificationCode"
        ),
        "",
    ),
    "objectiveAssessments": ("", "parentIdentificationCode"),
    "studentAssessments": ("assessedGradeLevelDescriptor", ""),
    "studentProgramAssociations": ("reasonExitedDescriptor endDate id servedOutsideOfRegularSession", ""),
    "studentSpecialEducationProgramAssociations": (
        (
            "iepEvaluationDueDate iepLastEvaluationDate iepLastReviewDate iepReviewDueDate "
            "reductionInHoursPerWeekComparedToPeers shortenedSchoolDayIndicator reasonExitedDescriptor "
            "endDate id servedOutsideOfRegularSession"
        ),
        "iepReviewDate lastEvaluationDate",
    ),
    "studentLanguageInstructionProgramAssociations": (
        "reasonExitedDescriptor endDate id servedOutsideOfRegularSession",
        "",
    ),
    "studentTitleIPartAProgramAssociations": (
        "reasonExitedDescriptor endDate id servedOutsideOfRegularSession",
        "",
    ),
    "studentHomelessProgramAssociations": ("reasonExitedDescriptor endDate id servedOutsideOfRegularSession", ""),
    "studentMigrantEducationProgramAssociations": (
        "reasonExitedDescriptor endDate id servedOutsideOfRegularSession",
        "",
    ),
    "studentSchoolFoodServiceProgramAssociations": (
        "reasonExitedDescriptor endDate id servedOutsideOfRegularSession",
        "",
    ),
    "studentGradebookEntries": ("assignmentPassed dateCompleted", ""),
}
"""By resource: the filters that Data Standard 6 has in addition to those of 5, and the filters that it dropped."""
