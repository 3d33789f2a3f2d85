import { useMemo } from "react";
import { Link } from "wouter";

import { gradeLevel, number, percent, personName } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { MemberFragment as Member } from "../../gql/graphql";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";

export const MemberFragment = graphql(`
  fragment Member on Student {
    id
    gradeLevel
    name {
      firstName
      lastName
    }
    attendance {
      chronicAbsence {
        value
      }
    }
    courses {
      failingCourses {
        value
      }
    }
    coursework {
      missing {
        value
      }
    }
    assessmentSummary {
      proficient {
        value
      }
    }
    provenance {
      ...Origin
    }
  }
`);

const column = columnsOf<Member>();
const COLUMNS: Columns<Member> = [
  column.accessor((student) => personName(student.name), {
    id: "name",
    header: "Student",
    cell: ({ row, getValue }) => <Link href={`/student/${row.original.id}`}>{getValue()}</Link>,
  }),
  column.accessor((student) => gradeLevel(student.gradeLevel), { id: "grade", header: "Grade" }),
  column.accessor((student) => student.attendance?.chronicAbsence?.value ?? undefined, {
    id: "absence",
    header: "Days missed",
    cell: (cell) => percent(cell.getValue()),
    sortUndefined: "last",
  }),
  column.accessor((student) => student.courses?.failingCourses?.value ?? undefined, {
    id: "failing",
    header: "Failing courses",
    cell: (cell) => number(cell.getValue()),
    sortUndefined: "last",
  }),
  column.accessor((student) => student.coursework?.missing?.value ?? undefined, {
    id: "missing",
    header: "Missing work",
    cell: (cell) => number(cell.getValue()),
    sortUndefined: "last",
  }),
  column.accessor((student) => student.assessmentSummary?.proficient?.value ?? undefined, {
    id: "proficient",
    header: "Proficient",
    cell: (cell) => ({ 0: "no", 1: "yes" })[cell.getValue() as number] ?? "–",
    sortUndefined: "last",
  }),
];

interface Props {
  readonly students: readonly FragmentType<typeof MemberFragment>[];
}

/** The students of a group with the numbers that the conditions are about. */
export function Members({ students }: Props) {
  const rows = useMemo(() => [...readFragment(MemberFragment, students)], [students]);
  return (
    <>
      <DataTable label="Students of the group" columns={COLUMNS} rows={rows} />
      <Origins of={rows.map(({ provenance }) => provenance)} />
    </>
  );
}
