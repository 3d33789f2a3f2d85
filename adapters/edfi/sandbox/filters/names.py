"""
The query parameters of each resource in the published OpenAPI documents up to Data Standard 5, without paging.

https://github.com/Ed-Fi-Alliance-OSS/Ed-Fi-API-Specifications, `resources-ds-*.yaml`; that of 6.0 for
transportation.
"""

from __future__ import annotations

FILTER_NAMES: dict[str, str] = {
    "localEducationAgencies": (
        "localEducationAgencyId educationServiceCenterId parentLocalEducationAgencyId stateEducationAgencyId "
        "charterStatusDescriptor localEducationAgencyCategoryDescriptor"
    ),
    "schools": (
        "schoolId localEducationAgencyId charterApprovalSchoolYear administrativeFundingControlDescriptor "
        "charterApprovalAgencyTypeDescriptor charterStatusDescriptor internetAccessDescriptor "
        "magnetSpecialProgramEmphasisSchoolDescriptor schoolTypeDescriptor "
        "titleIPartASchoolDesignationDescriptor"
    ),
    "students": (
        "studentUniqueId personId sourceSystemDescriptor citizenshipStatusDescriptor birthCountryDescriptor "
        "birthSexDescriptor birthStateAbbreviationDescriptor birthCity birthDate birthInternationalProvince "
        "dateEnteredUS firstName generationCodeSuffix id lastSurname maidenName middleName "
        "multipleBirthStatus personalTitlePrefix preferredFirstName preferredLastSurname"
    ),
    "studentSchoolAssociations": (
        "entryDate schoolId studentUniqueId calendarCode schoolYear educationOrganizationId "
        "graduationPlanTypeDescriptor graduationSchoolYear nextYearSchoolId classOfSchoolYear "
        "enrollmentTypeDescriptor entryGradeLevelReasonDescriptor entryTypeDescriptor "
        "exitWithdrawTypeDescriptor entryGradeLevelDescriptor nextYearGradeLevelDescriptor "
        "residencyStatusDescriptor schoolChoiceBasisDescriptor employedWhileEnrolled exitWithdrawDate "
        "fullTimeEquivalency id primarySchool repeatGradeIndicator schoolChoice schoolChoiceTransfer "
        "termCompletionIndicator"
    ),
    "studentEducationOrganizationAssociations": (
        "educationOrganizationId studentUniqueId barrierToInternetAccessInResidenceDescriptor "
        "internetAccessTypeInResidenceDescriptor internetPerformanceInResidenceDescriptor "
        "limitedEnglishProficiencyDescriptor primaryLearningDeviceAccessDescriptor "
        "primaryLearningDeviceAwayFromSchoolDescriptor primaryLearningDeviceProviderDescriptor sexDescriptor "
        "supporterMilitaryConnectionDescriptor genderIdentity hispanicLatinoEthnicity id "
        "internetAccessInResidence loginId profileThumbnail"
    ),
    "sections": (
        "sectionIdentifier localCourseCode schoolId schoolYear sessionName "
        "locationClassroomIdentificationCode locationSchoolId availableCreditTypeDescriptor "
        "educationalEnvironmentDescriptor instructionLanguageDescriptor mediumOfInstructionDescriptor "
        "populationServedDescriptor sectionTypeDescriptor availableCreditConversion availableCredits id "
        "officialAttendancePeriod sectionName sequenceOfCourse"
    ),
    "classPeriods": "classPeriodName schoolId id officialAttendancePeriod",
    "courseOfferings": (
        "localCourseCode schoolId schoolYear sessionName courseCode educationOrganizationId id "
        "instructionalTimePlanned localCourseTitle"
    ),
    "courses": (
        "courseCode educationOrganizationId careerPathwayDescriptor courseDefinedByDescriptor "
        "courseGPAApplicabilityDescriptor minimumAvailableCreditTypeDescriptor "
        "maximumAvailableCreditTypeDescriptor courseDescription courseTitle dateCourseAdopted "
        "highSchoolCourseRequirement id maxCompletionsForCredit maximumAvailableCreditConversion "
        "maximumAvailableCredits minimumAvailableCreditConversion minimumAvailableCredits numberOfParts "
        "timeRequiredForCompletion"
    ),
    "studentSectionAssociations": (
        "beginDate localCourseCode schoolId schoolYear sectionIdentifier sessionName studentUniqueId "
        "attemptStatusDescriptor repeatIdentifierDescriptor endDate homeroomIndicator id "
        "teacherStudentDataLinkExclusion"
    ),
    "staffs": (
        "staffUniqueId personId sourceSystemDescriptor citizenshipStatusDescriptor "
        "highestCompletedLevelOfEducationDescriptor sexDescriptor birthDate firstName genderIdentity "
        "generationCodeSuffix highlyQualifiedTeacher hispanicLatinoEthnicity id lastSurname loginId "
        "maidenName middleName personalTitlePrefix preferredFirstName preferredLastSurname "
        "yearsOfPriorProfessionalExperience yearsOfPriorTeachingExperience"
    ),
    "staffSectionAssociations": (
        "beginDate localCourseCode schoolId schoolYear sectionIdentifier sessionName staffUniqueId "
        "classroomPositionDescriptor endDate highlyQualifiedTeacher id percentageContribution "
        "teacherStudentDataLinkExclusion"
    ),
    "staffEducationOrganizationAssignmentAssociations": (
        "staffClassificationDescriptor beginDate educationOrganizationId staffUniqueId credentialIdentifier "
        "stateOfIssueStateAbbreviationDescriptor employmentEducationOrganizationId employmentStatusDescriptor "
        "employmentHireDate endDate fullTimeEquivalency id orderOfAssignment positionTitle"
    ),
    "staffCohortAssociations": (
        "beginDate cohortIdentifier educationOrganizationId staffUniqueId endDate id studentRecordAccess"
    ),
    "studentCohortAssociations": ("beginDate cohortIdentifier educationOrganizationId studentUniqueId endDate id"),
    "staffProgramAssociations": (
        "beginDate programEducationOrganizationId programName programTypeDescriptor staffUniqueId endDate id "
        "studentRecordAccess"
    ),
    "sessions": "sessionName schoolId schoolYear termDescriptor beginDate endDate id totalInstructionalDays",
    "gradingPeriods": (
        "gradingPeriodDescriptor gradingPeriodName schoolId schoolYear beginDate endDate id periodSequence "
        "totalInstructionalDays"
    ),
    "calendars": "calendarCode schoolId schoolYear calendarTypeDescriptor id",
    "calendarDates": "date calendarCode schoolId schoolYear id",
    "studentSchoolAttendanceEvents": (
        "attendanceEventCategoryDescriptor eventDate schoolId schoolYear sessionName studentUniqueId "
        "educationalEnvironmentDescriptor arrivalTime attendanceEventReason departureTime eventDuration id "
        "schoolAttendanceDuration"
    ),
    "studentSectionAttendanceEvents": (
        "attendanceEventCategoryDescriptor eventDate localCourseCode schoolId schoolYear sectionIdentifier "
        "sessionName studentUniqueId educationalEnvironmentDescriptor arrivalTime attendanceEventReason "
        "departureTime eventDuration id sectionAttendanceDuration"
    ),
    "disciplineIncidents": (
        "incidentIdentifier schoolId incidentLocationDescriptor reporterDescriptionDescriptor caseNumber id "
        "incidentCost incidentDate incidentDescription incidentTime reportedToLawEnforcement reporterName"
    ),
    "studentDisciplineIncidentAssociations": (
        "incidentIdentifier schoolId studentUniqueId studentParticipationCodeDescriptor id"
    ),
    "studentDisciplineIncidentBehaviorAssociations": (
        "behaviorDescriptor incidentIdentifier schoolId studentUniqueId behaviorDetailedDescription id"
    ),
    "disciplineActions": (
        "disciplineActionIdentifier disciplineDate studentUniqueId responsibilitySchoolId assignmentSchoolId "
        "disciplineActionLengthDifferenceReasonDescriptor actualDisciplineActionLength disciplineActionLength "
        "id iepPlacementMeetingIndicator relatedToZeroTolerancePolicy"
    ),
    "grades": (
        "gradeTypeDescriptor gradingPeriodDescriptor gradingPeriodName schoolId gradingPeriodSchoolYear "
        "beginDate localCourseCode schoolYear sectionIdentifier sessionName studentUniqueId "
        "performanceBaseConversionDescriptor currentGradeAsOfDate currentGradeIndicator diagnosticStatement "
        "gradeEarnedDescription id letterGradeEarned numericGradeEarned"
    ),
    "studentAcademicRecords": (
        "termDescriptor educationOrganizationId schoolYear studentUniqueId "
        "cumulativeEarnedCreditTypeDescriptor cumulativeAttemptedCreditTypeDescriptor "
        "sessionEarnedCreditTypeDescriptor sessionAttemptedCreditTypeDescriptor "
        "cumulativeAttemptedCreditConversion cumulativeAttemptedCredits cumulativeEarnedCreditConversion "
        "cumulativeEarnedCredits id projectedGraduationDate sessionAttemptedCreditConversion "
        "sessionAttemptedCredits sessionEarnedCreditConversion sessionEarnedCredits"
    ),
    "assessments": (
        "assessmentIdentifier namespace educationOrganizationId assessmentCategoryDescriptor "
        "adaptiveAssessment assessmentFamily assessmentForm assessmentTitle assessmentVersion id maxRawScore "
        "nomenclature revisionDate"
    ),
    "objectiveAssessments": (
        "identificationCode assessmentIdentifier namespace parentIdentificationCode academicSubjectDescriptor "
        "description id maxRawScore nomenclature percentOfAssessment"
    ),
    "studentAssessments": (
        "studentAssessmentIdentifier assessmentIdentifier namespace studentUniqueId reportedSchoolId "
        "schoolYear administrationEnvironmentDescriptor eventCircumstanceDescriptor "
        "whenAssessedGradeLevelDescriptor administrationLanguageDescriptor platformTypeDescriptor "
        "reasonNotTestedDescriptor retestIndicatorDescriptor administrationDate administrationEndDate "
        "assessedMinutes eventDescription id reportedSchoolIdentifier serialNumber"
    ),
    "contacts": (
        "contactUniqueId personId sourceSystemDescriptor highestCompletedLevelOfEducationDescriptor "
        "sexDescriptor firstName genderIdentity generationCodeSuffix id lastSurname loginId maidenName "
        "middleName personalTitlePrefix preferredFirstName preferredLastSurname"
    ),
    "parents": (
        "parentUniqueId personId sourceSystemDescriptor highestCompletedLevelOfEducationDescriptor "
        "sexDescriptor firstName generationCodeSuffix id lastSurname loginId maidenName middleName "
        "personalTitlePrefix"
    ),
    "studentContactAssociations": (
        "contactUniqueId studentUniqueId relationDescriptor contactPriority contactRestrictions "
        "emergencyContactStatus id legalGuardian livesWith primaryContactStatus"
    ),
    "studentParentAssociations": (
        "parentUniqueId studentUniqueId relationDescriptor contactPriority contactRestrictions "
        "emergencyContactStatus id legalGuardian livesWith primaryContactStatus"
    ),
    "studentProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId"
    ),
    "studentSpecialEducationProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId specialEducationExitReasonDescriptor specialEducationSettingDescriptor "
        "ideaEligibility iepBeginDate iepEndDate iepReviewDate lastEvaluationDate medicallyFragile "
        "multiplyDisabled schoolHoursPerWeek specialEducationExitDate specialEducationExitExplained "
        "specialEducationHoursPerWeek"
    ),
    "studentLanguageInstructionProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId dosage englishLearnerParticipation"
    ),
    "studentTitleIPartAProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId titleIPartAParticipantDescriptor"
    ),
    "studentHomelessProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId homelessPrimaryNighttimeResidenceDescriptor awaitingFosterCare "
        "homelessUnaccompaniedYouth"
    ),
    "studentMigrantEducationProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId continuationOfServicesReasonDescriptor eligibilityExpirationDate lastQualifyingMove "
        "priorityForServices qualifyingArrivalDate stateResidencyDate usInitialEntry usInitialSchoolEntry "
        "usMostRecentEntry"
    ),
    "studentSchoolFoodServiceProgramAssociations": (
        "beginDate educationOrganizationId programEducationOrganizationId programName programTypeDescriptor "
        "studentUniqueId directCertification"
    ),
    "studentTransportations": (
        "transportationEducationOrganizationId studentUniqueId "
        "transportationPublicExpenseEligibilityTypeDescriptor transportationTypeDescriptor id "
        "specialAccomodationRequirements"
    ),
    "programs": "programTypeDescriptor programName educationOrganizationId id programId",
    "gradebookEntries": (
        "gradebookEntryIdentifier namespace gradingPeriodDescriptor gradingPeriodName schoolId schoolYear "
        "localCourseCode sectionIdentifier sessionName gradebookEntryTypeDescriptor dateAssigned description "
        "dueDate dueTime id maxPoints sourceSectionIdentifier title"
    ),
    "studentGradebookEntries": (
        "gradebookEntryIdentifier namespace studentUniqueId assignmentLateStatusDescriptor "
        "competencyLevelDescriptor submissionStatusDescriptor dateFulfilled diagnosticStatement id "
        "letterGradeEarned numericGradeEarned pointsEarned timeFulfilled"
    ),
}

DIFFERENCES_BEFORE_5: dict[str, tuple[str, str]] = {
    "students": ("", "preferredFirstName preferredLastSurname"),
    "studentSchoolAssociations": (
        "",
        (
            "nextYearSchoolId enrollmentTypeDescriptor nextYearGradeLevelDescriptor "
            "schoolChoiceBasisDescriptor schoolChoice"
        ),
    ),
    "studentEducationOrganizationAssociations": (
        "oldEthnicityDescriptor",
        "supporterMilitaryConnectionDescriptor genderIdentity",
    ),
    "sections": ("", "sectionTypeDescriptor"),
    "courses": ("academicSubjectDescriptor", ""),
    "staffs": ("oldEthnicityDescriptor", "genderIdentity preferredFirstName preferredLastSurname"),
    "gradingPeriods": ("", "gradingPeriodName"),
    "disciplineIncidents": ("staffUniqueId", ""),
    "disciplineActions": ("receivedEducationServicesDuringExpulsion", ""),
    "grades": ("gradingPeriodSequence", "gradingPeriodName gradeEarnedDescription"),
    "studentAcademicRecords": (
        (
            "cumulativeGradePointAverage cumulativeGradePointsEarned gradeValueQualifier "
            "sessionGradePointAverage sessionGradePointsEarned"
        ),
        "",
    ),
    "studentSpecialEducationProgramAssociations": (
        "",
        "specialEducationExitReasonDescriptor specialEducationExitDate specialEducationExitExplained",
    ),
}
"""By resource: the filters that Data Standard 4 has in addition to those of 5, and the filters that it lacks."""

DIFFERENCES_BEFORE_4: dict[str, tuple[str, str]] = {
    "grades": ("", "currentGradeAsOfDate currentGradeIndicator"),
    "studentAssessments": ("", "reportedSchoolId assessedMinutes reportedSchoolIdentifier"),
}
"""By resource: the filters that Data Standard 3.3 has in addition to those of 4, and the filters that it lacks."""
