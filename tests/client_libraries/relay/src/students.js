import { graphql } from "relay-runtime";

/** A list that loads more students of the viewer. */
graphql`
  fragment students_viewer on Viewer
  @refetchable(queryName: "studentsViewerPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" }) {
    students(first: $count, after: $cursor) @connection(key: "students_students") {
      edges {
        node {
          id
          name {
            firstName
          }
          ...students_attendance
        }
      }
    }
  }
`;

graphql`
  fragment students_attendance on Student
  @refetchable(queryName: "studentsAttendancePageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" }) {
    attendanceEvents(first: $count, after: $cursor) @connection(key: "students_attendanceEvents") {
      edges {
        node {
          date
          category
        }
      }
    }
  }
`;

graphql`
  query studentsPageQuery($by: StudentKey!) {
    student(by: $by) {
      ...students_attendance
    }
    viewer {
      ...students_viewer
    }
  }
`;

/** A list of a school, whose query of a page asks for the school as a node. */
graphql`
  fragment students_school on School
  @refetchable(queryName: "studentsSchoolPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" }) {
    students(filter: { gradeLevels: [NINTH] }, first: $count, after: $cursor) @connection(key: "students_school_students") {
      edges {
        node {
          id
          ...students_attendance
        }
      }
    }
  }
`;

/** A list of the root, and a part that may come later. */
graphql`
  fragment students_district on Query
  @refetchable(queryName: "studentsDistrictPageQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" }) {
    students(filter: { name: "ada" }, first: $count, after: $cursor) @connection(key: "students_district_students") {
      edges {
        node {
          id
        }
      }
    }
  }
`;

graphql`
  query studentsSchoolQuery($school: ID!, $student: ID!, $ids: [ID!]!) {
    school(id: $school) {
      ...students_school
    }
    node(id: $student) {
      ... on Student {
        gradeLevel
      }
    }
    nodes(ids: $ids) {
      id
    }
    ...students_district
    student(by: { id: $student }) {
      name {
        firstName
      }
      ...students_attendance @defer
    }
  }
`;
