"""The part of the schema of Canvas's GraphQL API that the sandbox answers by."""

from __future__ import annotations

SCHEMA_TEXT = """
    scalar DateTime
    scalar HtmlEncodedString

    enum CourseWorkflowState { available claimed completed created deleted }
    enum EnrollmentType {
      DesignerEnrollment ObserverEnrollment StudentEnrollment StudentViewEnrollment TaEnrollment TeacherEnrollment
    }
    enum EnrollmentWorkflowState { active completed creation_pending deleted inactive invited rejected }
    enum OrderDirection { ascending descending }
    enum SubmissionOrderField { _id gradedAt }
    enum SubmissionState { deleted graded pending_review submitted ungraded unsubmitted }

    input AssignmentFilter { gradingPeriodId: ID searchTerm: String userId: ID }
    input EnrollmentFilterInput {
      associatedUserIds: [ID!] = []
      states: [EnrollmentWorkflowState!] = null
      types: [EnrollmentType!] = null
      userIds: [ID!] = []
    }

    input SubmissionFilterInput { states: [SubmissionState!] = [submitted, pending_review, graded] }
    input SubmissionOrderCriteria { direction: OrderDirection field: SubmissionOrderField! }

    type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
    type Section { _id: ID! sisId: String name: String! }
    type Grades {
      currentGrade: String
      currentScore: Float
      finalGrade: String
      finalScore: Float
      overrideGrade: String
      overrideScore: Float
    }
    type User {
      _id: ID!
      email: String
      enrollments(courseId: ID, currentOnly: Boolean): [Enrollment!]!
      integrationId: String
      loginId: String
      name: HtmlEncodedString
      sisId: String
      sortableName: HtmlEncodedString
    }
    type Enrollment {
      _id: ID
      grades(gradingPeriodId: ID): Grades
      section: Section
      state: EnrollmentWorkflowState!
      type: EnrollmentType!
      user: User
    }
    type EnrollmentConnection { nodes: [Enrollment] pageInfo: PageInfo! }
    type Assignment {
      _id: ID!
      dueAt(applyOverrides: Boolean = true): DateTime
      name: String
      pointsPossible: Float
      published: Boolean
    }
    type AssignmentConnection { nodes: [Assignment] pageInfo: PageInfo! }
    type Submission {
      _id: ID!
      assignment: Assignment
      cachedDueDate: DateTime
      excused: Boolean
      grade: String
      gradedAt: DateTime
      late: Boolean
      missing: Boolean
      postedAt: DateTime
      score: Float
      state: SubmissionState!
      submittedAt: DateTime
      user: User
    }
    type SubmissionConnection { nodes: [Submission] pageInfo: PageInfo! }
    type Course {
      _id: ID!
      assignmentsConnection(after: String, filter: AssignmentFilter, first: Int): AssignmentConnection
      courseCode: String
      enrollmentsConnection(after: String, filter: EnrollmentFilterInput, first: Int): EnrollmentConnection
      name: String!
      sisId: String
      state: CourseWorkflowState!
      submissionsConnection(
        after: String
        filter: SubmissionFilterInput
        first: Int
        orderBy: [SubmissionOrderCriteria!]
        studentIds: [ID!]
      ): SubmissionConnection
    }
    type Query { course(id: ID, sisId: String): Course }
"""
"""Types, fields, arguments and defaults as in Canvas's published schema."""
