import { useMemo, useState } from "react";
import { Link } from "wouter";

import { counted, number, personName } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { ClassFragment as Class, WorkOfClassesFragment } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Tick } from "../../ui/fields/tick";
import { Figure, Figures } from "../../ui/figures";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";

export const ClassFragment = graphql(`
  fragment Class on Section {
    courseTitle
    room
    schedule {
      meetingTimes {
        startTime
        endTime
      }
    }
    roster {
      student {
        id
        name {
          firstName
          lastName
        }
        attendance(window: LAST_4_WEEKS) {
          absentDays {
            value
          }
          tardies {
            value
          }
          absenceStreak {
            value
          }
        }
        provenance {
          ...Origin
        }
      }
    }
  }
`);

type Work = NonNullable<WorkOfClassesFragment["sections"]>[number];
type Grade = NonNullable<NonNullable<Work["roster"]>[number]["courseGrades"]>[number];

interface Props {
  readonly section: FragmentType<typeof ClassFragment>;
  /** Work and grades, which arrive later. */
  readonly work: Work | undefined;
  /** Whether nothing more will arrive. */
  readonly finished: boolean;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly absent?: number;
  readonly late?: number;
  readonly streak?: number;
  readonly missing?: number;
  readonly grade?: Grade;
}

/** From how many missing assignments, absent days or days in a row a student is worth a look. */
const WORTH_A_LOOK = { missing: 2, absent: 2, streak: 1 };

function isWorthALook({ missing = 0, absent = 0, streak = 0 }: Row): boolean {
  return missing >= WORTH_A_LOOK.missing || absent >= WORTH_A_LOOK.absent || streak >= WORTH_A_LOOK.streak;
}

/** What is not known of how many students, so that more of them may be worth a look. */
function unknownIn(rows: readonly Row[], finished: boolean): string[] {
  const kinds = { absent: "days absent", ...(finished && { missing: "missing work" }) };
  return (Object.entries(kinds) as ["absent" | "missing", string][]).flatMap(([kind, name]) => {
    const count = rows.filter((row) => row[kind] === undefined).length;
    return count > 0 ? `${name} of ${counted(count, "student")}` : [];
  });
}

function rowsOf(roster: NonNullable<Class["roster"]>, work: Work | undefined): Row[] {
  const workByStudent = new Map(work?.roster?.map((entry) => [entry.student?.id, entry]));
  return roster.flatMap(({ student }) => {
    if (!student) return [];
    const own = workByStudent.get(student.id);
    const grades = own?.courseGrades ?? [];
    return {
      id: student.id,
      name: personName(student.name),
      absent: student.attendance?.absentDays?.value ?? undefined,
      late: student.attendance?.tardies?.value ?? undefined,
      streak: student.attendance?.absenceStreak?.value ?? undefined,
      missing: own?.student?.coursework?.missing?.value ?? undefined,
      grade:
        grades.find(({ gradeType }) => gradeType === "COMPUTED_CURRENT") ??
        grades.find(({ current }) => current) ??
        undefined,
    };
  });
}

/** A grade and where it stands: computed by the LMS, or posted in the student information system. */
function gradeText({ letter, numeric, gradeType }: Grade): string {
  const values = [letter, numeric !== null && number(numeric, 0)].filter(Boolean);
  return `${values.join(" ") || "–"} (${gradeType === "COMPUTED_CURRENT" ? "in the LMS" : "posted"})`;
}

const column = columnsOf<Row>();

function columns(finished: boolean): Columns<Row> {
  const later = (text: string) => (text === "–" && !finished ? "…" : text);
  return [
    column.accessor("name", {
      header: "Student",
      cell: ({ row, getValue }) => <Link href={`/student/${row.original.id}`}>{getValue()}</Link>,
    }),
    column.accessor("absent", {
      header: "Days absent",
      cell: (cell) => number(cell.getValue()),
      sortUndefined: "last",
    }),
    column.accessor("late", { header: "Days late", cell: (cell) => number(cell.getValue()), sortUndefined: "last" }),
    column.accessor("streak", {
      header: "Away in a row",
      cell: (cell) => number(cell.getValue()),
      sortUndefined: "last",
    }),
    column.accessor("missing", {
      header: "Missing work",
      cell: (cell) => later(number(cell.getValue())),
      sortUndefined: "last",
    }),
    column.accessor((row) => row.grade?.numeric ?? undefined, {
      id: "grade",
      header: "Grade now",
      cell: ({ row }) => {
        const { grade } = row.original;
        return grade ? gradeText(grade) : later("–");
      },
      sortUndefined: "last",
    }),
  ];
}

/** One class: its students with their last four weeks, and what is missing. */
export function ClassCard({ section, work, finished }: Props) {
  const { courseTitle, room, schedule, roster } = readFragment(ClassFragment, section);
  const [onlyFew, setOnlyFew] = useState(false);
  const rows = useMemo(() => rowsOf(roster ?? [], work), [roster, work]);
  const few = useMemo(() => rows.filter(isWorthALook), [rows]);
  const unknown = useMemo(() => unknownIn(rows, finished), [rows, finished]);
  const shown = useMemo(() => columns(finished), [finished]);
  const [time] = schedule?.flatMap(({ meetingTimes }) => meetingTimes) ?? [];
  const where = [time && `${time.startTime.slice(0, 5)}–${time.endTime.slice(0, 5)}`, room && `Room ${room}`];
  const provenance = [
    ...(roster ?? []).flatMap(({ student }) => student?.provenance ?? []),
    ...(work?.roster ?? []).flatMap(({ courseGrades }) => (courseGrades ?? []).map((grade) => grade.provenance)),
  ];
  return (
    <Card title={courseTitle ?? "Class"} footer={<Origins of={provenance} />}>
      <p className="quiet">{where.filter(Boolean).join(" · ")}</p>
      <Figures>
        <Figure label="Students" value={number(rows.length)} />
        <Figure label="Worth a look" value={number(few.length)}>
          {`${WORTH_A_LOOK.absent} days absent in 4 weeks, away now, or ${WORTH_A_LOOK.missing} missing works`}
          {unknown.length > 0 && `; not known: ${unknown.join(", ")}`}
        </Figure>
      </Figures>
      <Tick
        label={`Only the ${counted(few.length, "student")} worth a look`}
        isSelected={onlyFew}
        onChange={setOnlyFew}
      />
      {rows.length > 0 ? (
        <DataTable label={`Students of ${courseTitle ?? "the class"}`} columns={shown} rows={onlyFew ? few : rows} />
      ) : (
        roster && <Empty>Nobody is enrolled.</Empty>
      )}
    </Card>
  );
}
