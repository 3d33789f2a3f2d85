import { useQuery } from "urql";

import { age, date, gradeLevelName, personName } from "../../format";
import { graphql, isFragmentReady } from "../../gql";
import { isCurrent } from "../../graph/enrollment";
import { problemsAt, problemsOf } from "../../graph/problems";
import { Deferred, Empty, Waiting } from "../../ui/card";
import { Notices } from "../../ui/notice";
import { useTitle } from "../../ui/title";
import { AssessmentsCard, AssessmentsFragment } from "./assessments";
import { AttendanceCard, AttendanceFragment } from "./attendance";
import { BehaviorCard, BehaviorFragment } from "./behavior";
import { BusAndMealsCard, BusAndMealsFragment } from "./bus-and-meals";
import { CoursesCard, CoursesFragment } from "./courses";
import { IndicatorsCard, IndicatorsFragment } from "./indicators";
import { WorkCard, WorkFragment } from "./work";

const StudentDocument = graphql(`
  query StudentPage($id: ID!) {
    student(id: $id) {
      studentUniqueId
      gradeLevel
      name {
        firstName
        lastName
      }
      enrollments {
        entryDate
        exitWithdrawDate
        school {
          name
        }
      }
      provenance {
        fetchedAt
      }
      ...Indicators @defer(label: "indicators")
      ...Attendance @defer(label: "attendance")
      ...Courses @defer(label: "courses")
      ...Work @defer(label: "work")
      ...Assessments @defer(label: "assessments")
      ...Behavior @defer(label: "behavior")
      ...BusAndMeals @defer(label: "bus-and-meals")
    }
  }
`);

/** Everything about one student. Parts appear as their systems answer; one that does not answer holds up no other. */
export default function StudentPage({ id }: { readonly id: string }) {
  const [result, execute] = useQuery({ query: StudentDocument, variables: { id }, requestPolicy: "network-only" });
  const retry = () => execute({ requestPolicy: "network-only" });
  const { data, fetching, hasNext } = result;
  const problems = problemsOf(result);
  const student = data?.student;
  useTitle(student ? personName(student.name) : "Student");

  if (!student) {
    const reasons = problems.filter(({ path }) => path.length <= 1);
    return (
      <>
        <h1>Student</h1>
        <Notices problems={reasons} onRetry={retry} />
        {fetching ? <Waiting /> : reasons.length === 0 && <Empty>There is no such student among yours.</Empty>}
      </>
    );
  }

  const part = (...fields: string[]) => ({
    problems: problemsAt(problems, ["student"], fields),
    onRetry: retry,
  });
  const finished = !fetching && !hasNext;
  const current = student.enrollments?.filter(isCurrent) ?? [];
  const indicators = part("riskProfile");
  const attendance = part("attendance", "attendanceEvents");
  const courses = part("courseGrades");
  const work = part("assignments");
  const assessments = part("assessments");
  const behavior = part("disciplineIncidents");
  const busAndMeals = part("transportation", "foodService");
  return (
    <>
      <header className="page-head">
        <h1>{personName(student.name)}</h1>
        <p>
          {gradeLevelName(student.gradeLevel)} · No. {student.studentUniqueId}
          {current.map(({ school, entryDate }) => ` · ${school?.name ?? "–"}, since ${date(entryDate)}`)}
        </p>
        <p className="quiet">Read {age(student.provenance.fetchedAt)}</p>
      </header>
      <Notices problems={problems.filter(({ path }) => path.length === 0)} onRetry={retry} />
      <Notices {...part("name", "gradeLevel", "enrollments")} />
      <div className="cards" aria-busy={!finished}>
        <Deferred title="Early warning" finished={finished} {...indicators}>
          {isFragmentReady(StudentDocument, IndicatorsFragment, student) && (
            <IndicatorsCard student={student} {...indicators} />
          )}
        </Deferred>
        <Deferred title="Attendance" finished={finished} {...attendance}>
          {isFragmentReady(StudentDocument, AttendanceFragment, student) && (
            <AttendanceCard student={student} {...attendance} />
          )}
        </Deferred>
        <Deferred title="Courses and grades" wide finished={finished} {...courses}>
          {isFragmentReady(StudentDocument, CoursesFragment, student) && <CoursesCard student={student} {...courses} />}
        </Deferred>
        <Deferred title="Work in class" finished={finished} {...work}>
          {isFragmentReady(StudentDocument, WorkFragment, student) && <WorkCard student={student} {...work} />}
        </Deferred>
        <Deferred title="Behavior" finished={finished} {...behavior}>
          {isFragmentReady(StudentDocument, BehaviorFragment, student) && (
            <BehaviorCard student={student} {...behavior} />
          )}
        </Deferred>
        <Deferred title="Assessments" wide finished={finished} {...assessments}>
          {isFragmentReady(StudentDocument, AssessmentsFragment, student) && (
            <AssessmentsCard student={student} {...assessments} />
          )}
        </Deferred>
        <Deferred title="Bus and meals" finished={finished} {...busAndMeals}>
          {isFragmentReady(StudentDocument, BusAndMealsFragment, student) && (
            <BusAndMealsCard student={student} {...busAndMeals} />
          )}
        </Deferred>
      </div>
    </>
  );
}
