import { useMemo } from "react";
import { Link } from "wouter";

import { gradeLevel, personName, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { StudentAtRiskFragment as StudentAtRisk } from "../../gql/graphql";
import { LevelBadge } from "../../ui/level";
import { type Columns, columnsOf, DataTable } from "../../ui/table";

export const StudentAtRiskFragment = graphql(`
  fragment StudentAtRisk on Student {
    id
    gradeLevel
    name {
      firstName
      lastName
    }
    attendance {
      chronicAbsence {
        level
        reasons
      }
    }
    courses {
      failingCourses {
        value
        reasons
      }
    }
    riskProfile {
      preset
      level
      indicators {
        domain
        level
        reasons
      }
    }
  }
`);

interface Reason {
  readonly key: string;
  readonly text: string;
}

/** Why a student is on the list: chronic absence, failing courses, and the indicators that are not on track. */
function reasonsOf({ attendance, courses, riskProfile }: StudentAtRisk): Reason[] {
  const absence = attendance?.chronicAbsence;
  const failing = courses?.failingCourses;
  const indicators = (riskProfile?.indicators ?? []).filter(({ level }) => level === "WATCH" || level === "AT_RISK");
  return [
    ...(absence?.level === "AT_RISK"
      ? [{ key: "absence", text: `Chronic absence: ${absence.reasons.join(" ")}` }]
      : []),
    ...(failing?.value
      ? [{ key: "failing", text: `Failing courses: ${failing.reasons.join(" ") || failing.value}` }]
      : []),
    ...indicators.map(({ domain, level, reasons }) => ({
      key: domain,
      text: `${words(domain)}, ${words(level).toLowerCase()}: ${reasons.join(" ")}`,
    })),
  ];
}

const column = columnsOf<StudentAtRisk>();
const COLUMNS: Columns<StudentAtRisk> = [
  column.accessor((student) => personName(student.name), {
    id: "name",
    header: "Student",
    cell: ({ row, getValue }) => <Link href={`/student/${row.original.id}`}>{getValue()}</Link>,
  }),
  column.accessor((student) => gradeLevel(student.gradeLevel), { id: "grade", header: "Grade" }),
  column.accessor((student) => student.riskProfile?.level ?? "NOT_EVALUATED", {
    id: "level",
    header: "Profile",
    cell: (cell) => <LevelBadge level={cell.getValue()} />,
  }),
  column.display({
    id: "reasons",
    header: "Reasons",
    cell: ({ row }) => (
      <ul className="reasons">
        {reasonsOf(row.original).map(({ key, text }) => (
          <li key={key}>{text}</li>
        ))}
      </ul>
    ),
  }),
];

interface Props {
  readonly students: readonly FragmentType<typeof StudentAtRiskFragment>[];
}

/** The students in the order of the list, each with the reasons. */
export function StudentsAtRisk({ students }: Props) {
  const rows = useMemo(() => [...readFragment(StudentAtRiskFragment, students)], [students]);
  const preset = rows.find(({ riskProfile }) => riskProfile)?.riskProfile?.preset;
  return (
    <>
      <DataTable label="Students and reasons" columns={COLUMNS} rows={rows} sortable={false} />
      {preset && (
        <p className="quiet">
          The profile is judged by the district's preset {preset}. A student who is on track there can be on this list
          for another reason.
        </p>
      )}
    </>
  );
}
