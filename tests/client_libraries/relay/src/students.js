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
