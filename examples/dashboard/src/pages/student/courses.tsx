import { useMemo } from "react";

import { counted, number } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { CoursesFragment as Courses } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Chart, type ChartOptions } from "../../ui/chart";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const CoursesFragment = graphql(`
  fragment Courses on Student {
    courseGrades {
      courseName
      source
      gradeType
      letter
      numeric
      current
      section {
        courseTitle
      }
      provenance {
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof CoursesFragment>;
}

type Grade = NonNullable<Courses["courseGrades"]>[number];

interface Course {
  readonly title: string;
  /** The grade posted in the student information system; undefined if there is none. */
  posted?: Grade;
  /** The grade that the LMS computes from graded work. */
  computed?: Grade;
  /** The same with ungraded work as zero. */
  withZeros?: Grade;
}

function shown(grade: Grade | undefined): string {
  if (!grade) return "–";
  const value = number(grade.numeric, 0);
  if (!grade.letter) return value;
  return typeof grade.numeric === "number" ? `${grade.letter} (${value})` : grade.letter;
}

const column = columnsOf<Course>();
const COLUMNS: Columns<Course> = [
  column.accessor("title", { header: "Course" }),
  column.accessor((course) => course.posted?.numeric ?? undefined, {
    id: "posted",
    header: "Posted",
    cell: ({ row }) => shown(row.original.posted),
    sortUndefined: "last",
  }),
  column.accessor((course) => course.computed?.numeric ?? undefined, {
    id: "computed",
    header: "In the LMS now",
    cell: ({ row }) => shown(row.original.computed),
    sortUndefined: "last",
  }),
  column.accessor((course) => course.withZeros?.numeric ?? undefined, {
    id: "zeros",
    header: "With open work as zero",
    cell: ({ row }) => shown(row.original.withZeros),
    sortUndefined: "last",
  }),
];

function coursesOf(grades: readonly Grade[]): Course[] {
  const courses = new Map<string, Course>();
  for (const grade of grades) {
    const title = grade.section?.courseTitle ?? grade.courseName ?? "Course without a name";
    const course = courses.get(title) ?? { title };
    courses.set(title, course);
    if (grade.gradeType === "COMPUTED_CURRENT") course.computed = grade;
    else if (grade.gradeType === "COMPUTED_FINAL") course.withZeros = grade;
    else if (grade.current || !course.posted) course.posted = grade;
  }
  return [...courses.values()].sort((one, other) => one.title.localeCompare(other.title));
}

/** The posted grade of each course beside the one that the LMS computes; the two are never merged. */
export function CoursesCard({ student, ...part }: Props) {
  const { courseGrades } = readFragment(CoursesFragment, student);
  const courses = useMemo(() => coursesOf(courseGrades ?? []), [courseGrades]);
  const options = useMemo((): ChartOptions => {
    const dots = courses.flatMap(({ title, posted, computed }) => [
      { title, grade: posted?.numeric, kind: "Posted" },
      { title, grade: computed?.numeric, kind: "In the LMS now" },
    ]);
    return (plot) => ({
      marginLeft: 160,
      x: { domain: [0, 100], label: "Grade", grid: true },
      y: { label: null, tickFormat: (title: string) => (title.length > 20 ? `${title.slice(0, 19)}…` : title) },
      color: { domain: ["Posted", "In the LMS now"], range: ["var(--accent)", "var(--second)"] },
      symbol: { domain: ["Posted", "In the LMS now"], range: ["circle", "diamond"], legend: true },
      marks: [
        plot.dot(
          dots.filter(({ grade }) => typeof grade === "number"),
          { x: "grade", y: "title", fill: "kind", symbol: "kind", r: 5 },
        ),
      ],
    });
  }, [courses]);
  const compared = courses.filter(({ posted, computed }) => posted && computed).length;
  const lower = courses.filter(({ posted, computed }) => (computed?.numeric ?? 101) < (posted?.numeric ?? 0));
  return (
    <Card
      title="Courses and grades"
      wide
      {...part}
      footer={<Origins of={(courseGrades ?? []).map(({ provenance }) => provenance)} />}
    >
      {courses.length > 0 ? (
        <div className="chart-and-table">
          <Chart
            summary={`Grades in ${counted(courses.length, "course")}.${compared ? ` In ${lower.length} of ${compared} the LMS is now below the posted grade.` : ""}`}
            height={40 + courses.length * 30}
            hasLegend
            options={options}
          />
          <DataTable label="Grades by course" columns={COLUMNS} rows={courses} />
        </div>
      ) : (
        courseGrades && <Empty>No grade is recorded.</Empty>
      )}
    </Card>
  );
}
