import { useMemo } from "react";

import { date, number, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { WorkFragment as Work } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Figure, Figures } from "../../ui/figures";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const WorkFragment = graphql(`
  fragment Work on Student {
    assignments {
      assignmentId
      title
      dueAt
      status
      score
      pointsPossible
      late
      provenance {
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof WorkFragment>;
}

type Assignment = NonNullable<Work["assignments"]>[number];

const column = columnsOf<Assignment>();
const COLUMNS: Columns<Assignment> = [
  column.accessor("title", { header: "Assignment" }),
  column.accessor((work) => work.dueAt ?? undefined, {
    id: "due",
    header: "Due",
    cell: (cell) => date(cell.getValue()),
    sortUndefined: "last",
  }),
  column.accessor("status", {
    header: "State",
    cell: ({ row }) => words(row.original.status) + (row.original.late ? ", late" : ""),
  }),
  column.accessor((work) => work.score ?? undefined, {
    id: "score",
    header: "Points",
    cell: ({ row }) => `${number(row.original.score)} of ${number(row.original.pointsPossible)}`,
    sortUndefined: "last",
  }),
];

/** Work that is missing comes first, then the latest. */
function byUrgency(one: Assignment, other: Assignment): number {
  const missing = Number(other.status === "MISSING") - Number(one.status === "MISSING");
  return missing || (other.dueAt ?? "").localeCompare(one.dueAt ?? "");
}

/** What was assigned, what is missing, and what was scored. */
export function WorkCard({ student, ...part }: Props) {
  const { assignments } = readFragment(WorkFragment, student);
  const rows = useMemo(() => [...(assignments ?? [])].sort(byUrgency), [assignments]);
  const count = (status: Assignment["status"]) => number(rows.filter((work) => work.status === status).length);
  return (
    <Card title="Work in class" {...part} footer={<Origins of={rows.map(({ provenance }) => provenance)} />}>
      {rows.length > 0 ? (
        <>
          <Figures>
            <Figure label="Missing" value={count("MISSING")} />
            <Figure label="Graded" value={count("GRADED")} />
            <Figure label="Late" value={number(rows.filter(({ late }) => late).length)} />
          </Figures>
          <div className="scroll" role="region" aria-label="Assignments" tabIndex={0}>
            <DataTable label="Assignments" columns={COLUMNS} rows={rows} />
          </div>
        </>
      ) : (
        assignments && <Empty>Nothing is assigned.</Empty>
      )}
    </Card>
  );
}
